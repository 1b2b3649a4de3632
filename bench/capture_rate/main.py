"""Measures what is asked for and shows it."""
import pathlib
import sys
import tempfile

from measure import command, report
from . import lab, options as command_line, picture
from .bench import Bench
from .figures import FIGURES


def main():
    return command.run("capture-rate", _run)


def _run():
    """Whether all figures could be had. What was found is kept in any case."""
    options = command_line.parse(sys.argv[1:], list(FIGURES))
    command_line.check(options)
    with tempfile.TemporaryDirectory(dir=options.dir, prefix="capture-rate.") as work:
        lab.enter()
        lab.warm_memory()
        bench = Bench(options, pathlib.Path(work))
        machine = report.machine()
        command.print_head("dns-monitor beside tcpdump and others", machine, bench,
                           "tools/install-deps bench")
        panels, seconds, complete = command.measure_all("capture-rate", bench, FIGURES)
    if options.json:
        report.write(options.json, {"machine": machine, "quick": options.quick,
                                    "peers": bench.peers, "absent": bench.absent,
                                    "seconds": seconds}, panels, bench.kept)
    if options.svg:
        options.svg.write_text(picture.draw(panels, command.about(machine, options.quick)))
    return complete
