"""A full disk, a bad one: what can be kept is kept, what is lost is told."""
import fcntl
import json
import os
import struct
import time
import unittest

from lab.case import LabCase
from lab.ledger import Ledgers
from lab.pcap import read_pcap
from lab.process import COMPRESS, DNS_MONITOR, run

MIB = 1 << 20
# Messages that are mostly noise: a compressed file of them is nearly as large as another, and 1000
# are more than a frame.
LARGE = ("--size", "1200")
LOOP_SET_STATUS64, LOOP_GET_STATUS64 = 0x4C04, 0x4C05  # linux/loop.h


def limit_loop_device(device, size):
    """The kernel answers with EIO behind a device's end; 0: that of its file."""
    info = bytearray(232)  # struct loop_info64
    with open(device, "rb") as file:
        fcntl.ioctl(file, LOOP_GET_STATUS64, info)
        struct.pack_into("=Q", info, 32, size)  # lo_sizelimit
        fcntl.ioctl(file, LOOP_SET_STATUS64, info)


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # utime, stime


class DiskCase(LabCase):

    def assert_all_accounted_for(self, monitor, summary, sent):
        """Each packet is in one file, which tools read, or counts as lost once, in the ledgers too."""
        self.assertEqual(summary.captured + summary.lost, sent)
        self.assertEqual(monitor.files(".pcap.part"), [])
        report = self.check_numbered(monitor.files(), 1, [sent])
        self.assertEqual(report["packets"], summary.captured)
        report["missing"] -= summary.lost
        self.assert_whole(report)
        self.assert_verified(monitor.directory, summary.captured)
        self.assertEqual(sum(map(self.packets_to_tcpdump, monitor.files())), summary.captured)
        ledgers = Ledgers(monitor.files())
        ledgers.check()
        self.assertEqual((ledgers.sum("matched"), ledgers.sum("written"), ledgers.sum("lost")),
                         (summary.matched, summary.captured, summary.lost))
        return ledgers

    def assert_verified(self, directory, packets):
        done = run([DNS_MONITOR, "verify", directory, "--deep", "--format", "json"], check=False)
        report = json.loads(done.stdout)
        self.assertEqual((done.returncode, report["problems"], report["packets"]),
                         (0, [], packets), done.stdout)

    def packets_to_tcpdump(self, path):
        reader = "zstd -dc" if COMPRESS else "cat"
        dumped = run(["bash", "-o", "pipefail", "-c", f"{reader} '{path}' | tcpdump -n -r -"])
        self.assertNotRegex(dumped.stderr, "truncated|bad|error")
        return len(dumped.stdout.splitlines())


