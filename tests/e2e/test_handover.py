"""From one process of a service to the next: no packet is missing, and none is there twice."""
import json
import signal

from lab.case import LabCase
from lab.manager import Manager


class Handover(LabCase):

    def setUp(self):
        super().setUp()
        self.make_pair()
        self.manager = Manager(self.path("notify"), keeps=True)
        self.addCleanup(self.manager.close)
        self.captures = self.make_directory()
        self.starts = 0

    def start_service(self, *options, **more):
        """One process of the service, with what the one before has left."""
        prefix, environment, descriptors = self.manager.pass_on()
        self.starts += 1
        monitor = self.capture(self.right, "dns0", *options, directory=self.captures,
                               prefix=prefix if descriptors else (), env=environment,
                               pass_fds=descriptors, wait=False, **more)
        self.manager.wait_for("READY=1", self.starts)
        return monitor

    def kill(self, monitor):
        self.manager.received()
        monitor.send_signal(signal.SIGKILL)
        monitor.popen.wait()

    def ledgers(self, monitor):
        result = []
        for path in monitor.files():
            with open(path + ".json", encoding="utf-8") as file:
                result.append(json.load(file))
        return result

    def assert_balanced(self, monitor, sent):
        ledgers = self.ledgers(monitor)
        matched = sum(one["balance"]["matched"] for one in ledgers)
        written = sum(one["balance"]["written"] for one in ledgers)
        self.assertEqual((matched, written), (sent, sent))
        self.run_verify()

    def run_verify(self):
        from lab.process import DNS_MONITOR, run
        done = run([DNS_MONITOR, "verify", "--deep", self.captures], check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_a_restart(self):
        monitor = self.start_service()
        sender = self.sender(self.left, "10.53.0.99", "--count", "200000", "--rate", "100000")
        monitor.wait_for_packets(20000)
        monitor.stop()
        self.assertEqual(monitor.returncode, 0, monitor.errors())
        self.assertRegex(monitor.errors(), "the filter goes on for the next process")
        monitor = self.start_service()
        sent = self.sent(sender)
        monitor.wait_for_packets(sum(sent))
        monitor.stop()
        self.assert_whole(self.check_numbered(monitor.files(), sent=sent))
        self.assert_balanced(monitor, sum(sent))

    def test_kills(self):
        monitor = self.start_service()
        sender = self.sender(self.left, "10.53.0.99", "--count", "400000", "--rate", "100000")
        for turn in range(8):
            monitor.wait_for_packets(1 + turn * 20000)
            self.kill(monitor)
            monitor = self.start_service()
        sent = self.sent(sender)
        monitor.wait_for_packets(sum(sent))
        monitor.stop()
        self.assert_whole(self.check_numbered(monitor.files(), sent=sent))
        self.assert_balanced(monitor, sum(sent))
