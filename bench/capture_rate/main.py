"""Measures what is asked for and shows it."""
import os
import pathlib
import signal
import sys
import tempfile
import time

from measure import report, table
from measure.refusal import Refusal
from . import lab, options as command_line, picture
from .bench import Bench
from .figures import FIGURES

_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def _end(number, _):
    """By exception, so that processes, mounts and files go, which a second signal leaves alone."""
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
        print(f"capture-rate: {refusal}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever read the table has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _measure(bench, name):
    """The panels of a figure; None, with a line that says why, when it cannot be had."""
    try:
        return FIGURES[name](bench)
    except Refusal as refusal:
        print(f"capture-rate: {name}: {refusal}", file=sys.stderr)
        return None
    finally:
        bench.progress("")


def _run(options):
    """Whether all figures could be had. What was found is kept in any case."""
    complete = True
    with tempfile.TemporaryDirectory(dir=options.dir, prefix="capture-rate.") as work:
        start = time.monotonic()
        lab.enter()
        lab.warm_memory()
        bench = Bench(options, pathlib.Path(work))
        facts = {"machine": report.machine(), "quick": options.quick, "peers": bench.peers,
                 "absent": bench.absent}
        _print_head(facts)
        panels, seconds = [], {}
        for name in options.only:
            began = time.monotonic()
            found = _measure(bench, name)
            seconds[name] = round(time.monotonic() - began, 1)
            panels += found or []
            complete = complete and found is not None
            for panel in found or []:
                print("\n".join(table.lines_of(panel)), flush=True)
        print(f"\n{time.monotonic() - start:.0f} s")
    if options.json:
        report.write(options.json, facts | {"seconds": seconds}, panels, bench.kept)
    if options.svg:
        options.svg.write_text(picture.draw(panels, _subtitle(facts)))
    return complete


def _subtitle(facts):
    machine = facts["machine"]
    return (f"Linux {machine['kernel']}, {machine['cpus']} CPUs ({machine['model']}), "
            f"{machine['memory_mib'] / 1024:.0f} GiB; load {machine['load'][0]:.2f} at the start"
            f"{'; quick' if facts['quick'] else ''}")


def _print_head(facts):
    print("dns-monitor beside tcpdump and others: medians of runs in turn\n" + _subtitle(facts))
    if facts["absent"]:
        print(f"not installed, so left out: {', '.join(facts['absent'])} "
              "(tools/install-deps bench)")
    if facts["machine"]["load"][0] > 0.3:
        print("something else runs on this machine, so these figures are not good ones")
