"""Rotation, SIGHUP and SIGTERM lose nothing and double nothing, at full rate."""
import calendar
import os
import re
import signal
import time

from lab.case import LabCase
from lab.pcap import FILE_HEADER, read_pcap
from lab.process import cpus
from lab.waiting import wait_until

SECOND = 1_000_000_000
RATE = "150000"
TWO_CPUS = f"{cpus()[0]},{cpus()[-1]}"


def start_of(path):
    """The second, UTC, in the name of a segment."""
    stamp = re.search(r"\.(\d{8}_\d{6})(-\d+)?\.pcap", path)[1]
    return calendar.timegm(time.strptime(stamp, "%Y%m%d_%H%M%S"))


class Rotation(LabCase):

    def assert_within_names(self, report, period):
        """Each file holds from <= t < to, and they follow each other."""
        before_ns = 0
        for file in report["files"]:
            if file["packets"] == 0:
                continue
            start = start_of(file["path"])
            border = start - start % period + period
            self.assertGreaterEqual(file["first_ns"], start * SECOND, file)
            self.assertLess(file["last_ns"], border * SECOND, file)
            self.assertGreaterEqual(file["first_ns"], before_ns, file)
            before_ns = file["last_ns"]

    def test_limit_on_the_size_of_files(self):
        """Under ulimit -f the next segment begins in time: no signal, no error, no loss."""
        self.make_pair()
        limit = 1 << 20
        monitor = self.capture(self.right, "dns0", prefix=("prlimit", f"--fsize={limit}"))
        monitor.wait_for(r"1\.00 MiB at most \(ulimit -f\)")
        sent = self.send(self.left, "10.53.0.99", "--count", "30000", "--rate", "30000")
        self.assertEqual(monitor.finish().captured, 30000)
        files = monitor.files()
        self.assertGreater(len(files), 2)
        for path in files:
            self.assertLessEqual(os.path.getsize(path), limit)
        self.assert_whole(self.check_numbered(files, 1, sent))

    def test_all_rotations_at_once(self):
        """On the clock, by size and by SIGHUP; then the sender stops, then we."""
        self.make_pair()
        limit = 8 << 20
        monitor = self.capture(self.right, "dns0", "--utc", "--rotate", "2s", "--rotate-size",
                               str(limit))
        sender = self.sender(self.left, "10.53.0.99", "--threads", "2", "--rate", RATE,
                             "--count", "500000", "--cpu", TWO_CPUS)
        asked = 0
        while sender.popen.poll() is None:
            # A third within each second or so, whenever the others have done theirs.
            done = len(monitor.files())
            monitor.send_signal(signal.SIGHUP)
            asked += 1
            wait_until(lambda: len(monitor.files()) > done + 2 or sender.popen.poll() is not None,
                       "more files")
        sent = self.sent(sender)
        summary = monitor.finish()
        files = monitor.files()
        self.assertEqual(monitor.files(".pcap.part"), [])
        report = self.check_numbered(files, 2, sent)
        self.assertEqual(self.left.statistic("peer0", "tx_dropped"), 0, "lost before the capture")
        self.assert_whole(report)
        self.assertEqual(summary.captured, sum(sent))
        self.assert_within_names(report, 2)
        self.assertGreater(asked, 2)
        self.assertGreater(len(files), 12)
        for path in files:
            self.assertLessEqual(os.path.getsize(path), limit)
        self.assert_readable(files[1], report["files"][1]["packets"])

    def test_sigterm_in_the_middle(self):
        """What was sent before the end is there without a gap, of each of the senders."""
        self.make_pair()
        # Where the sender is: nothing can be lost in between.
        monitor = self.capture(self.left, "peer0", "--utc", "--rotate", "1s")
        sender = self.sender(self.left, "10.53.0.99", "--threads", "2", "--rate", RATE,
                             "--cpu", TWO_CPUS)
        wait_until(lambda: len(monitor.files()) >= 2, "two segments")
        summary = monitor.finish()
        # It has not ended before: more is sent.
        wait_until(lambda: self.left.statistic("peer0", "tx_packets") > summary.captured + 1000,
                   "packets that nobody captures")
        sender.send_signal(signal.SIGTERM)
        sent = self.sent(sender)
        report = self.check_numbered(monitor.files(), 2)
        self.assert_whole(report)
        self.assertEqual(report["packets"], sum(report["ends"]))
        self.assertEqual(report["packets"], summary.captured)
        self.assertEqual((summary.matched, summary.lost), (summary.captured, 0))
        self.assert_within_names(report, 1)
        for end, count in zip(report["ends"], sent):
            self.assertGreater(end, 10000)
            self.assertLessEqual(end, count)

    def test_flat_out(self):
        """Two senders as fast as they can, through size rotations: the balance is exact."""
        self.make_pair()
        monitor = self.capture(self.left, "peer0", "--utc", "--rotate-size", "16M",
                               "--ring-size", "16M")
        sent = self.send(self.left, "10.53.0.99", "--threads", "2", "--count", "200000",
                         "--cpu", TWO_CPUS)
        summary = monitor.finish()
        report = self.check_numbered(monitor.files(), 2, sent)
        self.assertEqual(summary.matched, sum(sent))
        self.assertEqual(report["missing"], summary.lost)
        self.assertEqual(report["packets"], summary.captured)
        self.assertEqual((report["twice"], report["beyond"], report["torn"], report["foreign"]),
                         (0, 0, 0, 0))
        self.assertEqual(sum(file["backwards"] for file in report["files"]), 0)

    def test_on_the_clock_without_packets(self):
        self.make_pair(addresses=False)
        monitor = self.capture(self.right, "dns0", "--utc", "--rotate", "1s")
        wait_until(lambda: len(monitor.files()) >= 4, "four segments")
        summary = monitor.finish()
        self.assertEqual(summary.seen, 0)
        starts = []
        for path in monitor.files():
            self.assertEqual(os.path.getsize(path), FILE_HEADER.size)
            self.assert_readable(path, 0)
            starts.append(start_of(path))
        self.assertEqual(starts, list(range(starts[0], starts[0] + len(starts))))

    def test_sighup_without_packets(self):
        self.make_pair(addresses=False)
        monitor = self.capture(self.right, "dns0")
        for number in range(1, 4):
            monitor.send_signal(signal.SIGHUP)
            wait_until(lambda: len(monitor.files()) == number and monitor.files(".pcap.part"),
                       f"{number} finished segments and a new one")
        monitor.finish()
        self.assertEqual(len(monitor.files()), 4)
        self.assertTrue(all(read_pcap(path).packets == [] for path in monitor.files()))
