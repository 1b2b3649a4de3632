"""Two hours of DNS of a small office, for the questions of docs/queries.md.

The same bytes each time. All names and addresses are of those that documentation has for itself
(RFC 2606, 5737, 3849 and 8375), or private.
"""
import ipaddress
import os
import random
import struct

from . import packets
from .frames import Frames
from .messages import (
    A, AAAA, AD, ANSWER, AUTHORITY, CNAME, COOKIE, DNSKEY, ERROR, HTTPS, MX, PTR, QR, RA, RD,
    RRSIG, SOA, SUBNET, TC, TXT, Message, labels, subnet, wire_name)
from .segments import Segments

START = 1767225600  # 2026-01-01T00:00:00Z
# When the capture was stopped and begun again, and when it ends; seconds behind the start.
STOPPED, BEGUN, END = 3100, 3860, 7200
# When everybody was away, and when the rings were full.
AWAY, FULL = (1500, 2100), (6040, 6050)

RESOLVER, RESOLVER_6, SLOW = "192.0.2.53", "2001:db8::53", "198.51.100.53"
PUBLIC, CLOSED = "203.0.113.53", "203.0.113.99"
ROUTER, LAPTOP, PHONE, TELEVISION, MAIL, SENSOR, TUNNEL = (
    f"192.168.1.{last}" for last in (1, 10, 11, 12, 20, 30, 31))
DESK, DESK_6 = "192.168.2.15", "2001:db8:0:2::15"
NOERROR, SERVFAIL, NXDOMAIN = 0, 2, 3

# Most asked first. Behind each name: seconds that it may be kept, addresses, another name for it.
_SITES = (
    ("www.example.com", 300, 2, "www.example.com.cdn.example"),
    ("api.video.example", 30, 4, None),
    ("mail.example.org", 3600, 1, None),
    ("img.news.example", 600, 2, "img.news.cdn.example"),
    ("www.example.org", 3600, 1, None),
    ("login.example.com", 120, 1, None),
    ("shop.example.co.uk", 900, 2, "shops.example.net"),
    ("static.example.net", 86400, 1, None),
    ("www.news.example", 60, 3, None),
    ("time.example.net", 1800, 4, None),
    ("maps.example.com", 300, 2, None),
    ("chat.example.org", 60, 1, None),
    ("updates.example.net", 3600, 2, "updates.cdn.example"),
    ("www.example.co.uk", 900, 1, None),
    ("cloud.example.com", 120, 2, None),
    ("forum.hobby.example", 7200, 1, None),
    ("wiki.example.org", 3600, 1, None),
    ("tickets.rail.example", 300, 1, None),
    ("weather.example.net", 600, 1, None),
    ("broken.example", 300, 0, None),
    ("library.town.example", 86400, 1, None),
    ("recipes.example.co.uk", 3600, 1, None))
_LATE_SITES = (("app.launch.example", 60, 2, None), ("cdn.launch.example", 60, 2, None),
               ("play.games.test", 300, 1, None))
_ALIASES = {"www.example.com.cdn.example": (60, 2, None),
            "img.news.cdn.example": (120, 0, "edge7.cdn.example"),
            "edge7.cdn.example": (20, 2, None),
            "shops.example.net": (300, 1, None), "updates.cdn.example": (60, 2, None)}
_ZONE = {name: rest for name, *rest in _SITES + _LATE_SITES} | _ALIASES
_ZONE |= {"telemetry.tv.example": (60, 1, None), "beacon.tracker.test": (20, 1, None)}
_SIGNED = ("example.org", "town.example")
_SENDERS = "203.0.113.7", "203.0.113.8", "198.51.100.25", "203.0.113.200"
_HOSTS = {"7.113.0.203.in-addr.arpa": "mx1.example.net",
          "8.113.0.203.in-addr.arpa": "mx2.example.net",
          "25.100.51.198.in-addr.arpa": "smtp.example.co.uk"}
_TUNNEL = ".t.example.net"
_WITH_HTTPS = ("www.example.com.cdn.example", "www.example.org", "login.example.com",
               "www.news.example")


def _signer(name):
    return next((zone for zone in _SIGNED if name == zone or name.endswith("." + zone)), None)


def _address(name, number, kind):
    """Of that name, the same each time."""
    last = sum(name.encode()) % 200 + number
    if kind == A:
        return bytes([198, 51, 100, last])
    return ipaddress.ip_address(f"2001:db8:cd::{last:x}").packed


