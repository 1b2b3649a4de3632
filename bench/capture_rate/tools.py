"""The tools: how each is told what to do, and which of them takes part."""
import dataclasses
import os
import re

PEERS = ("tcpdump", "dumpcap", "dnscap", "netsniff-ng")
LARGE_MIB = 256
_RING_SLACK_MIB = 1  # at most; what a record may stick out behind a ring's end


def has_tcx():
    release = re.match(r"(\d+)\.(\d+)", os.uname().release)
    return tuple(map(int, release.groups())) >= (6, 6)


@dataclasses.dataclass(frozen=True)
class Tool:
    """A program with its settings. What is not given is left at the program's default."""
    program: str
    buffer_mib: int = 0  # of dns-monitor: a ring, of which each CPU has one
    rotate_mib: int = 0  # a new file at about this size
    hook: str = ""
    compress: str = ""

    @property
    def role(self):
        return {"dns-monitor": "ours", "tcpdump": "reference"}.get(self.program, "peer")

    @property
    def label(self):
        words = [self.program]
        if self.hook:
            words.append(f"--hook {self.hook}")
        if self.compress:
            words.append(f"--compress {self.compress}")
        if self.buffer_mib:
            words.append({"dns-monitor": f"--ring-size {self.buffer_mib}M",
                          "tcpdump": f"-B {self.buffer_mib * 1024}",
                          "dumpcap": f"-B {self.buffer_mib}",
                          "dnscap": f"with {self.buffer_mib} MiB",
                          "netsniff-ng": f"-S {self.buffer_mib}MiB"}[self.program])
        return " ".join(words)

    def command(self, path, interface, directory):
        """`path` is that of the program."""
        return _COMMANDS[self.program](self, path, interface, directory)


def _dns_monitor(tool, path, interface, directory):
    command = [path, "capture", interface, "-d", directory]
    if tool.hook:
        command += ["--hook", tool.hook]
    if tool.compress:
        command += ["--compress", tool.compress]
    if tool.buffer_mib:
        command += ["--ring-size", f"{tool.buffer_mib}M",
                    "--ring-memory", f"{(tool.buffer_mib + _RING_SLACK_MIB) * os.cpu_count()}M"]
    if tool.rotate_mib:
        command += ["--rotate-size", f"{tool.rotate_mib}M"]
    return command


def _tcpdump(tool, path, interface, directory):
    return [path, "-i", interface, "-n", "-Z", "root", "-w", f"{directory}/tcpdump.pcap",
            *(["-B", tool.buffer_mib * 1024] if tool.buffer_mib else []),
            *(["-C", tool.rotate_mib] if tool.rotate_mib else []), "port 53"]


def _dumpcap(tool, path, interface, directory):
    # -P: pcap, not pcapng.
    return [path, "-i", interface, "-q", "-P", "-f", "port 53", "-w", f"{directory}/dumpcap.pcap",
            *(["-B", tool.buffer_mib] if tool.buffer_mib else []),
            *(["-b", f"filesize:{tool.rotate_mib * 1024}"] if tool.rotate_mib else [])]


def _dnscap(tool, path, interface, directory):
    # Port 53 is its default; -N: stays root, to write into the directory.
    return [path, "-N", "-i", interface, "-w", f"{directory}/dnscap", "-W", ".pcap",
            *(["-o", f"pcap_buffer_size={tool.buffer_mib << 20}"] if tool.buffer_mib else []),
            # Without -k, it ends where its first file does.
            *(["-C", tool.rotate_mib << 20, "-k", "true"] if tool.rotate_mib else [])]


def _netsniff_ng(tool, path, interface, directory):
    # -s: no packets on the terminal; -Q, -A: leaves interrupts and sysctls of the machine alone.
    out = directory if tool.rotate_mib else f"{directory}/netsniff-ng.pcap"
    return [path, "--in", interface, "--out", out, "-s", "-Q", "-A", "-f", "port 53",
            *(["-S", f"{tool.buffer_mib}MiB"] if tool.buffer_mib else []),
            *(["-F", f"{tool.rotate_mib}MiB"] if tool.rotate_mib else [])]


_COMMANDS = {"dns-monitor": _dns_monitor, "tcpdump": _tcpdump, "dumpcap": _dumpcap,
             "dnscap": _dnscap, "netsniff-ng": _netsniff_ng}
