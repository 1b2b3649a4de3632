"""Captures made by hand: DNS in all the ways that it comes in, between many hosts at once."""
import random
import struct

from . import packets
from .messages import Maker
from .pcap import LINK_ETHERNET, LINK_NULL, LINK_RAW, LINK_SLL, LINK_SLL2, Packet

# Where the ports of such clients begin.
JOINED_WITHIN, HOLES = 20000, 40000
START_NS = 1_700_000_000_000_000_000
LINK_TYPES = (LINK_ETHERNET, LINK_RAW, LINK_SLL, LINK_SLL2, LINK_NULL)
SYN, FIN, RST, PUSH, ACK = 0x02, 0x01, 0x04, 0x08, 0x10

_KINDS = {4: 0x0800, 6: 0x86DD}
_TAGS = ((), (), ((packets.VLAN, 7),), ((packets.VLAN, 7), (packets.VLAN, 8)),
         ((packets.QINQ, 100), (packets.VLAN, 200)))
_FRAGMENT_HEADER = 44


def framed(packet, link_type, tags=()):
    version = packet[0] >> 4
    if link_type == LINK_ETHERNET:
        return packets.ethernet(packet, tags)
    if link_type == LINK_SLL:
        return struct.pack("!HHH8sH", 0, 1, 6, packets.MAC_HERE, _KINDS[version]) + packet
    if link_type == LINK_SLL2:
        return struct.pack("!HHIHBB8s", _KINDS[version], 0, 3, 1, 0, 6, packets.MAC_HERE) + packet
    if link_type == LINK_NULL:  # AF_INET, and AF_INET6 of FreeBSD
        return struct.pack("<I", 2 if version == 4 else 28) + packet
    return packet


class Host:
    """One side of a conversation."""

    def __init__(self, chance, client, server, port, server_port=53):
        self.client, self.server, self.port, self.server_port = client, server, port, server_port
        self.version = 6 if ":" in client else 4
        self.extensions = chance.choice(((), (), (packets.DESTINATION,),
                                         (packets.HOP_BY_HOP, packets.DESTINATION)))
        self.options = chance.choice((b"", b"", b"", b"\x94\x04\0\0"))
        self.identification = chance.getrandbits(16)

    def ends(self, from_client):
        ends = (self.client, self.server) if from_client else (self.server, self.client)
        ports = (self.port, self.server_port) if from_client else (self.server_port, self.port)
        return ends, ports

    def ip(self, payload, protocol, from_client):
        (source, destination), _ = self.ends(from_client)
        if self.version == 4:
            return packets.ipv4(payload, protocol, source, destination, options=self.options)
        return packets.ipv6_with(self.extensions, payload, protocol, source=source,
                                 destination=destination)

    def udp(self, message, from_client):
        _, ports = self.ends(from_client)
        return packets.udp(message, *ports)

    def fragments(self, payload, size, from_client):
        """Of a UDP datagram; `size` is a multiple of 8."""
        (source, destination), _ = self.ends(from_client)
        self.identification += 1
        pieces = []
        for offset in range(0, len(payload), size):
            part, more = payload[offset:offset + size], offset + size < len(payload)
            if self.version == 4:
                pieces.append(packets.ipv4(part, source=source, destination=destination,
                                           identification=self.identification & 0xFFFF,
                                           fragment_offset=offset, more_fragments=more))
            else:
                kinds = (*self.extensions, (_FRAGMENT_HEADER, offset, int(more),
                                            self.identification))
                pieces.append(packets.ipv6_with(kinds, part, source=source,
                                                destination=destination))
        return pieces


class Stream:
    """One direction of a TCP connection."""

    def __init__(self, host, from_client, seq):
        self.host, self.from_client, self.seq = host, from_client, seq
        self.ack = 0

    def segment(self, payload=b"", flags=ACK, seq=None):
        _, ports = self.host.ends(self.from_client)
        tcp = packets.tcp(payload, *ports, flags=flags, seq=self.seq if seq is None else seq,
                          ack=self.ack)
        return self.host.ip(tcp, packets.TCP, self.from_client)

    def send(self, payload, flags=ACK | PUSH):
        packet = self.segment(payload, flags)
        self.seq += len(payload) + bool(flags & SYN) + bool(flags & FIN)
        return packet


