"""What a capture costs the traffic: what each packet takes longer on its way."""
import contextlib
import json
import subprocess

from measure.panel import Block, Panel
from measure.process import end, output, start
from measure.refusal import Refusal
from measure.turns import turns
from ..capture import Capture
from ..lab import SOURCE_CPU
from ..tools import Tool, has_tcx

# A packet is sent by captured1 and received by captured0, in the sender's softirq.
_WAYS = {"ingress": "captured0", "egress": "captured1"}
_KINDS = {"all of it DNS": 1, "1 % of it DNS": 100}
_NONE = "nobody captures"
# What a tool pays whose filter takes no time: {label: hook}.
_EMPTY = {"ceiling: a socket that takes nothing": "socket", "ceiling: nothing on tcx": "tcx"}


def measure(bench):
    own = [Tool("dns-monitor")] + ([Tool("dns-monitor", hook="tcx")] if has_tcx() else [])
    rounds = bench.rounds(bench.pick(2, 1), bench.pick(2, 1), bench.pick(1, 0), own)
    empty = [label for label, hook in _EMPTY.items() if hook != "tcx" or has_tcx()]
    differences = {(way, kind, who): [] for way in _WAYS for kind in _KINDS
                   for who in (*rounds, *empty, _NONE)}
    rounds |= dict.fromkeys((*empty, _NONE), 1)
    was_busy = False
    for way, interface in _WAYS.items():
        for number, who in turns(rounds):
            bench.progress(f"traffic, {way}: round {number + 1}: {getattr(who, 'label', who)}")
            by_kind, busy = _one(bench, who, interface)
            was_busy = was_busy or busy
            for kind, found in by_kind.items():
                differences[way, kind, who] += found
                bench.keep(f"traffic, {way}, {kind}", getattr(who, "label", who), found)
    blocks = [_block(way, kind, {who: differences[way, kind, who] for who in rounds})
              for way in _WAYS for kind in _KINDS]
    notes = ["what a packet takes longer by the captured than by a control interface"]
    if was_busy:
        notes.append(f"CPU {SOURCE_CPU} was so busy that interrupted slices count as well")
    return [Panel("traffic", "Cost to the traffic", blocks, notes)]


def _one(bench, who, interface):
    if who == _NONE:
        return _slices(bench)
    if who in _EMPTY:
        with _empty_tap(bench, interface, _EMPTY[who]):
            return _slices(bench)
    with Capture(bench, who, interface):
        return _slices(bench)


@contextlib.contextmanager
def _empty_tap(bench, interface, hook):
    tap = start([bench.program("empty_tap"), interface, hook], stdout=subprocess.PIPE)
    try:
        if not tap.stdout.readline():
            raise Refusal(f"no empty tap by {hook}")
        yield
    finally:
        end(tap)


def _slices(bench):
    """The differences of all pairs, by kind of traffic, and whether others interrupted them."""
    found, busy = {}, False
    for kind, every in _KINDS.items():
        printed = json.loads(output(
            [bench.program("slices"), f"--milliseconds={bench.pick(1200, 300)}",
             f"--dns-every={every}", f"--cpu={SOURCE_CPU}", "captured1", "control1"]))
        found[kind] = [captured - control for captured, control
                       in zip(printed["captured_ns"], printed["control_ns"])]
        busy = busy or printed["busy"]
    return found, busy


def _block(way, kind, differences):
    block = Block(f"{way}, {kind}", "ns a packet", is_interval=True)
    reference = None
    for who, values in differences.items():
        role = "ceiling" if who in _EMPTY else "control" if who == _NONE else who.role
        entry = block.add(getattr(who, "label", who), role, values)
        if role == "reference":
            reference = entry
    for who, entry in zip(differences, block.entries):
        if entry.role == "ours" and reference and reference.median > 0:
            entry.ratio = entry.median / reference.median
            _judge(entry, way, kind, who.hook)
    return block


def _judge(entry, way, kind, hook):
    if hook == "tcx" and way == "egress" and _KINDS[kind] > 1:
        entry.judge("<=100 ns", entry.median <= 100)
        return
    if _KINDS[kind] > 1:
        most = 1
    elif hook == "tcx":
        most = {"ingress": 0.5, "egress": 0.4}[way]
    else:
        most = {"ingress": 0.6, "egress": 0.8}[way]
    entry.judge(f"<={most:g}", entry.ratio <= most)
