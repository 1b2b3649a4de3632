"""Beside each file stands what was captured and what was lost; the sender's number is the judge."""
import os
import signal

from lab.case import LabCase
from lab.ledger import Ledgers
from lab.namespace import connect
from lab.process import cpus
from lab.waiting import wait_until


class Ledger(LabCase):

    def test_promise_over_rotations(self):
        """At full rate, on the clock and by size: per file and in sum."""
        self.make_pair()
        monitor = self.capture(self.right, "dns0", "--rotate", "1s", "--rotate-size", "8M",
                               "--filter", "not tcp")
        sent = self.send(self.left, "10.53.0.99", "--threads", "2", "--rate", "150000", "--count",
                         "400000", "--cpu", f"{cpus()[0]},{cpus()[-1]}")
        summary = monitor.finish()
        ledgers = Ledgers(monitor.files())
        ledgers.check()
        self.assertGreater(len(ledgers.all), 4)
        self.assertEqual(ledgers.sum("matched"), sum(sent))
        self.assertEqual(ledgers.sum("written"), sum(sent))
        self.assertEqual(ledgers.sum("lost"), 0)
        self.assertEqual(ledgers.sum("seen"), summary.seen)
        self.assertEqual(ledgers.losses(), [])
        self.assertEqual([gap["reason"] for gap in ledgers.gaps()], ["started", "stopped"])
        first, last = ledgers.all[0], ledgers.all[-1]
        self.assertEqual(first["settings"]["filter"], "not tcp")
        self.assertEqual(first["settings"]["ports"], [53])
        self.assertNotIn("previous", first)
        # What came before us, in the interface, is all there.
        received = (last["interface_end"]["rx_packets"] - first["interface_begin"]["rx_packets"])
        self.assertGreaterEqual(received, sum(sent))

    def test_full_ring(self):
        """A writer that stands still: counted exactly, by CPU, with from and to."""
        self.make_pair()
        monitor = self.capture(self.right, "dns0", "--ring-size", "1M", "--nanosecond")
        first = self.send(self.left, "10.53.0.99", "--count", "100")
        monitor.wait_for_packets(100)
        monitor.pause()
        flood = self.send(self.left, "10.53.0.99", "--count", "50000", "--first", "100",
                          "--rate", "20000")
        monitor.resume()
        # Told with the first record that finds room.
        last = self.send(self.left, "10.53.0.99", "--count", "100", "--first", "50100",
                         "--rate", "1000")
        summary = monitor.finish()
        sent = sum(first) + sum(flood) + sum(last)
        self.assertGreater(summary.lost, 10_000)
        ledgers = Ledgers(monitor.files())
        ledgers.check()
        self.assertEqual(ledgers.sum("matched"), sent)
        self.assertEqual(ledgers.sum("written") + ledgers.sum("lost", "ring_full"), sent)
        losses = ledgers.losses()
        self.assertEqual(sum(loss["count"] for loss in losses), summary.lost)
        for loss in losses:
            self.assertEqual(loss["cause"], "ring_full")
            self.assertIn(loss["cpu"], cpus())
            self.assertLess(loss["from"], loss["to"])
        [stalled] = ledgers.gaps("stalled")
        self.assertLess(stalled["from"], losses[0]["from"])
        self.assertLess(losses[-1]["from"], stalled["to"])

    def test_interface_goes_and_comes(self):
        self.make_pair()
        monitor = self.capture(self.right, "dns0")
        self.right.ip("link", "set", "dns0", "down")
        monitor.wait_for(r"dns0 is down$")
        monitor.send_signal(signal.SIGHUP)  # while it is down
        wait_until(monitor.files, "the first file")
        self.right.ip("link", "set", "dns0", "up")
        monitor.wait_for(r"dns0 is up$")
        self.right.ip("link", "delete", "dns0")
        monitor.wait_for(r"dns0 is gone")
        connect(self.left, self.right)
        monitor.wait_for(r"dns0 is there again")
        monitor.finish()
        ledgers = Ledgers(monitor.files())
        ledgers.check()
        down = ledgers.gaps("interface_down")
        self.assertGreaterEqual(len(down), 2, "cut at the border")
        self.assertEqual(down[0]["to"], ledgers.all[0]["to"])
        self.assertEqual(down[1]["from"], ledgers.all[0]["to"])
        self.assertLess(down[1]["from"], down[1]["to"])
        [gone] = ledgers.gaps("interface_gone")
        self.assertLess(gone["from"], gone["to"])

    def test_chain_goes_on_at_the_next_start(self):
        self.make_pair()
        directory = self.make_directory("captures")
        ends = []
        for _ in range(3):
            monitor = self.capture(self.right, "dns0", directory=directory)
            self.send(self.left, "10.53.0.99", "--count", "10")
            monitor.finish()
            ledgers = Ledgers(monitor.files())
            ledgers.check_balance()
            ledgers.check_chain()
            [stopped] = ledgers.all[-1]["gaps"][-1:]
            self.assertEqual(stopped["reason"], "stopped")
            started = ledgers.all[-1]["gaps"][0]
            self.assertEqual(started["reason"], "started")
            if ends:
                self.assertEqual(started["from"], ends[-1], "nobody captured since")
            self.assertEqual(started["to"], ledgers.all[-1]["from"])
            ends.append(ledgers.all[-1]["to"])
        self.assertEqual(len(ledgers.all), 3)

    def test_crash(self):
        """The next start finishes what is there, and tells what is missing."""
        self.make_pair()
        directory = self.make_directory("captures")
        monitor = self.capture(self.right, "dns0", directory=directory)
        self.send(self.left, "10.53.0.99", "--count", "100")
        monitor.wait_for_packets(100)
        part = monitor.part()
        monitor.stop(signal.SIGKILL)
        monitor = self.capture(self.right, "dns0", directory=directory)
        monitor.wait_for(r"finished \S+, which a crash left: 100 packets")
        self.send(self.left, "10.53.0.99", "--count", "50", "--first", "100")
        monitor.finish()
        files = monitor.files()
        self.assertEqual(files[0], part.removesuffix(".part"))
        ledgers = Ledgers(files)
        ledgers.check()
        crashed, after = ledgers.all
        self.assertEqual(crashed["balance"]["written"], 100)
        self.assertEqual(after["balance"]["written"], 50)
        [gap] = ledgers.gaps("crashed")
        self.assertEqual(gap["cut_bytes"], 0)
        self.assertLess(gap["from"], gap["to"])
        self.assert_whole(self.check_numbered(files, 1, [150]))

    def test_what_retention_removes(self):
        """Told by the next ledger: the chain goes on."""
        self.make_pair()
        monitor = self.capture(self.right, "dns0", "--rotate-size", "64K", "--max-size", "300K")
        self.send(self.left, "10.53.0.99", "--count", "20000", "--rate", "10000")
        monitor.finish()
        ledgers = Ledgers(monitor.files())
        removed = [entry for ledger in ledgers.all for entry in ledger["removed"]]
        self.assertGreater(ledgers.all[0]["sequence"], 1)
        self.assertGreater(len(removed), 0)
        for entry in removed:
            self.assertLess(entry["sequence"], ledgers.all[-1]["sequence"])
            self.assertIn("limit", entry["reason"])
        ledgers.check_chain(first=ledgers.all[0]["sequence"])

    def test_access(self):
        """Readable by whoever may read the file."""
        self.make_pair()
        monitor = self.capture(self.right, "dns0", "--mode", "0644", "--group", "1")
        monitor.finish()
        [path] = monitor.files()
        for file in (path, path + ".json"):
            status = os.stat(file)
            self.assertEqual((status.st_mode & 0o777, status.st_gid), (0o644, 1))
