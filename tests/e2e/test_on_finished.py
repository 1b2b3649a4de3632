"""--on-finished: what runs for each finished file, with what, and who waits for it."""
import os
import pwd
import signal

from lab.case import LabCase
from lab.process import DNS_MONITOR, cpus
from lab.waiting import wait_until

NOBODY = pwd.getpwnam("nobody")


class OnFinished(LabCase):

    def setUp(self):
        super().setUp()
        self.make_pair()
        os.chmod(self.directory, 0o755)
        self.out = self.path("out")
        os.mkdir(self.out)
        os.chmod(self.out, 0o777)

    def script(self, body):
        """A command; $out is a directory in which it may write."""
        path = self.path("command")
        with open(path, "w", encoding="ascii") as file:
            file.write(f"#!/bin/sh\nout={self.out}\n{body}\n")
        os.chmod(path, 0o755)
        return path

    def running(self, body, *options, flag="-z", **more):
        return self.capture(self.right, "dns0", flag, self.script(body), *options, **more)

    def told(self, name="files"):
        try:
            with open(os.path.join(self.out, name), encoding="utf-8") as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []

    def send_some(self, count=100):
        return self.send(self.left, "10.53.0.99", "--count", count, "--cpu", cpus()[0])

    def pid_of_helper(self, monitor):
        with open(f"/proc/{monitor.pid}/task/{monitor.pid}/children", encoding="ascii") as children:
            [pid] = children.read().split()
        return int(pid)

    def test_each_file_with_its_ledger(self):
        monitor = self.running('ls "$1.json" >>$out/ledgers; echo "$1" >>$out/files',
                               "--rotate-size", "64K", flag="--on-finished")
        self.send_some(5000)
        wait_until(self.told, "the first command")
        monitor.finish()
        self.assertGreater(len(monitor.files()), 5)
        self.assertEqual(self.told(), monitor.files())
        self.assertEqual(self.told("ledgers"), [path + ".json" for path in monitor.files()])

    def test_after_the_seal(self):
        monitor = self.running('cd "${1%/*}" && sha256sum -c "${1##*/}.sha256" >>$out/files',
                               "--seal", "sha256", "--rotate-size", "64K")
        self.send_some(2000)
        monitor.wait_for(r"finished dns0\.", 2)
        wait_until(lambda: len(self.told()) >= 2, "two commands")
        monitor.finish()
        # The end waits only so long for seals on a busy machine.
        files = [os.path.basename(path) for path in monitor.files()
                 if os.path.exists(path + ".sha256")]
        self.assertEqual(self.told(), [f"{name}: OK" for name in files])

    def test_what_a_crash_left(self):
        directory = self.make_directory()
        killed = self.capture(self.right, "dns0", directory=directory)
        self.send_some()
        killed.wait_for_packets(100)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        monitor = self.running('echo "$1" >>$out/files', directory=directory)
        monitor.wait_for("which a crash left")
        wait_until(self.told, "the command")
        monitor.finish()
        self.assertEqual(self.told(), monitor.files())

    def test_has_nothing_of_ours(self):
        """As another user, from inside the command."""
        directory = self.path("captures")
        monitor = self.running(
            "cat /proc/self/status >$out/status; env >$out/environment; pwd >$out/directory; "
            "cat /proc/$$/stat >$out/stat; cat /proc/$PPID/status >$out/helper; "
            "exec ls -l /proc/self/fd >$out/descriptors",
            "--user", "nobody", directory=directory,
            env={**os.environ, "NOTIFY_SOCKET": "/nowhere", "LISTEN_FDS": "1", "KEPT": "yes"})
        monitor.finish()
        for process in "status", "helper":
            status = dict(line.split(":\t", 1) for line in self.told(process) if ":\t" in line)
            for privileges in "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb":
                self.assertEqual(int(status[privileges], 16), 0, privileges)
            self.assertEqual(status["NoNewPrivs"], "1")
            self.assertEqual(status["Uid"], f"{NOBODY.pw_uid}\t" * 3 + str(NOBODY.pw_uid))
            self.assertEqual(status["Gid"], f"{NOBODY.pw_gid}\t" * 3 + str(NOBODY.pw_gid))
        self.assertEqual(self.told("directory"), [directory])
        environment = dict(line.split("=", 1) for line in self.told("environment"))
        self.assertEqual(environment["USER"], "nobody")
        self.assertEqual(environment["LOGNAME"], "nobody")
        self.assertEqual(environment["HOME"], NOBODY.pw_dir)
        self.assertEqual(environment["KEPT"], "yes")
        self.assertFalse({"NOTIFY_SOCKET", "LISTEN_FDS"} & environment.keys())
        # The three, and the directory that ls reads.
        descriptors = dict(line.split()[-3::2] for line in self.told("descriptors")
                           if " -> " in line)
        self.assertEqual(set(descriptors), {"0", "1", "2", "3"})
        self.assertEqual(descriptors["0"], "/dev/null")
        self.assertRegex(descriptors["3"], "^/proc/[0-9]+/fd$")
        fields = " ".join(self.told("stat")).rpartition(")")[2].split()
        self.assertEqual(fields[16], "19")  # nice
        self.assertNotEqual(int(fields[3]), os.getsid(0))

    def test_root_without_privileges(self):
        monitor = self.running("grep -E '^(Cap|Uid|NoNewPrivs)' /proc/self/status >$out/status")
        monitor.finish()
        status = dict(line.split(":\t", 1) for line in self.told("status"))
        self.assertEqual(status.pop("Uid"), "0\t0\t0\t0")
        self.assertEqual(status.pop("NoNewPrivs"), "1")
        self.assertEqual({int(bits, 16) for bits in status.values()}, {0})

    def test_failures_are_told(self):
        monitor = self.running("echo complaint >&2; echo output; exit 3")
        monitor.finish()
        [path] = monitor.files()
        self.assertRegex(monitor.errors(),
                         rf"(?m)^dns-monitor: \S+command {os.path.basename(path)}: exit status 3$")
        self.assertRegex(monitor.errors(), r"(?m)^complaint$")
        self.assertRegex(monitor.errors(), r"(?m)^output$")

    def hold(self):
        """The start of a script that goes on once release() is called."""
        path = os.path.join(self.out, "hold")
        os.mkfifo(path)
        # Held here, so that whatever still reads it ends with the test.
        self.addCleanup(os.close, os.open(path, os.O_RDWR))
        self.addCleanup(os.remove, path)
        return "echo >>$out/began; read line <$out/hold; "

    def release(self):
        with open(os.path.join(self.out, "hold"), "w", encoding="ascii") as hold:
            hold.write("go\n")

    def test_capturing_waits_for_no_command(self):
        monitor = self.running(self.hold() + 'echo "$1" >>$out/files', "--rotate-size", "64K")
        self.send_some(3000)
        monitor.wait_for_packets(3000)
        monitor.send_signal(signal.SIGINT)
        monitor.wait_for(r"waiting until \S+command has run for (\d+) files; SIGINT or SIGTERM")
        self.assertIn("3 000 packets captured", monitor.errors())
        self.assertEqual(self.told(), [])
        for _ in monitor.files():
            self.release()
        self.assertEqual(monitor.wait(), 0)
        self.assertEqual(self.told(), monitor.files())

    def test_a_second_signal_ends_the_waiting_only(self):
        """Of the whole process group, as by Ctrl-C: the command runs to its end."""
        monitor = self.running(self.hold() + 'echo "$1" >>$out/files', start_new_session=True)
        os.killpg(monitor.pid, signal.SIGINT)
        monitor.wait_for(r"waiting until \S+command has run for 1 file; ")
        wait_until(lambda: self.told("began"), "the command")
        os.killpg(monitor.pid, signal.SIGINT)
        self.assertEqual(monitor.wait(), 0)
        self.assertEqual(self.told(), [])
        self.release()
        wait_until(lambda: self.told() == monitor.files(), "the command to run to its end")

    def test_the_death_of_the_helper(self):
        monitor = self.running('echo "$1" >>$out/files')
        os.kill(self.pid_of_helper(monitor), signal.SIGKILL)
        monitor.wait_for(r"the helper of --on-finished has died: \S+command is not run any more$")
        self.send_some()
        self.assertEqual(monitor.finish().captured, 100)
        self.assertEqual(self.told(), [])

    def refused(self, code, *options):
        done = self.right.run(DNS_MONITOR, "capture", "dns0", *options, check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertRegex(done.stderr, r"\Adns-monitor: [^\n]+\n\Z")
        return done.stderr

    def test_what_cannot_be_run(self):
        directory = self.make_directory()
        for command, words in {"no-such-command": "there is no program 'no-such-command' in PATH",
                               "gzip -9": "there is no program 'gzip -9' in PATH",
                               "/no/such": "/no/such: No such file",
                               "/etc/passwd": "/etc/passwd: Permission denied"}.items():
            self.assertIn(f"--on-finished: {words}", self.refused(1, "-d", directory, "-z", command))
        secret = self.script("exit 0")
        os.chmod(secret, 0o700)
        self.assertIn(f"{secret}: Permission denied", self.refused(
            1, "-d", self.path("captures"), "-z", secret, "--user", "nobody"))
        self.assertIn("is no command", self.refused(2, "-d", directory, "-z", ""))
        self.assertIn("leave --on-finished out", self.refused(2, "-w", "-", "-z", "gzip"))
