"""As test_query_tshark, of frames that the snap length clipped."""
import dataclasses

from lab.differences import DIFFERENCES, Difference
from lab.frame_comparison import FrameComparison
from lab.pcap import write_packets
from lab.query import rows
from lab.servers import start_nsd
from lab.traffic import ACK, SYN, Stream, Traffic, framed_message

CLIPPED = "clipped by the snap length"

DATAGRAMS = ((Traffic.questions, 60), (Traffic.others, 6), (Traffic.malformed, 8),
             (Traffic.refused, 2), (Traffic.short, 1), (Traffic.elsewhere, 2))
FRAGMENTS = ((Traffic.fragmented, 1),)


def one_by_one(traffic):
    """A connection in which each message is one segment."""
    host, chance = traffic.host(), traffic.chance
    client, server = (Stream(host, side, chance.getrandbits(32)) for side in (True, False))
    yield client.send(b"", SYN)
    server.ack = client.seq
    yield server.send(b"", SYN | ACK)
    client.ack = server.seq
    for _ in range(chance.randint(1, 4)):
        question = traffic.maker.question()
        yield client.send(framed_message(traffic.maker.query(question)))
        server.ack = client.seq
        yield server.send(framed_message(traffic.maker.response(question)))
        client.ack = server.seq


STREAMS = ((one_by_one, 1),)

SIZES = (60, 80, 128, 400)
# Of Ethernet to DNS, the longest that Traffic makes.
ROOM_FOR_HEADERS = 128


def headers(path):
    """Of all messages, when and how they came and what does not depend on what is behind."""
    return rows("select s, us, src_addr, src_port, dst_addr, dst_port, protocol, ip_ttl, "
                "fragments, msg_id, qr, opcode, rcode, aa, tc, rd, ra, ad, cd, qd_count, an_count, "
                "ns_count, ar_count from dns order by id", path)


def _is_clipped(pair):
    return pair.ours is not None and pair.ours["malformed"] == CLIPPED


CLIPPED_DIFFERENCES = {
    "sizes of what is clipped": Difference(
        "tshark tells the size on the wire; we tell what there is.",
        lambda pair, field, ours, theirs: field == "msg_size" and pair.theirs["missing"] > 0
        and ours == theirs - pair.theirs["missing"]),
    "headers that are clipped": Difference(
        "tshark shows those fields that are there; we show none of one that is cut.",
        lambda pair, field, ours, theirs: _is_clipped(pair) and pair.ours["msg_size"] < 12),
    "fragments that are clipped": Difference(
        "tshark takes the first one for a message, as soon as it is there, and does not put them "
        "together; we do, as far as they are there.",
        lambda pair, field, ours, theirs: field in ("message", "fragments", "msg_size")
        and (pair.ours is None or _is_clipped(pair) and pair.ours.get("fragments") != 0)
        and (pair.theirs is None or pair.theirs["more_fragments"] and pair.theirs["missing"] > 0)),
    "behind what is clipped": Difference(
        "Of a stream of which bytes are missing, tshark takes some messages for parts of others.",
        lambda pair, field, ours, theirs: field == "message" and theirs is None
        and ours["transport"] == "tcp"),
    **DIFFERENCES}


class Clipped(FrameComparison):
    differences = CLIPPED_DIFFERENCES

    def check(self, conversations, count):
        for size in SIZES:
            with self.subTest(size=size):
                traffic = Traffic(size).mix(count, conversations)
                whole, clipped = self.path("whole.pcap"), self.path("clipped.pcap")
                write_packets(whole, traffic.packets)
                write_packets(clipped, [dataclasses.replace(packet, data=packet.data[:size])
                                        for packet in traffic.packets])
                self.compare_frames(clipped)
                pairs = self.compare(clipped)
                self.assertTrue(any(map(_is_clipped, pairs)))
                if size >= ROOM_FOR_HEADERS:
                    self.assertEqual(headers(clipped), headers(whole))

    def test_capture(self):
        """As --snaplen leaves what a server answers, over UDP, in fragments, and over TCP."""
        self.make_pair(mtu=1280, ipv6=True)
        servers = "10.53.0.2", "fd53::2"
        start_nsd(self, self.right, servers)
        monitor = self.capture(self.right, "dns0", "--nanosecond", "--snaplen", "200")
        for server in servers:
            for name, *options in (("www",), ("big-600",), ("big-600", "+tcp"), ("www", "+tcp"),
                                   ("big-3500", "+bufsize=4096"), ("big-3500", "+tcp")):
                self.left.run("dig", "+time=10", "+tries=1", f"@{server}", name + ".e2e", "TXT",
                              *options)
        summary = monitor.finish()
        self.assertGreater(summary.clipped, 8)
        [path] = monitor.files()
        self.compare_frames(path)
        self.compare(path)
        answered = rows("select qname, transport, state from transactions", path)
        self.assertEqual([row["state"] for row in answered], ["answered"] * 12)

    def test_datagrams(self):
        self.check(DATAGRAMS, 200)
        self.assertGreater(self.seen["sizes of what is clipped"], 0)
        self.assertGreater(self.seen["headers that are clipped"], 0)

    def test_fragments(self):
        self.check(FRAGMENTS, 80)
        self.assertGreater(self.seen["fragments that are clipped"], 0)

    def test_streams(self):
        self.check(STREAMS, 80)
        self.assertGreater(self.seen["behind what is clipped"], 0)
