"""What tshark makes of a capture's DNS messages."""
import json

from .messages import CLASS_NAMES
from .process import run
from .tshark_rdata import dotted, every, first, rdata_text, type_name

# Everything is put together again, in whatever order it came, and told where it became whole.
_OPTIONS = ("ip.defragment:TRUE", "ipv6.defragment:TRUE", "tcp.desegment_tcp_streams:TRUE",
            "tcp.reassemble_out_of_order:TRUE", "tcp.check_checksum:FALSE",
            "udp.check_checksum:FALSE", "ip.check_checksum:FALSE",
            "dns.desegment_dns_messages:TRUE", "nameres.network_name:FALSE",
            # As long as we wait for a response.
            "dns.retransmission_timer:30")
_LAYERS = "frame vlan ieee8021ad ip ipv6 icmp icmpv6 udp tcp dns _ws.malformed _ws.short"
_SECTIONS = {"Answers": "answers", "Zone": "questions", "Prerequisites": "answers",
             "Updates": "authorities", "Authoritative nameservers": "authorities",
             "Additional records": "additionals"}


def _number(text, default=None):
    return default if text is None else int(text, 0)


def nanoseconds(text):
    if text is None:
        return None
    seconds, fraction = text.split(".")
    return int(seconds) * 1_000_000_000 + int(fraction)


def _hex(text):
    return text.replace(":", "") if text else ""


def _class_name(number):
    return CLASS_NAMES.get(number, f"CLASS{number}")


def _record(fields):
    number = _number(first(fields, "dns.resp.type"))
    kind = type_name(number)
    # The name of an SRV record comes in pieces.
    pieces = [first(fields, f"dns.srv.{part}") for part in ("service", "proto", "name")]
    name = first(fields, "dns.resp.name")
    if name is None:
        name = ".".join(piece for piece in pieces if piece)
    klass = _number(first(fields, "dns.resp.class"))
    ttl = _number(first(fields, "dns.resp.ttl"))
    if kind == "OPT":
        klass = _number(first(fields, "dns.rr.udp_payload_size"), 0)
        ttl = _number(first(fields, "dns.resp.ext_rcode"), 0) << 24 | \
            _number(first(fields, "dns.resp.edns0_version"), 0) << 16 | \
            _number(first(fields, "dns.resp.z"), 0)
    return {"name": dotted(name), "type": kind, "class": _class_name(klass), "ttl": ttl,
            "rdata": rdata_text(kind, fields)}


def _edns(fields):
    """Of an OPT record."""
    z = _number(first(fields, "dns.resp.z"), 0)
    facts = {"udp_size": _number(first(fields, "dns.rr.udp_payload_size")),
             "extended_rcode": _number(first(fields, "dns.resp.ext_rcode")),
             "edns_version": _number(first(fields, "dns.resp.edns0_version")),
             "dnssec_ok": bool(z & 0x8000), "z": z & 0x7FFF}
    for option in every(fields, "dns.opt"):
        code = _number(first(option, "dns.opt.code"))
        data = _hex(first(option, "dns.opt.data"))
        if code == 8:
            address = first(option, "dns.opt.client.addr4", first(option, "dns.opt.client.addr6"))
            facts.setdefault("ecs", "/".join((
                str(address), first(option, "dns.opt.client.netmask", ""),
                first(option, "dns.opt.client.scope", ""))))
        if code == 10:
            facts.setdefault("cookie", _hex(first(option, "dns.opt.cookie.client"))
                             + _hex(first(option, "dns.opt.cookie.server")))
        if code == 3:
            facts.setdefault("nsid", "".join(chr(byte) if 32 <= byte < 127 else "."
                                             for byte in bytes.fromhex(data)))
        if code == 12:
            facts.setdefault("padding", _number(first(option, "dns.opt.len")))
        if code == 15:
            facts.setdefault("ede_code", _number(first(option, "dns.opt.ext_error.info_code")))
    return facts