class Example(Frames):

    def __init__(self):
        super().__init__(START)
        self._chance = random.Random(2026)
        self._kept_until = {}  # what a server has in its memory
        self._keys = [self._chance.randbytes(260) for _ in range(6)]

    # How a message travels.

    def _ip(self, seconds, payload, protocol, source, destination):
        if ":" in source:
            self.frame(seconds, packets.ipv6(payload, protocol, source, destination))
            return
        number = self._chance.getrandbits(16)
        for at in range(0, len(payload), 1480):  # as much as an Ethernet frame takes
            self.frame(seconds, packets.ipv4(
                payload[at:at + 1480], protocol, source, destination, identification=number,
                fragment_offset=at, more_fragments=at + 1480 < len(payload)))

    def _udp(self, seconds, message, source, source_port, destination, destination_port):
        self._ip(seconds, packets.udp(message, source_port, destination_port), packets.UDP,
                 source, destination)

    def _tcp(self, seconds, query, response, client, server):
        """A connection for one query; returns when the response has come."""
        port = 32768 + self._chance.getrandbits(14)
        sequence = {client: self._chance.getrandbits(32), server: self._chance.getrandbits(32)}
        now = seconds

        def send(source, flags, payload=b""):
            nonlocal now
            now += 0.0004 if source == client else 0.012
            other = server if source == client else client
            ports = (port, 53) if source == client else (53, port)
            self._ip(now, packets.tcp(payload, *ports, flags, sequence[source], sequence[other]),
                     packets.TCP, source, other)
            sequence[source] += len(payload) + (1 if flags & 3 else 0)  # SYN and FIN count

        send(client, 0x02)
        send(server, 0x12)
        send(client, 0x10)
        send(client, 0x18, struct.pack("!H", len(query)) + query)
        content = struct.pack("!H", len(response)) + response
        for at in range(0, len(content), 1220):
            send(server, 0x18, content[at:at + 1220])
        send(client, 0x11)
        send(server, 0x11)
        send(client, 0x10)

    # What is asked, and what is answered.

    def _sign(self, message, name, kind, ttl, zone):
        message.record(ANSWER, labels(name), RRSIG, ttl,
                       struct.pack("!HBBIIIH", kind, 13, len(labels(name)), ttl, START + 1209600,
                                   START - 86400, 31589),
                       wire_name(labels(zone)), self._chance.randbytes(64))

    def _answer(self, message, name, kind, ttl_left, signed):
        """The records of that name and type; False when the name is not there."""
        owner, chance = labels(name), self._chance
        if kind == PTR:
            host = _HOSTS.get(name)
            if host:
                message.record(ANSWER, owner, PTR, 3600, labels(host))
            return host is not None
        if name.endswith(_TUNNEL):
            text = chance.randbytes(60).hex().encode()
            message.record(ANSWER, owner, TXT, 0, bytes([len(text)]) + text)
        elif kind == DNSKEY:
            for number, key in enumerate(self._keys):
                message.record(ANSWER, owner, DNSKEY, ttl_left,
                               struct.pack("!HBB", 256 + number % 2, 3, 8), key)
        elif kind == MX:
            message.record(ANSWER, owner, MX, ttl_left, struct.pack("!H", 10),
                           labels("mx1.example.net"))
        elif kind == TXT:
            for number in range(7):
                text = f"v=spf1 include:_spf{number}.{name} ".encode() + b"ip4:203.0.113.0/24 " * 4
                message.record(ANSWER, owner, TXT, ttl_left, bytes([len(text)]) + text)
        else:
            return self._site(message, name, kind, ttl_left, signed)
        return True

    def _site(self, message, name, kind, ttl_left, signed):
        if name not in _ZONE:
            return False
        ttl, addresses, alias = _ZONE[name]
        ttl = min(ttl, ttl_left)
        if alias:
            message.record(ANSWER, labels(name), CNAME, ttl, labels(alias))
            return self._site(message, alias, kind, ttl_left, signed)
        if kind == HTTPS:
            if name in _WITH_HTTPS:
                message.record(ANSWER, labels(name), HTTPS, ttl, struct.pack("!H", 1),
                               wire_name(()), b"\0\1\0\6\2h3\2h2")
            return True
        for number in range(addresses):
            message.record(ANSWER, labels(name), kind, ttl, _address(name, number, kind))
        zone = _signer(name)
        if signed and zone:
            self._sign(message, name, kind, ttl, zone)
        return True

    def _latency(self, seconds, name, kind, server):
        """And until when the server keeps what it has found."""
        chance = self._chance
        latency = 0.0003 + chance.random() * 0.0009
        until = self._kept_until.get((server, name, kind), seconds)
        if until <= seconds:
            latency = 0.012 + chance.random() ** 3 * 0.09
            until = seconds + _ZONE.get(name, (3600,))[0]
            self._kept_until[server, name, kind] = until
        if server == SLOW:
            latency += 0.08 + chance.random() ** 4 * 1.2
        return latency, until

    def _response(self, seconds, number, name, kind, server, options, size, dnssec_ok):
        """Returns it as it is sent, as it is without a limit when that is longer, and how long it
        takes."""
        chance = self._chance
        latency, until = self._latency(seconds, name, kind, server)
        given = [(SUBNET, data[:3] + b"\x18" + data[4:]) if code == SUBNET else
                 (code, data + struct.pack("!IIQ", 1 << 24, START, number))
                 for code, data in options]  # the scope (RFC 7871), the server's cookie (RFC 9018)
        rcode = NOERROR
        if name == "broken.example":
            rcode, latency = SERVFAIL, 1.6 + chance.random() * 0.2
            given.append((ERROR, b"\0\x16broken.example."))
        elif server == SLOW and chance.random() < 0.07:
            rcode, latency = SERVFAIL, 2.0 + chance.random() * 0.4
            given.append((ERROR, b"\0\x17192.0.2.153:53 timed out"))

        def message(flags, rcode):
            return Message(number, QR | RD | RA | flags, rcode=rcode).question(labels(name), kind)

        def ended(made):
            return (made.opt(given, dnssec_ok=dnssec_ok) if size else made).bytes()

        secure = dnssec_ok and _signer(name) and not rcode
        made = message(AD if secure else 0, rcode)
        if not rcode and not self._answer(made, name, kind, max(1, int(until - seconds)),
                                          dnssec_ok):
            made = message(0, NXDOMAIN).record(
                AUTHORITY, labels(name)[-1:], SOA, 900, labels("ns.example"),
                labels("hostmaster.example"),
                struct.pack("!5I", 2026010100, 7200, 3600, 1209600, 900))
        whole = ended(made)
        if len(whole) <= max(size, 512):
            return whole, None, latency
        return ended(message(TC, rcode)), whole, latency

    def ask(self, seconds, name, kind=A, client=LAPTOP, server=RESOLVER, options=(), size=0,
            dnssec_ok=False):
        """A query, what becomes of it, and what the client does then."""
        chance = self._chance
        number, port = chance.getrandbits(16), 32768 + chance.getrandbits(14)
        query = Message(number, RD).question(labels(name), kind)
        if size:
            query.opt(options, size=size, dnssec_ok=dnssec_ok)
        query = query.bytes()

        def send(at):
            self._udp(at, query, client, port, server, 53)

        send(seconds)
        if server == CLOSED:
            quoted = packets.ipv4(packets.udp(query, port, 53), source=client, destination=server)
            self._ip(seconds + 0.009, packets.icmp_error(quoted), packets.ICMP, server, client)
            return
        response, whole, latency = self._response(seconds, number, name, kind, server, options,
                                                  size, dnssec_ok)
        if server == SLOW and chance.random() < 0.15:
            send(seconds + 1)
            if chance.random() < 0.5:
                send(seconds + 3)
                return
            latency += 1
        elif latency > 1:
            send(seconds + 1)
        self._udp(seconds + latency, response, server, 53, client, port)
        if whole:
            self._tcp(seconds + latency + 0.0005, query, whole, client, server)

    # Who asks what, and when.

    def _moments(self, count):
        """So many, more of them in the second hour, none while everybody is away."""
        moments = []
        while len(moments) < count:
            at = self._chance.random() * END
            if not AWAY[0] <= at < AWAY[1] and self._chance.random() < 0.3 + 0.7 * at / END:
                moments.append(at)
        return sorted(moments)

    def visits(self, count):
        """Of people: some sites one behind the other, each by all types that a program asks for."""
        chance = self._chance
        for at in self._moments(count):
            client = chance.choices((LAPTOP, PHONE, TELEVISION, DESK, DESK_6),
                                    (10, 7, 3, 5, 4))[0]
            sites = _SITES + _LATE_SITES if at > 4500 else _SITES
            weights = [1 / (rank + 1) for rank in range(len(sites))]
            for name, *_ in chance.choices(sites, weights, k=chance.choice((1, 1, 2, 3))):
                server = RESOLVER_6 if client == DESK_6 else RESOLVER
                if client in (LAPTOP, PHONE) and chance.random() < 0.2:
                    server = SLOW
                if client == TELEVISION and chance.random() < 0.25:
                    server = CLOSED
                kinds = (A,) if client == TELEVISION else (A, AAAA)
                if client in (LAPTOP, PHONE):
                    kinds += (HTTPS,)
                options = [(COOKIE, b"of15desk")] if client == DESK else []
                for kind in kinds:
                    self.ask(at, name, kind, client, server, options,
                             size=0 if client == TELEVISION else 1232, dnssec_ok=client == DESK_6)
                    at += 0.0002
                at += 0.2 + chance.random()

    def mail(self):
        """A mail server: who sends, and may he?"""
        chance = self._chance
        for at in self._moments(22):
            address = chance.choice(_SENDERS)
            domain = chance.choice(("example.com", "example.net", "example.co.uk"))
            self.ask(at, ipaddress.ip_address(address).reverse_pointer, PTR, MAIL, size=4096)
            self.ask(at + 0.2, domain, MX, MAIL, size=4096)
            self.ask(at + 0.3, domain, TXT, MAIL)
        for at in 700, 4000:
            self.ask(at, "example.org", DNSKEY, MAIL, size=4096, dnssec_ok=True)
            self.ask(at + 5, "example.org", DNSKEY, DESK_6, RESOLVER_6, size=1232, dnssec_ok=True)

    def wrong_names(self):
        """What a search list, a typing error and a program of bad manners ask for."""
        chance = self._chance
        for at in self._moments(14):
            self.ask(at, "www.example.com.home.arpa", A, PHONE, size=1232)
        for at in self._moments(9):
            self.ask(at, "wpad.home.arpa", A, DESK)
        for at in self._moments(5):
            self.ask(at, "wwww.example.org", A, LAPTOP, size=1232)
        for at in self._moments(25):
            name = "".join(chance.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(12))
            self.ask(at, f"{name}.invalid", A, PHONE, size=1232)
        for at in self._moments(12):
            last = chance.choice((1, 12, 12, 20))
            self.ask(at, f"{last}.1.168.192.in-addr.arpa", PTR, LAPTOP, size=1232)

    def clockwork(self):
        chance = self._chance
        for at in range(40, END, 300):
            if AWAY[0] <= at < AWAY[1]:
                continue
            self.ask(at + chance.random() * 0.2, "telemetry.tv.example", A, TELEVISION)
        for at in range(5000, END, 60):
            self.ask(at + chance.random() * 0.5, "beacon.tracker.test", A, LAPTOP, size=1232)
        for at in self._moments(30):
            name = chance.choice(("www.example.com", "mail.example.org", "time.example.net"))
            self.ask(at, name, A, ROUTER, PUBLIC, [subnet("198.51.100.0", 24)], size=1232)

    def tunnel(self):
        """Something is carried out in names."""
        at = 6000
        for _ in range(70):
            at += 0.4 + self._chance.random() * 6
            name = self._chance.randbytes(26).hex()
            self.ask(at, f"{name[:40]}.{name[40:]}{_TUNNEL}", TXT, TUNNEL, size=1232)

    def broken_messages(self):
        for number, at in enumerate((950, 4210, 6630)):
            query = Message(number).question(labels("config.sensor.example"), A)
            message = (query.bytes()[:-2], query.bytes(counts=(1, 0, 0, 1)),
                       query.bytes() + b"\1\2\3\4")[number]
            self._udp(at, message, SENSOR, 5000, RESOLVER, 53)

    def write(self, directory):
        """Two segments with their ledgers."""
        every = [packet for packet in self.packets() if packet.time_ns < (START + END) * 10**9]

        def at(seconds):
            return (START + seconds) * 10**9

        def between(begin, end):
            return [packet for packet in every if at(begin) <= packet.time_ns < at(end)]

        lost = len(between(*FULL))
        segments = Segments(directory)
        segments.append(between(0, STOPPED), at(0), at(STOPPED), not_dns=48213,
                        gaps=[("started", at(0), at(0)), ("stopped", at(STOPPED), at(STOPPED))])
        kept = between(BEGUN, FULL[0]) + between(FULL[1], END)
        segments.append(kept, at(BEGUN), at(END), not_dns=91870,
                        losses=[("ring_full", lost, *map(at, FULL))],
                        gaps=[("started", at(STOPPED), at(BEGUN))])


def example():
    made = Example()
    made.visits(300)
    made.mail()
    made.wrong_names()
    made.clockwork()
    made.tunnel()
    made.broken_messages()
    return made
