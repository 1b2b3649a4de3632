"""A CPU that is taken away for 100 ms at a time: its packets come late, but lose no place."""
import bisect
import signal
import sys
import unittest

from lab.case import LabCase
from lab.process import cpus

MILLISECOND = 1_000_000

# Has the CPU for itself for 100 ms, and gives it back for as long: nothing of normal priority,
# sender, ksoftirqd or writer, runs on it meanwhile. Says how often, at each end.
BURNER = """
import os, sys, time
os.sched_setaffinity(0, {int(sys.argv[1])})
os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
while True:
    end = time.monotonic() + 0.1
    while time.monotonic() < end:
        pass
    print("burst", file=sys.stderr, flush=True)
    time.sleep(0.1)
"""


@unittest.skipIf(len(cpus()) < 2, "one CPU alone has no order to keep with another")
class Preempted(LabCase):

    COUNT = 150000

    def send_on_both(self, namespace, monitor):
        """A numbered sender on each of two CPUs, the first of which is taken away again and again."""
        burner = self.start([sys.executable, "-c", BURNER, str(cpus()[0])])
        burner.wait_for("^burst$")
        began = burner.errors().count("burst")
        sent = self.send(namespace, "10.53.0.99", "--threads", "2", "--count", str(self.COUNT),
                         "--rate", "80000", "--cpu", f"{cpus()[0]},{cpus()[1]}")
        self.assertGreater(burner.errors().count("burst") - began, 5)
        self.assertEqual(burner.stop(signal.SIGKILL), -signal.SIGKILL)
        self.assertEqual(sent, [self.COUNT] * 2)
        self.assertIsNone(monitor.popen.poll(), monitor.errors())
        return sent

    def assert_taken_away(self, monitor):
        """The first sender stood still, several times, while the second one went on."""
        times = {b"t00-": [], b"t01-": []}
        for packet in monitor.packets():
            for thread, its in times.items():
                if thread in packet.data:
                    its.append(packet.time_ns)
        first, second = times.values()
        stalls = [(before, after) for before, after in zip(first, first[1:])
                  if after - before > 50 * MILLISECOND
                  and bisect.bisect(second, after) - bisect.bisect(second, before) > 100]
        self.assertGreater(len(stalls), 3)

    def assert_ordered(self, report, summary):
        self.assertEqual((summary.lost, summary.left, summary.late), (0, 0, 0))
        self.assertEqual(report["packets"], summary.captured)
        self.assertEqual(report["reordered"] + sum(file["backwards"] for file in report["files"]), 0)

    def test_where_it_is_sent(self):
        """The filter runs in the senders themselves: all that they sent is there, in order."""
        self.make_pair()
        monitor = self.capture(self.left, "peer0", "--rotate-size", "8M")
        sent = self.send_on_both(self.left, monitor)
        summary = monitor.finish()
        report = self.check_numbered(monitor.files(), 2, sent)
        self.assertEqual((summary.seen, summary.captured), (sum(sent), sum(sent)))
        self.assert_whole(report)
        self.assert_ordered(report, summary)
        self.assert_taken_away(monitor)

    def test_where_it_is_received(self):
        """The filter runs in softirqs: what reached the interface is there, in order."""
        self.make_pair()
        monitor = self.capture(self.right, "dns0", "--rotate-size", "8M")
        sent = self.send_on_both(self.left, monitor)
        # A CPU's queue of frames may be full before the interface has them; the sender's end
        # counts those, and they are no packets of the capture's.
        dropped = self.left.statistic("peer0", "tx_dropped")
        monitor.wait_for_packets(sum(sent) - dropped)
        summary = monitor.finish()
        report = self.check_numbered(monitor.files(), 2, sent)
        self.assertEqual(summary.captured, sum(sent) - dropped)
        self.assertEqual((report["missing"], report["twice"], report["torn"], report["foreign"]),
                         (dropped, 0, 0, 0))
        self.assert_ordered(report, summary)
        self.assert_taken_away(monitor)
