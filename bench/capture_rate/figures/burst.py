"""A burst of packets, each tool as it is without options."""
import functools

from .. import capture
from ..panel import Panel
from ..tools import LARGE_MIB, Tool
from ..turns import take_turns
from .losses import block_of, notes_of


def measure(bench):
    packets = bench.pick(5_000_000, 1_500_000)
    rounds = bench.rounds(bench.pick(2, 1), 1, bench.pick(1, 0), buffer_mib=0)
    if "tcpdump" in bench.peers and not bench.options.quick:
        rounds[Tool("tcpdump", LARGE_MIB)] = 1
    runs = take_turns(bench, "burst", rounds,
                      functools.partial(capture.run, bench, packets=packets, settle_seconds=2))
    rates = [run["source_rate"] for figures in runs.values() for run in figures]
    notes = [f"the packets came at {min(rates) / 1e6:.1f} to {max(rates) / 1e6:.1f} M/s"]
    block = block_of(f"lost of {packets / 1e6:g} M, default settings", runs)
    return [Panel("burst", "A burst", [block], notes + notes_of(runs))]
