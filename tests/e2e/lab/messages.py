"""DNS messages made by hand: whole ones of all kinds, and bad ones."""
import ipaddress
import random
import struct

A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, SRV, NAPTR, DS, RRSIG, NSEC, DNSKEY, NSEC3 = (
    1, 2, 5, 6, 12, 15, 16, 28, 33, 35, 43, 46, 47, 48, 50)
SVCB, HTTPS, CAA, ANY, OPT = 64, 65, 257, 255, 41
TYPE_NAMES = {
    A: "A", NS: "NS", CNAME: "CNAME", SOA: "SOA", PTR: "PTR", MX: "MX", TXT: "TXT", AAAA: "AAAA",
    SRV: "SRV", NAPTR: "NAPTR", DS: "DS", RRSIG: "RRSIG", NSEC: "NSEC", DNSKEY: "DNSKEY",
    NSEC3: "NSEC3", SVCB: "SVCB", HTTPS: "HTTPS", CAA: "CAA", ANY: "ANY", OPT: "OPT", 13: "HINFO",
    17: "RP", 29: "LOC", 39: "DNAME", 44: "SSHFP", 51: "NSEC3PARAM", 52: "TLSA", 250: "TSIG",
    251: "IXFR", 252: "AXFR"}
CLASS_NAMES = {1: "IN", 3: "CH", 254: "NONE", 255: "ANY"}
# Of the bits in the header's second word.
QR, AA, TC, RD, RA, Z, AD, CD = (0x8000, 0x0400, 0x0200, 0x0100, 0x0080, 0x0040, 0x0020, 0x0010)
NSID, SUBNET, COOKIE, KEEPALIVE, PADDING, ERROR = 3, 8, 10, 11, 12, 15
ANSWER, AUTHORITY, ADDITIONAL = 1, 2, 3

_UPDATE, _NOTIFY = 5, 4


def labels(text):
    """Of a name in words, without escapes: "www.e2e", "" for the root."""
    return tuple(label.encode() for label in text.split(".")) if text else ()


def wire_name(name):
    return b"".join(bytes([len(label)]) + label for label in name) + b"\0"


class Message:
    """Is written from front to back; names are compressed as RFC 1035 (4.1.4) has it."""

    def __init__(self, number, flags=RD, opcode=0, rcode=0, compress=True):
        self._header = (number & 0xFFFF, flags | opcode << 11 | rcode & 15)
        self._counts = [0, 0, 0, 0]
        self._body = b""
        self._places = {} if compress else None

    def _name(self, name):
        """At the end of what there is."""
        written = b""
        for index in range(len(name)):
            if self._places is None:
                break
            place = self._places.get(name[index:])
            if place is not None:
                return written + struct.pack("!H", 0xC000 | place)
            place = 12 + len(self._body) + len(written)
            if place < 0x4000:
                self._places[name[index:]] = place
            written += bytes([len(name[index])]) + name[index]
        return wire_name(name) if self._places is None else written + b"\0"

    def question(self, name, kind, klass=1):
        self._counts[0] += 1
        self._body += self._name(name)
        self._body += struct.pack("!HH", kind, klass)
        return self

    def record(self, section, name, kind, ttl, *data, klass=1):
        """`data`: bytes, and names (tuples), one behind the other."""
        self._counts[section] += 1
        self._body += self._name(name)
        self._body += struct.pack("!HHI", kind, klass, ttl)
        at = len(self._body)
        self._body += b"\0\0"
        for part in data:
            self._body += self._name(part) if isinstance(part, tuple) else part
        length = len(self._body) - at - 2
        self._body = self._body[:at] + struct.pack("!H", length) + self._body[at + 2:]
        return self

    def opt(self, options=(), size=1232, extended_rcode=0, version=0, dnssec_ok=False, name=()):
        """`options`: (code, bytes)."""
        data = b"".join(struct.pack("!HH", code, len(value)) + value for code, value in options)
        flags = extended_rcode << 24 | version << 16 | (0x8000 if dnssec_ok else 0)
        return self.record(ADDITIONAL, name, OPT, flags, data, klass=size)

    def bytes(self, counts=None):
        return struct.pack("!6H", *self._header, *(counts or self._counts)) + self._body


