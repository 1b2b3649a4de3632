"""--max-size, --max-age and --min-free from the command line."""
import os
import time

from lab.case import LabCase
from lab.process import run
from lab.waiting import wait_until

MIB = 1 << 20


class Retention(LabCase):

    def put(self, directory, name, size=0, age_seconds=0):
        path = os.path.join(directory, name)
        with open(path, "wb") as file:
            file.write(bytes(size))
        then = time.time() - age_seconds
        os.utime(path, (then, then))
        return path

    def put_others(self, directory):
        """Old files that are not this capture's to delete."""
        names = ("dns0.100.20200101_0000.pcap", "dns.20200101_0000.pcap", "dns0.20200101_0000",
                 "dns0.20200101_0000.pcap.bak", "dns0.20200101_0000.pcap.part", "dns0.pcap",
                 "xdns0.20200101_0000.pcap", "dns0.20201301_0000.pcap", "dns0.20200101_0000-0.pcap",
                 "peer0.20200101_0000.pcap", "notes.txt")
        others = [self.put(directory, name, 1000, 86400) for name in names]
        # Of no crash: what is not a capture's is left alone.
        with open(os.path.join(directory, "dns0.20200101_0000.pcap.part"), "wb") as part:
            part.write(b"not a capture" * 77)
        return others

    def finished(self, monitor, others=()):
        return [path for path in monitor.files() if path not in others]

    def finished_bytes(self, monitor, others=()):
        total = 0
        for path in self.finished(monitor, others):
            for file in (path, path + ".json"):
                try:
                    total += os.path.getsize(file)
                except FileNotFoundError:
                    pass
        return total

    def test_max_size(self):
        self.make_pair()
        directory = self.make_directory()
        others = self.put_others(directory)
        old = [self.put(directory, "dns0.20200101_0000.pcap", 100000, 86400),
               self.put(directory, "dns0.20200101_0000.pcap.json", 100, 86400),
               self.put(directory, "dns0.20200102_0000.pcap.zst", 100000, 86400),
               self.put(directory, "dns0.20200102_0000.pcap.zst.json", 100, 86400)]
        monitor = self.capture(self.right, "dns0", "--rotate-size", "256K", "--max-size", "1M",
                               directory=directory)
        # About 4 MiB.
        sent = self.send(self.left, "10.53.0.99", "--count", "40000", "--rate", "40000")
        monitor.wait_for(r"finished dns0\.", 12)
        wait_until(lambda: self.finished_bytes(monitor, others) <= MIB,
                   lambda: f"{self.finished_bytes(monitor, others)} bytes to become less\n"
                           f"{monitor.errors()}")
        for path in old:
            self.assertFalse(os.path.exists(path), path)
        summary = monitor.finish()
        self.assertEqual(summary.captured, sent[0])
        self.assertLessEqual(self.finished_bytes(monitor, others), MIB)
        self.assertGreater(self.finished_bytes(monitor, others), MIB // 2)
        # The newest packets are left, without a gap.
        report = self.check_numbered(self.finished(monitor, others))
        self.assertEqual(report["ends"], sent)
        self.assertEqual(report["missing"], sent[0] - report["packets"])
        self.assertEqual((report["twice"], report["reordered"]), (0, 0))
        self.assertEqual(report["first"], [report["missing"]])
        removed = monitor.wait_for(r"removed \S+/(dns0\.\S+\.pcap\S*) \(.*\): total size .*, limit")
        self.assertEqual(removed[0][1], "dns0.20200101_0000.pcap")
        self.assertEqual(removed[1][1], "dns0.20200102_0000.pcap.zst")
        for path in others:
            self.assertTrue(os.path.exists(path), path)

    def test_max_age(self):
        self.make_pair(addresses=False)
        directory = self.make_directory()
        others = self.put_others(directory)
        old = self.put(directory, "dns0.20200101_0000.pcap", 1000, 7200)
        young = self.put(directory, "dns0.20200102_0000.pcap", 1000, 1800)
        monitor = self.capture(self.right, "dns0", "--max-age", "1h", directory=directory)
        monitor.wait_for(r"removed \S+/dns0\.20200101_0000\.pcap \(.*\): age 2h.*, limit 1h")
        monitor.finish()
        self.assertFalse(os.path.exists(old))
        for path in (young, *others):
            self.assertTrue(os.path.exists(path), path)

    def test_max_age_of_what_is_being_made(self):
        self.make_pair()
        monitor = self.capture(self.right, "dns0", "--rotate", "1s", "--max-age", "2s")
        self.send(self.left, "10.53.0.99", "--count", "10")
        monitor.wait_for(r"removed \S+/dns0\.\S+ \(.*\): age ", 2)
        monitor.finish()

    def make_disk(self):
        """A file system of 32 MiB."""
        disk = self.make_directory("disk")
        run(["mount", "-t", "tmpfs", "-o", "size=32M", "tmpfs", disk])
        self.addCleanup(run, ["umount", disk])
        return disk

    def put_old(self, directory, interface, year, age_hours):
        """Four files of 1 MiB, the oldest first."""
        return [self.put(directory, f"{interface}.{year}010{number}_0000.pcap", MIB,
                         age_hours * 3600 - number) for number in range(1, 5)]

    def test_min_free_takes_the_oldest_of_all_captures(self):
        """By time, whatever the names say."""
        self.make_pair(addresses=False)
        disk = self.make_disk()
        here, there = os.path.join(disk, "here"), os.path.join(disk, "there")
        os.mkdir(here)
        os.mkdir(there)
        newest = self.put_old(here, "dns0", 2020, 1)
        middle = self.put_old(there, "lo", 2022, 2)
        oldest = self.put_old(there, "peer0", 2021, 3)
        captures = [self.capture(namespace, interface, "--min-free", "14M", directory=directory)
                    for namespace, interface, directory in (
                        (self.right, "dns0", here), (self.left, "lo", there),
                        (self.left, "peer0", there))]
        # 20 of 32 MiB are free. With 8, six files have to go.
        self.put(disk, "filler", 12 * MIB)

        def free():
            facts = os.statvfs(disk)
            return facts.f_bavail * facts.f_frsize
        wait_until(lambda: free() >= 14 * MIB, lambda: f"{free()} free\n" + "\n".join(
            capture.errors() for capture in captures))
        for capture in captures:
            capture.finish()
        self.assertFalse(any(os.path.exists(path) for path in oldest))
        left = [os.path.exists(path) for path in middle]
        self.assertEqual(left, sorted(left), "the oldest first")
        self.assertIn(left.count(False), (2, 3))
        self.assertTrue(all(os.path.exists(path) for path in newest))

    def test_min_free_leaves_the_files_of_others_alone(self):
        self.make_pair(addresses=False)
        disk = self.make_disk()
        own = self.put_old(disk, "dns0", 2023, 1)
        others = [*self.put_old(disk, "peer0", 2022, 3), *self.put_old(disk, "old9", 2021, 3),
                  self.put(disk, "mail.20220101_1200.pcap", MIB, 86400)]
        self.capture(self.left, "peer0", directory=disk)  # runs, to keep all
        monitor = self.capture(self.right, "dns0", "--min-free", "30M", directory=disk)
        monitor.wait_for("no finished segment is left that could be removed")
        monitor.finish()
        self.assertFalse(any(os.path.exists(path) for path in own))
        for path in others:
            self.assertTrue(os.path.exists(path), path)
