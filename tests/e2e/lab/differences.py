"""Where our tables and tshark differ, and why."""
import dataclasses
import ipaddress
import re
import typing

from .traffic import HOLES, JOINED_WITHIN


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


def is_malformed(*malformed):
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
        "tshark shows those fields of a header that are there; we show none of one that is cut.",
        lambda pair, field, *_: is_malformed("shorter than a header")(pair) and field != "message"),
    "names that cannot be read": Difference(
        "tshark writes what is wrong in place of the name, and goes on behind it; we give the "
        "labels before that, and no type and class.",
        lambda pair, field, ours, theirs: field in ("qname", "qtype_name", "qclass_name")
        and pair.theirs.get("qname", "").startswith("<Name ")
        and is_malformed("pointer into its own name", "name longer than 255 octets")(pair)),
    "pointers to elsewhere": Difference(
        "tshark follows them; RFC 1035 (4.1.4) has pointers to prior names only.",
        lambda pair, field, ours, theirs: field in ("qname", "qtype_name", "qclass_name")
        and is_malformed("pointer that points forward", "pointer into the header")(pair)),
    "broken off": Difference(
        "tshark leaves the record or the question out in which the message ends; we give of it "
        "what is there.",
        lambda pair, field, ours, theirs: pair.theirs is not None and pair.theirs["broken"]
        and pair.ours is not None and pair.ours["malformed"]
        and (theirs is None or field.endswith(".number") or field in ("cookie", "edns"))),
    "addresses of other lengths": Difference(
        "tshark reads the first octets; we write the data as RFC 3597 has it, and say so.",
        lambda pair, field, ours, theirs: re.search(r"\.A+\.rdata$", field)
        and ours.startswith("\\# ")
        and is_malformed("record data too long for its type",
                         "record data too short for its type")(pair)),
    "client subnets that are not valid": Difference(
        "tshark shows the numbers; there is no such subnet for us.",
        lambda pair, field, ours, theirs: field == "ecs" and ours is None
        and is_malformed("EDNS client subnet not valid")(pair)),
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
