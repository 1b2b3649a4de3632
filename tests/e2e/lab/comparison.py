"""Holds our tables against what tshark reads in the same files: each message, and each field."""
import collections
import typing

from .case import LabCase
from .differences import DIFFERENCES
from .query import rows
from .tshark import read_messages

_FROM_DNS = ("opcode", "rcode", "qd_count", "an_count", "ns_count", "ar_count", "ip_ttl",
             "fragments")
_FROM_MESSAGES = ("time_ns", "frame_len", "vlan", "src_addr", "src_port", "dst_addr", "dst_port",
                  "transport", "msg_size", "msg_id", "qr", "aa", "tc", "rd", "ra", "ad", "cd",
                  "qname", "qtype_name", "qclass_name")
_SECTIONS = ("answers", "authorities", "additionals")
_EDNS = ("edns_version", "udp_size", "dnssec_ok", "ecs", "cookie", "nsid", "padding",
         "ede_code")


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


class Comparison(LabCase):
    """Base: holds rows against what tshark has."""

    differences = DIFFERENCES

    def setUp(self):
        super().setUp()
        self.seen = collections.Counter()
        self.data_compared = collections.Counter()  # by the type of the record

    def compare(self, path, *options):
        """Both read the file; whatever differs must be explained. Returns the pairs."""
        pairs = pair_up(read_ours(path, *options), read_messages(path))
        self.explain(pairs, self.differing, self.differences)
        return pairs

    def explain(self, pairs, differing, differences):
        """`differing` gives (field, ours, theirs) of a pair, for each of which there must be a
        reason."""
        unexplained = []
        for pair in pairs:
            for field, ours, theirs in differing(pair):
                reason = next((name for name, difference in differences.items()
                               if difference.applies(pair, field, ours, theirs)), None)
                self.seen[reason] += 1
                if reason is None:
                    unexplained.append((field, ours, theirs, pair))
        if unexplained:
            self.fail(self.told(unexplained))

    @staticmethod
    def told(unexplained):
        fields = collections.Counter(field for field, *_ in unexplained)
        lines = [f"{len(unexplained)} differences: {dict(fields)}"]
        one_of_each = {field: one for one in reversed(unexplained) for field in one[:1]}
        for field, ours, theirs, pair in list(one_of_each.values())[:6]:
            lines += [f"{field}:", f"  ours:   {ours!r:.500}", f"  theirs: {theirs!r:.500}",
                      f"  of {pair.ours or pair.theirs!r:.700}"]
        return "\n".join(lines)

    def differing(self, pair):
        """Of two messages."""
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
            yield from self.differing_records(section, ours[section], theirs[section])
        mine, other = ours["edns"], theirs["edns"]
        if (mine is None) != (other is None):
            yield "edns", mine, other
        elif mine is not None:
            # These two are in `dns` only, where there may be no row.
            for field in sorted({*mine, *other} - ({"extended_rcode", "z"} - set(mine))):
                if mine.get(field) != other.get(field):
                    yield field, mine.get(field), other.get(field)

    def differing_records(self, section, ours, theirs):
        if len(ours) != len(theirs):
            yield f"{section}.number", len(ours), len(theirs)
        for mine, other in zip(ours, theirs):
            for field in ("name", "type", "class", "ttl", "rdata"):
                # tshark's fields do not hold the data of each type.
                if field == "rdata" and other["rdata"] is None:
                    continue
                self.data_compared[mine["type"]] += field == "rdata"
                if mine[field] != other[field]:
                    yield f"{section}.{mine['type']}.{field}", mine[field], other[field]
