"""--wait: an interface that does not exist yet is waited for."""
import os
import signal

from lab.case import LabCase
from lab.manager import Manager
from lab.process import DNS_MONITOR


class Wait(LabCase):

    def setUp(self):
        super().setUp()
        self.namespace = self.make_namespace()
        os.chmod(self.directory, 0o755)

    def start_waiting(self, *options, interface="tun0", **more):
        monitor = self.capture(self.namespace, interface, "--wait", *options, wait=False, **more)
        monitor.wait_for(rf"^dns-monitor: waiting for interface {interface}$")
        return monitor

    def make_manager(self, **options):
        manager = Manager(self.path("notify"), **options)
        self.addCleanup(manager.close)
        return manager

    def test_it_comes(self):
        monitor = self.start_waiting("--user", "nobody", directory=self.path("captures"))
        self.make_tun(self.namespace, "tun1")  # another one
        self.make_tun(self.namespace)
        monitor.wait_until_capturing()
        self.assertEqual(monitor.errors().count("waiting"), 1)
        monitor.send_signal(signal.SIGHUP)
        monitor.wait_for(r"finished tun0\.")
        monitor.finish()

    def test_it_is_renamed(self):
        monitor = self.start_waiting(interface="wan0")
        self.make_tun(self.namespace)
        self.namespace.ip("link", "set", "tun0", "down")
        self.namespace.ip("link", "set", "tun0", "name", "wan0")
        monitor.wait_until_capturing()
        monitor.finish()

    def test_it_is_there(self):
        monitor = self.capture(self.namespace, "lo", "--wait")
        self.assertNotIn("waiting", monitor.errors())
        monitor.finish()

    def test_signals_end_the_wait(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(signal=number):
                monitor = self.start_waiting()
                monitor.send_signal(signal.SIGHUP)  # no file to begin anew: nothing
                self.assertEqual(monitor.stop(number), 0)
                self.assertEqual(monitor.errors().count("\n"), 1)
                self.assertEqual(monitor.files(".pcap.part"), [])

    def test_the_manager_is_told(self):
        """At once, so that nobody waits with us; signs of life come from the wait, too."""
        manager = self.make_manager(watchdog_seconds=0.5)
        monitor = self.start_waiting(env=manager.environment)
        manager.wait_for("WATCHDOG=1", 2)
        self.assertEqual(manager.received()[:3],
                         ["STATUS=waiting for interface tun0", "READY=1", "WATCHDOG=1"])
        self.make_tun(self.namespace)
        manager.wait_for("STATUS=capturing on tun0")
        monitor.finish()
        manager.wait_for("STOPPING=1")

    def refused(self, *arguments, interface="tun0", prefix=()):
        done = self.namespace.run(*prefix, DNS_MONITOR, "capture", interface, "-d", self.directory,
                                  *arguments, check=False, seconds=30)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stderr, r"\Adns-monitor: [^\n]+\n\Z")
        return done.stderr

    def test_without_it(self):
        self.assertIn("no interface 'tun0'; there are: lo", self.refused())

    def test_names_that_none_can_have(self):
        for name in ("", ".", "..", "a/b", "a b", "a:b", "x" * 16):
            with self.subTest(name=name):
                self.assertIn(f"'{name}' is no name of an interface",
                              self.refused("--wait", interface=name))

    def test_what_is_missing_is_told_before(self):
        line = self.refused("--wait", prefix=["setpriv", "--reuid=nobody", "--clear-groups"])
        self.assertIn("missing cap_", line)
