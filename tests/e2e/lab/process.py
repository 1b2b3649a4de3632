"""Processes whose output is kept and whose end is sure."""
import os
import re
import signal
import subprocess

from .waiting import PATIENCE_SECONDS, wait_until

BUILD = os.environ.get("DNS_MONITOR_BUILD", "")
COMPRESS = os.environ.get("DNS_MONITOR_COMPRESS", "")  # likewise, of all into files
HOOK = os.environ.get("DNS_MONITOR_HOOK", "")  # for all captures that do not choose one
HAS_TCX = tuple(map(int, re.match(r"(\d+)\.(\d+)", os.uname().release).groups())) >= (6, 6)
# As setpriv(1) lists what a capture needs.
CAPABILITIES = "+net_raw,+bpf,+perfmon" + (",+net_admin" if HOOK == "tcx" else "")
DNS_MONITOR = os.path.join(BUILD, "dns-monitor")
SEND_NUMBERED = os.path.join(BUILD, "tests", "tools", "send_numbered")
CHECK_NUMBERED = os.path.join(BUILD, "tests", "tools", "check_numbered")


def cpus():
    """The CPUs that there are for the tests, lowest first."""
    return sorted(os.sched_getaffinity(0))


def run(command, check=True, seconds=PATIENCE_SECONDS, **options):
    """Runs to the end; output as text. A failure shows what was printed."""
    options.setdefault("text", True)
    done = subprocess.run(command, stdout=options.pop("stdout", subprocess.PIPE),
                          stderr=subprocess.PIPE, stdin=options.pop("stdin", subprocess.DEVNULL),
                          timeout=seconds, check=False, **options)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: exit {done.returncode}\n"
                             f"{done.stdout}\n{done.stderr}")
    return done


class Process:
    """A process in the background, its standard error in a file."""

    def __init__(self, command, error_path, on_cpu=None, **options):
        if on_cpu is not None:
            command = ["taskset", "-c", str(on_cpu), *command]
        self.command = command
        self.error_path = error_path
        self.returncode = None
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.DEVNULL)
        with open(error_path, "wb") as error:
            options.setdefault("stderr", error)
            self.popen = subprocess.Popen(command, **options)

    @property
    def pid(self):
        return self.popen.pid

    def errors(self):
        with open(self.error_path, encoding="utf-8", errors="replace") as error:
            return error.read()

    def wait_for(self, pattern, count=1):
        """Until standard error matches `pattern` (`count` times). Returns the matches."""
        def matched():
            text = self.errors()
            matches = list(re.finditer(pattern, text, re.MULTILINE))
            if len(matches) < count and self.popen.poll() is not None:
                raise AssertionError(f"{self.command} ended with {self.popen.returncode} before "
                                     f"{pattern!r} came:\n{text}")
            return matches if len(matches) >= count else None
        return wait_until(matched, lambda: f"{pattern!r} from {self.command}:\n{self.errors()}")

    def send_signal(self, number):
        self.popen.send_signal(number)

    def pause(self):
        """Until resume(), it does nothing at all."""
        self.send_signal(signal.SIGSTOP)
        def stopped():
            with open(f"/proc/{self.pid}/stat", encoding="ascii") as state:
                return state.read().rpartition(")")[2].split()[0] == "T"
        wait_until(stopped, f"{self.command} to stop")

    def resume(self):
        self.send_signal(signal.SIGCONT)

    def wait(self, seconds=PATIENCE_SECONDS):
        try:
            self.returncode = self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.command} does not end:\n{self.errors()}") from None
        return self.returncode

    def stop(self, number=signal.SIGTERM):
        if self.popen.poll() is None:
            self.send_signal(number)
        return self.wait()

    def kill(self):
        if self.popen.poll() is None:
            self.popen.kill()
            self.popen.wait()
        for stream in (self.popen.stdin, self.popen.stdout):
            if stream is not None:
                stream.close()
