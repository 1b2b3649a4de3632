"""What tshark reads in the same files: each message, and each field of it.

Where the two differ, DIFFERENCES says why.
"""
import collections
import dataclasses
import ipaddress
import re
import typing

from lab import packets
from lab.case import LabCase
from lab.messages import bad_messages
from lab.pcap import write_packets
from lab.query import rows
from lab.servers import start_nsd, start_unbound
from lab.traffic import HOLES, JOINED_WITHIN, LINK_TYPES, Traffic
from lab.tshark import read_messages

_FROM_DNS = ("opcode", "rcode", "qd_count", "an_count", "ns_count", "ar_count", "ip_ttl",
             "fragments")
_FROM_MESSAGES = ("time_ns", "frame_len", "vlan", "src_addr", "src_port", "dst_addr", "dst_port",
                  "transport", "msg_size", "msg_id", "qr", "aa", "tc", "rd", "ra", "ad", "cd",
                  "qname", "qtype_name", "qclass_name")
_SECTIONS = ("answers", "authorities", "additionals")
_EDNS = ("edns_version", "udp_size", "dnssec_ok", "ecs", "cookie", "nsid", "padding")
_COMPARED_RDATA = ("A", "AAAA", "NS", "CNAME", "PTR", "MX", "TXT", "SOA", "SRV")


def read_ours(path, *options):
    """The rows of `messages`, with what `dns` has beside them."""
    options = ("--threads", "1", *options)
    messages = rows("select epoch_ns(time) as time_ns, * exclude (time) from messages", path,
                    options=options)
    of_dns = collections.deque(rows("select * from dns order by id", path, options=options))
    for message in messages:
        message["edns"] = None
        if message["edns_version"] is not None:
            message["edns"] = {name: message[name] for name in _EDNS if message[name] is not None}
        same = ("src_addr", "src_port", "dst_addr", "dst_port", "msg_id", "msg_size")
        if not of_dns or any(of_dns[0][name] != message[name] for name in same):
            continue  # lacks_row() tells whether that is right
        row = of_dns.popleft()
        message.update((name, row[name]) for name in _FROM_DNS)
        assert bool(row["edns0"]) == (message["edns"] is not None), (row, message)
        if row["edns0"]:
            message["edns"].update(extended_rcode=row["extended_rcode"], z=row["z"])
        for flag in ("qr", "aa", "tc", "rd", "ra", "ad", "cd"):
            assert bool(row[flag]) == message[flag], (row, message)
        for name in ("qname", "udp_size", "edns_version"):
            assert row[name] == (message[name] or type(row[name])()), (row, message)
    assert not of_dns, of_dns[0]
    return messages


def lacks_row(ours, theirs):
    """PacketQ has no row for what has no header, and for queries that ask nothing."""
    asks_nothing = not theirs["qr"] and theirs["qd_count"] == 0
    return ("opcode" in ours) == (ours["msg_size"] < 12 or asks_nothing)


class Pair(typing.NamedTuple):
    """A message as both have it; None: only the other one does."""
    ours: dict | None
    theirs: dict | None


def pair_up(ours, theirs):
    """By the packet that made them whole, and their order in it."""
    def key(message):
        return tuple(message[name] for name in ("time_ns", "src_addr", "src_port", "dst_addr",
                                                "dst_port"))
    left = collections.defaultdict(collections.deque)
    for message in theirs:
        left[key(message)].append(message)
    pairs = []
    for message in ours:
        same = left[key(message)]
        pairs.append(Pair(message, same.popleft() if same else None))
    return pairs + [Pair(None, message) for rest in left.values() for message in rest]


def labels_of(name):
    """The labels of a name as we write it."""
    def octet(match):
        escaped = match[0][1:]
        return chr(int(escaped)) if escaped.isdigit() else escaped
    return [re.sub(r"\\(\d{3}|.)", octet, label).encode("latin-1")
            for label in re.findall(r"((?:\\\d{3}|\\.|[^.\\])+)\.", name)]


_C_ESCAPES = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r"}


def as_tshark(octets):
    """As it shows text: UTF-8 and C's escapes."""
    shown = []
    for char in octets.decode(errors="replace"):
        code = ord(char)
        if code < 32 or code == 127:
            shown.append(_C_ESCAPES.get(code, f"\\{code:03o}"))
        else:
            shown.append(char if char.isprintable() else f"\\u{code:04X}")
    return "".join(shown)


def name_as_tshark(name):
    return ".".join(as_tshark(label) for label in labels_of(name)) + "." if name else name


def data_as_tshark(data):
    """Of a record: its names."""
    return " ".join(name_as_tshark(word) if word.endswith(".") else word
                    for word in data.split(" "))


def strings_as_tshark(data):
    """Of a TXT record: octets that are no ASCII."""
    return re.sub(r"\\(\d{3})", lambda match: chr(int(match[1])) if int(match[1]) < 128
                  else "\N{REPLACEMENT CHARACTER}", data)


def client_port(message):
    return max(message["src_port"] or 0, message["dst_port"] or 0)


