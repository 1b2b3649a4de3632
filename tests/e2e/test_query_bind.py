"""As test_query_tshark, of what BIND's servers and clients say to each other."""
import collections

from lab.bind import KEY, LARGE_ZONE_RECORDS, start_primary, start_resolver
from lab.frame_comparison import FrameComparison
from lab.questions import DIG, QUESTIONS, RECORDS
from lab.transactions import TransactionComparison
from lab.waiting import wait_until

PRIMARY, RESOLVER = ("10.53.0.2", "fd53::2"), ("10.53.0.1", "fd53::1")


class Bind(TransactionComparison, FrameComparison):
    """A primary on the right, a resolver that validates and is a secondary on the left."""

    def setUp(self):
        super().setUp()
        self.make_pair(mtu=1280, ipv6=True)
        _, key = start_primary(self, self.right, PRIMARY, secondary=RESOLVER[0],
                               one_answer_to=RESOLVER[1], records=RECORDS)
        start_resolver(self, self.left, RESOLVER, PRIMARY[0], key)
        self.monitor = self.capture(self.right, "dns0", "--nanosecond", "--rotate-size", "64M")

    def dig(self, namespace, server, *words):
        done = namespace.run("dig", "+time=10", "+tries=1", f"@{server}", *words, check=False)
        return done.stdout

    def update(self, *lines, tcp=False):
        path = self.path("update")
        with open(path, "w", encoding="ascii") as file:
            file.write("\n".join((f"server {PRIMARY[tcp]}", "zone moves", *lines, "send", "")))
        self.left.run("nsupdate", *(["-v"] if tcp else []), "-y", KEY, path, check=False)

    def finish(self):
        """Our rows: messages, transactions."""
        self.assertEqual(self.monitor.finish().lost, 0)
        [path] = self.monitor.files()
        self.compare_frames(path)
        ours, transactions = self.compare_all(path)
        self.assertEqual([message for message in ours if message["malformed"]], [])
        return ours, transactions

    def test_dig(self):
        """Signed answers, cookies, NSID, and answers that come in fragments."""
        for question in QUESTIONS:
            name, kind = question.split()
            self.dig(self.left, PRIMARY[0], "-q", name + ".e2e", "-t", kind, "+dnssec")
            self.dig(self.right, RESOLVER[1], "-q", name + ".e2e", "-t", kind, "+dnssec")
        for kind in "SOA", "DNSKEY", "NSEC3PARAM", "TYPE1234":
            for name in "e2e", "none.e2e", "moves", "none.moves", "elsewhere":
                self.dig(self.left, PRIMARY[1], name, kind, "+dnssec")
        for number, options in enumerate(DIG):
            self.dig(self.left, PRIMARY[number % 2], "www.e2e", "A", *options)
            self.dig(self.right, RESOLVER[number % 2], "www.e2e", "AAAA", *options)
        for size in 600, 2000, 3500:
            for server in PRIMARY:
                self.dig(self.left, server, f"big-{size}.e2e", "TXT", "+bufsize=4096", "+dnssec")
                self.dig(self.left, server, f"big-{size}.e2e", "TXT", "+bufsize=512")
        ours, transactions = self.finish()
        self.assertEqual({message["transport"] for message in ours}, {"udp", "tcp"})
        self.assertGreater(sum(message.get("fragments", 0) > 1 for message in ours), 3)
        self.assertLessEqual({"BADCOOKIE", "NoError", "NXDomain", "Refused"},
                             {message["rcode_name"] for message in ours})
        self.assertLessEqual({"ns1.bind", "ns2.bind"}, {message["nsid"] for message in ours})
        self.assertTrue(any(message["ad"] and message["qr"] for message in ours))
        self.assertLessEqual({"RRSIG", "DNSKEY", "NSEC", "NSEC3", "NSEC3PARAM", "DS"},
                             set(self.data_compared))

    def test_transfers(self):
        """Many messages in a stream: some longer than a segment, and many in one."""
        for server in PRIMARY:
            for zone, *options in (("large",), ("e2e",), ("large", "+nocookie", "+onesoa")):
                shown = self.dig(self.left, server, zone, "AXFR", *options)
                self.assertIn("XFR size", shown)
        ours, transactions = self.finish()
        of_stream = collections.Counter(message["stream"] for message in ours
                                        if message["transport"] == "tcp")
        self.assertEqual(len(of_stream), 6)
        self.assertGreaterEqual(max(of_stream.values()), LARGE_ZONE_RECORDS)
        of_segment = collections.Counter(message["time_ns"] for message in ours)
        self.assertGreater(max(of_segment.values()), 10)
        self.assertGreater(sum(message["msg_size"] > 1280 for message in ours), 20)
        self.assertEqual([(row["state"], row["qtype_name"]) for row in transactions
                          if row["transport"] == "tcp"], [("answered", "AXFR")] * 6)
        self.assertGreater(self.seen["messages of a zone transfer"], LARGE_ZONE_RECORDS)

    def test_updates(self):
        """Updates with signatures, and the notifications and transfers that follow."""
        self.update("prereq nxdomain new.moves.", "update add new.moves. 60 A 192.0.2.9",
                    'update add new.moves. 60 TXT "one" "two"')
        self.update("prereq yxrrset new.moves. TXT", "update delete new.moves. TXT",
                    "update add last.moves. 60 AAAA 2001:db8::9", tcp=True)
        self.update("prereq yxdomain none.moves.", "update delete new.moves.")  # NXDomain
        self.update("update add www.e2e. 60 A 192.0.2.9")  # NotZone
        wait_until(lambda: "2001:db8::9" in self.dig(self.left, RESOLVER[0], "last.moves", "AAAA"),
                   "the secondary to have it")
        self.dig(self.left, PRIMARY[0], "moves", "AXFR", "-y", KEY)
        self.dig(self.left, PRIMARY[1], "moves", "AXFR")  # Refused
        self.dig(self.left, PRIMARY[1], "moves", "IXFR=1", "-y", KEY)
        ours, transactions = self.finish()
        self.assertLessEqual({"Query", "Notify", "Update"},
                             {message["opcode_name"] for message in ours})
        self.assertLessEqual({"NoError", "NXDomain", "NotZone", "Refused"},
                             {message["rcode_name"] for message in ours if message["qr"]})
        self.assertLessEqual({"SOA", "IXFR", "AXFR"},
                             {message["qtype_name"] for message in ours})
        signed = [record for message in ours for record in message["additionals"]
                  if record["type"] == "TSIG"]
        self.assertGreater(len(signed), 10)
