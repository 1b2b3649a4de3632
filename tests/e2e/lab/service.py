"""A service whose manager keeps what it is given: one process after the other."""
import json
import signal

from .case import LabCase
from .manager import Manager
from .namespace import connect
from .process import DNS_MONITOR, run
from .waiting import wait_until

RATE = 100_000


class ServiceCase(LabCase):

    def setUp(self):
        super().setUp()
        self.make_pair()
        self.manager = Manager(self.path("notify"), keeps=True)
        self.addCleanup(self.manager.close)
        self.captures = self.make_directory()
        self.starts = 0
        self.told = ""

    def start_service(self, *options, program=DNS_MONITOR, **more):
        """One process of the service, with what the one before has left."""
        prefix, environment, descriptors = self.manager.pass_on()
        self.starts += 1
        monitor = self.capture(self.right, "dns0", *options, directory=self.captures,
                               prefix=prefix if descriptors else (), env=environment,
                               pass_fds=descriptors, wait=False, program=program, **more)
        wait_until(lambda: self.manager.received().count("READY=1") >= self.starts
                   or monitor.popen.poll() is not None, lambda: monitor.errors())
        self.assertIsNone(monitor.popen.poll(), monitor.errors())
        return monitor

    def kill(self, monitor):
        monitor.send_signal(signal.SIGKILL)
        monitor.popen.wait()

    def kill_repeatedly(self, monitor, times, packets, *options, **more):
        """One process after the other, each when the files have so many packets more."""
        for turn in range(times):
            monitor.wait_for_packets(1 + turn * packets)
            self.kill(monitor)
            monitor = self.start_service(*options, **more)
        return monitor

    def end(self, monitor):
        monitor.stop()
        self.assertEqual(monitor.returncode, 0, monitor.errors())

    def send_for(self, seconds):
        return self.sender(self.left, "10.53.0.99", "--count", RATE * seconds, "--rate", RATE)

    def ledgers(self, monitor):
        result = []
        for path in monitor.files():
            with open(path + ".json", encoding="utf-8") as file:
                result.append(json.load(file))
        return sorted(result, key=lambda ledger: ledger["sequence"])

    def assert_complete(self, monitor, sender, **balance):
        """The sender's packets are in the files once each, and the ledgers say so."""
        sent = self.sent(sender)
        monitor.wait_for_packets(sum(sent))
        self.end(monitor)
        self.assertEqual(monitor.files(".pcap.part"), [])
        self.assert_whole(self.check_numbered(monitor.files(), sent=sent))
        ledgers = self.ledgers(monitor)
        sums = {name: sum(one["balance"][name] for one in ledgers)
                for name in ("matched", "written")}
        self.assertEqual(sums, {"matched": sum(sent), "written": sum(sent)})
        self.verify()
        return ledgers

    def verify(self):
        verified = run([DNS_MONITOR, "verify", "--deep", self.captures], check=False)
        self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)

    def connect_again(self):
        """A new pair, as LabCase makes it, that the sender can use at once."""
        connect(self.left, self.right)
        self.left.ip("address", "add", "10.53.0.1/24", "dev", "peer0")
        for namespace, name in ((self.left, "peer0"), (self.right, "dns0")):
            namespace.ip("link", "set", name, "up")
        wait_until(lambda: "LOWER_UP" in self.left.ip("link", "show", "peer0"), "the carrier")
        other = self.right.hardware_address("dns0")
        self.left.ip("neighbour", "replace", "10.53.0.99", "lladdr", other, "dev", "peer0",
                     "nud", "permanent")

    def mount_disk(self):
        """A file system of its own for the captures. The device that it is on."""
        image = self.path("image")
        with open(image, "wb") as file:
            file.truncate(256 << 20)
        run(["mkfs.ext4", "-q", image])
        device = run(["losetup", "--find", "--show", "--direct-io=on", image]).stdout.strip()
        self.addCleanup(run, ["losetup", "--detach", device])
        run(["mount", device, self.captures])
        self.addCleanup(run, ["umount", self.captures])
        return device
