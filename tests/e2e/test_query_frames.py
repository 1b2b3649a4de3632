"""As test_query_tshark, of the tables `packets` and `icmp`: each frame by itself."""
from lab import packets
from lab.frame_comparison import FrameComparison
from lab.pcap import Packet, write_packets
from lab.traffic import LINK_TYPES, Traffic

# Of each version of IP: the types, and how many codes of each; some are none.
ICMP_CODES = {4: {3: 17, 4: 1, 5: 4, 11: 3, 12: 4, 0: 1, 8: 1, 13: 1, 14: 1, 17: 1, 18: 1, 40: 1},
              6: {1: 9, 2: 1, 3: 2, 4: 4, 128: 1, 129: 1, 133: 1, 135: 1, 136: 1, 200: 1}}
ERRORS = {4: (3, 4, 5, 11, 12), 6: (1, 2, 3, 4)}


def icmp_of_all_kinds(traffic):
    """Each type and code, with what it may quote: UDP, TCP, fragments, extensions; cut, and not."""
    host, maker = traffic.host(), traffic.maker
    protocol = packets.ICMP if host.version == 4 else packets.ICMP6
    query = host.udp(maker.query(), True)
    quotes = [host.ip(query, packets.UDP, True), host.ip(packets.tcp(b"abc"), packets.TCP, True),
              *host.fragments(query + bytes(600), 512, True)]
    for kind, codes in ICMP_CODES[host.version].items():
        for code in range(codes):
            quoted = traffic.chance.choice(quotes) if kind in ERRORS[host.version] else b"payload"
            if traffic.chance.random() < 0.3:
                quoted = quoted[:traffic.chance.choice((0, 10, 20, 28, 40, 48, 60))]
            rest = 0 if kind in ERRORS[host.version] else traffic.chance.getrandbits(32)
            yield host.ip(packets.icmp_error(quoted, kind, code, rest), protocol, False)


class Frames(FrameComparison):

    def test_packets(self):
        """All kinds of frames, and each reason why one is no message."""
        reasons = set()
        for link_type in LINK_TYPES:
            with self.subTest(link_type=link_type):
                path = self.path("mix.pcap")
                write_packets(path, Traffic(link_type + 31, link_type).mix(300).packets, link_type)
                of_packets, _ = self.compare_frames(path)
                reasons |= {row["reason"] for row in of_packets}
        self.assertLessEqual({None, "ICMP", "ICMPv6", "fragment", "other protocol", "other port",
                              "TCP without data", "part of a TCP stream",
                              "shorter than a DNS header"}, reasons)

    def test_icmp(self):
        path = self.path("icmp.pcap")
        kinds = ((icmp_of_all_kinds, 1), (Traffic.refused, 1), (Traffic.elsewhere, 1))
        traffic = Traffic(32).mix(60, kinds)
        arp = packets.ethernet(b"\0\1\x08\0\6\4\0\1" + bytes(20), kind=0x0806)
        traffic.packets.append(Packet(traffic.now_ns, arp, len(arp)))
        write_packets(path, traffic.packets)
        of_packets, of_icmp = self.compare_frames(path)
        self.assertEqual(of_packets[-1]["reason"], "not IP")
        for version, kinds in ICMP_CODES.items():
            self.assertLessEqual(
                {(kind, code) for kind, codes in kinds.items() for code in range(codes)},
                {(row["type"], row["code"]) for row in of_icmp if row["ip_version"] == version})
        self.assertGreater(self.seen["quoted headers that are cut"], 0)
