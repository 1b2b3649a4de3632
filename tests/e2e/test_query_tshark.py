"""What tshark reads in the same files: each message, and each field of it.

Where the two differ, lab/differences.py says why.
"""
from lab import packets
from lab.comparison import Comparison
from lab.differences import DIFFERENCES
from lab.frame_comparison import FrameComparison
from lab.messages import bad_messages
from lab.pcap import write_packets
from lab.query import rows
from lab.questions import DIG, QUESTIONS, RECORDS
from lab.servers import start_nsd, start_unbound
from lab.traffic import LINK_TYPES, Traffic
from lab.transactions import TransactionComparison

# What we say of each of messages.bad_messages().
MALFORMED = {
    "question cut": "ends before its questions do",
    "name cut": "ends within a name",
    "no question": "ends before its questions do",
    "record cut": "record data longer than the message",
    "counts too high": "ends before its records do",
    "counts too low": "bytes behind the last record",
    "bytes behind": "bytes behind the last record",
    "pointer to itself": "pointer into its own name",
    "pointers in a circle": "pointer into its own name",
    "pointer forward": "pointer that points forward",
    "pointer into the header": "pointer into the header",
    "label of another kind": "label of an unknown type",
    "name too long": "name longer than 255 octets",
    "data beyond the message": "record data longer than the message",
    "short address": "record data too short for its type",
    "long address": "record data too long for its type",
    "two OPT": "more than one OPT record",
    "OPT not at the root": "OPT record not at the root",
    "option beyond OPT": "EDNS option longer than its OPT record",
    "subnet too long": "EDNS client subnet not valid",
    "short cookie": "EDNS cookie of a wrong length",
}


class Generated(Comparison):

    def test_malformed(self):
        """What is wrong is told, and a row is whole otherwise."""
        path = self.path("malformed.pcap")
        traffic = Traffic(1)
        bad = bad_messages(number=4711)
        for message in bad.values():
            traffic.add(packets.ipv4(packets.udp(message)))
        write_packets(path, traffic.packets)
        found = rows("select msg_id, malformed from messages", path, options=("--threads", "1"))
        self.assertEqual({kind: row["malformed"] for kind, row in zip(bad, found)}, MALFORMED)
        self.assertEqual([row["msg_id"] for row in found], [4711] * len(bad))

    def test_link_types(self):
        for link_type in LINK_TYPES:
            with self.subTest(link_type=link_type):
                path = self.path("mix.pcap")
                write_packets(path, Traffic(link_type + 1, link_type).mix(500).packets, link_type)
                pairs = self.compare(path)
                self.assertGreater(len(pairs), 800)
        self.assertEqual(sorted(set(DIFFERENCES) - set(self.seen)), [], "no longer differ")


class Live(TransactionComparison, FrameComparison):
    """What dns-monitor captured of servers and clients."""

    def setUp(self):
        super().setUp()
        self.make_pair(mtu=1280, ipv6=True)
        start_nsd(self, self.right, ["10.53.0.2", "fd53::2"], more_records=RECORDS,
                  server='  nsid: "ascii_ns1.e2e"\n  answer-cookie: yes',
                  zone="  provide-xfr: 0.0.0.0/0 NOKEY\n  provide-xfr: ::/0 NOKEY")
        start_unbound(self, self.left, ["10.53.0.1", "fd53::1"], "10.53.0.2",
                      server="  ede: yes\n  qname-minimisation: no")
        self.monitor = self.capture(self.right, "dns0", "--nanosecond", "--rotate-size", "64M")

    def dig(self, namespace, server, *words):
        namespace.run("dig", "+time=10", "+tries=1", f"@{server}", *words, check=False)

    def finish(self):
        self.assertEqual(self.monitor.finish().lost, 0)
        [path] = self.monitor.files()
        _, self.of_icmp = self.compare_frames(path)
        return self.compare_all(path)

    def test_dig(self):
        """Every type, and every option, over both versions of IP."""
        for question in QUESTIONS:
            name, kind = question.split()
            self.dig(self.left, "10.53.0.2", "-q", name + ".e2e", "-t", kind, "+dnssec")
            self.dig(self.right, "fd53::1", "-q", name + ".e2e", "-t", kind)
        for number, options in enumerate(DIG):
            servers = ("10.53.0.2", "fd53::2") if number % 2 else ("fd53::2", "10.53.0.2")
            for server in servers:
                self.dig(self.left, server, "www.e2e", "A", *options)
            self.dig(self.right, "10.53.0.1", "www.e2e", "AAAA", *options)
        for size in 600, 1400, 2000, 3500:
            for server in "10.53.0.2", "fd53::2":
                self.dig(self.left, server, f"big-{size}.e2e", "TXT", "+bufsize=4096", "+ignore")
                self.dig(self.left, server, f"big-{size}.e2e", "TXT", "+bufsize=1232")
        for server in "10.53.0.2", "fd53::2":
            self.dig(self.left, server, "e2e", "AXFR")
            self.dig(self.left, server, "-c", "CH", "-t", "TXT", "-q", "id.server")
        # Nobody listens there: ICMP tells so, quoting the query.
        self.right.ip("address", "add", "10.53.0.3/24", "dev", "dns0")
        self.dig(self.left, "10.53.0.3", "www.e2e")
        ours, transactions = self.finish()
        self.assertGreater(len(ours), 250)
        self.assertGreater(sum(row["state"] == "answered" for row in transactions), 100)
        self.assertEqual({message["transport"] for message in ours}, {"udp", "tcp"})
        self.assertGreater(sum(message.get("fragments", 0) > 1 for message in ours), 4)
        for column in "ecs", "cookie", "nsid", "padding":
            self.assertGreater(sum(message[column] is not None for message in ours), 2, column)
        self.assertEqual([message for message in ours if message["malformed"]], [])
        self.assertEqual({(row["type"], row["code"], row["du_protocol"], row["du_dst_addr"])
                          for row in self.of_icmp}, {(3, 3, 17, "10.53.0.3")})

    def test_dnsperf(self):
        """Many at once, by UDP and pipelined by TCP."""
        queries = self.path("queries")
        with open(queries, "w", encoding="ascii") as file:
            for question in QUESTIONS[:20] + ("big-600 TXT", "big-3500 TXT"):
                name, kind = question.split()
                if kind not in ("TYPE65280", "ANY"):
                    file.write(f"{name}.e2e {kind}\n")
        for server, mode in (("10.53.0.2", "udp"), ("fd53::2", "tcp"), ("10.53.0.2", "tcp")):
            self.left.run("dnsperf", "-s", server, "-m", mode, "-d", queries, "-n", "20", "-c", "4",
                          "-T", "1", "-Q", "2000", "-e", "-D", "-b", "4096", "-t", "30")
        ours, transactions = self.finish()
        self.assertGreater(len(ours), 2000)
        self.assertGreater(sum(row["state"] == "answered" for row in transactions), 1000)
