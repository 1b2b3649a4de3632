"""The command line, and what must be there before anything begins."""
import os
import shutil

from measure import options as common
from measure.refusal import Refusal

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
otherwise: queries run at idle priority. Takes about ten minutes; --quick, with
a tenth of the messages, one. bench/README.md says what each figure means. The
exit status is 0 when all was measured, whatever came of it, and 1 when a figure
could not be had.
"""


def parse(arguments, figures):
    """`figures`: the names of all that there are."""
    parser = common.parser_of("query", _DESCRIPTION, PEERS, figures)
    options = common.parse(parser, arguments, PEERS, figures)
    # Of most figures, and the most of growth.
    options.messages = 500_000 if options.quick else 5_000_000
    options.most_messages = 10 * options.messages
    return options


def program(options, name):
    """The path of a program; None of a peer's that is not installed."""
    return str(options.build / _OWN[name]) if name in _OWN else shutil.which(name)


def check(options):
    """Raises Refusal with what is missing."""
    if len(os.sched_getaffinity(0)) < 2:
        raise Refusal("needs two CPUs: queries are compared by one thread and by two")
    common.check_programs(program(options, name) for name in _OWN)
    # What grows most, beside the same again: of all files of a figure, and what select * writes.
    common.check_directory(options.dir, 2 * options.most_messages * _BYTES_A_MESSAGE)
    common.check_writable(options.json)
