"""As a service: what its manager is told."""
import json
import os
import pwd
import signal

from lab.case import LabCase
from lab.freeze import frozen
from lab.manager import Manager

NOBODY = pwd.getpwnam("nobody")


def count(manager, begin):
    return sum(message.startswith(begin) for message in manager.received())


class Service(LabCase):

    def setUp(self):
        super().setUp()
        self.make_pair()
        os.chmod(self.directory, 0o755)

    def make_manager(self, path=None, **options):
        manager = Manager(path or self.path("notify"), **options)
        self.addCleanup(manager.close)
        return manager

    def test_a_life(self):
        """From start to stop, told from within the sandbox by another user."""
        manager = self.make_manager()
        monitor = self.capture(self.right, "dns0", "--user", "nobody",
                               directory=self.path("captures"), env=manager.environment)
        manager.wait_for("READY=1")
        self.assertEqual(manager.received(), ["STATUS=capturing on dns0", "READY=1"])
        self.assertEqual(manager.senders[-1], (monitor.pid, NOBODY.pw_uid, NOBODY.pw_gid))
        self.send(self.left, "10.53.0.99", "--count", "100")
        monitor.wait_for_packets(100)
        self.assertRegex(manager.wait_for("STATUS=", 2),
                         r"^STATUS=\d+/s  100 packets  0 lost  dns0\.\d+_\d+\.pcap(\.zst)?\.part  ")
        monitor.send_signal(signal.SIGHUP)
        manager.wait_for("READY=1", 2)
        reload = [one for one in manager.received() if not one.startswith("STATUS=")]
        self.assertRegex(reload[1], r"^RELOADING=1\nMONOTONIC_USEC=\d+$")
        self.assertEqual(reload[2:], ["READY=1"])
        monitor.wait_for(r"finished dns0\.")
        self.assertEqual(monitor.finish().captured, 100)
        self.assertEqual(manager.received()[-1], "STOPPING=1")

    def test_an_abstract_name(self):
        with self.right.entered():  # such names belong to the network namespace
            manager = self.make_manager(f"@dns-monitor-e2e-{os.getpid()}")
        monitor = self.capture(self.right, "dns0", env=manager.environment)
        manager.wait_for("READY=1")
        monitor.finish()
        manager.wait_for("STOPPING=1")

    def test_signs_of_life_are_the_writers(self):
        manager = self.make_manager(watchdog_seconds=0.5)
        monitor = self.capture(self.right, "dns0", env=manager.environment)
        manager.wait_for("WATCHDOG=1", 3)
        with frozen(monitor.pid, "writer"):
            before, told = count(manager, "WATCHDOG=1"), count(manager, "STATUS=")
            # The main thread goes on as before; in five seconds it would have given twenty signs.
            manager.wait_for("STATUS=", told + 1)
            alive = count(manager, "WATCHDOG=1")
            self.assertLessEqual(alive - before, 1)
        manager.wait_for("WATCHDOG=1", alive + 1)
        monitor.finish()

    def test_a_manager_that_is_not_there(self):
        """Told, and no reason not to capture."""
        monitor = self.capture(self.right, "dns0",
                               env={**os.environ, "NOTIFY_SOCKET": self.path("nobody-listens")})
        monitor.wait_for(r"the service manager cannot be told: .*nobody-listens")
        monitor.finish()

    def test_settings_from_files(self):
        """As the unit starts it: what all interfaces have in common, and what this one has."""
        paths = {name: self.path(name) for name in ("default.conf", "dns0.conf")}
        for name, text in (("default.conf", "port = 53\nutc = yes\ncount = 100\n"),
                           ("dns0.conf", "port = 5353\nport = 53\ncount = 50\n")):
            with open(paths[name], "w", encoding="ascii") as file:
                file.write(text)
        monitor = self.capture(self.right, "dns0", "--wait", "--config", paths["default.conf"],
                               "--config", f"-{paths['dns0.conf']}", "--config", "-/no/such.conf")
        self.send(self.left, "10.53.0.99", "--count", "60")
        self.assertEqual(monitor.wait(), 0, monitor.errors())
        self.assertEqual(len(monitor.packets()), 50)
        with open(monitor.files()[0] + ".json", encoding="utf-8") as ledger:
            self.assertEqual(json.load(ledger)["settings"]["ports"], [5353, 53])
