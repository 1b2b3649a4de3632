"""Losses, as the files tell them."""
from measure.panel import Block, compare
from ..source import FAULTS


def block_of(label, runs):
    """A row a tool; only ours has to lose nothing, and to do nothing else wrong."""
    block = compare(Block(label, "packets", 0), runs, "missing")
    for entry in block.entries:
        entry.ratio = None
    for tool, figures in runs.items():
        if tool.role == "ours":
            entry = next(entry for entry in block.entries if entry.label == tool.label)
            entry.judge("0", all(run[key] == 0 for run in figures for key in ("missing", *FAULTS)))
    return block


def notes_of(runs):
    """What else is wrong with the files, by tool."""
    notes = []
    for tool, figures in runs.items():
        wrong = [f"{key.replace('_', ' ')} {max(run[key] for run in figures)}"
                 for key in FAULTS if any(run[key] for run in figures)]
        if wrong:
            notes.append(f"{tool.label}: {', '.join(wrong)}")
    return notes
