"""How the cost grows: with the rings, with the rate, with the segments on the disk."""
import functools
import re

from measure.estimate import is_logarithmic
from measure.panel import Block, Panel
from measure.turns import take_turns
from .. import capture
from ..ceilings import benchmark, repeated

_RATES = {1_000: "1 k/s", 10_000: "10 k/s", 100_000: "100 k/s", 1_000_000: "1 M/s",
          2_000_000: "2 M/s"}
_FLAT = 1.25  # times the smaller one: that much is noise


def measure(bench):
    return [Panel("rings", "Growth with the rings", _rings(bench)),
            Panel("rate", "Growth with the rate", _rates(bench)),
            Panel("segments", "Growth with the segments on the disk", _segments(bench),
                  ["a pass each 10 s, or each second while free space is watched"])]


def _rings(bench):
    blocks = []
    # At random, of one length, is what costs most to choose.
    for label, program, row, rest in (("merging alone", "ring_bench", "MergeRings", ""),
                                      ("merging and framing", "framing_bench", "MergeAndFrame",
                                       "/any_length:0")):
        bench.progress(f"growth: {row}")
        rows = benchmark(bench, program, f"^{row}/.*run:1{rest}$", *repeated(bench))
        block, costs = Block(label, "ns a packet"), {}
        for number, name in sorted((_busy_rings(name), name) for name in rows if _busy_rings(name)):
            values = [row["per_packet"] * 1e9 for row in rows[name]]
            bench.keep("growth, rings", name, values)
            entry = block.add(f"{number} ring{'s' if number > 1 else ''}", "ours", values)
            costs[number] = entry.median
            entry.ratio = entry.median / block.entries[0].median
        block.entries[-1].judge("log", is_logarithmic(costs))
        blocks.append(block)
    return blocks


def _busy_rings(name):
    """How many rings a row is about; 0 when not all of them have packets."""
    numbers = re.findall(r"(?:rings|busy):(\d+)", name)
    return int(numbers[0]) if len(set(numbers)) == 1 else 0


def _rates(bench):
    """Two seconds of each rate."""
    rates = [1_000_000, 100_000] if bench.options.quick else list(_RATES)
    block = Block("CPU of the process", "ns a packet")
    by_rate = {}
    for rate in rates:
        rounds = bench.rounds(1, bench.pick(1, 0), 0)
        packets = rate * bench.pick(2, 1)
        by_rate[rate] = take_turns(bench, f"growth, {_RATES[rate]}", rounds,
                                   functools.partial(capture.run, bench, packets=packets,
                                                     rate=rate))
    for rate, runs in sorted(by_rate.items()):
        for tool, figures in runs.items():
            entry = block.add(f"{tool.program} at {_RATES[rate]}", tool.role,
                              [run["cpu_ns"] for run in figures])
            if tool.role == "ours":
                ours = entry
            else:
                ours.ratio = ours.median / entry.median
    _want_flat([entry for entry in block.entries if entry.role == "ours"][-2:])
    return [block, _of_a_second(by_rate)]


def _of_a_second(by_rate):
    """Where packets are few, what a process does anyway is most of it."""
    block = Block("CPU of one second", "ms", 2)
    for rate, runs in sorted(by_rate.items()):
        for tool, figures in runs.items():
            if tool.role == "ours":
                block.add(f"{tool.program} at {_RATES[rate]}", tool.role,
                          [run["cpu_ns"] * rate / 1e6 for run in figures])
    return block


def _want_flat(entries):
    if len(entries) == 2:
        entries[1].judge("flat", entries[1].median <= _FLAT * entries[0].median)


def _segments(bench):
    bench.progress("growth: retention")
    only = "period:3600" if bench.options.quick else "."
    rows = benchmark(bench, "retention_bench", only, f"--benchmark_repetitions={bench.pick(3, 1)}",
                     f"--benchmark_min_time={bench.pick(0.02, 0.01)}")
    blocks = []
    for label, row, unit in (("a later pass of retention", "LaterPass", "us"),
                             ("its first pass, which reads the directory", "FirstPass",
                              "us a segment")):
        block = Block(label, unit, 1)
        for period, length in ((3600, "1 h"), (60, "1 min")):
            entries = []
            for seconds, span in ((3600, "1 h"), (86400, "1 day"), (604800, "7 days"),
                                  (2592000, "30 days")):
                each = seconds // period if row == "FirstPass" else 1
                values = [found["real_time"] / each
                          for found in rows.get(f"{row}/period:{period}/seconds:{seconds}", [])]
                bench.keep("growth, segments", f"{row}, {length}, {span}", values)
                entry = block.add(f"{span} of {length} each", "ours", values)
                if entry:
                    entries.append(entry)
                    entry.ratio = entry.median / entries[0].median
            if len(entries) > 1:
                entries[-1].judge("flat", entries[-1].median <= 2 * entries[0].median)
        blocks.append(block)
    return blocks

