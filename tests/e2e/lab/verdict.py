"""Is a frame DNS? Written from the requirements, not from the filter in bpf/."""
import struct

NOT_DNS = "not DNS"
TAKE = "take"
UNDECIDED = "undecided"

_EXTENSIONS = {0, 43, 44, 51, 60, 135, 139, 140}
_ICMP_ERRORS = {3, 4, 5, 11, 12}
_ICMP6_ERRORS = {1, 2, 3, 4}


class Judge:
    """Judges the frames of one interface in their order: later fragments follow first ones."""

    def __init__(self, ports=(53,), raw=False, icmp_errors=True):
        self.ports = set(ports)
        self.raw = raw
        self.icmp_errors = icmp_errors
        self.fragments = {}

    def judge(self, frame):
        if self.raw:
            return self._ip(frame)
        offset, kind = 14, struct.unpack_from("!H", frame, 12)[0]
        while kind in (0x8100, 0x88A8):
            kind = struct.unpack_from("!H", frame, offset + 2)[0]
            offset += 4
        return self._ip(frame[offset:]) if kind in (0x0800, 0x86DD) else NOT_DNS

    def taken(self, frames):
        return [frame for frame in frames if self.judge(frame) == TAKE]

    def _ip(self, packet):
        try:
            protocol, fragment, payload = _read_ip(packet)
        except (struct.error, IndexError, ValueError):
            return UNDECIDED
        if fragment is None:
            return self._transport(packet[0] >> 4, protocol, payload)
        identity, first = fragment
        if first:
            self.fragments[identity] = self._transport(packet[0] >> 4, protocol, payload)
        return self.fragments.get(identity, UNDECIDED)

    def _transport(self, version, protocol, payload):
        if protocol in (6, 17):
            if len(payload) < 4:
                return UNDECIDED
            return TAKE if self.ports & set(struct.unpack_from("!HH", payload)) else NOT_DNS
        errors = {(4, 1): _ICMP_ERRORS, (6, 58): _ICMP6_ERRORS}.get((version, protocol), ())
        if not self.icmp_errors or not payload or payload[0] not in errors:
            return NOT_DNS
        try:
            quoted, _, rest = _read_ip(payload[8:])
        except (struct.error, IndexError, ValueError):
            return UNDECIDED
        return self._transport(0, quoted, rest) if quoted in (6, 17) else NOT_DNS


def _read_ip(packet):
    """(protocol, None or (identity, is first fragment), payload)"""
    if packet[0] >> 4 == 4:
        length = 4 * (packet[0] & 15)
        identification, flags = struct.unpack_from("!HH", packet, 4)
        fragment = None
        if flags & 0x3FFF:
            fragment = ((packet[12:20], identification, packet[9]), not flags & 0x1FFF)
        return packet[9], fragment, packet[length:]
    if packet[0] >> 4 != 6:
        raise ValueError("neither IPv4 nor IPv6")
    protocol, rest, fragment = packet[6], packet[40:], None
    while protocol in _EXTENSIONS:
        following, length = rest[0], rest[1]
        if protocol == 44:
            field, identification = struct.unpack_from("!HI", rest, 2)
            if field & 0xFFF9:
                fragment = ((packet[8:40], identification), not field & 0xFFF8)
            protocol, rest = following, rest[8:]
            if fragment and not fragment[1]:
                break
            continue
        rest = rest[(length + 2) * 4 if protocol == 51 else (length + 1) * 8:]
        protocol = following
    return protocol, fragment, rest
