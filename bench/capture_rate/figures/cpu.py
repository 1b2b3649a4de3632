"""User-space CPU of a packet: what the process's clock counts, all its threads included."""
import functools

from measure.panel import Block, Panel, compare, want_ratio
from measure.turns import take_turns
from .. import capture, source

_WANTED = 0.15


def flat_out(bench):
    """{tool: [runs]}, which the figures of CPU and of memory share."""
    if not bench.flat_out:
        packets = bench.pick(3_000_000, 500_000)
        source.send(bench, packets)  # what is cold becomes warm
        rounds = bench.rounds(bench.pick(4, 1), bench.pick(4, 1), bench.pick(2, 1))
        bench.flat_out = take_turns(bench, "cpu, flat out", rounds,
                                    functools.partial(capture.run, bench, packets=packets))
    return bench.flat_out


def measure(bench):
    runs = flat_out(bench)
    block = compare(Block("flat out", "ns a packet"), runs, "cpu_ns")
    want_ratio(block, _WANTED)
    bench.ceilings.add_cpu(block)
    blocks = [block, _parts(runs)]
    slow = [("10 k packets/s", 10_000, 6)] if not bench.options.quick else []
    for name, rate, seconds in [("100 k packets/s", 100_000, bench.pick(10, 1)), *slow]:
        rounds = bench.rounds(bench.pick(2, 1), bench.pick(2, 1), bench.pick(1, 0))
        paced = take_turns(bench, f"cpu, {name}", rounds,
                           functools.partial(_paced, bench, rate, seconds))
        block = compare(Block(f"{name}, {seconds} s", "ns a packet"), paced, "cpu_ns")
        want_ratio(block, _WANTED)
        blocks.append(block)
    lost = [f"{tool.label} missed {max(run['missing'] for run in figures)} packets flat out: they "
            "cost it nothing" for tool, figures in runs.items()
            if any(run["missing"] for run in figures)]
    return [Panel("cpu", "CPU of the capturing process", blocks, lost)]


def _paced(bench, rate, seconds, tool):
    if tool.role == "peer":  # nothing is judged by it, so it runs for less time
        seconds = 2
    return capture.run(bench, tool, packets=rate * seconds, rate=rate)


def _parts(runs):
    """User and system time count in 10 ms, so the sum above is the better figure."""
    block = Block("of that, in the kernel", "ns a packet")
    return compare(block, {tool: figures for tool, figures in runs.items()
                           if tool.role != "peer"}, "system_ns")

