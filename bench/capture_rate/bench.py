"""What the figures share: settings, places, and what they found so far."""
import sys
import time

from . import options as command_line
from .ceilings import Ceilings
from .tools import LARGE_MIB, Tool


class Bench:
    """`work` is a directory for all that is needed only while this runs."""

    def __init__(self, options, work):
        self.options, self.work = options, work
        self.peers = [name for name in options.peers if command_line.program(options, name)]
        self.absent = [name for name in options.peers if name not in self.peers]
        self.ceilings = Ceilings(self)
        self.flat_out = {}  # the runs that the figures of CPU and of memory are made of
        self.kept = []
        self._start = time.monotonic()

    def pick(self, full, quick):
        return quick if self.options.quick else full

    def program(self, name):
        return command_line.program(self.options, name)

    def rounds(self, ours, reference, peers, own=(Tool("dns-monitor"),), buffer_mib=LARGE_MIB):
        """{tool: how many rounds}: of ours, of tcpdump, and of the other peers."""
        counts = {"reference": reference, "peer": peers}
        rounds = dict.fromkeys(own, ours)
        for tool in (Tool(name, buffer_mib) for name in self.peers):
            rounds[tool] = counts[tool.role]
        return {tool: count for tool, count in rounds.items() if count}

    def is_late(self):
        """Whether the time that was promised would be too short for rounds that can be spared."""
        return time.monotonic() - self._start > self.pick(440, 50)

    def keep(self, figure, who, found):
        """For the report."""
        self.kept.append({"figure": figure, "tool": who, "found": found})

    def progress(self, text):
        if sys.stderr.isatty():
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
