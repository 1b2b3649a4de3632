"""Every packet is counted once, under the right heading; the sender's number is the judge."""
import struct

from lab import packets
from lab.case import LabCase
from lab.packets import (AUTHENTICATION, DESTINATION, FRAGMENT, HOP_BY_HOP, ICMP, ICMP6, QINQ,
                         ROUTING, TCP, UDP, VLAN)
from lab.process import cpus

TAKEN, NOT_DNS = "taken", "not DNS"
TRUNCATED, MALFORMED = "truncated headers", "malformed headers"
TAGS, EXTENSIONS = "too many VLAN tags", "too many IPv6 extension headers"
ORPHAN, QUOTE = "fragments without their first", "ICMP errors that quote too little"

DNS = packets.dns_query()
QUERY = packets.udp(DNS)
OTHER = packets.udp(DNS, 1000, 2000)
QUERY4 = packets.ethernet(packets.ipv4(QUERY))
QUERY6 = packets.ethernet(packets.ipv6(QUERY))


def in4(payload, protocol=UDP, **fields):
    return packets.ethernet(packets.ipv4(payload, protocol, **fields))


def in6(payload, kinds=(), last=UDP):
    return packets.ethernet(packets.ipv6_with(list(kinds), payload, last))


def error4(quoted, kind=3):
    return in4(packets.icmp_error(quoted, kind), ICMP)


def error6(quoted, kind=1):
    return in6(packets.icmp_error(quoted, kind, 4), last=ICMP6)


