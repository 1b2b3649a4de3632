"""A tool that hardly gets to run, with large buffers."""
import time

from measure.panel import Panel
from measure.turns import take_turns
from .. import source
from ..capture import Capture
from ..cgroup import cpu_limit
from ..tools import LARGE_MIB, Tool
from .losses import block_of, notes_of

_RATE = 1_000_000
_FRACTION = 0.05


def measure(bench):
    seconds = bench.pick(10, 2)
    rounds = bench.rounds(bench.pick(2, 1), 1, bench.pick(1, 0),
                          own=[Tool("dns-monitor", LARGE_MIB)])
    runs = take_turns(bench, "starved", rounds, lambda tool: _run(bench, tool, seconds))
    label = f"lost of {_RATE * seconds / 1e6:g} M, {_RATE / 1e6:g} M/s, {LARGE_MIB} MiB"
    block = block_of(label, runs)
    return [Panel("starved", f"With {_FRACTION:.0%} of one CPU", [block], notes_of(runs))]


def _run(bench, tool, seconds):
    packets = _RATE * seconds
    with Capture(bench, tool) as capture:
        with cpu_limit(bench.work, capture.pid, _FRACTION):
            rate = source.send(bench, packets, _RATE)
        # The limit is off: what waits in the buffers is no loss.
        time.sleep(bench.pick(3, 1.3))
        capture.stop()
        return capture.verdict(packets) | {"source_rate": rate}
