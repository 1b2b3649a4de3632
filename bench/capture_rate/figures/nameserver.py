"""The queries a second that a real name server keeps while it is captured."""
import re

from measure.estimate import median_interval
from measure.panel import Block, Panel
from measure.process import output
from measure.refusal import Refusal
from measure.turns import turns
from .. import servers
from ..capture import Capture
from ..lab import SERVED_ADDRESS, SOURCE_CPU, SPARED_ADDRESS, server_network

_SLICE_SECONDS = 0.25  # of real time, as far as the first try tells
_NONE = "nobody captures"


def measure(bench):
    pairs, rounds = bench.pick((10, 3), (4, 1))  # of slices in a round
    # The other peers would take minutes more.
    tools = bench.rounds(rounds, rounds, 0)
    tools[_NONE] = 1
    blocks, notes = [], []
    names = servers.NAMES if not bench.options.quick else servers.NAMES[:1]
    with server_network() as network:
        for name in names:
            with servers.running(bench, name, network):
                losses, kept = _of_server(bench, name, network, tools, pairs)
            blocks.append(_block(name, losses))
            notes.append(f"{name} answers {kept:.0f} queries/s with nobody looking")
    notes += [f"{block.label}: {entry.label}: not distinguishable from none" for block in blocks
              for entry in block.entries
              if entry.low <= 0 <= entry.high and entry.role != "control"]
    return [Panel("nameserver", "Queries/s that a name server loses", blocks, notes)]


def _of_server(bench, name, network, tools, pairs):
    """({who: [per cent lost, a pair]}, the median rate on the spared address)."""
    queries = write_queries(bench)
    rate = ask(queries, SPARED_ADDRESS, 20_000)
    count = max(1000, int(rate * _SLICE_SECONDS))
    losses, spared = {who: [] for who in tools}, []
    for number, who in turns(tools):
        label = getattr(who, "label", who)
        bench.progress(f"{name}: round {number + 1}: {label}")
        found = _round(bench, who, network, queries, count, pairs)
        bench.keep(f"nameserver, {name}", label, found)
        losses[who] += [100 * (1 - captured / alone) for captured, alone in found]
        spared += [alone for _, alone in found]
    return losses, median_interval(spared)[1]


def _round(bench, who, network, queries, count, pairs):
    if who == _NONE:
        return _pairs(queries, count, pairs)
    # On whichever CPU the kernel likes: that is how it runs beside a server.
    with Capture(bench, who, "asked0", cpus=None, network=network):
        return _pairs(queries, count, pairs)


def _pairs(queries, count, pairs):
    """[(queries/s at the captured address, at the other one)]; which comes first alternates."""
    found = []
    for number in range(pairs):
        order = (SERVED_ADDRESS, SPARED_ADDRESS) if number % 2 else (SPARED_ADDRESS, SERVED_ADDRESS)
        rates = {address: ask(queries, address, count) for address in order}
        found.append((rates[SERVED_ADDRESS], rates[SPARED_ADDRESS]))
    return found


def write_queries(bench):
    path = bench.work / "queries"
    path.write_text("".join(f"q{number}.example A\n" for number in range(1000)))
    return path


def ask(queries, address, count):
    """dnsperf's queries a second over that many (rounded up to whole thousands)."""
    printed = output(["dnsperf", "-s", address, "-d", queries, "-n", -(-count // 1000),
                      "-c", 1, "-T", 1, "-q", 100, "-t", 2], cpus={SOURCE_CPU})
    lost = re.search(r"Queries lost:\s+(\d+)", printed)
    rate = re.search(r"Queries per second:\s+([\d.]+)", printed)
    if not rate or not lost:
        raise Refusal(f"dnsperf says nothing of a rate: {printed[-200:]}")
    return float(rate.group(1))


def _block(name, losses):
    block = Block(name, "% of queries/s", 2, is_interval=True)
    reference = None
    for who, values in losses.items():
        entry = block.add(getattr(who, "label", who), "control" if who == _NONE else who.role,
                          values)
        if entry.role == "reference":
            reference = entry
    for entry in block.entries:
        if entry.role != "ours":
            continue
        none = entry.low <= 0
        half = False
        if reference and reference.median > 0:
            entry.ratio = entry.median / reference.median
            half = entry.ratio <= 0.5
        entry.judge("0 | <=0.5", none or half)
    return block
