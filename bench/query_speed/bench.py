"""What the figures share: settings, captures, and what they found so far."""
import sys

from measure.process import output
from . import options as command_line
from .programs import Program, run


class Bench:
    """`work` is a directory for all that is needed only while this runs."""

    def __init__(self, options, work):
        self.options, self.work = options, work
        self.ours = Program("dns-monitor", "ours", self._path("dns-monitor-query"), threads=2)
        self.alone = Program("dns-monitor, 1 thread", "ours", self.ours.path)
        self.floor = Program("floor", "reference", self._path("walk-records"))
        self.peers = [Program(name, "peer", self._path(name)) for name in options.peers
                      if self._path(name)]
        self.absent = [name for name in options.peers if not self._path(name)]
        self.kept = []

    def _path(self, name):
        return command_line.program(self.options, name)

    def pick(self, full, quick):
        return quick if self.options.quick else full

    def is_late(self):
        """No round is left out."""
        return False

    def capture(self, messages, files=1):
        """The files of so many generated messages, the same each time, and in the page cache."""
        paths = [self.work / f"{messages}.{number:03}of{files}.pcap" for number in range(files)]
        if not all(path.exists() for path in paths):
            self.progress(f"making {messages:,} messages")
            output([self._path("make-messages"), messages, *paths], seconds=900)
        run([self.floor.path, *paths])
        return paths

    def keep(self, figure, who, found):
        """For the report."""
        self.kept.append({"figure": figure, "program": who, "found": found})

    def progress(self, text):
        if sys.stderr.isatty():
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
