"""--seal sha256: what sha256sum and verify make of the seals, and who removes them."""
import os
import pwd
import signal

from lab.case import LabCase
from lab.process import DNS_MONITOR, cpus, run
from lab.waiting import wait_until

NOBODY = pwd.getpwnam("nobody")
SEALER = "sealer"


def scheduling(pid, name):
    """The policy of the thread that is called so (sched(7)); None without such a thread."""
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/comm", encoding="ascii") as comm:
            if comm.read().strip() == name:
                return os.sched_getscheduler(int(task))
    return None


class Seal(LabCase):

    def setUp(self):
        super().setUp()
        self.make_pair()
        os.chmod(self.directory, 0o755)

    def sealing(self, *options, **more):
        return self.capture(self.right, "dns0", "--seal", "sha256", *options, **more)

    def finish(self, monitor, *options):
        """Ends it. A busy machine may leave the sealer no time: what it leaves, later starts seal."""
        monitor.finish()
        last = monitor
        while "have no seal yet" in last.errors():
            before = monitor.files()
            last = self.sealing(*options, directory=monitor.directory)
            wait_until(lambda: len(self.seals(monitor.directory)) >= len(before), "all seals")
            last.finish()

    def send_some(self, count=5000, **options):
        return self.send(self.left, "10.53.0.99", "--count", count, "--cpu", cpus()[0], **options)

    def seals(self, directory):
        return sorted(name for name in os.listdir(directory) if ".sha256" in name)

    def assert_sealed(self, paths):
        """Each of them, and nothing else in their directory; sha256sum finds them whole."""
        directory = os.path.dirname(paths[0])
        names = [os.path.basename(path) + ".sha256" for path in paths]
        self.assertEqual(self.seals(directory), sorted(names))
        checked = run(["sha256sum", "--strict", "-c", *names], cwd=directory)
        self.assertEqual(checked.stdout.count(": OK\n"), len(paths))

    def verify(self, directory, code=0):
        done = run([DNS_MONITOR, "verify", directory, "--deep"], check=False)
        self.assertEqual(done.returncode, code, done.stdout)
        return done.stdout

    def test_each_file_has_one(self):
        access = "--mode", "0604", "--group", "1"
        monitor = self.sealing("--rotate-size", "64K", *access)
        self.send_some()
        wait_until(lambda: self.seals(monitor.directory), "a seal while it captures")
        self.assertEqual(scheduling(monitor.pid, SEALER), os.SCHED_IDLE)
        self.finish(monitor, *access)
        paths = monitor.files()
        self.assertGreater(len(paths), 5)
        self.assert_sealed(paths)
        for path in paths:
            for file in path, path + ".json", path + ".sha256":
                info = os.stat(file)
                self.assertEqual((info.st_mode & 0o7777, info.st_gid), (0o604, 1), file)
        self.verify(monitor.directory)
        self.assertNotIn("the seal of", monitor.errors())

    def test_verify_finds_a_changed_byte(self):
        monitor = self.sealing()
        self.send_some(100)
        self.finish(monitor)
        path = monitor.files()[0]
        with open(path, "r+b") as file:
            file.seek(-1, os.SEEK_END)
            byte = file.read(1)[0]
            file.seek(-1, os.SEEK_END)
            file.write(bytes([byte ^ 1]))
        self.assertIn(f"{path}.sha256: does not hold", self.verify(monitor.directory, 1))
        checked = run(["sha256sum", "-c", os.path.basename(path) + ".sha256"], check=False,
                      cwd=monitor.directory)
        self.assertEqual(checked.returncode, 1)

    def test_as_another_user(self):
        monitor = self.sealing("--user", "nobody", directory=self.path("captures"))
        self.send_some(100)
        monitor.send_signal(signal.SIGHUP)
        wait_until(lambda: self.seals(monitor.directory), "a seal")
        self.finish(monitor, "--user", "nobody")
        self.assert_sealed(monitor.files())
        for name in self.seals(monitor.directory):
            self.assertEqual(os.stat(os.path.join(monitor.directory, name)).st_uid, NOBODY.pw_uid)

    def test_what_an_earlier_capture_left_without(self):
        directory = self.make_directory()
        first = self.capture(self.right, "dns0", "--rotate-size", "64K", directory=directory)
        self.send_some(2000)
        first.finish()
        self.assertEqual(self.seals(directory), [])
        killed = self.sealing(directory=directory)
        self.send_some(100)
        killed.wait_for_packets(2100)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        last = self.sealing(directory=directory)
        last.wait_for(r"which a crash left")
        wait_until(lambda: len(self.seals(directory)) == len(last.files()), "all seals")
        self.finish(last)
        self.assert_sealed(last.files())
        self.verify(directory)

    def test_retention_removes_them(self):
        monitor = self.sealing("--rotate-size", "64K", "--max-size", "256K")
        self.send_some(20000)
        monitor.wait_for(r"removed \S+\.pcap ", 5)
        self.finish(monitor, "--max-size", "256K")
        paths = monitor.files()
        self.assert_sealed(paths)
        sizes = [os.path.getsize(os.path.join(monitor.directory, name))
                 for name in os.listdir(monitor.directory) if name.startswith("dns0.")]
        self.assertLessEqual(sum(sizes), 256 << 10)
        self.assertGreater(sum(sizes), 128 << 10)
        self.verify(monitor.directory)
        self.assertNotIn("the seal of", monitor.errors())

    def test_a_stream_has_none(self):
        done = self.right.run(DNS_MONITOR, "capture", "dns0", "-w", "-", "--seal", "sha256",
                              check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("leave --seal out", done.stderr)
