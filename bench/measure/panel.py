"""What a figure found: the one form of which table, picture and report are made."""
import dataclasses
from typing import Optional

from . import estimate


@dataclasses.dataclass
class Entry:
    """A row: one tool's median with its spread."""
    label: str
    role: str  # ours, reference (tcpdump), peer, ceiling or control
    low: float
    median: float
    high: float
    count: int
    ratio: Optional[float] = None  # to the reference of the same block
    wanted: str = ""
    met: Optional[bool] = None

    def judge(self, wanted, met):
        self.wanted, self.met = wanted, bool(met)


@dataclasses.dataclass
class Block:
    """Rows that are compared with each other."""
    label: str
    unit: str
    digits: int = 1
    is_interval: bool = False  # low and high: 95 % of the median; else the least and the most
    entries: list = dataclasses.field(default_factory=list)

    def add(self, label, role, values):
        """None when there is not one value."""
        if not values:
            return None
        low, median, high = (estimate.median_interval if self.is_interval
                             else estimate.spread)(values)
        self.entries.append(Entry(label, role, low, median, high, len(values)))
        return self.entries[-1]


@dataclasses.dataclass
class Panel:
    """A figure."""
    name: str
    title: str
    blocks: list
    notes: list = dataclasses.field(default_factory=list)


def compare(block, runs, key, scale=1.0):
    """Adds a row a tool of `runs` ({tool: [figures]}), with ratios to the first reference."""
    values = {tool: [run[key] * scale for run in figures] for tool, figures in runs.items()}
    reference = next((tool for tool in values if tool.role == "reference" and values[tool]), None)
    for tool, figures in values.items():
        entry = block.add(tool.label, tool.role, figures)
        if entry and reference and tool.role == "ours":
            entry.ratio = estimate.paired_ratio(figures, values[reference])
    return block


def want_ratio(block, most):
    for entry in block.entries:
        if entry.role == "ours" and entry.ratio is not None:
            entry.judge(f"<={most:g}", entry.ratio <= most)


def want_at_most(block, most):
    """Of each single run, as far as the block shows them; else of the median."""
    for entry in block.entries:
        if entry.role == "ours":
            figure = entry.median if block.is_interval else entry.high
            entry.judge("0" if most == 0 else f"<={most:g}", figure <= most)
