"""--hook: the filter on tcx, and what differs there from a packet socket.

Everything else is the same: with DNS_MONITOR_HOOK=tcx all other tests run on it.
"""
import ctypes
import itertools
import json
import signal
import struct
import unittest

from lab import packets
from lab.case import LabCase
from lab.ledger import Ledgers
from lab.process import HAS_TCX
from lab.service import ServiceCase
from lab.waiting import wait_until

LIBC = ctypes.CDLL(None, use_errno=True)
SYS_BPF, BPF_PROG_QUERY = 321, 16
TCX_INGRESS, TCX_EGRESS = 46, 47  # linux/bpf.h
WITHOUT_NET_ADMIN = ("setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin")


@unittest.skipUnless(HAS_TCX, "this kernel has no tcx")
class Hook(LabCase):

    def capture_by(self, hook, *options, **more):
        return self.capture(self.right, "dns0", "--hook", hook, *options, **more)

    def hooks(self, monitor):
        """Of each ledger."""
        return [ledger["settings"]["hook"] for ledger in Ledgers(monitor.files()).all]

    def inject_both_ways(self):
        """One frame that dns0 receives, one that it sends."""
        self.inject(self.left, "peer0", [packets.ethernet(packets.ipv4(packets.udp(b"coming")))])
        self.inject(self.right, "dns0", [packets.ethernet(packets.ipv4(packets.udp(b"going")))])

    def seen_ways(self, monitor):
        monitor.finish()
        [path] = monitor.files()
        with open(path, "rb") as file:
            content = file.read()
        return {word for word in ("coming", "going") if word.encode() in content}

    def test_auto_takes_tcx_where_it_can(self):
        self.make_pair()
        monitor = self.capture_by("auto")
        monitor.wait_for(r"capturing on dns0 \(ethernet\), .*, tcx, ")
        self.inject_both_ways()
        self.assertEqual(self.seen_ways(monitor), {"coming", "going"})
        self.assertEqual(self.hooks(monitor), ["tcx"])

    def test_auto_takes_the_socket_without_the_capability(self):
        self.make_pair()
        monitor = self.capture_by("auto", prefix=WITHOUT_NET_ADMIN)
        monitor.wait_for("on a packet socket, as tcx takes cap_net_admin$")
        self.assertNotIn(", tcx,", monitor.errors())
        self.inject_both_ways()
        self.assertEqual(self.seen_ways(monitor), {"coming", "going"})
        self.assertEqual(self.hooks(monitor), ["socket"])

    def test_tcx_says_what_is_missing(self):
        self.make_pair()
        monitor = self.capture_by("tcx", prefix=WITHOUT_NET_ADMIN, wait=False)
        self.assertEqual(monitor.wait(), 1)
        self.assertRegex(monitor.errors(), "missing cap_net_admin: run as root, or once: setcap "
                                           r"cap_net_raw,cap_bpf,cap_perfmon,cap_net_admin\+ep ")

    def test_a_wrong_filter_is_wrong_on_each_hook(self):
        self.make_pair()
        for hook in "auto", "tcx", "socket":
            monitor = self.capture_by(hook, "--filter", "no such thing", wait=False)
            self.assertEqual(monitor.wait(), 1)
            self.assertRegex(monitor.errors(), r"^dns-monitor: [^\n]*syntax error[^\n]*\n$")

    def test_directions(self):
        self.make_pair()
        for options, ways in ((("-Q", "in"), {"coming"}), (("-Q", "out"), {"going"}),
                              (("--filter", "inbound"), {"coming"}),
                              (("--filter", "outbound"), {"going"})):
            with self.subTest(options=options):
                monitor = self.capture_by("tcx", *options)
                self.inject_both_ways()
                self.assertEqual(self.seen_ways(monitor), ways)

    def test_nothing_stays_behind(self):
        """Neither at the end of a capture, nor when it is killed."""
        self.make_pair()
        for number in signal.SIGTERM, signal.SIGKILL:
            monitor = self.capture_by("tcx")
            self.assertEqual(self.programs(), 2)
            monitor.stop(number)
            wait_until(lambda: self.programs() == 0, "the programs to go")

    def programs(self):
        """How many are on tcx of dns0 (bpf(2), BPF_PROG_QUERY)."""
        index = json.loads(self.right.ip("-j", "link", "show", "dns0"))[0]["ifindex"]
        count = 0
        with self.right.entered():
            for attach_type in TCX_INGRESS, TCX_EGRESS:
                query = struct.pack("=IIIIQI36x", index, attach_type, 0, 0, 0, 0)
                query = ctypes.create_string_buffer(query, len(query))
                self.assertEqual(LIBC.syscall(SYS_BPF, BPF_PROG_QUERY, query, len(query)), 0)
                count += struct.unpack_from("=I", query, 24)[0]
        return count


