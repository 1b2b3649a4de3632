"""The command line, and what must be there before anything begins."""
import argparse
import os
import pathlib
import shutil

from measure.refusal import Refusal

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PEERS = ("tshark", "packetq")
_OWN = {"dns-monitor-query": "dns-monitor-query", "make-messages": "bench/make-messages",
        "walk-records": "bench/walk-records"}
_BYTES_A_MESSAGE = 128
_DESCRIPTION = """\
Shows how long queries take over generated captures: beside tshark, PacketQ (if
`packetq` is on the PATH) and the floor, one thread that goes from record to
record of the mapped file and reads the headers; by one thread and by two; with
1 to 100 files and up to 50 million messages; and what memory `select *` takes.
Each figure is the median of runs in which the programs take turns, from the
start of a process to its end. Needs two CPUs and a machine that is idle
otherwise: queries run at idle priority. Takes about ten minutes, --quick one.
bench/README.md says what each figure means. The exit status is 0 when all was
measured, whatever came of it, and 1 when a figure could not be had.
"""


def parse(arguments, figures):
    """`figures`: the names of all that there are."""
    parser = argparse.ArgumentParser(
        prog="query", description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", metavar="TOOL,...", default=",".join(PEERS),
                        help=f"whom to compare with ({','.join(PEERS)}); '' for nobody")
    parser.add_argument("--only", nargs="+", metavar="FIGURE", default=[],
                        help=f"these figures: {', '.join(figures)}")
    parser.add_argument("--quick", action="store_true", help="a tenth of the messages, fewer runs")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE",
                        help="write every single figure there")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "release",
                        metavar="DIR", help="where dns-monitor-query and bench/ were built")
    parser.add_argument("--dir", type=pathlib.Path, default=pathlib.Path.cwd(), metavar="DIR",
                        help="where the captures are made (the current directory)")
    options = parser.parse_args(arguments)
    options.peers = [name for name in options.peers.split(",") if name]
    _refuse_unknown("peer", options.peers, PEERS)
    _refuse_unknown("figure", options.only, figures)
    options.only = [name for name in figures if name in options.only or not options.only]
    options.build, options.dir = options.build.absolute(), options.dir.absolute()
    # Of most figures, and the most of growth.
    options.messages = 500_000 if options.quick else 5_000_000
    options.most_messages = 10 * options.messages
    return options


def _refuse_unknown(what, names, known):
    for name in names:
        if name not in known:
            raise Refusal(f"unknown {what} '{name}': there are {', '.join(known)}")


def program(options, name):
    """The path of a program; None of a peer's that is not installed."""
    return str(options.build / _OWN[name]) if name in _OWN else shutil.which(name)


def check(options):
    """Raises Refusal with what is missing."""
    if len(os.sched_getaffinity(0)) < 2:
        raise Refusal("needs two CPUs: queries are compared by one thread and by two")
    for name in _OWN:
        if not os.access(program(options, name), os.X_OK):
            raise Refusal(f"no {program(options, name)}: cmake --preset release && "
                          "cmake --build --preset release, or --build DIR")
    if not options.dir.is_dir():
        raise Refusal(f"no directory {options.dir}")
    # What grows most, beside the same again: of all files of a figure, and what select * writes.
    needed = 2 * options.most_messages * _BYTES_A_MESSAGE
    free = shutil.disk_usage(options.dir).free
    if free < needed:
        raise Refusal(f"{options.dir} has {free >> 20} MiB free, and needs {needed >> 20}")
    if options.json and (options.json.is_dir() or
                         not os.access(options.json.absolute().parent, os.W_OK)):
        raise Refusal(f"cannot write {options.json}")