def subnet(address, source, scope=0):
    packed = ipaddress.ip_address(address).packed
    family = 1 if len(packed) == 4 else 2
    size = (source + 7) // 8
    number = int.from_bytes(packed, "big")
    bits = 8 * len(packed)
    number = number >> (bits - source) << (bits - source)
    return SUBNET, struct.pack("!HBB", family, source, scope) + \
        number.to_bytes(len(packed), "big")[:size]


ORDINARY = ("www.example.com", "example.com", "a.root-servers.net", "mail.example.org", "e2e",
            "x.y.z.deep.labels.of.a.longer.name.example.net", "_sip._udp.example.com",
            "1.2.0.192.in-addr.arpa", "WwW.eXaMpLe.CoM", "xn--bcher-kva.example")
# All of them are names; few would be typed.
ODD = ((), (b"a",), (b"with.dot", b"example"), (b"with\\backslash", b"example"),
       (b"with space", b"example"), (b"tab\tnewline\n", b"example"), (b"nul\0nul", b"example"),
       (b"\xff\xfe\x80", b"example"), ("b\u00fccher".encode(), b"example"),
       (b"quote\"'`", b"example"), (b"<script>&amp;", b"example"), (b"\x1b[31mred\x1b[0m", b"e2e"),
       ("\u202etfel".encode(), b"e2e"), (b"*", b"example"), (b"@", b"$x;(y)", b"e2e"),
       (b"l" * 63, b"example"), (b"l" * 63, b"m" * 63, b"n" * 63, b"o" * 61), (b"i",) * 127,
       (b"\x01",) * 40, (b"3\x07example", b"e2e"))


