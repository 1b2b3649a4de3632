"""Numbered packets, and what files hold of them."""
import json
import os

from measure.process import output
from .lab import SOURCE_CPU

# Above it, the receive path itself is fed, in ten bursts a second; below, the other end of the veth
# sends, some packets each millisecond.
_MOST_SENT = 200_000


def send(bench, packets, rate=0, out=False):
    """From SOURCE_CPU; a rate of 0: flat out. Returns the packets a second.

    captured0 receives them; with `out`, captured1 is sure to have sent them.
    """
    paced = [rate] if rate else []
    if out or 0 < rate <= _MOST_SENT:
        command = [bench.program("inject"), "--from", "captured1", packets, *paced]
    else:
        command = [bench.program("inject"), "captured0", packets, *paced]
    return json.loads(output(command, cpus={SOURCE_CPU}, seconds=300))["rate"]


def verdict(bench, packets, files):
    """What is missing of packets 0 to `packets` - 1 in the files, twice, damaged and so on."""
    found = json.loads(output([bench.program("check-numbers"), packets, *files], seconds=300))
    return found | {"file_bytes": sum(os.path.getsize(file) for file in files),
                    "files": len(files)}


FAULTS = ("twice", "damaged", "out_of_order", "time_back", "torn_bytes")
