"""Finished segments with their ledgers, as a capture leaves them."""
import hashlib
import json
import os
import time

from .pcap import LINK_ETHERNET, MAX_SNAPLEN, write_packets
from .xxh3 import xxh3

_SECOND = 1_000_000_000


def _text(time_ns):
    """As ledgers have it: RFC 3339, UTC, nine decimals."""
    seconds, fraction = divmod(time_ns, _SECOND)
    return time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(seconds)) + f"{fraction:09}Z"


class Segments:
    """Those of one interface, written one behind the other; each ledger links to the one before."""

    def __init__(self, directory, interface="eth0", host="ns1.example"):
        self._directory = directory
        self._interface = interface
        self._host = host
        self._sequence = 0
        self._previous = None

    def append(self, packets, begin_ns, end_ns, not_dns=0, losses=(), gaps=()):
        """`losses`: (cause, packets, begin, end); `gaps`: (reason, begin, end). Times in ns."""
        start = time.strftime("%Y%m%d_%H%M", time.gmtime(begin_ns // _SECOND))
        name = f"{self._interface}.{start}.pcap"
        path = os.path.join(self._directory, name)
        write_packets(path, packets)
        with open(path, "rb") as file:
            content = file.read()
        self._sequence += 1
        ends, index = {}, []
        if packets:
            ends = {"first": _text(packets[0].time_ns), "last": _text(packets[-1].time_ns)}
            index = [{"offset": 0, "first_record": 24, "packets": len(packets), **ends,
                      "xxh3": f"{xxh3(content):016x}"}]
        lost = {}
        for cause, count, _, _ in losses:
            lost[cause] = lost.get(cause, 0) + count
        matched = len(packets) + sum(lost.values())
        ledger = {
            "format_version": 1,
            "sequence": self._sequence,
            **({"previous": self._previous} if self._previous else {}),
            "file_name": name,
            "length_bytes": len(content),
            "interface": self._interface,
            "ifindex": 2,
            "host": self._host,
            "program_version": "0.1.0",
            "link_type": LINK_ETHERNET,
            "settings": {"ports": [53], "filter": "", "direction": "inout", "promiscuous": False,
                         "icmp_errors": True, "snaplen": MAX_SNAPLEN, "nanoseconds": False},
            "from": _text(begin_ns),
            "to": _text(end_ns),
            **{f"{which}_packet": moment for which, moment in ends.items()},
            "damaged": False,
            "damage": "",
            "balance": {"seen": matched + not_dns, "not_dns": not_dns, "filtered_by_user": 0,
                        "undecided": {}, "matched": matched, "written": len(packets), "lost": lost,
                        "in_ring_begin": 0, "in_ring_end": 0, "clipped": 0, "late": 0},
            "losses": [{"cause": cause, "count": count, "from": _text(begin), "to": _text(end),
                        "merged": 0} for cause, count, begin, end in losses],
            "gaps": [{"from": _text(begin), "to": _text(end), "reason": reason}
                     for reason, begin, end in gaps],
            "removed": [],
            "index": index,
        }
        text = (json.dumps(ledger, indent=2) + "\n").encode()
        with open(path + ".json", "wb") as file:
            file.write(text)
        self._previous = {"file_name": name + ".json",
                          "sha256": hashlib.sha256(text).hexdigest()}
