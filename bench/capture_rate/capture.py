"""A tool at work on an interface."""
import os
import pathlib
import re
import shutil
import signal
import tempfile
import time

from measure.process import end, start
from measure.refusal import Refusal
from . import source
from .lab import TOOL_CPU
from .usage import Usage

_PATIENCE_SECONDS = 20
_READY_SECONDS = 0.25  # after the socket is there, for a filter that comes behind it
SETTLE_SECONDS = 1.3  # dns-monitor's --flush is 1 s; the others have nothing of the kind


class Capture:
    """With it, the tool captures; at the end, process and files go."""

    def __init__(self, bench, tool, interface="captured0", cpus=frozenset({TOOL_CPU}),
                 network=None):
        self._bench, self._tool, self._interface = bench, tool, interface
        self._cpus, self._network = cpus, network
        self._process = None

    def __enter__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(dir=self._bench.work))
        self._log = self._bench.work / f"{self.directory.name}.log"
        command = self._tool.command(self._bench.program(self._tool.program), self._interface,
                                     self.directory)
        try:
            with open(self._log, "w", encoding="utf-8") as log:
                self._process = start(command, self._cpus, self._network, stdout=log, stderr=log)
            self._wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self._process is not None:
            end(self._process)
        shutil.rmtree(self.directory, ignore_errors=True)
        self._log.unlink(missing_ok=True)

    @property
    def pid(self):
        return self._process.pid

    def usage(self):
        return Usage(self.pid)

    def said(self):
        return self._log.read_text(errors="replace").strip().splitlines()

    def stop(self):
        """By SIGTERM, as a service manager would."""
        status = end(self._process, signal.SIGTERM)
        if status not in (0, -signal.SIGTERM):
            raise Refusal(f"{self._tool.label} ended with {status}: {' '.join(self.said()[-3:])}")

    def files(self):
        """Oldest first."""
        def numbers(path):
            return [int(digits) for digits in re.findall(r"\d+", path.name)]
        found = (path for path in self.directory.iterdir()
                 if ".pcap" in path.name and not path.name.endswith(".json"))
        return sorted(found, key=numbers)

    def verdict(self, packets):
        files = self.files()
        if not files:
            raise Refusal(f"{self._tool.label} left no file: {' '.join(self.said()[-3:])}")
        return source.verdict(self._bench, packets, files) | {"said": self.said()[-8:]}

    def _wait_until_ready(self):
        ready = self._says_so if self._tool.program == "dns-monitor" else self._has_socket
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise Refusal(f"{self._tool.label} does not start: {' '.join(self.said()[-3:])}")
            time.sleep(0.02)
        time.sleep(_READY_SECONDS)

    def _says_so(self):
        return any(line.endswith(".part") for line in self.said())

    def _has_socket(self):
        """A packet socket that is bound to an interface and runs (packet(7), /proc/net/packet)."""
        mine = set()
        try:
            for entry in os.scandir(f"/proc/{self.pid}/fd"):
                mine.update(re.findall(r"^socket:\[(\d+)\]$", os.readlink(entry.path)))
            table = pathlib.Path(f"/proc/{self.pid}/net/packet").read_text()
        except OSError:
            return False
        rows = (line.split() for line in table.splitlines()[1:])
        return any(row[8] in mine and row[4] != "0" and row[5] == "1" for row in rows)


def run(bench, tool, packets, rate=0, settle_seconds=SETTLE_SECONDS, out=False):
    """One run of one tool over numbered packets, with `out` where they are sent. Its figures."""
    with Capture(bench, tool, "captured1" if out else "captured0") as capture:
        before = capture.usage()
        source_rate = source.send(bench, packets, rate, out)
        time.sleep(settle_seconds)
        after = capture.usage()
        capture.stop()
        verdict = capture.verdict(packets)
    return verdict | {
        "cpu_ns": (after.cpu_ns - before.cpu_ns) / packets,
        "user_ns": (after.user_ns - before.user_ns) / packets,
        "system_ns": (after.system_ns - before.system_ns) / packets,
        "source_rate": source_rate,
        "anonymous_mib": after.anonymous_mib,
        "resident_mib": after.resident_mib,
        "peak_mib": after.peak_mib,
    }