def about_name(pair, field, ours, theirs):
    if field == "qname" or field.endswith(".name"):
        return theirs == name_as_tshark(ours)
    return field.endswith(".rdata") and isinstance(theirs, str) and theirs == data_as_tshark(ours)


@dataclasses.dataclass
class Difference:
    why: str
    applies: typing.Callable  # (pair, field, our value, their value)


def _is(*malformed):
    """That we say one of these of the message."""
    return lambda pair, *_: pair.ours is not None and pair.ours["malformed"] in malformed


DIFFERENCES = {
    "octets of names": Difference(
        "tshark shows names as UTF-8, with C's escapes; a dot or a backslash within a label looks "
        "like any other. We write what RFC 4343 has, from which the name can be told.",
        about_name),
    "octets of strings": Difference(
        "tshark replaces what is no ASCII; we write \\DDD as zone files do.",
        lambda pair, field, ours, theirs: field.endswith("TXT.rdata")
        and theirs == strings_as_tshark(ours)),
    "addresses with IPv4 in them": Difference(
        "RFC 5952 (5) leaves ::192.0.2.1 open; we write it so only for ::ffff:192.0.2.1.",
        lambda pair, field, ours, theirs: field.endswith("AAAA.rdata")
        and ipaddress.ip_address(ours) == ipaddress.ip_address(theirs)),
    "fragments that came twice": Difference(
        "tshark counts them again.",
        lambda pair, field, ours, theirs: field == "fragments" and theirs == ours + 1),
    "no octets": Difference(
        "A packet with less than two octets of data on DNS's port is a row that is malformed; "
        "tshark shows no DNS.",
        lambda pair, field, ours, theirs: theirs is None and field == "message"
        and ours["msg_size"] < 2),
    "less than a header": Difference(
        "tshark shows those fields of a header that are there; we show none of a header that is cut.",
        lambda pair, field, *_: _is("shorter than a header")(pair) and field != "message"),
    "names that cannot be read": Difference(
        "tshark writes what is wrong in place of the name, and goes on behind it; we give the labels "
        "before that, and no type and class.",
        lambda pair, field, ours, theirs: field in ("qname", "qtype_name", "qclass_name")
        and pair.theirs.get("qname", "").startswith("<Name ")
        and _is("pointer into its own name", "name longer than 255 octets")(pair)),
    "pointers to elsewhere": Difference(
        "tshark follows them; RFC 1035 (4.1.4) has pointers to prior names only.",
        lambda pair, field, ours, theirs: field in ("qname", "qtype_name", "qclass_name")
        and _is("pointer that points forward", "pointer into the header")(pair)),
    "broken off": Difference(
        "tshark leaves the record or the question out in which the message ends; we give of it what "
        "is there.",
        lambda pair, field, ours, theirs: pair.theirs is not None and pair.theirs["broken"]
        and pair.ours is not None and pair.ours["malformed"]
        and (theirs is None or field.endswith(".number") or field in ("cookie", "edns"))),
    "addresses of other lengths": Difference(
        "tshark reads the first octets; we write the data as RFC 3597 has it, and say so.",
        lambda pair, field, ours, theirs: re.search(r"\.A+\.rdata$", field)
        and ours.startswith("\\# ")
        and _is("record data too long for its type", "record data too short for its type")(pair)),
    "client subnets that are not valid": Difference(
        "tshark shows the numbers; there is no such subnet for us.",
        lambda pair, field, ours, theirs: field == "ecs" and ours is None
        and _is("EDNS client subnet not valid")(pair)),
    "quoted by ICMP": Difference(
        "tshark dissects the packet that an ICMP error quotes; that is no message of its own.",
        lambda pair, field, ours, theirs: ours is None and field == "message" and theirs["icmp"]),
    "other ports": Difference(
        "tshark finds DNS anywhere, by its looks; we look where --port or the ledger says.",
        lambda pair, field, ours, theirs: ours is None and field == "message"
        and 53 not in (theirs["src_port"], theirs["dst_port"])),
    "connections that begin within a message": Difference(
        "tshark takes the first two octets that it sees for a length; we go on where a message "
        "begins.",
        lambda pair, *_: JOINED_WITHIN < client_port(pair.ours or pair.theirs)
        < JOINED_WITHIN + 10000),
    "segments that are missing": Difference(
        "tshark waits for them; we go on behind them.",
        lambda pair, field, ours, theirs: theirs is None and field == "message"
        and HOLES < client_port(ours) < HOLES + 10000),
}


