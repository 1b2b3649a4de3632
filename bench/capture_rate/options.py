"""The command line, and what must be there before anything begins."""
import argparse
import os
import pathlib
import shutil

from measure.refusal import Refusal
from .tools import PEERS

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
_FREE_BYTES = 2 << 30
_OWN = ("inject", "check-numbers", "slices", "framing_bench", "ring_bench", "writer_bench",
        "retention_bench", "compress_bench", "empty_tap")
_DESCRIPTION = """\
Shows what dns-monitor costs on this machine beside tcpdump, dumpcap, dnscap and
netsniff-ng: CPU a packet, losses, memory, what the traffic itself pays, and how
all that grows. Each figure is the median of runs in which the tools take turns.
The packets are numbered and stay in network namespaces that end with this
command. Needs root, two CPUs, and a machine that is idle otherwise. Takes at
most ten minutes, --quick 75 seconds. bench/README.md says what each figure
means. The exit status is 0 when all was measured, whatever came of it, and 1
when a figure could not be had: a line says why, and the others go on.
"""


def parse(arguments, figures):
    """`figures`: the names of all that there are."""
    parser = argparse.ArgumentParser(
        prog="capture-rate", description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", metavar="TOOL,...", default=",".join(PEERS),
                        help=f"whom to compare with ({','.join(PEERS)}); '' for nobody")
    parser.add_argument("--only", nargs="+", metavar="FIGURE", default=[],
                        help=f"these figures: {', '.join(figures)}")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter runs")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE",
                        help="write every single figure there")
    parser.add_argument("--svg", type=pathlib.Path, metavar="FILE", help="draw the figures there")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "release",
                        metavar="DIR", help="where dns-monitor and bench/ were built")
    parser.add_argument("--dir", type=pathlib.Path, default=pathlib.Path.cwd(), metavar="DIR",
                        help="the captures' file system, 2 GiB free (the current directory)")
    options = parser.parse_args(arguments)
    options.peers = [name for name in options.peers.split(",") if name]
    _refuse_unknown("peer", options.peers, PEERS)
    _refuse_unknown("figure", options.only, figures)
    options.only = [name for name in figures if name in options.only or not options.only]
    options.build, options.dir = options.build.absolute(), options.dir.absolute()
    return options


def _refuse_unknown(what, names, known):
    for name in names:
        if name not in known:
            raise Refusal(f"unknown {what} '{name}': there are {', '.join(known)}")


def program(options, name):
    """The path of a program, ours or a peer's."""
    if name == "dns-monitor":
        return str(options.build / name)
    return str(options.build / "bench" / name) if name in _OWN else shutil.which(name)


def check(options):
    """Raises Refusal with what is missing."""
    if os.geteuid() != 0:
        raise Refusal("needs root, for network namespaces and captures")
    if os.cpu_count() < 2 or not {0, 1} <= os.sched_getaffinity(0):
        raise Refusal("needs CPUs 0 and 1: one for the packets, one for the tool")
    _check_programs(options)
    if not options.dir.is_dir():
        raise Refusal(f"no directory {options.dir}")
    free = shutil.disk_usage(options.dir).free
    if free < _FREE_BYTES:
        raise Refusal(f"{options.dir} has {free >> 20} MiB free, and needs {_FREE_BYTES >> 20}")
    for file in filter(None, (options.json, options.svg)):
        if not os.access(file.absolute().parent, os.W_OK) or file.is_dir():
            raise Refusal(f"cannot write {file}")


def _check_programs(options):
    needed = ["ip", "mount"]
    if "nameserver" in options.only:
        needed += ["nsd", "unbound", "dnsperf"]
    missing = [name for name in needed if not shutil.which(name)]
    if missing:
        raise Refusal(f"missing: {', '.join(missing)} (tools/install-deps bench)")
    for name in ("dns-monitor", *_OWN):
        if not os.access(program(options, name), os.X_OK):
            raise Refusal(f"no {program(options, name)}: cmake --preset release && "
                          "cmake --build --preset release, or --build DIR")
