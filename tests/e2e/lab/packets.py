"""Packets made by hand."""
import ipaddress
import struct

UDP, TCP, ICMP, ICMP6, HOP_BY_HOP, ROUTING, FRAGMENT, DESTINATION, AUTHENTICATION = (
    17, 6, 1, 58, 0, 43, 44, 60, 51)
MAC_HERE = bytes.fromhex("020000000001")
MAC_THERE = bytes.fromhex("020000000002")
VLAN, QINQ = 0x8100, 0x88A8


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def dns_query(name="example.e2e", number=1):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!HHHHHH", number & 0xFFFF, 0x0100, 1, 0, 0, 0) + labels + b"\0\0\1\0\1"


def udp(payload, source=40000, destination=53):
    return struct.pack("!HHHH", source, destination, 8 + len(payload), 0) + payload


def tcp(payload=b"", source=40000, destination=53, flags=0x18, seq=1, ack=1):
    return struct.pack("!HHIIBBHHH", source, destination, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, 0x50,
                       flags, 65535, 0, 0) + payload


def ipv4(payload, protocol=UDP, source="10.53.0.1", destination="10.53.0.2", options=b"",
         identification=1, fragment_offset=0, more_fragments=False, total_length=None):
    words = 5 + len(options) // 4
    flags = (0x2000 if more_fragments else 0) | fragment_offset // 8
    length = 4 * words + len(payload) if total_length is None else total_length
    header = struct.pack("!BBHHHBBH4s4s", 0x40 | words, 0, length, identification, flags, 64,
                         protocol, 0, ipaddress.ip_address(source).packed,
                         ipaddress.ip_address(destination).packed) + options
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + payload


def ipv6(payload, next_header=UDP, source="fd53::1", destination="fd53::2"):
    return struct.pack("!IHBB16s16s", 0x60000000, len(payload), next_header, 64,
                       ipaddress.ip_address(source).packed,
                       ipaddress.ip_address(destination).packed) + payload


def extensions(kinds, payload, last=UDP):
    """Chains IPv6 extension headers in front of `payload`. Returns (first kind, bytes).

    `kinds` are numbers of headers, or tuples (FRAGMENT, offset, more, identification).
    """
    following = last
    for kind in reversed(kinds):
        if isinstance(kind, tuple):
            _, offset, more, identification = kind
            header = struct.pack("!BBHI", following, 0, offset | more, identification)
            following = FRAGMENT
        elif kind == AUTHENTICATION:
            header = struct.pack("!BBHII", following, 4, 0, 1, 1) + bytes(12)
            following = kind
        else:
            header = struct.pack("!BB", following, 0) + b"\1\4\0\0\0\0"
            following = kind
        payload = header + payload
    return following, payload


def ipv6_with(kinds, payload, last=UDP, **addresses):
    first, data = extensions(kinds, payload, last)
    return ipv6(data, first, **addresses)


def icmp_error(quoted, kind=3, code=3, rest=0):
    message = struct.pack("!BBHI", kind, code, 0, rest) + quoted
    return message[:2] + struct.pack("!H", checksum(message)) + message[4:]


def ethernet(packet, tags=(), kind=None, source=MAC_HERE, destination=MAC_THERE):
    """`tags`: (ethertype, id), outermost first."""
    if kind is None:
        kind = 0x0800 if packet[0] >> 4 == 4 else 0x86DD
    header = destination + source
    for tag_kind, identifier in tags:
        header += struct.pack("!HH", tag_kind, identifier)
    return header + struct.pack("!H", kind) + packet