class Comparison(LabCase):
    """Base: holds rows against tshark's messages."""

    def setUp(self):
        super().setUp()
        self.seen = collections.Counter()

    def compare(self, path, *options):
        """Both read the file; whatever differs must be explained. Returns the pairs."""
        pairs = pair_up(read_ours(path, *options), read_messages(path))
        unexplained = []
        for pair in pairs:
            for field, ours, theirs in self.differing(pair):
                reason = next((name for name, difference in DIFFERENCES.items()
                               if difference.applies(pair, field, ours, theirs)), None)
                self.seen[reason] += 1
                if reason is None:
                    unexplained.append((field, ours, theirs, pair))
        if unexplained:
            self.fail(self.told(unexplained))
        return pairs

    @staticmethod
    def told(unexplained):
        fields = collections.Counter(field for field, *_ in unexplained)
        lines = [f"{len(unexplained)} differences: {dict(fields)}"]
        for field, ours, theirs, pair in unexplained[:4]:
            lines += [f"{field}:", f"  ours:   {ours!r:.500}", f"  theirs: {theirs!r:.500}",
                      f"  of {pair.ours or pair.theirs!r:.700}"]
        return "\n".join(lines)

    @staticmethod
    def differing(pair):
        """(field, ours, theirs)"""
        ours, theirs = pair
        if ours is None or theirs is None:
            yield "message", ours, theirs
            return
        if lacks_row(ours, theirs):
            yield "row of dns", "opcode" in ours, None
        for field in (*_FROM_MESSAGES, *_FROM_DNS):
            if field in ours and ours[field] != theirs.get(field):
                yield field, ours[field], theirs.get(field)
        for section in _SECTIONS:
            yield from Comparison.differing_records(section, ours[section], theirs[section])
        mine, other = ours["edns"], theirs["edns"]
        if (mine is None) != (other is None):
            yield "edns", mine, other
        elif mine is not None:
            # These two are in `dns` only, where there may be no row.
            for field in sorted({*mine, *other} - ({"extended_rcode", "z"} - set(mine))):
                if mine.get(field) != other.get(field):
                    yield field, mine.get(field), other.get(field)

    @staticmethod
    def differing_records(section, ours, theirs):
        if len(ours) != len(theirs):
            yield f"{section}.number", len(ours), len(theirs)
        for mine, other in zip(ours, theirs):
            for field in ("name", "type", "class", "ttl", "rdata"):
                compared = field != "rdata" or mine["type"] in _COMPARED_RDATA
                if compared and mine[field] != other[field]:
                    yield f"{section}.{mine['type']}.{field}", mine[field], other[field]


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


# Of every type that has a form of its own, and of one that has none.
RECORDS = r"""
cname IN CNAME www
mail IN MX 10 www
mail IN MX 20 mx.elsewhere.
text IN TXT "one string" "a \"second\" \\ one" ""
_sip._udp IN SRV 1 2 5060 www
naptr IN NAPTR 100 10 "u" "E2U+sip" "!^.*$!sip:a@b!" .
caa IN CAA 0 issue "ca.example"
host IN HINFO "PC" "Linux"
rp IN RP hostmaster text
ds IN DS 60485 8 2 D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A
ds IN NS ns
key IN DNSKEY 257 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ==
ssh IN SSHFP 4 2 123456789abcdef67890123456789abcdef67890123456789abcdef123456789
_443._tcp IN TLSA 3 1 1 92003BA34942DC74152E2F2C408D29ECA5A520E7F2E06BB944F4DCA346BAF63C
loc IN LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m
unknown IN TYPE65280 \# 3 010203
1 IN PTR www
mapped IN AAAA ::ffff:192.0.2.9
upper\.dot IN A 192.0.2.2
tab\009\127 IN A 192.0.2.3
*.wild IN A 192.0.2.4
"""
QUESTIONS = (
    "www A", "www AAAA", "WwW A", "cname A", "mail MX", "text TXT", "_sip._udp SRV", "naptr NAPTR",
    "caa CAA", "host HINFO", "rp RP", "ds DS", "key DNSKEY", "ssh SSHFP", "_443._tcp TLSA",
    "loc LOC", "unknown TYPE65280", "1 PTR", "mapped AAAA", "a.b.wild A", "none A", "www ANY",
    "upper\\.dot A", "tab\\009\\127 A")
DIG = (
    [], ["+noedns"], ["+dnssec"], ["+bufsize=4096", "+nsid"], ["+tcp"], ["+tcp", "+dnssec", "+nsid"],
    ["+subnet=192.0.2.0/24"], ["+subnet=2001:db8::/56"], ["+cookie=0123456789abcdef"], ["+cdflag"],
    ["+adflag", "+norecurse"], ["+padding=128"], ["+edns=1", "+noednsneg"], ["+ednsflags=0x40"],
    ["+ednsopt=65001:6869"], ["+opcode=notify"], ["+header-only"], ["+keepalive", "+tcp"])


class Live(Comparison):
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
        return self.compare(path)

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
        pairs = self.finish()
        ours = [pair.ours for pair in pairs if pair.ours is not None]
        self.assertGreater(len(ours), 250)
        self.assertEqual({message["transport"] for message in ours}, {"udp", "tcp"})
        self.assertGreater(sum(message.get("fragments", 0) > 1 for message in ours), 4)
        for column in "ecs", "cookie", "nsid", "padding":
            self.assertGreater(sum(message[column] is not None for message in ours), 2, column)
        self.assertEqual([message for message in ours if message["malformed"]], [])

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
        pairs = self.finish()
        self.assertGreater(len(pairs), 2000)
