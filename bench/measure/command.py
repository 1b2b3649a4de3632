"""A command that measures figures: how it ends, and what it prints on its way."""
import os
import signal
import sys
import time

from . import table
from .refusal import Refusal

_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def _end(number, _):
    """By exception, so that processes, mounts and files go, which a second signal leaves alone."""
    for other in _ENDING:
        signal.signal(other, signal.SIG_IGN)
    sys.exit(128 + number)


def run(name, measure):
    """The exit status of the command `name`; measure() says whether all could be had."""
    for number in _ENDING:
        signal.signal(number, _end)
    try:
        return 0 if measure() else 1
    except Refusal as refusal:
        print(f"{name}: {refusal}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever read the table has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _measure(name, bench, figure, measure):
    """The panels of a figure; None, with a line that says why, when it cannot be had."""
    try:
        return measure(bench)
    except Refusal as refusal:
        print(f"{name}: {figure}: {refusal}", file=sys.stderr)
        return None
    finally:
        bench.progress("")


def measure_all(name, bench, figures):
    """Prints each panel as it is there. Returns (panels, {figure: seconds}, whether all are).

    `figures`: {figure: function from `bench` to panels}; those that the options name are measured.
    """
    panels, seconds, complete = [], {}, True
    for figure in bench.options.only:
        began = time.monotonic()
        found = _measure(name, bench, figure, figures[figure])
        seconds[figure] = round(time.monotonic() - began, 1)
        panels += found or []
        complete = complete and found is not None
        for panel in found or []:
            print("\n".join(table.lines_of(panel)), flush=True)
    print(f"\n{sum(seconds.values()):.0f} s")
    return panels, seconds, complete


def about(machine, quick):
    """On what and when it was measured, as a line."""
    return (f"Linux {machine['kernel']}, {machine['cpus']} CPUs ({machine['model']}), "
            f"{machine['memory_mib'] / 1024:.0f} GiB; load {machine['load'][0]:.2f} at the start"
            f"{'; quick' if quick else ''}")


def print_head(title, machine, bench, where_from):
    """`where_from`: how to get what is absent."""
    print(f"{title}: medians of runs in turn\n{about(machine, bench.options.quick)}")
    if bench.absent:
        print(f"not installed, so left out: {', '.join(bench.absent)} ({where_from})")
    if machine["load"][0] > 0.3:
        print("something else runs on this machine, so these figures are not good ones")
