"""The base of all end-to-end tests."""
import itertools
import json
import os
import shutil
import tempfile
import unittest

from .monitor import Monitor, Tcpdump
from .namespace import Namespace, Tun, connect
from .pcap import plain_copy, write_pcap
from .process import CHECK_NUMBERED, SEND_NUMBERED, Process, run
from .waiting import PATIENCE_SECONDS


class LabCase(unittest.TestCase):
    """Makes what a test needs, and removes it afterwards, however the test ended."""

    maxDiff = 2000

    def setUp(self):
        self._counter = itertools.count(1)
        self.directory = tempfile.mkdtemp(prefix="dns-monitor-e2e-")
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.directory, f"{next(self._counter)}-{name}")

    def make_directory(self, name="captures"):
        path = self.path(name)
        os.mkdir(path)
        return path

    def make_namespace(self, ipv6=False):
        namespace = Namespace(ipv6)
        self.addCleanup(namespace.remove)
        return namespace

    def make_tun(self, namespace, name="tun0"):
        tun = Tun(namespace, name)
        self.addCleanup(tun.close)
        return tun

    def make_pair(self, mtu=1500, addresses=True, ipv6=False):
        """Two namespaces: peer0 in self.left, dns0 in self.right. Nothing moves by itself.

        10.53.0.1 and fd53::1 on the left, .2 on the right; 10.53.0.99 leads to the other
        side as well, where nobody answers and nothing is forwarded.
        """
        self.left, self.right = self.make_namespace(ipv6), self.make_namespace(ipv6)
        connect(self.left, self.right, mtu=mtu)
        if not addresses:
            return
        ends = ((self.left, "peer0", 1), (self.right, "dns0", 2))
        hardware = [namespace.hardware_address(name) for namespace, name, _ in ends]
        for (namespace, name, number), other in zip(ends, reversed(hardware)):
            namespace.ip("address", "add", f"10.53.0.{number}/24", "dev", name)
            # Nobody has to be asked for an address, so nothing but the test's packets is seen.
            for host in (3 - number, 99):
                namespace.ip("neighbour", "replace", f"10.53.0.{host}", "lladdr", other,
                             "dev", name, "nud", "permanent")
            if ipv6:
                namespace.ip("address", "add", f"fd53::{number}/64", "dev", name, "nodad")
                namespace.ip("neighbour", "replace", f"fd53::{3 - number}", "lladdr", other,
                             "dev", name, "nud", "permanent")

    def start(self, command, **options):
        name = os.path.basename(command[-1] if len(command) == 1 else command[0])
        process = Process(command, self.path(f"{name}.err"), **options)
        self.addCleanup(process.kill)
        return process

    def capture(self, namespace, interface, *options, directory=None, wait=True, error_path=None,
                **more):
        """Starts dns-monitor and waits until it captures."""
        directory = directory or self.make_directory()
        monitor = Monitor(namespace, interface, directory, *options,
                          error_path=error_path or self.path("dns-monitor.err"), **more)
        self.addCleanup(monitor.kill)
        if wait:
            monitor.wait_until_capturing()
        return monitor

    def stream(self, namespace, interface, *options, **more):
        """Starts dns-monitor -w -; its standard output goes where `stdout` says."""
        monitor = Monitor(namespace, interface, None, *options,
                          error_path=self.path("dns-monitor.err"), **more)
        self.addCleanup(monitor.kill)
        monitor.wait_until_capturing()
        return monitor

    def tcpdump(self, namespace, interface, *options, **more):
        process = Tcpdump(namespace, interface, self.path("tcpdump.pcap"),
                          self.path("tcpdump.err"), *options, **more)
        self.addCleanup(process.kill)
        process.wait_until_capturing()
        return process

    def inject(self, namespace, interface, frames, cpu=None):
        """Sends frames as they are, by a packet socket."""
        path = self.path("frames.pcap")
        write_pcap(path, frames)
        pinned = ["--cpu", cpu] if cpu is not None else []
        sent = namespace.run(SEND_NUMBERED, "--frames", path, "--interface", interface, *pinned)
        self.assertEqual(sent.stdout, f"sent {len(frames)}\n")

    def sender(self, namespace, to, *options):
        """Starts a sender of numbered queries; send_count() waits for its end."""
        command = namespace.command([SEND_NUMBERED, "--to", to, *options])
        with open(self.path("sent"), "w+b") as output:
            process = self.start(command, stdout=output)
        process.output_path = output.name
        return process

    def sent(self, sender, seconds=PATIENCE_SECONDS):
        """What each of the sender's threads has sent, once it has ended."""
        self.assertEqual(sender.wait(seconds), 0, sender.errors())
        with open(sender.output_path, encoding="ascii") as output:
            words = output.read().split()
        self.assertEqual(words[0], "sent")
        return [int(word) for word in words[1:]]

    def send(self, namespace, to, *options, seconds=PATIENCE_SECONDS):
        return self.sent(self.sender(namespace, to, *options), seconds)

    def check_numbered(self, files, threads=1, sent=None):
        """The checker's report of `files`, which libpcap read to their ends."""
        command = [CHECK_NUMBERED, "--threads", str(threads)]
        if sent is not None:
            command += ["--sent", ",".join(map(str, sent))]
        with tempfile.TemporaryDirectory() as directory:
            plain = [plain_copy(file, directory) for file in files]
            report = json.loads(run([*command, *plain]).stdout)
        for file in report["files"]:
            self.assertEqual(file["error"], "", file)
        report["packets"] = sum(file["packets"] for file in report["files"])
        return report

    def assert_whole(self, report):
        """Nothing missing, twice, never sent, torn or out of order."""
        faults = {name: report[name]
                  for name in ("missing", "twice", "beyond", "torn", "foreign", "reordered")}
        faults["backwards"] = sum(file["backwards"] for file in report["files"])
        self.assertEqual(faults, dict.fromkeys(faults, 0))

    def assert_readable(self, path, packets):
        """tcpdump, tshark and capinfos read the file, decompressed, without complaint."""
        with tempfile.TemporaryDirectory() as directory:
            plain = plain_copy(path, directory)
            dumped = run(["tcpdump", "-n", "-r", plain])
            shown = run(["tshark", "-n", "-r", plain, "-T", "fields", "-e", "frame.number"])
            facts = run(["capinfos", "-M", "-c", "-t", plain])
        self.assertEqual(len(dumped.stdout.splitlines()), packets, path)
        self.assertNotRegex(dumped.stderr, "truncated|bad|error")
        self.assertEqual(len(shown.stdout.split()), packets, path)
        self.assertNotRegex(shown.stderr, "cut short|damaged|error")
        self.assertRegex(facts.stdout, rf"Number of packets:\s+{packets}\b")
        self.assertEqual(facts.stderr, "")
