"""Data of records as zone files have it, from tshark's fields."""
import base64
import datetime

from .messages import TYPE_NAMES


def first(pairs, name, default=None):
    return next((value for key, value in pairs if key == name), default)


def every(pairs, *names):
    """The values of these names, in whatever depth."""
    found = []
    for name, value in pairs:
        if name in names:
            found.append(value)
        if isinstance(value, list):
            found += every(value, *names)
    return found


def type_name(number):
    return TYPE_NAMES.get(number, f"TYPE{number}")


def dotted(name):
    return "." if name == "<Root>" else name + "."


def _quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _octets(text):
    return bytes.fromhex(text.replace(":", ""))


def _base64(text):
    return base64.b64encode(_octets(text)).decode()


def _hex(text):
    return _octets(text).hex().upper()


def _time(text):
    moment = datetime.datetime.strptime(text.partition(".")[0], "%b %d, %Y %H:%M:%S")
    return moment.strftime("%Y%m%d%H%M%S")


def _type(number):
    return type_name(int(number))


def _number(text):
    return str(int(text, 0))


def _as_is(text):
    return text


# Of each type the fields, and what makes them a zone file's words.
_FIELDS = {
    "A": (("a", _as_is),),
    "AAAA": (("aaaa", _as_is),),
    "NS": (("ns", dotted),),
    "CNAME": (("cname", dotted),),
    "PTR": (("ptr.domain_name", dotted),),
    "MX": (("mx.preference", _as_is), ("mx.mail_exchange", dotted)),
    "SRV": (("srv.priority", _as_is), ("srv.weight", _as_is), ("srv.port", _as_is),
            ("srv.target", dotted)),
    "SOA": (("soa.mname", dotted), ("soa.rname", dotted), ("soa.serial_number", _as_is),
            ("soa.refresh_interval", _as_is), ("soa.retry_interval", _as_is),
            ("soa.expire_limit", _as_is), ("soa.minimum_ttl", _as_is)),
    "HINFO": (("hinfo.cpu", _quoted), ("hinfo.os", _quoted)),
    "RP": (("rp.mailbox", dotted), ("rp.txt_rr", dotted)),
    "NAPTR": (("naptr.order", _as_is), ("naptr.preference", _as_is), ("naptr.flags", _quoted),
              ("naptr.service", _quoted), ("naptr.regex", _quoted), ("naptr.replacement", dotted)),
    "SSHFP": (("sshfp.algorithm", _as_is), ("sshfp.fingerprint.type", _as_is),
              ("sshfp.fingerprint", _hex)),
    "TLSA": (("tlsa.certificate_usage", _as_is), ("tlsa.selector", _as_is),
             ("tlsa.matching_type", _as_is), ("tlsa.certificate_association_data", _hex)),
    "DS": (("ds.key_id", _number), ("ds.algorithm", _as_is), ("ds.digest_type", _as_is),
           ("ds.digest", _hex)),
    "DNSKEY": (("dnskey.flags", _number), ("dnskey.protocol", _as_is),
               ("dnskey.algorithm", _as_is), ("dnskey.public_key", _base64)),
    "RRSIG": (("rrsig.type_covered", _type), ("rrsig.algorithm", _as_is), ("rrsig.labels", _as_is),
              ("rrsig.original_ttl", _as_is), ("rrsig.signature_expiration", _time),
              ("rrsig.signature_inception", _time), ("rrsig.key_tag", _as_is),
              ("rrsig.signers_name", dotted), ("rrsig.signature", _base64)),
    "NSEC": (("nsec.next_domain_name", dotted),),
    "NSEC3": (("nsec3.algo", _as_is), ("nsec3.flags", _as_is), ("nsec3.iterations", _as_is),
              ("nsec3.salt_value", _hex), ("nsec3.hash_value", str.upper)),
    "NSEC3PARAM": (("nsec3.algo", _as_is), ("nsec3.flags", _as_is), ("nsec3.iterations", _as_is),
                   ("nsec3.salt_value", _hex)),
}


def rdata_text(kind, fields):
    """None for types that tshark has no such text of, and data that ends within it."""
    if first(fields, "dns.resp.len") == "0":
        return "\\# 0"
    if kind == "TXT":
        return " ".join(map(_quoted, every(fields, "dns.txt")))
    words = []
    for name, shown in _FIELDS.get(kind, ()):
        value = first(fields, "dns." + name)
        if value is None:
            return "" if kind in ("A", "AAAA") else None
        words.append(shown(value))
    if kind in ("NSEC", "NSEC3"):  # the types that there are; the first one is the record's own
        words += map(_type, [value for name, value in fields if name == "dns.resp.type"][1:])
    return " ".join(words) if words else None