class Maker:
    """Whole messages by chance, the same for the same seed."""

    def __init__(self, chance: random.Random):
        self.chance = chance

    def name(self):
        if self.chance.random() < 0.25:
            return self.chance.choice(ODD)
        return labels(self.chance.choice(ORDINARY))

    def ordinary_name(self):
        return labels(self.chance.choice(ORDINARY))

    def options(self):
        chance = self.chance
        known = (
            (COOKIE, chance.randbytes(8)), (COOKIE, chance.randbytes(24)),
            (NSID, b""), (NSID, b"ns1.e2e"), (NSID, b"\0\x1b[2J"), (PADDING, bytes(31)),
            (KEEPALIVE, b""), (KEEPALIVE, b"\0\x64"), (ERROR, b"\0\x16no reply"),
            (ERROR, b"\0\x0f"), subnet("192.0.2.77", 24), subnet("192.0.2.77", 32, 24),
            subnet("198.51.100.200", 20), subnet("2001:db8:1:2::77", 56, 48), subnet("0.0.0.0", 0),
            subnet("2001:db8::", 32), (65001, b"local use"))
        return chance.sample(known, chance.choice((0, 0, 1, 1, 2, 3)))

    def question(self):
        """Identifier, name, type, class."""
        chance = self.chance
        kind = chance.choice((A, A, AAAA, MX, TXT, NS, SOA, SRV, PTR, HTTPS, DNSKEY, DS, ANY, 65280))
        return chance.getrandbits(16), self.name(), kind, chance.choice((1, 1, 1, 1, 1, 3, 255))

    def query(self, question=None):
        chance = self.chance
        number, *asked = question or self.question()
        message = Message(number, chance.choice((RD, RD, RD | AD, RD | CD, 0))).question(*asked)
        if chance.random() < 0.7:
            message.opt(self.options(), chance.choice((512, 1232, 4096, 65535)),
                        dnssec_ok=chance.random() < 0.5)
        return message.bytes()

    def data(self, kind):
        """Of a record, as Message.record takes it."""
        chance = self.chance
        number = struct.pack
        text = lambda: chance.choice((b"v=spf1 -all", b"", b"x" * 255, b'a "quoted" \\ one',
                                      b"\x07\x1b[1m\xff", "gr\u00fcn".encode()))
        return {
            A: lambda: (chance.randbytes(4),),
            AAAA: lambda: (chance.choice((chance.randbytes(16), bytes(15) + b"\1", bytes(16),
                                          bytes(10) + b"\xff\xff" + chance.randbytes(4),
                                          bytes(12) + b"\xc0\0\2\1",
                                          b"\x20\x01\x0d\xb8" + bytes(8) + b"\0\1\0\2")),),
            NS: lambda: (self.name(),),
            CNAME: lambda: (self.name(),),
            PTR: lambda: (self.name(),),
            MX: lambda: (number("!H", chance.getrandbits(16)), self.name()),
            SOA: lambda: (self.name(), self.name(), chance.randbytes(20)),
            TXT: lambda: tuple(bytes([len(one)]) + one
                               for one in (text() for _ in range(chance.randint(1, 4)))),
            SRV: lambda: (number("!HHH", chance.getrandbits(16), 5, 5060), wire_name(self.name())),
            NAPTR: lambda: (number("!HH", 100, 10), b"\1u\7E2U+sip\x0e!^.*$!sip:a@b!",
                            wire_name(())),
            DS: lambda: (number("!HBB", chance.getrandbits(16), 13, 2), chance.randbytes(32)),
            DNSKEY: lambda: (number("!HBB", 257, 3, 13), chance.randbytes(64)),
            RRSIG: lambda: (number("!HBBIIIH", A, 13, 2, 3600, 1800000000, 1700000000, 4711),
                            wire_name(self.ordinary_name()), chance.randbytes(64)),
            NSEC: lambda: (wire_name(self.ordinary_name()), b"\0\7\x62\1\x80\x08\0\3\x80"),
            NSEC3: lambda: (b"\1\0\0\x0a\4\xaa\xbb\xcc\xdd\x14", chance.randbytes(20),
                            b"\0\6\x40\0\0\0\0\2"),
            CAA: lambda: (b"\0\5issueca.example",),
            HTTPS: lambda: (number("!H", 1), wire_name(()), b"\0\1\0\3\2h2\0\4\0\4\xc0\0\2\1"),
            65280: lambda: (chance.randbytes(chance.randint(0, 20)),),
        }[kind]()

    def response(self, question=None):
        chance = self.chance
        number, *asked = question or self.question()
        flags = QR | chance.choice((AA, 0)) | chance.choice((RD, 0)) | chance.choice((RA, 0)) | \
            chance.choice((AD, 0, 0)) | chance.choice((CD, 0, 0)) | chance.choice((TC, 0, 0, 0, 0))
        message = Message(number, flags, rcode=chance.choice((0, 0, 0, 0, 2, 3, 5)),
                          compress=chance.random() < 0.9).question(*asked)
        kinds = (A, AAAA, NS, CNAME, PTR, MX, SOA, TXT, SRV, NAPTR, DS, DNSKEY, RRSIG, NSEC, NSEC3,
                 CAA, HTTPS, 65280)
        for section in ANSWER, AUTHORITY, ADDITIONAL:
            for _ in range(chance.randint(0, 6)):
                kind = chance.choice(kinds)
                ttl = chance.choice((0, 1, 60, 3600, 86400, 0x7FFFFFFF))
                message.record(section, self.name(), kind, ttl, *self.data(kind))
        if chance.random() < 0.6:
            message.opt(self.options(), chance.choice((512, 1232, 4096)),
                        extended_rcode=chance.choice((0, 0, 0, 1)),
                        dnssec_ok=chance.random() < 0.5)
        return message.bytes()

    def other(self):
        """What is neither a usual query nor a response to one."""
        chance = self.chance
        zone, name = labels("e2e"), labels("new.e2e")
        number = chance.getrandbits(16)
        return chance.choice((
            Message(number, AA, opcode=_NOTIFY).question(zone, SOA)
            .record(ANSWER, zone, SOA, 60, name, name, bytes(20)),
            # RFC 2136, 2.4 and 2.5: no data, of the classes ANY and NONE.
            Message(number, 0, opcode=_UPDATE).question(zone, SOA)
            .record(ANSWER, name, ANY, 0, klass=255).record(AUTHORITY, name, A, 60, b"\xc0\0\2\1")
            .record(AUTHORITY, name, A, 0, klass=255)
            .record(AUTHORITY, name, A, 0, b"\xc0\0\2\2", klass=254),
            Message(number, 0, opcode=_UPDATE).question(zone, SOA),
            Message(number, RD).question(labels("version.bind"), TXT, 3),
            Message(number, RD).question(labels("a.e2e"), A).question(labels("b.e2e"), AAAA),
            Message(number, QR, rcode=1),  # FormErr, without the question
            Message(number, QR | Z, rcode=4).question(name, A),
            Message(number, QR, opcode=15).question(name, A),
        )).bytes()

    def large_response(self, size):
        """Of about so many bytes, as strings."""
        message = Message(self.chance.getrandbits(16), QR | AA | RD)
        name = labels(f"big-{size}.e2e")
        message.question(name, TXT)
        string = bytes([200]) + b"0123456789" * 20
        message.record(ANSWER, name, TXT, 60, *[string] * (size // 201))
        return message.opt(size=4096).bytes()

    def malformed(self):
        return self.chance.choice(list(bad_messages(self.chance.getrandbits(16)).values()))


def bad_messages(number):
    """By what is wrong with them. All have a header."""
    query = Message(number).question(labels("www.e2e"), A)
    response = Message(number, QR | RD).question(labels("www.e2e"), A) \
        .record(ANSWER, labels("www.e2e"), A, 60, b"\xc0\0\2\1") \
        .record(ANSWER, labels("www.e2e"), MX, 60, b"\0\x0a", labels("mail.e2e"))
    header = query.bytes()[:12]
    ending = b"\0\1\0\1"
    answer_at = len(query.bytes())
    return {
        "question cut": query.bytes()[:-2],
        "name cut": query.bytes()[:-6],
        "no question": header,
        "record cut": response.bytes()[:-5],
        "counts too high": response.bytes(counts=(1, 9, 0, 0)),
        "counts too low": response.bytes(counts=(1, 1, 0, 0)),
        "bytes behind": query.bytes() + b"\1\2\3\4",
        "pointer to itself": header + b"\xc0\x0c" + ending,
        "pointers in a circle": header + b"\1a\xc0\x0c" + ending,
        "pointer forward": header + b"\xc0\x20" + ending + bytes(20),
        "pointer into the header": header + b"\xc0\x00" + ending,
        "label of another kind": header + b"\3abc\x41x\0" + ending,
        "name too long": header + wire_name((b"l" * 63,) * 5) + ending,
        "data beyond the message": response.bytes()[:answer_at + 10] + b"\xff\xff\1\2\3\4",
        "short address": Message(number, QR).question(labels("www.e2e"), A)
        .record(ANSWER, labels("www.e2e"), A, 60, b"\xc0\0\2").bytes(),
        "long address": Message(number, QR).question(labels("www.e2e"), A)
        .record(ANSWER, labels("www.e2e"), A, 60, b"\xc0\0\2\1\0").bytes(),
        "two OPT": Message(number).question(labels("www.e2e"), A).opt().opt(size=512).bytes(),
        "OPT not at the root": Message(number).question(labels("www.e2e"), A)
        .opt(name=labels("e2e")).bytes(),
        "option beyond OPT": Message(number).question(labels("www.e2e"), A)
        .record(ADDITIONAL, (), OPT, 0, b"\0\x0a\0\x20\1\2\3", klass=1232).bytes(),
        "subnet too long": Message(number).question(labels("www.e2e"), A)
        .opt([(SUBNET, b"\0\1\x40\0" + bytes(8))]).bytes(),
        "short cookie": Message(number).question(labels("www.e2e"), A)
        .opt([(COOKIE, b"\1\2\3")]).bytes(),
    }