def framed_message(message):
    return struct.pack("!H", len(message)) + message


class Traffic:
    """Packets of one capture, by seed: the same for the same."""

    def __init__(self, seed, link_type=LINK_ETHERNET, start_ns=START_NS):
        self.chance = random.Random(seed)
        self.maker = Maker(self.chance)
        self.link_type = link_type
        self.now_ns = start_ns
        self.packets = []
        self._port = 1024

    def host(self, server_port=53, ports_from=0):
        self._port += 1
        number = self.chance.randrange(1, 250)
        if self.chance.random() < 0.4:
            return Host(self.chance, f"2001:db8::{number:x}", "2001:db8::53",
                        self._port + ports_from, server_port)
        return Host(self.chance, f"192.0.2.{number}", "198.51.100.53",
                    self._port + ports_from, server_port)

    # Each of these makes the packets of one conversation: (host, IP packet).

    def questions(self):
        """Asked once or more, and mostly answered."""
        host, maker, question = self.host(), self.maker, self.maker.question()
        query = host.ip(host.udp(maker.query(question), True), packets.UDP, True)
        yield from [query] * self.chance.choice((1, 1, 1, 1, 2, 3))
        if self.chance.random() < 0.9:
            response = maker.response(question)
            yield host.ip(host.udp(response, False), packets.UDP, False)

    def others(self):
        host = self.host()
        yield host.ip(host.udp(self.maker.other(), True), packets.UDP, True)

    def malformed(self):
        host = self.host()
        yield host.ip(host.udp(self.maker.malformed(), True), packets.UDP, True)

    def fragmented(self):
        """In order or not, some twice; of one in ten a piece is missing."""
        host, chance = self.host(), self.chance
        datagram = host.udp(self.maker.large_response(chance.choice((1600, 3000, 6000))), False)
        pieces = host.fragments(datagram, chance.choice((512, 1232, 1480)), False)
        chance.choice((lambda: None, pieces.reverse, lambda: chance.shuffle(pieces)))()
        if chance.random() < 0.2:
            pieces.insert(chance.randrange(len(pieces)), chance.choice(pieces))
        elif chance.random() < 0.1:
            del pieces[chance.randrange(len(pieces))]
        yield from pieces

    def connection(self):
        """Pipelined or one after the other, in segments that are cut anywhere."""
        chance, maker, host = self.chance, self.maker, self.host()
        client, server = (Stream(host, side, chance.getrandbits(32)) for side in (True, False))
        yield client.send(b"", SYN)
        server.ack = client.seq
        yield server.send(b"", SYN | ACK)
        client.ack = server.seq
        yield client.segment()
        for _ in range(chance.randint(1, 3)):
            questions = [maker.question() for _ in range(chance.choice((1, 1, 2, 5)))]
            yield from self.spread(client, list(map(maker.query, questions)))
            server.ack = client.seq
            chance.shuffle(questions)
            yield from self.spread(server, list(map(maker.response, questions)))
            client.ack = server.seq
            yield client.segment()
        yield client.send(b"", FIN | ACK)
        server.ack = client.seq
        yield server.send(b"", FIN | ACK)

    def spread(self, stream, messages):
        """The segments of these messages: in order, with some again, or with neighbours changed."""
        chance = self.chance
        data = b"".join(map(framed_message, messages))
        cuts = sorted(chance.sample(range(1, len(data)), chance.choice((0, 0, 1, 2, 6))))
        pieces = [data[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(data)])]
        segments = [stream.send(piece) for piece in pieces]
        how = chance.random()
        if how < 0.2:
            at = chance.randrange(len(segments))
            segments.insert(at + 1, segments[at])
        elif how < 0.4 and len(segments) > 1:
            at = chance.randrange(len(segments) - 1)
            segments[at], segments[at + 1] = segments[at + 1], segments[at]
        return segments

    def joined_late(self):
        """A connection that was there before the capture; the capture begins between messages."""
        host, chance = self.host(), self.chance
        stream = Stream(host, False, chance.getrandbits(32))
        for _ in range(chance.randint(1, 3)):
            yield stream.send(framed_message(self.maker.response()))

    def joined_within(self):
        """As joined_late, but the capture begins within a message; the client has a port of these."""
        host, chance = self.host(ports_from=JOINED_WITHIN), self.chance
        stream = Stream(host, False, chance.getrandbits(32))
        yield stream.send(framed_message(self.maker.response())[20:])
        for _ in range(2):
            yield stream.send(framed_message(self.maker.response()))

    def hole(self):
        """A segment is missing that the receiver has got; the client has a port of these."""
        host, chance = self.host(ports_from=HOLES), self.chance
        stream = Stream(host, False, chance.getrandbits(32))
        yield stream.send(b"", SYN | ACK)
        segments = [stream.send(framed_message(self.maker.response())) for _ in range(4)]
        del segments[1]
        yield from segments
        yield stream.send(b"", FIN | ACK)

    def refused(self):
        """An ICMP error quotes the query that it is about."""
        host = self.host()
        query = host.ip(host.udp(self.maker.query(), True), packets.UDP, True)
        yield query
        if host.version == 4:
            yield host.ip(packets.icmp_error(query), packets.ICMP, False)
        else:
            yield host.ip(packets.icmp_error(query, 1, 4), packets.ICMP6, False)

    def short(self):
        """Too little for a header, or nothing at all."""
        host = self.host()
        for size in 0, 1, 11:
            yield host.ip(host.udp(self.maker.query()[:size], True), packets.UDP, True)

    def elsewhere(self):
        """What is not on DNS's port, and what is not UDP or TCP."""
        host = self.host(server_port=5300)
        yield host.ip(host.udp(self.maker.query(), True), packets.UDP, True)
        yield host.ip(b"\x12\x34" * 8, 89, True)
        yield host.ip(packets.icmp_error(b"", 8, 0), packets.ICMP, True) if host.version == 4 else \
            host.ip(packets.icmp_error(b"", 128, 0), packets.ICMP6, True)

    def zone_transfer(self):
        """Messages that are longer than a segment."""
        host, chance = self.host(), self.chance
        stream = Stream(host, False, chance.getrandbits(32))
        yield stream.send(b"", SYN | ACK)
        data = b"".join(framed_message(self.maker.large_response(size)) for size in (9000, 300, 5000))
        for at in range(0, len(data), 1400):
            yield stream.send(data[at:at + 1400])

    CONVERSATIONS = ((questions, 60), (others, 6), (malformed, 8), (fragmented, 6),
                     (connection, 12), (joined_late, 2), (joined_within, 1), (hole, 1),
                     (refused, 2), (short, 1), (elsewhere, 2), (zone_transfer, 1))

    def mix(self, count, conversations=CONVERSATIONS, at_once=5):
        """Adds `count` conversations, `at_once` of them at any time."""
        kinds, weights = zip(*conversations)
        chosen = iter(self.chance.choices(kinds, weights, k=count))
        running = []
        while True:
            while len(running) < at_once:
                kind = next(chosen, None)
                if kind is None:
                    break
                running.append((self.chance.choice(_TAGS), kind(self)))
            if not running:
                return self
            tags, conversation = one = self.chance.choice(running)
            packet = next(conversation, None)
            if packet is None:
                running.remove(one)
            else:
                self.add(packet, tags)

    def add(self, packet, tags=(), captured=None):
        """Of a frame of that many bytes the capture has `captured`."""
        frame = framed(packet, self.link_type, tags)
        self.now_ns += 1000 * self.chance.randint(1, 2000)
        self.packets.append(Packet(self.now_ns, frame[:captured], len(frame)))
