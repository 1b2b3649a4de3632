"""From one process of a service to the next: no packet is missing, and none is there twice."""
import os
import shutil
import unittest

from lab.cgroup import Cgroup
from lab.manager import Manager
from lab.process import BUILD, run
from lab.service import ServiceCase

# The program with rings that are laid out as a later version might have them (tests/build-later).
LATER = os.path.join(BUILD, "later", "dns-monitor")


class Handover(ServiceCase):

    def test_restarts(self):
        monitor = self.start_service()
        sender = self.send_for(3)
        for turn in range(1, 5):
            monitor.wait_for_packets(turn * 50_000)
            self.end(monitor)
            self.assertRegex(monitor.errors(), "the filter goes on for the next process: ")
            if turn == 1:  # the others may have run too short for a rate
                self.assertRegex(monitor.errors(), "at the present rate the rings hold what "
                                                   r"comes in \d")
            monitor = self.start_service()
            monitor.wait_for("going on where the process before has ended: .* wait in the rings")
        ledgers = self.assert_complete(monitor, sender)
        self.assertEqual([[gap["reason"] for gap in ledger["gaps"]] for ledger in ledgers],
                         [["started"]] + 4 * [["taken_over"]])
        for before, after in zip(ledgers, ledgers[1:]):
            self.assertEqual(before["to"], after["from"])

    def test_kills(self):
        monitor = self.start_service()
        sender = self.send_for(4)
        monitor = self.kill_repeatedly(monitor, 8, 40_000)
        self.assert_complete(monitor, sender)

    def test_kills_at_rotation(self):
        """Segments that are being finished when it happens, many of them."""
        monitor = self.start_service("--rotate-size", "1M")
        sender = self.send_for(4)
        monitor = self.kill_repeatedly(monitor, 8, 40_000, "--rotate-size", "1M")
        self.assert_complete(monitor, sender)

    def test_kills_with_a_filter_of_the_users(self):
        """What it calls stays there as well."""
        monitor = self.start_service("--filter", "udp")
        sender = self.send_for(2)
        monitor = self.kill_repeatedly(monitor, 3, 40_000, "--filter", "udp")
        self.assert_complete(monitor, sender)

    def test_kills_on_a_slow_disk(self):
        """Writes of a process that is dead go on; what they bring too late is cut."""
        device = self.mount_disk()
        group = Cgroup("blkio")
        self.addCleanup(group.remove)
        group.limit_writes(device, 8 << 20)

        monitor = self.start_service(preexec_fn=group.join)
        sender = self.send_for(3)
        monitor = self.kill_repeatedly(monitor, 5, 10_000, preexec_fn=group.join)
        self.sent(sender)
        group.limit_writes(device, 1 << 40)
        self.assert_complete(monitor, sender)

    def test_other_settings(self):
        """Each ledger tells under which its packets were taken."""
        monitor = self.start_service("--snaplen", "2000")
        sender = self.send_for(2)
        monitor.wait_for_packets(20_000)
        self.end(monitor)
        monitor = self.start_service("--port", "53", "--port", "54", "--filter", "ip", "-p")
        ledgers = self.assert_complete(monitor, sender)
        self.assertEqual([(one["settings"]["ports"], one["settings"]["filter"],
                           one["settings"]["snaplen"], one["settings"]["promiscuous"])
                          for one in ledgers],
                         2 * [([53], "", 2000, True)] + [([53, 54], "ip", 262144, False)])

    def bpf_maps(self, monitor):
        """How many are open, and how many bytes of them are mapped."""
        links = os.listdir(f"/proc/{monitor.pid}/fd")
        opened = [os.readlink(f"/proc/{monitor.pid}/fd/{link}") for link in links]
        with open(f"/proc/{monitor.pid}/maps", encoding="ascii") as maps:
            ranges = [line.split()[0].split("-") for line in maps if "bpf-map" in line]
        return opened.count("anon_inode:bpf-map"), sum(int(end, 16) - int(begin, 16)
                                                       for begin, end in ranges)

    def test_other_rings(self):
        monitor = self.start_service("--ring-size", "32M")
        maps, mapped = self.bpf_maps(monitor)
        sender = self.send_for(3)
        for size in ("64M", "16M"):
            monitor.wait_for_packets(20_000)
            self.kill(monitor)
            monitor = self.start_service("--ring-size", size)
            monitor.wait_for("reading the rings of a process before to their end")
        kept = {name.split(".")[0] for name, _ in self.manager.kept} - {"socket", "held", "tcx"}
        self.assertEqual(kept, {"3"})
        # Nothing of the old ones stays with the process either.
        self.assertEqual(self.bpf_maps(monitor)[0], maps)
        self.assertLess(self.bpf_maps(monitor)[1], mapped)
        self.assert_complete(monitor, sender)

    @unittest.skipUnless(os.path.exists(LATER), "tests/build-later makes the program")
    def test_another_layout(self):
        """An upgrade, and back: what is in the rings is read, however they are laid out."""
        monitor = self.start_service()
        sender = self.send_for(3)
        monitor.wait_for_packets(20_000)
        self.end(monitor)
        monitor = self.start_service(program=LATER)
        monitor.wait_for("their layout has version 1, and not 2")
        monitor.wait_for_packets(100_000)
        self.kill(monitor)
        monitor = self.start_service(program=LATER)
        self.assert_complete(monitor, sender)

    def test_a_real_stop(self):
        """The manager forgets: the filter ends, and the next start tells the gap."""
        monitor = self.start_service()
        self.send(self.left, "10.53.0.99", "--count", "1000")
        monitor.wait_for_packets(1000)
        self.end(monitor)
        self.manager.received()
        self.manager.forget()
        monitor = self.start_service()
        self.assertNotRegex(monitor.errors(), "process before")
        self.end(monitor)
        self.assertEqual([[gap["reason"] for gap in ledger["gaps"]]
                          for ledger in self.ledgers(monitor)], [["started"], ["started"]])

    def test_a_directory_that_is_removed(self):
        """The process can make no other one; the next can, and finds the packets in the rings."""
        monitor = self.start_service()
        self.send(self.left, "10.53.0.99", "--count", "100")
        monitor.wait_for_packets(100)
        shutil.rmtree(self.captures)
        self.assertEqual(monitor.wait(), 1, monitor.errors())
        self.assertRegex(monitor.errors(), f"{self.captures} was removed, and the file that was "
                                           "being written with it: start again")
        sender = self.sender(self.left, "10.53.0.99", "--count", "1000")
        sent = self.sent(sender)
        os.mkdir(self.captures)  # as the manager does (StateDirectory=)
        monitor = self.start_service()
        monitor.wait_for_packets(1000)
        self.end(monitor)
        self.assert_whole(self.check_numbered(monitor.files(), sent=sent))
        self.verify()

    def test_a_directory_that_refuses(self):
        """The next process finishes what this one cannot, and knows all that belongs to it."""
        self.mount_disk()
        monitor = self.start_service()
        sender = self.sender(self.left, "10.53.0.99", "--count", "1000")
        monitor.wait_for_packets(1000)
        run(["chattr", "+i", self.captures])
        try:
            self.assertEqual(monitor.stop(), 1)
        finally:
            run(["chattr", "-i", self.captures])
        self.assertRegex(monitor.errors(), "cannot finish dns0.*: Operation not permitted")
        self.assertEqual(monitor.files(), [])
        monitor = self.start_service()
        ledgers = self.assert_complete(monitor, sender)
        self.assertEqual([[gap["reason"] for gap in ledger["gaps"]] for ledger in ledgers],
                         [["started"], ["taken_over"]])

    def test_a_manager_that_keeps_nothing(self):
        """Then the filter is taken off first, and what it took by then is in the file."""
        self.manager.close()
        self.manager = Manager(self.path("notify"))
        self.addCleanup(self.manager.close)
        monitor = self.start_service()
        sender = self.send_for(1)
        monitor.wait_for_packets(10_000)
        self.manager.received()
        self.end(monitor)
        self.sent(sender)
        self.assertNotRegex(monitor.errors(), "the next process")
        monitor.summary()
        report = self.check_numbered(monitor.files())
        self.assertEqual((report["twice"], report["torn"], report["missing"]), (0, 0, 0))

    def test_an_end_of_its_own(self):
        """No process is to come: nothing stays with the manager."""
        monitor = self.start_service("--count", "100")
        self.send(self.left, "10.53.0.99", "--count", "100")
        self.assertEqual(monitor.wait(), 0, monitor.errors())
        self.manager.received()
        self.assertEqual(self.manager.kept, [])
