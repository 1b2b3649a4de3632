"""Measures what is asked for and shows it."""
import pathlib
import signal
import sys
import tempfile
import time

from measure import report, table
from measure.refusal import Refusal
from . import options as command_line
from .bench import Bench
from .figures import FIGURES

_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def _end(number, _):
    """By exception, so that processes and files go, which a second signal leaves alone."""
    for other in _ENDING:
        signal.signal(other, signal.SIG_IGN)
    sys.exit(128 + number)


def main():
    for number in _ENDING:
        signal.signal(number, _end)
    try:
        options = command_line.parse(sys.argv[1:], list(FIGURES))
        command_line.check(options)
        return 0 if _run(options) else 1
    except Refusal as refusal:
        print(f"query: {refusal}", file=sys.stderr)
        return 1


def _measure(bench, name):
    """The panels of a figure; None, with a line that says why, when it cannot be had."""
    try:
        return FIGURES[name](bench)
    except Refusal as refusal:
        print(f"query: {name}: {refusal}", file=sys.stderr)
        return None
    finally:
        bench.progress("")


def _run(options):
    """Whether all figures could be had. What was found is kept in any case."""
    complete, panels = True, []
    start = time.monotonic()
    machine = report.machine()
    with tempfile.TemporaryDirectory(dir=options.dir, prefix="query.") as work:
        bench = Bench(options, pathlib.Path(work))
        _print_head(machine, bench)
        for name in options.only:
            found = _measure(bench, name)
            panels += found or []
            complete = complete and found is not None
            for panel in found or []:
                print("\n".join(table.lines_of(panel)), flush=True)
    print(f"\n{time.monotonic() - start:.0f} s")
    if options.json:
        report.write(options.json, {"machine": machine, "quick": options.quick}, panels, bench.kept)
    return complete


def _print_head(machine, bench):
    print("Queries over generated captures: medians of runs in turn\n"
          f"Linux {machine['kernel']}, {machine['cpus']} CPUs ({machine['model']}), "
          f"{machine['memory_mib'] / 1024:.0f} GiB; load {machine['load'][0]:.2f} at the start"
          f"{'; quick' if bench.options.quick else ''}")
    if bench.absent:
        print(f"not installed, so left out: {', '.join(bench.absent)}")
    if machine["load"][0] > 0.3:
        print("something else runs on this machine, so these figures are not good ones")
