"""What a process has used so far."""
import os
import pathlib
import re
import time

MIB = 1 << 20


class Usage:
    """CPU with threads that have ended and io_uring's workers, and memory, at this moment."""

    def __init__(self, pid):
        # The CPU clock of another process (clock_getcpuclockid(3)): utime + stime of its
        # /proc/PID/stat, which count in 10 ms, but in nanoseconds.
        self.cpu_ns = time.clock_gettime_ns((~pid << 3) | 2)
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        tick_ns = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
        self.user_ns, self.system_ns = (int(field) * tick_ns for field in fields[11:13])
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        memory = {key: int(value) * 1024 for key, value in re.findall(
            r"^(RssAnon|RssFile|RssShmem|VmHWM):\s+(\d+) kB", status, re.MULTILINE)}
        self.anonymous_mib = memory["RssAnon"] / MIB
        # Rings that are mapped count as of a file, although they are the kernel's memory.
        self.resident_mib = sum(memory[key] for key in ("RssAnon", "RssFile", "RssShmem")) / MIB
        self.peak_mib = memory["VmHWM"] / MIB
