"""dns-monitor under test, and tcpdump beside it."""
import os
import re
import signal

from .pcap import read_pcap
from .process import COMPRESS, DNS_MONITOR, HOOK, Process
from .waiting import wait_until

_CAUSES = {"truncated headers", "malformed headers", "too many VLAN tags",
           "too many IPv6 extension headers", "fragments without their first",
           "ICMP errors that quote too little", "nested in another packet"}


def _number(text):
    return int(text.replace(" ", ""))


class Summary:
    """What dns-monitor counted, from the lines that it ends with."""

    def __init__(self, text):
        def find(pattern):
            match = re.search(pattern, text, re.MULTILINE)
            return _number(match.group(1)) if match else 0
        self.text = text
        if " seen (" not in text:
            raise AssertionError(f"no summary:\n{text}")
        self.captured = find(r"^([\d ]+) packets? captured$")
        self.matched = find(r"^([\d ]+) packets? matched by the filter")
        self.seen = find(r", of ([\d ]+) seen")
        self.not_dns = find(r"\(([\d ]+) not DNS")
        self.filtered = find(r", ([\d ]+) filtered by the user")
        self.undecided = find(r"^([\d ]+) packets? undecided$")
        self.lost = find(r"^([\d ]+) packets? lost$")
        self.left = find(r"^([\d ]+) packets? left ")
        self.clipped = find(r"^([\d ]+) packets? clipped")
        self.late = find(r"^([\d ]+) packets? out of order$")
        self.causes = {cause: _number(count)
                       for count, cause in re.findall(r"^    ([\d ]*\d) (.+)$", text, re.MULTILINE)
                       if cause in _CAUSES}

    def check_balance(self):
        """seen = not_dns + filtered + undecided + matched; matched = written + lost + in_ring."""
        assert self.seen == self.not_dns + self.filtered + self.undecided + self.matched, self.text
        assert self.matched == self.captured + self.lost + self.left, self.text
        assert self.undecided == sum(self.causes.values()), self.text


class Monitor(Process):
    """A running `dns-monitor capture`."""

    def __init__(self, namespace, interface, directory, *options, error_path, prefix=(),
                 program=DNS_MONITOR, **process_options):
        self.interface = interface
        self.directory = directory
        target = ["-d", directory] if directory is not None else ["-w", "-"]
        hook = ["--hook", HOOK] if HOOK else []
        if COMPRESS and directory is not None and "--compress" not in options:
            target += ["--compress", COMPRESS]
        command = [*prefix, program, "capture", interface, *target, *hook, *options]
        super().__init__(namespace.command(command), error_path, **process_options)

    def wait_until_capturing(self):
        self.wait_for(r"^dns-monitor: capturing on ")

    def finish(self, number=signal.SIGTERM):
        """Ends the capture, which must go well. Returns its Summary, balance checked."""
        self.stop(number)
        return self.summary()

    def summary(self, exit_code=0):
        if self.returncode != exit_code:
            raise AssertionError(f"exit {self.returncode}:\n{self.errors()}")
        summary = Summary(self.errors())
        summary.check_balance()
        return summary

    def files(self, suffix=".pcap"):
        """Paths of this capture's files, compressed or not, oldest first."""
        suffix = re.escape(suffix).replace(r"\.pcap", r"\.pcap(?:\.zst)?")
        pattern = re.compile(re.escape(self.interface) + r"\.(\d{8}_\d{4,6})(?:-(\d+))?"
                             + suffix)
        found = []
        for name in os.listdir(self.directory):
            match = pattern.fullmatch(name)
            if match:
                found.append((match[1], int(match[2] or 0), os.path.join(self.directory, name)))
        return [path for _, _, path in sorted(found)]

    def part(self):
        """The path of the file that is being written."""
        parts = wait_until(lambda: self.files(".pcap.part"), "a .part")
        return parts[-1]

    def packets(self):
        """All packets of the finished files, in order."""
        return [packet for path in self.files() for packet in read_pcap(path).packets]

    def frames(self):
        return [packet.data for packet in self.packets()]

    def wait_for_packets(self, count):
        """Until `count` packets are readable in finished and unfinished files."""
        self._wait_for_files(lambda files: sum(len(file.packets) for file in files) >= count,
                             f"{count} packets")

    def wait_for_frame(self, part):
        """Until a frame with these bytes is readable. On one CPU, all before it are, too."""
        self._wait_for_files(lambda files: any(part in frame for file in reversed(files)
                                               for frame in file.frames), f"a frame with {part}")

    def _wait_for_files(self, condition, what):
        def come():
            try:
                return condition([read_pcap(path, may_be_torn=True)
                                  for path in self.files() + self.files(".pcap.part")])
            except FileNotFoundError:  # finished or removed just now
                return False
        wait_until(come, lambda: f"{what} in {self.directory}\n{self.errors()}")


class Tcpdump(Process):
    """tcpdump on the same interface, without a filter: as wide as can be."""

    def __init__(self, namespace, interface, path, error_path, *options, **process_options):
        self.path = path
        command = ["tcpdump", "-n", "-i", interface, "-s", "0", "-B", "65536", "-U", "-Z", "root",
                   "-w", path, *options]
        super().__init__(namespace.command(command), error_path, **process_options)

    def wait_until_capturing(self):
        self.wait_for(r"listening on ")

    def wait_for_frame(self, frame_part):
        """Until a frame that ends with `frame_part` is in the file: all before it are, too."""
        def arrived():
            return any(frame.endswith(frame_part)
                       for frame in read_pcap(self.path, may_be_torn=True).frames)
        wait_until(arrived, f"the last frame in {self.path}")

    def finish(self):
        """Ends it; returns its frames."""
        self.stop(signal.SIGINT)
        dropped = re.search(r"^(\d+) packets? dropped by kernel", self.errors(), re.MULTILINE)
        if self.returncode != 0 or dropped is None or dropped[1] != "0":
            raise AssertionError(f"tcpdump cannot be compared with:\n{self.errors()}")
        return read_pcap(self.path, may_be_torn=True).frames