class ReadOnlyDisk(DiskCase):
    """Nothing may be written where there is room."""

    SENT = 1000 + 200000

    def capture_on_disk(self, *mount_options, first=LARGE):
        """With a thousand packets in its file. An ext4 without a journal, whose error is its end."""
        self.make_pair()
        image = self.path("image")
        with open(image, "wb") as file:
            file.truncate(128 * MIB)
        run(["mkfs.ext4", "-q", "-O", "^has_journal", image])
        self.device = run(["losetup", "--find", "--show", image]).stdout.strip()
        self.addCleanup(run, ["losetup", "--detach", self.device])
        self.disk = self.make_directory("disk")
        run(["mount", *mount_options, self.device, self.disk])
        self.addCleanup(run, ["umount", self.disk])
        monitor = self.capture(self.left, "peer0", "--ring-size", "4M", directory=self.disk)
        self.send(self.left, "10.53.0.99", "--count", "1000", *first)
        monitor.wait_for_packets(1000)
        return monitor

    def send_in_vain(self, monitor, error):
        """More than the rings hold, for seconds in which the capture is to be nearly idle."""
        began, used = time.monotonic(), cpu_seconds(monitor.pid)
        self.send(self.left, "10.53.0.99", "--count", "200000", "--first", "1000",
                  "--rate", "50000")
        monitor.wait_for(rf"cannot write: {error}; the rings hold what comes, trying again$")
        monitor.wait_for(rf"cannot open a segment: .*{error}; trying again$")
        elapsed, used = time.monotonic() - began, cpu_seconds(monitor.pid) - used
        self.assertGreater(elapsed, 3)
        self.assertLess(used, elapsed / 5)

    def assert_told_once(self, monitor, *what):
        text = monitor.errors()
        self.assertEqual({line: text.count(line) for line in what}, dict.fromkeys(what, 1), text)

    def finish_at_the_next_start(self, before):
        """What could not be renamed has its name and its ledger then."""
        monitor = self.capture(self.left, "peer0", directory=self.disk)
        monitor.wait_for(r"finished .*1 000 packets")
        self.assertEqual(monitor.finish().captured, 0)
        self.assertEqual(monitor.files(".pcap.part"), [])
        self.assert_verified(self.disk, before)

    def refuse_for_a_while(self, monitor):
        """Returns the ledgers."""
        refusing = [monitor.part(), self.disk]
        run(["chattr", "+i", *refusing])
        # Before the umount, and also when the test fails.
        self.addCleanup(run, ["chattr", "-i", *refusing], check=False)
        self.send_in_vain(monitor, "Operation not permitted")
        run(["chattr", "-i", *refusing])
        monitor.wait_for(r"opened peer0\..*\.part$")
        monitor.wait_for(r"writing again after")
        self.send(self.left, "10.53.0.99", "--count", "1000", "--first", str(self.SENT))
        summary = monitor.finish()
        self.assert_told_once(monitor, "cannot write: ", "cannot open a segment: ",
                              "opened peer0", "writing again after")
        self.assertGreater(summary.lost, 100000)
        # All of them by that cause.
        self.assertIn(f"\n    {summary.lost:,} disk failing\n".replace(",", " "), summary.text)
        ledgers = self.assert_all_accounted_for(monitor, summary, self.SENT + 1000)
        self.assertEqual(ledgers.sum("lost", "disk_error"), summary.lost)
        return ledgers

    def test_for_a_while(self):
        """File and directory refuse all, and take it again: the capture goes on by itself."""
        monitor = self.capture_on_disk()
        ledgers = self.refuse_for_a_while(monitor)
        self.assert_told_once(monitor, "a segment ends here, damaged: ", "cannot finish ")
        self.assertTrue(ledgers.all[0]["damaged"])

    @unittest.skipUnless(COMPRESS, "of frames")
    def test_for_a_while_within_the_first_frame(self):
        """The file is to go, as all that can be read in it is taken from the rings once more."""
        monitor = self.capture_on_disk(first=())
        ledgers = self.refuse_for_a_while(monitor)
        self.assert_told_once(monitor, "cannot discard ")
        self.assertEqual([ledger["damaged"] for ledger in ledgers.all], [False])

    def test_to_the_end(self):
        """A file system that has found an error: it is repaired only when nobody uses it."""
        monitor = self.capture_on_disk("-o", "errors=remount-ro")
        # Whoever tries without an error is refused, as a file is open (mount(2), EBUSY).
        self.assertNotEqual(run(["mount", "-o", "remount,ro", self.disk], check=False).returncode, 0)
        run(["sync", "--file-system", self.disk])
        with open(f"/sys/fs/ext4/{os.path.basename(self.device)}/trigger_fs_error", "w",
                  encoding="ascii") as trigger:
            trigger.write("1")
        self.send_in_vain(monitor, "Read-only file system")
        self.assertEqual(monitor.stop(), 1, monitor.errors())
        self.assert_told_once(monitor, "cannot write: ", "cannot open a segment: ",
                              "cannot finish ", "giving up on peer0.")
        summary = monitor.summary(exit_code=1)
        self.assertEqual(summary.matched, self.SENT)
        self.assertEqual(summary.captured + summary.lost, self.SENT)
        # Compressed, those of whole frames count; the others are in the file all the same.
        self.assertLessEqual(summary.captured, 1000)
        self.assertGreaterEqual(summary.captured, 500 if COMPRESS else 1000)
        run(["umount", self.disk])
        # 1: errors corrected (e2fsck(8)).
        self.assertIn(run(["e2fsck", "-p", self.device], check=False).returncode, (0, 1))
        run(["mount", self.device, self.disk])
        [left] = monitor.files(".pcap.part")
        self.assert_whole(self.check_numbered([left], 1, [1000]))
        self.finish_at_the_next_start(1000)