@unittest.skipUnless(HAS_TCX, "this kernel has no tcx")
class HookHandover(ServiceCase):

    def kept(self):
        self.manager.received()
        return sorted(name for name, _ in self.manager.kept if name.startswith("tcx."))

    def test_kills(self):
        """As on a socket, nothing is missing."""
        monitor = self.start_service("--hook", "tcx")
        self.assertEqual(self.kept(), ["tcx.egress.1", "tcx.ingress.1"])
        sender = self.send_for(2)
        monitor = self.kill_repeatedly(monitor, 4, 40_000, "--hook", "tcx")
        self.assertEqual(self.kept(), ["tcx.egress.1", "tcx.ingress.1"])
        self.assert_complete(monitor, sender)

    def test_another_direction(self):
        """A link that is not wanted goes, one that is missing is made."""
        monitor = self.start_service("--hook", "tcx", "-Q", "out")
        self.assertEqual(self.kept(), ["tcx.egress.1"])
        self.end(monitor)
        monitor = self.start_service("--hook", "tcx", "-Q", "in")
        self.assertEqual(self.kept(), ["tcx.ingress.1"])
        self.end(monitor)
        monitor = self.start_service("--hook", "tcx")
        self.assertEqual(self.kept(), ["tcx.egress.1", "tcx.ingress.1"])
        self.assert_complete(monitor, self.send_for(1))

    def test_an_interface_that_is_made_again(self):
        """Its links are others, and the next process has them."""
        monitor = self.start_service("--hook", "tcx")
        self.right.ip("link", "delete", "dns0")
        monitor.wait_for("dns0 is gone")
        self.connect_again()
        monitor.wait_for("dns0 is there again")
        self.assertEqual(self.kept(), ["tcx.egress.2", "tcx.ingress.2"])
        sender = self.send_for(2)
        monitor = self.kill_repeatedly(monitor, 3, 40_000, "--hook", "tcx")
        self.assert_complete(monitor, sender)

    def test_an_interface_that_is_made_again_while_nobody_looks(self):
        monitor = self.start_service("--hook", "tcx")
        self.kill(monitor)
        self.right.ip("link", "delete", "dns0")
        self.connect_again()
        monitor = self.start_service("--hook", "tcx")
        self.assertEqual(self.kept(), ["tcx.egress.2", "tcx.ingress.2"])
        self.assert_complete(monitor, self.send_for(1))

    def test_from_hook_to_hook(self):
        """No packet is there twice; what came in between is not there, and the ledger says so."""
        monitor = self.start_service("--hook", "socket")
        sender = self.send_for(3)
        hooks = ["socket"]
        for turn, hook in enumerate(("tcx", "socket", "tcx"), 1):
            monitor.wait_for_packets(1 + turn * 40_000)
            if turn == 2:
                self.kill(monitor)
            else:
                self.end(monitor)
            monitor = self.start_service("--hook", hook)
            hooks.append(hook)
            monitor.wait_for("the filter is on another hook than that of the process before: "
                             "what came within .* was not seen")
            self.assertEqual(len(self.kept()), 2 if hook == "tcx" else 0)
        sent = self.sent(sender)
        self.end(monitor)
        report = self.check_numbered(monitor.files(), sent=sent)
        self.assertEqual((report["twice"], report["beyond"], report["torn"]), (0, 0, 0))
        ledgers = self.ledgers(monitor)
        self.assertEqual(sum(ledger["balance"]["matched"] for ledger in ledgers),
                         sum(sent) - report["missing"])
        # What the old filter took after its process has ended is in a segment of its own.
        told = [ledger["settings"]["hook"] for ledger in ledgers]
        self.assertEqual([hook for hook, _ in itertools.groupby(told)], hooks)
        gaps = [gap for ledger in ledgers for gap in ledger["gaps"]
                if gap["reason"] == "hook_changed"]
        self.assertEqual(len(gaps), 3)
        for gap in gaps:
            self.assertLess(gap["from"], gap["to"])
        self.verify()