# In this order: later fragments follow the first one of their packet. What, frame, verdict.
FRAMES = (
    ("a query", QUERY4, TAKEN),
    ("a query by IPv6", QUERY6, TAKEN),
    ("an answer", in4(packets.udp(DNS, 53, 40000)), TAKEN),
    ("both ports are DNS", in4(packets.udp(DNS, 53, 53)), TAKEN),
    ("TCP", in4(packets.tcp(DNS), TCP), TAKEN),
    ("an empty TCP segment", in4(packets.tcp(), TCP), TAKEN),
    ("TCP by IPv6", in6(packets.tcp(DNS), last=TCP), TAKEN),
    ("an empty datagram", in4(packets.udp(b"")), TAKEN),
    ("nothing but ports", in4(QUERY[:4]), TAKEN),
    ("IPv4 options", in4(QUERY, options=b"\x01" * 4), TAKEN),
    ("the most IPv4 options", in4(QUERY, options=b"\x01" * 40), TAKEN),
    ("other ports", in4(OTHER), NOT_DNS),
    ("other ports by IPv6", in6(OTHER), NOT_DNS),
    ("other ports behind options", in4(OTHER, options=b"\x01" * 40), NOT_DNS),
    ("DNS's port in wrong byte order", in4(packets.udp(DNS, 53 << 8, 53 << 8)), NOT_DNS),
    ("ports in options only", in4(OTHER, options=struct.pack("!HH", 53, 53)), NOT_DNS),
    ("SCTP with port 53", in4(QUERY, 132), NOT_DNS),
    ("ARP", packets.ethernet(bytes(28), kind=0x0806), NOT_DNS),
    ("a tag, then ARP", packets.ethernet(bytes(28), ((VLAN, 5),), kind=0x0806), NOT_DNS),
    ("an echo", in4(packets.icmp_error(packets.ipv4(QUERY), 8), ICMP), NOT_DNS),
    ("a router's solicitation", in6(packets.icmp_error(b"", 133), last=ICMP6), NOT_DNS),

    ("one extension", in6(QUERY, [HOP_BY_HOP]), TAKEN),
    ("four extensions", in6(QUERY, [HOP_BY_HOP, DESTINATION, ROUTING, DESTINATION]), TAKEN),
    ("authentication", in6(QUERY, [AUTHENTICATION]), TAKEN),
    ("an atomic fragment", in6(QUERY, [(FRAGMENT, 0, 0, 9)]), TAKEN),
    ("other ports behind extensions", in6(OTHER, [HOP_BY_HOP, AUTHENTICATION]), NOT_DNS),
    ("no next header", in6(b"", [DESTINATION], last=59), NOT_DNS),
    ("too many extensions", in6(QUERY, [DESTINATION] * 12), EXTENSIONS),

    ("a first fragment", in4(QUERY[:16], identification=7, more_fragments=True), TAKEN),
    ("its last", in4(QUERY[16:], identification=7, fragment_offset=16), TAKEN),
    ("the same once more", in4(QUERY[16:], identification=7, fragment_offset=16), TAKEN),
    ("another packet's", in4(QUERY[16:], identification=8, fragment_offset=16), ORPHAN),
    ("another source's", in4(QUERY[16:], identification=7, fragment_offset=16,
                             source="10.53.0.7"), ORPHAN),
    ("another protocol's", in4(QUERY[16:], TCP, identification=7, fragment_offset=16), ORPHAN),
    ("a first fragment of others", in4(OTHER[:16], identification=20, more_fragments=True),
     NOT_DNS),
    ("its last", in4(OTHER[16:], identification=20, fragment_offset=16), NOT_DNS),
    ("a first fragment, IPv6", in6(QUERY[:16], [(FRAGMENT, 0, 1, 7)]), TAKEN),
    ("its middle, IPv6", in6(QUERY[16:24], [(FRAGMENT, 16, 1, 7)]), TAKEN),
    ("its last, IPv6", in6(QUERY[24:], [(FRAGMENT, 24, 0, 7)]), TAKEN),
    ("another packet's, IPv6", in6(QUERY[16:], [(FRAGMENT, 16, 0, 8)]), ORPHAN),
    ("a last one behind an extension", in6(QUERY[24:], [HOP_BY_HOP, (FRAGMENT, 24, 0, 7)]), TAKEN),

    ("port unreachable", error4(packets.ipv4(QUERY)), TAKEN),
    ("time exceeded, 8 bytes quoted", error4(packets.ipv4(QUERY[:8], total_length=500), 11), TAKEN),
    ("quoting options", error4(packets.ipv4(QUERY, options=b"\x01" * 8)), TAKEN),
    ("quoting TCP", error4(packets.ipv4(packets.tcp(), TCP)), TAKEN),
    ("port unreachable, IPv6", error6(packets.ipv6(QUERY)), TAKEN),
    ("packet too big, IPv6", error6(packets.ipv6(packets.tcp(DNS), TCP), 2), TAKEN),
    ("quoting an extension", error6(packets.ipv6_with([DESTINATION], QUERY)), TAKEN),
    ("quoting others", error4(packets.ipv4(OTHER)), NOT_DNS),
    ("quoting others, IPv6", error6(packets.ipv6(OTHER)), NOT_DNS),
    ("quoting an echo", error4(packets.ipv4(bytes(8), ICMP)), NOT_DNS),
    ("quoting no ports", error4(packets.ipv4(b"", total_length=500)), QUOTE),
    ("quoting half a header", error4(packets.ipv4(QUERY)[:12]), QUOTE),
    ("quoting nothing, IPv6", error6(b""), QUOTE),
    ("quoting a later fragment", error4(packets.ipv4(QUERY, fragment_offset=16)), QUOTE),

    ("half an IPv4 header", QUERY4[:24], TRUNCATED),
    ("an IPv4 header alone", QUERY4[:34], TRUNCATED),
    ("half of the ports", QUERY4[:36], TRUNCATED),
    ("half an IPv6 header", QUERY6[:40], TRUNCATED),
    ("half an extension", in6(QUERY, [DESTINATION])[:58], TRUNCATED),
    ("no ports behind the options", in4(QUERY, options=b"\x01" * 40)[:60], TRUNCATED),
    ("IPv6 said to be IPv4", packets.ethernet(packets.ipv6(QUERY), kind=0x0800), MALFORMED),
    ("IPv4 said to be IPv6", packets.ethernet(packets.ipv4(QUERY), kind=0x86DD), MALFORMED),
    ("an IPv4 header of 16 bytes", QUERY4[:14] + b"\x44" + QUERY4[15:], MALFORMED),
)

# The kernel takes the outer tag of what it receives, so there is one more that we can see through.
TAGGED_AS_RECEIVED = (
    ("two tags", packets.ethernet(packets.ipv4(QUERY), ((QINQ, 1), (VLAN, 2))), TAKEN),
    ("three tags", packets.ethernet(packets.ipv4(QUERY), ((QINQ, 1),) + ((VLAN, 2),) * 2), TAKEN),
    ("three tags in the data",
     packets.ethernet(packets.ipv4(QUERY), ((QINQ, 1),) + ((VLAN, 2),) * 3), TAGS),
    ("half a tag", packets.ethernet(packets.ipv4(QUERY), ((QINQ, 1), (VLAN, 2)))[:20], TRUNCATED),
)
TAGGED_AS_SENT = (
    ("two tags", packets.ethernet(packets.ipv4(QUERY), ((QINQ, 1), (VLAN, 2))), TAKEN),
    ("three tags", packets.ethernet(packets.ipv4(QUERY), ((QINQ, 1),) + ((VLAN, 2),) * 2), TAGS),
    ("half a tag", packets.ethernet(packets.ipv4(QUERY), ((VLAN, 2),))[:16], TRUNCATED),
)