def _message(dns, packet):
    flags = _number(first(dns, "dns.flags"), 0)
    opcode = flags >> 11 & 15
    facts = {
        **packet, "msg_id": _number(first(dns, "dns.id")), "opcode": opcode, "rcode": flags & 15,
        "qd_count": _number(first(dns, "dns.count.queries", first(dns, "dns.count.zones"))),
        "an_count": _number(first(dns, "dns.count.answers",
                                   first(dns, "dns.count.prerequisites"))),
        "ns_count": _number(first(dns, "dns.count.auth_rr", first(dns, "dns.count.updates"))),
        "ar_count": _number(first(dns, "dns.count.add_rr")),
        "answers": [], "authorities": [], "additionals": [], "edns": None,
        # Frames, and the time between them.
        "response_to": _number(first(dns, "dns.response_to")),
        "repeats": _number(first(dns, "dns.retransmit_request_in",
                                 first(dns, "dns.retransmit_response_in"))),
        "unsolicited": first(dns, "dns.unsolicited") == "1",
        "latency_ns": nanoseconds(first(dns, "dns.time"))}
    for name, bit in (("qr", 15), ("aa", 10), ("tc", 9), ("rd", 8), ("ra", 7), ("ad", 5),
                      ("cd", 4)):
        facts[name] = bool(flags >> bit & 1)
    questions = first(dns, "Queries", first(dns, "Zone", [])) or []
    if questions:
        fields = questions[0][1]
        facts["qname"] = dotted(first(fields, "dns.qry.name"))
        facts["qtype_name"] = type_name(_number(first(fields, "dns.qry.type"), -1))
        facts["qclass_name"] = _class_name(_number(first(fields, "dns.qry.class"), -1))
    for title, section in _SECTIONS.items():
        if section == "questions":
            continue
        for _, fields in first(dns, title, []) or []:
            record = _record(fields)
            facts[section].append(record)
            if record["type"] == "OPT" and section == "additionals" and facts["edns"] is None:
                facts["edns"] = _edns(fields)
    length = _number(first(dns, "dns.length"))
    if length is not None:
        facts["msg_size"] = length
    return facts


def _frame(layers):
    """The messages of one frame."""
    packet = {"vlan": None, "icmp": False, "transport": None, "src_port": None, "dst_port": None,
              "stream": None, "msg_size": None}
    messages = []
    for name, fields in layers:
        if name == "frame":
            packet["frame"] = _number(first(fields, "frame.number"))
            packet["time_ns"] = nanoseconds(first(fields, "frame.time_epoch"))
            packet["frame_len"] = _number(first(fields, "frame.len"))
            packet["missing"] = packet["frame_len"] - _number(first(fields, "frame.cap_len"))
        elif name in ("vlan", "ieee8021ad") and packet["vlan"] is None:
            packet["vlan"] = _number(first(fields, name + ".id"))
        elif name in ("ip", "ipv6"):
            packet["src_addr"], packet["dst_addr"] = (first(fields, f"{name}.{side}")
                                                      for side in ("src", "dst"))
            packet["ip_ttl"] = _number(first(fields, "ip.ttl", first(fields, "ipv6.hlim")))
            counts = every(fields, "ip.fragment.count", "ipv6.fragment.count")
            packet["fragments"] = _number(counts[0]) if counts else 0
            packet["more_fragments"] = "1" in every(fields, "ip.flags.mf", "ipv6.fraghdr.more")
        elif name in ("icmp", "icmpv6"):
            packet["icmp"] = True
        elif name in ("udp", "tcp"):
            packet["transport"] = name
            packet["src_port"], packet["dst_port"] = (_number(first(fields, f"{name}.{side}port"))
                                                      for side in ("src", "dst"))
            packet["stream"] = _number(first(fields, "tcp.stream"))
            if name == "udp":
                packet["msg_size"] = _number(first(fields, "udp.length")) - 8
        elif name == "dns":
            messages.append(_message(fields, packet))
            messages[-1]["broken"] = False
        elif name in ("_ws.malformed", "_ws.short") and messages:
            messages[-1]["broken"] = True
    return messages


def read_messages(path):
    """The DNS messages in their order: a dict each, by the names of our columns; `edns` apart."""
    options = [word for option in _OPTIONS for word in ("-o", option)]
    done = run(["tshark", "-n", *options, "-r", path, "-Y", "dns", "-T", "json", "-J", _LAYERS],
               errors="replace", seconds=240)
    messages = []
    for frame in json.loads(done.stdout, object_pairs_hook=list):
        messages += _frame(first(first(frame, "_source"), "layers"))
    return messages
