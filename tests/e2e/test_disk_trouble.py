"""A full disk: what can be kept is kept, what is lost is told."""
import os

from lab.case import LabCase
from lab.pcap import read_pcap
from lab.process import run

MIB = 1 << 20


class FullDisk(LabCase):

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
        return self.send(self.left, "10.53.0.99", "--count", "50000", "--rate", "100000")

    def test_space_comes_back(self):
        """The rings hold what the disk does not take; nothing is lost."""
        monitor = self.capture_on_small_disk()
        sent = self.send_too_much()
        monitor.wait_for(r"cannot write: No space left on device")
        os.remove(self.filler)
        monitor.wait_for(r"writing again after")
        summary = monitor.finish()
        self.assertEqual((summary.captured, summary.lost), (sent[0], 0))
        self.assert_whole(self.check_numbered(monitor.files(), 1, sent))

    def test_space_comes_back_by_retention(self):
        """Its own finished files make room for it."""
        monitor = self.capture_on_small_disk("--rotate-size", "512K", "--min-free", "2M")
        sent = self.send_too_much()
        monitor.wait_for_frame(b"t00-%016x" % (sent[0] - 1))
        summary = monitor.finish()
        self.assertEqual((summary.captured, summary.lost), (sent[0], 0))

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
        monitor = self.capture_on_small_disk("--count", "45000")
        self.send_too_much()
        self.assertEqual(monitor.wait(), 1, monitor.errors())
        summary = monitor.summary(exit_code=1)
        self.assertGreater(summary.lost, 0)
        self.assert_readable_to_the_end(monitor, summary)

    def assert_readable_to_the_end(self, monitor, summary):
        # What was written is readable, whichever name it has.
        [path] = monitor.files() + monitor.files(".pcap.part")
        self.assertEqual(len(read_pcap(path, may_be_torn=True).packets), summary.captured)