class FullDisk(DiskCase):

    def capture_on_small_disk(self, *options):
        self.make_pair()
        disk = self.make_directory("disk")
        run(["mount", "-t", "tmpfs", "-o", "size=8M", "tmpfs", disk])
        self.addCleanup(run, ["umount", disk])
        self.filler = os.path.join(disk, "filler")
        with open(self.filler, "wb") as file:
            file.write(bytes(4 * MIB))
        return self.capture(self.left, "peer0", *options, directory=disk)

    def send_too_much(self):
        """About 6 MiB where there are 4."""
        return self.send(self.left, "10.53.0.99", "--count", "5000", "--rate", "10000", *LARGE)

    def test_space_comes_back(self):
        """The rings hold what the disk does not take; nothing is lost."""
        monitor = self.capture_on_small_disk()
        sent = self.send_too_much()
        monitor.wait_for(r"cannot write: No space left on device")
        os.remove(self.filler)
        monitor.wait_for(r"writing again after")
        summary = monitor.finish()
        self.assertEqual(summary.lost, 0)
        self.assert_all_accounted_for(monitor, summary, *sent)

    def test_space_comes_back_by_retention(self):
        """Its own finished files make room for it."""
        monitor = self.capture_on_small_disk("--rotate-size", "512K", "--min-free", "2M")
        sent = self.send_too_much()
        monitor.wait_for_frame(b"t00-%016x" % (sent[0] - 1))
        summary = monitor.finish()
        self.assertEqual((summary.captured, summary.lost), (sent[0], 0))

    def test_loss_on_a_full_disk(self):
        """What the rings cannot hold is counted under what it is due to."""
        monitor = self.capture_on_small_disk("--ring-size", "1M")
        [sent] = self.send_too_much()
        monitor.wait_for(r"cannot write: No space left on device")
        self.send(self.left, "10.53.0.99", "--count", "200000", "--first", str(sent),
                  "--rate", "100000")
        os.remove(self.filler)
        monitor.wait_for(r"writing again after")
        self.send(self.left, "10.53.0.99", "--count", "100", "--first", str(sent + 200000))
        summary = monitor.finish()
        ledgers = self.assert_all_accounted_for(monitor, summary, sent + 200100)
        self.assertGreater(ledgers.sum("lost", "disk_full"), 100000)
        self.assertIn("disk_full", {loss["cause"] for loss in ledgers.losses()})

    def test_frozen_disk(self):
        """It takes nothing and gives no answer: rings and buffers take it, then loss is counted."""
        self.make_pair()
        image = self.path("image")
        with open(image, "wb") as file:
            file.truncate(64 * MIB)
        run(["mkfs.ext4", "-q", image])
        disk = self.make_directory("disk")
        run(["mount", "-o", "loop", image, disk])
        self.addCleanup(run, ["umount", disk])
        monitor = self.capture(self.left, "peer0", "--ring-size", "1M", directory=disk)
        self.send(self.left, "10.53.0.99", "--count", "1000", "--rate", "100000")
        monitor.wait_for_packets(1000)
        run(["fsfreeze", "--freeze", disk])
        try:
            self.send(self.left, "10.53.0.99", "--count", "100", "--first", "1000")
            monitor.wait_for(r"the disk takes nothing; the rings hold what comes$")
            self.send(self.left, "10.53.0.99", "--count", "400000", "--first", "1100",
                      "--rate", "200000")
        finally:
            run(["fsfreeze", "--unfreeze", disk])
        monitor.wait_for(r"the disk takes data again after \d+ s$")
        self.send(self.left, "10.53.0.99", "--count", "100", "--first", "401100")
        summary = monitor.finish()
        self.assertGreater(summary.lost, 0)
        ledgers = self.assert_all_accounted_for(monitor, summary, 401200)
        self.assertEqual(ledgers.sum("lost", "disk_stalled"), summary.lost)

    def test_bad_disk(self):
        """What it has refused goes into another file, as soon as it takes one."""
        self.make_pair()
        image = self.path("image")
        with open(image, "wb") as file:
            file.truncate(128 * MIB)
        # One group of blocks, whose data begin behind 8 MiB; a journal's errors would make the
        # file system read-only for good.
        run(["mkfs.ext4", "-q", "-b", "4096", "-O", "^has_journal", image])
        device = run(["losetup", "--find", "--show", image]).stdout.strip()
        self.addCleanup(run, ["losetup", "--detach", device])
        disk = self.make_directory("disk")
        run(["mount", device, disk])
        self.addCleanup(run, ["umount", disk])

        monitor = self.capture(self.left, "peer0", directory=disk)
        self.send(self.left, "10.53.0.99", "--count", "1000", *LARGE)
        monitor.wait_for_packets(1000)
        run(["sync", "--file-system", disk])
        limit_loop_device(device, 4 * MIB)
        self.send(self.left, "10.53.0.99", "--count", "10000", "--first", "1000",
                  "--rate", "10000", *LARGE)
        monitor.wait_for(r"cannot write: Input/output error")
        monitor.wait_for(r"a segment ends here, damaged: write: Input/output error")
        limit_loop_device(device, 0)
        monitor.wait_for(r"writing again after")
        self.send(self.left, "10.53.0.99", "--count", "1000", "--first", "11000")
        monitor.wait_for_packets(12000)
        self.assertEqual(monitor.stop(), 1, monitor.errors())  # something was not synced
        summary = monitor.summary(exit_code=1)
        self.assertEqual(summary.lost, 0)
        ledgers = self.assert_all_accounted_for(monitor, summary, 12000)
        self.assertEqual(ledgers.all[0]["damage"], "write: Input/output error")
        self.assertEqual(ledgers.all[-1]["damage"], "")

    def test_full_to_the_end(self):
        """Given up after a while: an error, and the summary says how much is lost."""
        monitor = self.capture_on_small_disk()
        sent = self.send_too_much()
        monitor.wait_for(r"cannot write: No space left on device")
        self.assertEqual(monitor.stop(), 1, monitor.errors())
        summary = monitor.summary(exit_code=1)
        self.assertGreater(summary.lost, 0)
        self.assertEqual(summary.captured + summary.lost, sent[0])
        self.assertRegex(summary.text, r"(?m)^    [\d ]+ not written: the disk refused them$")
        self.assert_readable_to_the_end(monitor, summary)

    def test_full_before_the_count(self):
        """Whoever asks for N packets is told when they are not in the file."""
        monitor = self.capture_on_small_disk("--count", "4500")
        self.send_too_much()
        self.assertEqual(monitor.wait(), 1, monitor.errors())
        summary = monitor.summary(exit_code=1)
        self.assertGreater(summary.lost, 0)
        self.assert_readable_to_the_end(monitor, summary)

    def assert_readable_to_the_end(self, monitor, summary):
        # What was written is readable, whichever name it has.
        [path] = monitor.files() + monitor.files(".pcap.part")
        readable = len(read_pcap(path, may_be_torn=True).packets)
        if not COMPRESS:
            self.assertEqual(readable, summary.captured)
            return
        # Of a frame that did not find room, too; it is less than a MiB.
        self.assertGreaterEqual(readable, summary.captured)
        self.assertLess(readable, summary.captured + 1000)
