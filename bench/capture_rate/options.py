"""The command line, and what must be there before anything begins."""
import os
import pathlib
import shutil

from measure import options as common
from measure.refusal import Refusal
from .tools import PEERS

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
    parser = common.parser_of("capture-rate", _DESCRIPTION, PEERS, figures)
    parser.add_argument("--svg", type=pathlib.Path, metavar="FILE", help="draw the figures there")
    return common.parse(parser, arguments, PEERS, figures)


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
    common.check_directory(options.dir, _FREE_BYTES)
    common.check_writable(options.json, options.svg)


def _check_programs(options):
    needed = ["ip", "mount"]
    if "nameserver" in options.only:
        needed += ["nsd", "unbound", "dnsperf"]
    missing = [name for name in needed if not shutil.which(name)]
    if missing:
        raise Refusal(f"missing: {', '.join(missing)} (tools/install-deps bench)")
    common.check_programs(program(options, name) for name in ("dns-monitor", *_OWN))
