"""A burst of packets, received and sent, each tool as it is without options."""
import functools

from measure.panel import Panel
from measure.turns import take_turns
from .. import capture
from ..tools import LARGE_MIB, Tool
from .losses import block_of, notes_of


def measure(bench):
    packets = bench.pick(5_000_000, 1_500_000)
    rounds = bench.rounds(bench.pick(2, 1), 1, bench.pick(1, 0), buffer_mib=0)
    if "tcpdump" in bench.peers and not bench.options.quick:
        rounds[Tool("tcpdump", LARGE_MIB)] = 1
    runs = take_turns(bench, "burst", rounds,
                      functools.partial(capture.run, bench, packets=packets, settle_seconds=2))
    block = block_of(f"lost of {packets / 1e6:g} M received", runs)
    packets = bench.pick(1_000_000, 300_000)
    sent = take_turns(bench, "burst, sent", bench.rounds(1, bench.pick(1, 0), 0, buffer_mib=0),
                      functools.partial(capture.run, bench, packets=packets, out=True))
    return [Panel("burst", "A burst, default settings",
                  [block, block_of(f"lost of {packets / 1e6:g} M sent", sent)],
                  [f"received at {_rates(runs)} M/s, sent at {_rates(sent)} M/s",
                   *notes_of(runs), *notes_of(sent)])]


def _rates(runs):
    rates = [run["source_rate"] / 1e6 for figures in runs.values() for run in figures]
    return f"{min(rates):.1f} to {max(rates):.1f}"
