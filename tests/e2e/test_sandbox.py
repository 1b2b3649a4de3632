"""Nobody let in: what a running capture has left, and what cannot lead it astray."""
import os
import pwd
import shutil
import signal
import unittest

from lab.case import LabCase
from lab.process import CAPABILITIES, DNS_MONITOR, cpus, run
from lab.refuse import IO_URING_SETUP, refuse
from lab.waiting import wait_until

NOBODY = pwd.getpwnam("nobody")
PRIVILEGES = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
KINDS = {"dns-monitor", "log", "writer", "finisher"}


def threads(pid):
    """The status of each thread, by its name: a dictionary of strings."""
    found = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/status", encoding="ascii") as status:
            fields = dict(line.rstrip("\n").split(":\t", 1) for line in status if ":\t" in line)
        found[fields["Name"]] = fields
    return found


def pid_of(monitor):
    """Of dns-monitor itself, which `ip netns exec` and `setpriv` have become."""
    with open(f"/proc/{monitor.pid}/comm", encoding="ascii") as name:
        assert name.read() == "dns-monitor\n"
    return monitor.pid


class Sandbox(LabCase):

    def setUp(self):
        super().setUp()
        self.make_pair()
        os.chmod(self.directory, 0o755)

    def send_some(self, first=0, count=100):
        self.send(self.left, "10.53.0.99", "--count", str(count), "--first", str(first),
                  "--cpu", str(cpus()[0]))

    def assert_confined(self, monitor, kinds, bounding=True):
        found = wait_until(lambda: (lambda now: kinds <= now.keys() and now)(
            threads(pid_of(monitor))), f"the threads {kinds}")
        for name, status in found.items():
            with self.subTest(thread=name):
                for kind in PRIVILEGES if bounding else PRIVILEGES[:3] + PRIVILEGES[4:]:
                    self.assertEqual(int(status[kind], 16), 0, kind)
                self.assertEqual(status["NoNewPrivs"], "1")
                self.assertEqual(status["Seccomp"], "2")
        return found

    def assert_owned(self, path, mode=None):
        info = os.stat(path)
        self.assertEqual((info.st_uid, info.st_gid), (NOBODY.pw_uid, NOBODY.pw_gid), path)
        if mode is not None:
            self.assertEqual(info.st_mode & 0o7777, mode, path)

    def check_all_is_confined(self, *options, kinds=KINDS, **more):
        monitor = self.capture(self.right, "dns0", *options, **more)
        self.send_some()
        monitor.wait_for_packets(100)
        found = self.assert_confined(monitor, set(kinds))
        self.assertEqual(monitor.finish().captured, 100)
        self.assert_whole(self.check_numbered(monitor.files(), 1, [100]))
        return monitor, found

    def test_root_keeps_nothing(self):
        _, found = self.check_all_is_confined("--max-age", "1d", "--min-free", "1K",
                                              kinds=KINDS | {"retention"})
        self.assertEqual({status["Uid"] for status in found.values()}, {"0\t0\t0\t0"})
        # The kernel's own worker, which writes to the disk, inherits all of it.
        self.assertTrue(any(name.startswith("iou-wrk") for name in found), found.keys())

    def test_without_io_uring(self):
        monitor, _ = self.check_all_is_confined(preexec_fn=refuse(IO_URING_SETUP, 1))
        self.assertIn("pwrite", monitor.errors())

    def test_capabilities_are_dropped(self):
        directory = self.make_directory()
        os.chown(directory, NOBODY.pw_uid, NOBODY.pw_gid)
        monitor = self.capture(self.right, "dns0", directory=directory, prefix=[
            "setpriv", "--reuid=nobody", f"--regid={NOBODY.pw_gid}", "--clear-groups",
            f"--inh-caps={CAPABILITIES}", f"--ambient-caps={CAPABILITIES}"])
        self.send_some()
        monitor.wait_for_packets(100)
        # Without CAP_SETPCAP the bounding set stays, and no_new_privs makes it void.
        self.assert_confined(monitor, KINDS, bounding=False)
        self.assertEqual(monitor.finish().captured, 100)

    def test_another_user(self):
        """Who owns all that the capture makes; the directory was missing, and its parent is root's."""
        shutil.rmtree("/run/dns-monitor", ignore_errors=True)  # this run's own
        directory = self.path("captures")
        monitor, found = self.check_all_is_confined(
            "--user", "nobody", "--min-free", "1K", directory=directory,
            kinds=KINDS | {"retention"})
        uids, gids = (f"{number}\t" * 3 + str(number) for number in (NOBODY.pw_uid, NOBODY.pw_gid))
        for name, status in found.items():
            self.assertEqual((status["Uid"], status["Gid"]), (uids, gids), name)
        self.assert_owned(directory, 0o750)
        for name in os.listdir(directory):
            self.assert_owned(os.path.join(directory, name))
        self.assertIn(".dns0.lock", os.listdir(directory))
        self.assert_owned("/run/dns-monitor", 0o755)
        [entry] = os.listdir("/run/dns-monitor")
        self.assert_owned(os.path.join("/run/dns-monitor", entry), 0o644)
        self.assertNotIn("leave each other's files alone", monitor.errors())

    def test_another_user_by_number_and_a_group(self):
        directory = self.path("captures")
        monitor = self.capture(self.right, "dns0", "--user", str(NOBODY.pw_uid), "--group", "1",
                               directory=directory)
        self.assertEqual(monitor.finish().captured, 0)
        [file] = monitor.files()
        self.assertEqual((os.stat(file).st_uid, os.stat(file).st_gid), (NOBODY.pw_uid, 1))

    def test_another_users_stream(self):
        with open(self.path("stream.pcap"), "w+b") as output:
            monitor = self.stream(self.right, "dns0", "--user", "nobody", stdout=output)
            self.send_some()
            self.assert_confined(monitor, {"dns-monitor", "log", "writer"})
            self.assertEqual(monitor.finish().captured, 100)
            self.assert_whole(self.check_numbered([output.name], 1, [100]))

    def refused(self, directory, *options, code=1, prefix=()):
        done = self.right.run(*prefix, DNS_MONITOR, "capture", "dns0", "-d", directory, *options,
                              check=False, seconds=30)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertRegex(done.stderr, r"\Adns-monitor: [^\n]+\n\Z")
        return done.stderr

    def test_users_that_cannot_be(self):
        directory = self.make_directory()
        for name in ("no-such-user", "-1", "4294967295"):
            line = self.refused(directory, f"--user={name}", code=2)
            self.assertIn("--user", line)
            self.assertIn(name, line)
        self.assertIn("leave --user out", self.refused(directory, "--user", "nobody",
                                                       "--no-sandbox", code=2))
        line = self.refused(directory, "--user", "daemon", prefix=[
            "setpriv", "--reuid=nobody", f"--regid={NOBODY.pw_gid}", "--clear-groups"])
        self.assertIn("only root can become another user", line)

    def test_directories_that_are_not_the_users(self):
        directory = self.make_directory()
        line = self.refused(directory, "--user", "nobody")
        self.assertIn(f"cannot write in {directory}", line)
        self.assertIn("as the user nobody", line)
        missing = os.path.join(directory, "a", "b")
        self.assertIn(f"cannot create {missing}", self.refused(missing, "--user", "nobody"))
        os.chown(directory, NOBODY.pw_uid, NOBODY.pw_gid)
        line = self.refused(directory)
        self.assertIn(f"cannot write in {directory}", line)
        self.assertIn("give --user", line)
        self.assertEqual(os.listdir(directory), [])

    def test_no_sandbox(self):
        monitor = self.capture(self.right, "dns0", "--no-sandbox")
        monitor.wait_for(r"--no-sandbox: ")
        status = wait_until(lambda: threads(pid_of(monitor)).get("writer"), "the writer")
        self.assertNotEqual(int(status["CapEff"], 16), 0)
        self.assertEqual(status["Seccomp"], "0")
        monitor.finish()

    def test_all_goes_on(self):
        """Rotation by signal, a link that goes and comes back, all as another user."""
        monitor = self.capture(self.right, "dns0", "--user", "nobody", "--max-size", "100M",
                               directory=self.path("captures"))
        self.send_some()
        monitor.wait_for_packets(100)
        monitor.send_signal(signal.SIGHUP)
        monitor.wait_for(r"finished dns0\.")
        self.right.ip("link", "set", "dns0", "down")
        monitor.wait_for(r"dns0 is down$")
        self.right.ip("link", "set", "dns0", "name", "wan0")
        monitor.wait_for(r"another name now")
        self.right.ip("link", "add", "dns0", "type", "veth", "peer", "name", "other0")
        monitor.wait_for(r"dns0 is there again")
        self.assertIn("promiscuity 1", self.right.ip("-d", "link", "show", "dns0"))
        self.assertEqual(monitor.finish().captured, 100)

    def capture_with_cpus(self, online, present):
        """A capture that is told of these CPUs; the path of the file that says which are online."""
        paths = []
        for text in (online, present):
            paths.append(self.path("cpus"))
            with open(paths[-1], "w", encoding="ascii") as file:
                file.write(text)
        cpu = "/sys/devices/system/cpu"
        script = (f'mount --bind {paths[0]} {cpu}/online && mount --bind {paths[1]} {cpu}/present'
                  ' && exec "$@"')
        return self.capture(self.right, "dns0", prefix=("sh", "-c", script, "sh")), paths[0]

    def bring_online(self, path, text):
        with open(path, "w", encoding="ascii") as file:
            file.write(text)

    @unittest.skipIf(len(cpus()) < 2, "one CPU only")
    def test_a_cpu_that_comes_online(self):
        """It was present, so it has a ring."""
        first, second = cpus()[:2]
        monitor, online = self.capture_with_cpus(f"{first}", f"{first},{second}")
        self.bring_online(online, f"{first},{second}")
        self.send(self.left, "10.53.0.99", "--count", "100", "--cpu", str(second))
        monitor.wait_for_packets(100)
        self.assertEqual(monitor.finish().captured, 100)
        self.assertNotIn("without a ring", monitor.errors())

    @unittest.skipIf(len(cpus()) < 2, "one CPU only")
    def test_a_cpu_that_is_plugged_in(self):
        """No ring can be made any more: told once, and what comes there is counted."""
        first, second = cpus()[:2]
        monitor, online = self.capture_with_cpus(f"{first}", f"{first}")
        self.bring_online(online, f"{first},{second}")
        monitor.wait_for(r"1 CPU came online without a ring: .*privileges are dropped")
        self.send(self.left, "10.53.0.99", "--count", "100", "--cpu", str(second))
        summary = monitor.finish()
        self.assertEqual((summary.captured, summary.lost), (0, 100))
        self.assertEqual(monitor.errors().count("came online without a ring"), 1)

    def test_a_link_in_place_of_the_lock(self):
        directory, target = self.make_directory(), self.path("target")
        os.symlink(target, os.path.join(directory, ".dns0.lock"))
        self.assertIn(".dns0.lock", self.refused(directory))
        self.assertFalse(os.path.exists(target))

    def test_a_link_in_place_of_a_file(self):
        """Somebody guesses each name of the next hour: all of them count as taken."""
        directory, target = self.make_directory(), self.path("target")
        now = int(run(["date", "+%s"]).stdout)
        for minute in range(60):
            stem = run(["date", "-d", f"@{now + 60 * minute}", "+dns0.%Y%m%d_%H%M"]).stdout.strip()
            for suffix in (".pcap", ".pcap.part", ".pcap.json"):
                os.symlink(target, os.path.join(directory, stem + suffix))
        monitor = self.capture(self.right, "dns0", directory=directory)
        self.send_some()
        self.assertEqual(monitor.finish().captured, 100)
        files = [path for path in monitor.files() if not os.path.islink(path)]
        self.assertRegex(files[0], r"-1\.pcap$")
        self.assert_whole(self.check_numbered(files, 1, [100]))
        self.assertFalse(os.path.exists(target))

    def test_a_link_in_place_of_the_open_file(self):
        """It is not followed, and not taken for the file: an error."""
        monitor = self.capture(self.right, "dns0")
        target = self.path("target")
        self.send_some()
        monitor.wait_for_packets(100)
        part = monitor.part()
        os.rename(part, self.path("stolen"))
        os.symlink(target, part)
        monitor.stop()
        self.assertEqual(monitor.returncode, 1)
        self.assertIn("is not a regular file", monitor.errors())
        self.assertEqual(monitor.files(), [])
        self.assertFalse(os.path.exists(target))

    def test_a_directory_that_is_swapped(self):
        """The one that was opened is written to, wherever it is now, and nothing else."""
        directory, elsewhere = self.make_directory(), self.make_directory("elsewhere")
        monitor = self.capture(self.right, "dns0", directory=directory)
        self.send_some()
        monitor.wait_for_packets(100)
        os.rename(directory, directory + ".moved")
        os.symlink(elsewhere, directory)
        monitor.send_signal(signal.SIGHUP)
        monitor.wait_for(r"finished dns0\.")
        self.send_some(100)
        self.assertEqual(monitor.finish().captured, 200)
        self.assertEqual(os.listdir(elsewhere), [])
        monitor.directory = directory + ".moved"
        self.assert_whole(self.check_numbered(monitor.files(), 1, [200]))

    def test_a_directory_that_is_gone(self):
        """Nothing can be written any more: that is an error, and a new one is left alone."""
        directory = self.make_directory()
        monitor = self.capture(self.right, "dns0", directory=directory)
        self.send_some()
        monitor.wait_for_packets(100)
        os.rename(directory, directory + ".moved")
        os.mkdir(directory)
        for name in os.listdir(directory + ".moved"):
            os.unlink(os.path.join(directory + ".moved", name))
        os.rmdir(directory + ".moved")
        monitor.stop()
        self.assertEqual(monitor.returncode, 1)
        self.assertIn("cannot finish dns0", monitor.errors())
        self.assertEqual(os.listdir(directory), [])
