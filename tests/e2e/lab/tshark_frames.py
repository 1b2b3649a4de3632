"""What tshark makes of each frame of a capture, by itself: by the names of our columns."""
import json

from .process import run
from .tshark import nanoseconds
from .tshark_rdata import first

_OPTIONS = ("ip.defragment:FALSE", "ipv6.defragment:FALSE", "tcp.desegment_tcp_streams:FALSE",
            "nameres.network_name:FALSE")
_LAYERS = "frame eth sll null vlan ieee8021ad ip ipv6 icmp icmpv6 udp tcp"
_EXTENSIONS = ("ipv6.hopopts", "ipv6.dstopts", "ipv6.routing", "ipv6.fraghdr")


def _number(text, default=None):
    return default if text is None else int(text, 0)


def _ip(name, fields):
    """Of an IP header, with the bytes behind it and behind IPv6's extensions."""
    facts = {"src_addr": first(fields, name + ".src"), "dst_addr": first(fields, name + ".dst")}
    if name == "ip":
        facts.update(
            ip_version=4, ether_type=0x0800, ip_ttl=_number(first(fields, "ip.ttl")),
            protocol=_number(first(fields, "ip.proto")),
            payload_len=_number(first(fields, "ip.len")) - _number(first(fields, "ip.hdr_len")),
            fragment=_number(first(fields, "ip.frag_offset")) > 0
            or first(first(fields, "ip.flags_tree"), "ip.flags.mf") == "1")
        return facts
    protocol, length, fragment = (_number(first(fields, "ipv6.nxt")),
                                  _number(first(fields, "ipv6.plen")), False)
    for extension, header in fields:
        if extension in _EXTENSIONS:
            length -= _number(first(header, extension + ".len_oct"), 8)
            protocol = _number(first(header, extension + ".nxt"), protocol)
        if extension == "ipv6.fraghdr":
            fragment = _number(first(header, "ipv6.fraghdr.offset")) > 0 \
                or first(header, "ipv6.fraghdr.more") == "1"
    facts.update(ip_version=6, ether_type=0x86DD, ip_ttl=_number(first(fields, "ipv6.hlim")),
                 protocol=protocol, payload_len=length, fragment=fragment)
    return facts


def _icmp(name, fields):
    facts = {"type": _number(first(fields, name + ".type")),
             "code": _number(first(fields, name + ".code")),
             "checksum": first(fields, name + ".checksum"),
             "echo_identifier": _number(first(fields, "icmp.ident",
                                              first(fields, "icmpv6.echo.identifier")), 0),
             "echo_sequence": _number(first(fields, "icmp.seq",
                                            first(fields, "icmpv6.echo.sequence_number")), 0),
             "du_protocol": 0, "du_src_addr": "", "du_dst_addr": ""}
    for layer, quoted in fields:
        if layer in ("ip", "ipv6"):
            of_ip = _ip(layer, quoted)
            facts.update(du_protocol=of_ip["protocol"], du_src_addr=of_ip["src_addr"],
                         du_dst_addr=of_ip["dst_addr"])
    return facts


def _frame(layers):
    facts = {"vlan": None, "ether_type": 0, "ip_version": 0, "src_addr": None, "dst_addr": None,
             "protocol": None, "src_port": None, "dst_port": None, "payload_len": 0, "icmp": None,
             "fragment": False, "transport": None}
    for name, fields in layers:
        if name == "frame":
            facts["time_ns"] = nanoseconds(first(fields, "frame.time_epoch"))
            facts["frame_len"] = _number(first(fields, "frame.len"))
            facts["captured_len"] = _number(first(fields, "frame.cap_len"))
        elif name in ("eth", "sll"):
            facts["ether_type"] = _number(first(fields, name + ".type",
                                                first(fields, name + ".etype")), 0)
        elif name in ("vlan", "ieee8021ad"):
            if facts["vlan"] is None:
                facts["vlan"] = _number(first(fields, name + ".id"))
            facts["ether_type"] = _number(first(fields, name + ".etype"), facts["ether_type"])
        elif name in ("ip", "ipv6"):
            facts.update(_ip(name, fields))
        elif name in ("icmp", "icmpv6"):
            facts["icmp"] = _icmp(name, fields)
            facts["transport"] = name
        elif name in ("udp", "tcp"):
            facts["transport"] = name
            for side in "src", "dst":
                facts[side + "_port"] = _number(first(fields, f"{name}.{side}port"))
            if not facts["fragment"]:
                facts["payload_len"] = _number(first(fields, "tcp.len")) if name == "tcp" \
                    else _number(first(fields, "udp.length")) - 8
    facts["reason"] = _reason(facts)
    return facts


def _reason(facts):
    """Why it is no DNS message of its own, in our words."""
    if facts["ip_version"] == 0:
        return "not IP"
    if facts["fragment"]:
        return "fragment"
    if facts["transport"] in ("icmp", "icmpv6"):
        return {"icmp": "ICMP", "icmpv6": "ICMPv6"}[facts["transport"]]
    if facts["transport"] is None:
        return "other protocol"
    if 53 not in (facts["src_port"], facts["dst_port"]):
        return "other port"
    if facts["transport"] == "tcp":
        return "part of a TCP stream" if facts["payload_len"] else "TCP without data"
    return "shorter than a DNS header" if facts["payload_len"] < 12 else None


def read_frames(path):
    options = [word for option in _OPTIONS for word in ("-o", option)]
    done = run(["tshark", "-n", *options, "-r", path, "-T", "json", "-J", _LAYERS],
               errors="replace", seconds=240)
    return [_frame(first(first(frame, "_source"), "layers"))
            for frame in json.loads(done.stdout, object_pairs_hook=list)]