class Verdicts(LabCase):

    def check(self, monitor, table):
        """Ends the capture and holds its counters and frames against the table."""
        def count(*verdicts):
            return sum(verdict in verdicts for _, _, verdict in table)
        monitor.wait_for_frame(table[-1][1])
        summary = monitor.finish()
        causes = {cause: count(cause) for _, _, cause in table if cause not in (TAKEN, NOT_DNS)}
        wanted = [frame for _, frame, verdict in table if verdict == TAKEN]
        names = {frame: what for what, frame, _ in table}
        ours = monitor.frames()
        self.assertEqual([names.get(frame, frame.hex()) for frame in ours],
                         [names[frame] for frame in wanted])
        self.assertEqual(summary.causes, causes)
        self.assertEqual((summary.seen, summary.not_dns, summary.filtered, summary.matched,
                          summary.captured, summary.lost, summary.clipped, summary.late),
                         (len(table), count(NOT_DNS), 0, count(TAKEN), count(TAKEN), 0, 0, 0))

    def check_injected(self, namespace, interface, table):
        self.make_pair(addresses=False)
        monitor = self.capture(getattr(self, namespace), interface)
        # On one CPU, so that a last query in the file says that all before it were seen.
        self.inject(self.left, "peer0", [frame for _, frame, _ in table], cpu=cpus()[0])
        self.check(monitor, table)

    last = (("the last query", packets.ethernet(packets.ipv4(packets.udp(DNS + b"!"))), TAKEN),)

    def test_received(self):
        self.check_injected("right", "dns0", FRAMES + TAGGED_AS_RECEIVED + self.last)

    def test_sent(self):
        self.check_injected("left", "peer0", FRAMES + TAGGED_AS_SENT + self.last)

    def test_raw(self):
        """The same without Ethernet headers, by a tun device."""
        self.left = self.make_namespace()
        tun = self.make_tun(self.left)
        monitor = self.capture(self.left, "tun0")
        # The device itself looks at the version, and refuses what is neither.
        table = tuple((what, frame[14:], verdict) for what, frame, verdict in FRAMES + self.last
                      if frame[12:14] in (b"\x08\x00", b"\x86\xdd") and verdict != MALFORMED)
        for _, packet, _ in table:
            tun.write(packet)
        self.check(monitor, table)

    def test_later_fragments_of_extensions_behind_the_fragment_header(self):
        """Their next header is the extension's, their fate still that of their first."""
        first, data = packets.extensions([DESTINATION], QUERY)
        parts = [packets.ethernet(packets.ipv6_with([(FRAGMENT, offset, more, 77)], part, first))
                 for offset, more, part in ((0, 1, data[:24]), (24, 0, data[24:]))]
        orphan = packets.ethernet(packets.ipv6_with([(FRAGMENT, 24, 0, 78)], data[24:], first))
        self.check_injected("right", "dns0", (
            ("the first", parts[0], TAKEN), ("the later one", parts[1], TAKEN),
            ("an orphan", orphan, ORPHAN)) + self.last)


class Numbers(LabCase):

    def test_sent_is_matched_is_captured(self):
        self.make_pair()
        monitor = self.capture(self.left, "peer0")
        sent = self.send(self.left, "10.53.0.99", "--threads", "2", "--count", "50000",
                         "--rate", "50000")
        others = self.send(self.left, "10.53.0.99", "--port", "5353", "--count", "10000")
        summary = monitor.finish()
        self.assertEqual(summary.seen, sum(sent) + sum(others))
        self.assertEqual(summary.matched, sum(sent))
        self.assertEqual(summary.not_dns, sum(others))
        self.assertEqual((summary.captured, summary.lost, summary.undecided), (sum(sent), 0, 0))
        self.assert_whole(self.check_numbered(monitor.files(), 2, sent))

    def test_what_is_lost_is_counted(self):
        """A small ring that nobody empties for a while: what does not fit is lost by cause."""
        self.make_pair()
        monitor = self.capture(self.left, "peer0", "--ring-size", "1M")
        monitor.pause()
        sent = self.send(self.left, "10.53.0.99", "--count", "40000", "--cpu", cpus()[0])
        monitor.resume()
        after = self.send(self.left, "10.53.0.99", "--count", "100", "--first", "40000",
                          "--cpu", cpus()[0])
        summary = monitor.finish()
        self.assertEqual(summary.matched, sent[0] + after[0])
        self.assertGreater(summary.lost, 10000)
        self.assertEqual(summary.captured + summary.lost, summary.matched)
        self.assertRegex(summary.text, r"(?m)^    [\d ]+ ring full$")
        report = self.check_numbered(monitor.files(), 1, [summary.matched])
        self.assertEqual(report["missing"], summary.lost)
        self.assertEqual((report["twice"], report["torn"], report["reordered"]), (0, 0, 0))
