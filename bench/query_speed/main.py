"""Measures what is asked for and shows it."""
import pathlib
import sys
import tempfile

from measure import command, report
from . import options as command_line
from .bench import Bench
from .figures import FIGURES


def main():
    return command.run("query", _run)


def _run():
    """Whether all figures could be had. What was found is kept in any case."""
    options = command_line.parse(sys.argv[1:], list(FIGURES))
    command_line.check(options)
    machine = report.machine()
    with tempfile.TemporaryDirectory(dir=options.dir, prefix="query.") as work:
        bench = Bench(options, pathlib.Path(work))
        command.print_head("Queries over generated captures", machine, bench,
                           "tools/install-deps bench; Debian 12 has no PacketQ")
        panels, seconds, complete = command.measure_all("query", bench, FIGURES)
    if options.json:
        report.write(options.json, {"machine": machine, "quick": options.quick,
                                    "absent": bench.absent, "seconds": seconds},
                     panels, bench.kept)
    return complete
