"""Bad input: one line that says what is wrong and what to do; 2 for usage, 1 for the rest."""
import errno
import os
import pty

from lab.case import LabCase
from lab.cgroup import Cgroup
from lab.process import CAPABILITIES, DNS_MONITOR, cpus
from lab.refuse import BPF, BPF_PROG_LOAD, refuse

NOBODY = 65534


def as_nobody(capabilities=None):
    """In front of a command: another user, with these capabilities at most."""
    command = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    if capabilities:
        command += [f"--inh-caps={capabilities}", f"--ambient-caps={capabilities}"]
    return command


class BadInput(LabCase):

    def setUp(self):
        super().setUp()
        self.namespace = self.make_namespace()

    def refused(self, code, *arguments, prefix=(), **options):
        """Runs dns-monitor, which must refuse with one line. Returns that line."""
        done = self.namespace.run(*prefix, DNS_MONITOR, *arguments, check=False, seconds=30,
                                  **options)
        self.assertEqual(done.returncode, code, f"{arguments}: {done.stderr}")
        self.assertEqual(done.stdout, "")
        self.assertRegex(done.stderr, r"\Adns-monitor: [^\n]+\n\Z", arguments)
        return done.stderr

    def capture_refused(self, code, *options, interface="lo", **more):
        return self.refused(code, "capture", interface, "-d", self.directory, *options, **more)

    def test_values(self):
        """What the line must name: the option, and the value."""
        for option, values in {
                "--rotate": ("1x", "", "-1s", "s", "0", "1h 5m", "9999999999999d"),
                "--rotate-size": ("1Z", "x", "0", "-5", "1.5", "99999999999P"),
                "--max-age": ("soon", "0"),
                "--max-size": ("1 G", "many"),
                "--min-free": ("0%", "100%", "x%", "y"),
                "--port": ("0", "65536", "dns", "-1", "53,54"),
                "-Q": ("both", ""),
                "--snaplen": ("262145", "-1", "x"),
                "--ring-size": ("3M", "512K", "512M", "x"),
                "--ring-memory": ("0", "x"),
                "--flush": ("0", "1y"),
                "--count": ("0", "-1", "x"),
                "--duration": ("0", "x"),
                "--mode": ("0999", "rw-", "07777", "1777", ""),
                "--compress": ("gzip", "zstd:0", "zstd:20", "zstd:", ""),
                "--compress-threads": ("0", "9", "x"),
                "--seal": ("md5", "", "SHA256"),
                "--group": ("no-such-group", "-1", "4294967295", "4294967296"),
        }.items():
            for value in values:
                with self.subTest(option=option, value=value):
                    line = self.capture_refused(2, f"{option}={value}" if option.startswith("--")
                                                else f"{option}{value}" if value else f"{option}=")
                    self.assertIn(option, line)
                    self.assertIn("see --help", line)
                    if value:
                        self.assertIn(value, line)

    def test_usage(self):
        here = self.directory
        for arguments, words in {
                (): "which command",
                ("record",): "record",
                ("--frobnicate",): "--frobnicate",
                ("capture",): "interface",
                ("capture", "lo"): "-d",
                ("capture", "lo", "eth0", "-d", here): "eth0",
                ("capture", "lo", "-d", here, "--frobnicate"): "--frobnicate",
                ("capture", "lo", "-d", here, "--rotate"): "--rotate",
                ("capture", "lo", "-d", here, "--rotate", "500ms"): "whole seconds",
                ("capture", "lo", "-d", here, "--rotate", "25h"): "whole days",
                ("capture", "lo", "-d", here, "-w", "-"): "not both",
                ("capture", "lo", "-w", "file.pcap"): "-w",
                ("capture", "lo", "-w", "-", "--max-size", "1G"): "leave --max-size out",
                ("capture", "lo", "-w", "-", "--rotate", "1h"): "leave --rotate out",
                ("capture", "lo", "-w", "-", "--utc"): "leave --utc out",
                ("capture", "lo", "-w", "-", "--compress", "zstd"): "leave --compress out",
                ("capture", "lo", "-w", "-", "--group", "0"): "leave --group out",
                ("capture", "lo", "-d", here, *["--port", "53"] * 17): "16",
                ("interfaces", "lo"): "lo",
                ("verify",): "directory",
                ("verify", here, "--format", "xml"): "xml",
                ("verify", here, "--frobnicate"): "--frobnicate",
        }.items():
            with self.subTest(arguments=arguments):
                self.assertIn(words, self.refused(2, *arguments))

    def test_a_stream_to_a_terminal(self):
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)
        done = self.namespace.run(DNS_MONITOR, "capture", "lo", "-w", "-", check=False,
                                  stdout=slave)
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, r"\Adns-monitor: .*terminal.*\n\Z")

    def test_a_stream_to_nowhere(self):
        line = self.refused(2, "capture", "lo", "-w", "-", prefix=("sh", "-c", 'exec "$@" >&-', "sh"))
        self.assertIn("closed", line)

    def test_a_group_of_others(self):
        """Told at once, and not when the first file is finished."""
        os.chmod(self.directory, 0o777)
        line = self.capture_refused(1, "--group", "0", prefix=as_nobody(CAPABILITIES))
        self.assertIn("--group", line)
        self.assertIn("group 0", line)

    def test_no_such_interface(self):
        self.make_tun(self.namespace, "tun7")
        line = self.capture_refused(1, interface="eth9")
        self.assertIn("eth9", line)
        self.assertRegex(line, r"there are: lo, tun7$")
        for name in ("", "x" * 300, "../lo", "lo\n"):
            with self.subTest(name=name):
                self.assertIn("there are: lo, tun7", self.capture_refused(1, interface=name))

    def test_directories(self):
        missing = os.path.join(self.directory, "missing")
        self.assertIn(missing, self.refused(1, "capture", "lo", "-d", missing))
        file = self.path("file")
        with open(file, "wb"):
            pass
        self.assertIn("not a directory", self.refused(1, "capture", "lo", "-d", file))

    def test_more_free_space_than_there_is(self):
        """It would delete everything."""
        old = os.path.join(self.directory, "lo.20200101_0000.pcap")
        with open(old, "wb"):
            pass
        line = self.capture_refused(1, "--min-free", "7000P")
        self.assertIn("--min-free: 6.84 EiB can never be free", line)
        self.assertTrue(os.path.exists(old))

    def test_a_directory_that_is_not_writable(self):
        os.chmod(self.directory, 0o755)
        line = self.capture_refused(1, prefix=as_nobody(CAPABILITIES))
        self.assertIn(f"cannot write in {self.directory}", line)

    def test_missing_capabilities(self):
        os.chmod(self.directory, 0o777)
        for held, lacking in ((None, "cap_net_raw,cap_bpf,cap_perfmon"),
                              ("+net_raw", "cap_bpf,cap_perfmon"),
                              ("+bpf,+perfmon", "cap_net_raw"),
                              ("+net_raw,+bpf", "cap_perfmon")):
            with self.subTest(held=held):
                line = self.capture_refused(1, prefix=as_nobody(held))
                self.assertIn(lacking, line)
                self.assertRegex(line, r"setcap \S*cap_net_raw,cap_bpf,cap_perfmon\S* ")

    def test_these_capabilities_suffice(self):
        """And no memory that may be locked."""
        self.make_pair()
        directory = self.make_directory()
        os.chmod(self.directory, 0o755)
        os.chown(directory, NOBODY, NOBODY)
        monitor = self.capture(self.right, "dns0", directory=directory, prefix=[
            "prlimit", "--memlock=0", *as_nobody(CAPABILITIES)])
        sent = self.send(self.left, "10.53.0.99", "--count", "100", "--cpu", cpus()[0])
        self.assertEqual(monitor.finish().captured, sent[0])

    def test_ebpf_refused(self):
        line = self.capture_refused(1, preexec_fn=refuse(BPF, errno.EPERM, BPF_PROG_LOAD))
        self.assertIn("refuses the eBPF filter", line)

    def test_memory_limit(self):
        group = Cgroup("memory")
        self.addCleanup(group.remove)
        group.limit(48 << 20)
        line = self.capture_refused(1, "--ring-size", "64M", preexec_fn=group.join)
        self.assertIn("--ring-size", line)
        line = self.capture_refused(1, "--ring-memory", "64K")
        self.assertIn("64.0 KiB", line)

    def test_filter(self):
        """libpcap's own words."""
        for expression, words in {"prot 53": "syntax error", "host": "syntax error",
                                  "host no-such-host.invalid": "unknown host",
                                  "udp[100000000000]": "", "vlan 5000": "5000"}.items():
            with self.subTest(expression=expression):
                line = self.capture_refused(1, "--filter", expression)
                self.assertIn(words, line)
                self.assertIn("--filter", line)

    def test_filter_while_nothing_is_up(self):
        """Nobody can be asked what a filter comes to."""
        self.namespace.ip("link", "set", "lo", "down")
        line = self.capture_refused(1, "--filter", "udp")
        self.assertIn("--filter", line)
        self.assertIn("ip link set lo up", line)

    def test_nothing_is_left_behind(self):
        """Who is refused makes no files."""
        self.capture_refused(1, "--filter", "prot 53")
        self.capture_refused(2, "--rotate", "1x")
        self.assertEqual(set(os.listdir(self.directory)) - {".lo.lock"}, set())
