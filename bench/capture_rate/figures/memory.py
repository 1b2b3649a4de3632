"""Memory at the end of a run flat out."""
from measure.panel import Block, Panel, compare, want_at_most, want_ratio
from .cpu import flat_out


def measure(bench):
    runs = flat_out(bench)
    anonymous = compare(Block("anonymous: the process's own", "MiB"), runs, "anonymous_mib")
    for entry in anonymous.entries:
        entry.ratio = None
    want_at_most(anonymous, 24)
    resident = compare(Block("resident, with the rings it maps", "MiB"), runs, "resident_mib")
    want_ratio(resident, 0.6)
    return [Panel("memory", "Memory", [anonymous, resident])]
