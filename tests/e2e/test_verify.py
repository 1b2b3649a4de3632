"""Files of real captures hold against their ledgers; damaged ones do not."""
import json
import os

from lab.case import LabCase
from lab.process import DNS_MONITOR, cpus, run
from lab.waiting import wait_until


class Verify(LabCase):

    def verify(self, directory, *options, problems=()):
        """Returns the report, which has problems of exactly these kinds."""
        done = run([DNS_MONITOR, "verify", directory, "--deep", "--format", "json", *options],
                   check=False)
        report = json.loads(done.stdout)
        self.assertEqual([problem["kind"] for problem in report["problems"]], list(problems),
                         done.stdout)
        self.assertEqual(done.returncode, 1 if problems else 0)
        return report

    def test_while_it_is_captured(self):
        """On the clock and by size; segments are finished while verify reads."""
        self.make_pair()
        monitor = self.capture(self.right, "dns0", "--rotate", "1s", "--rotate-size", "1M",
                               "--snaplen", "100")
        sender = self.sender(self.left, "10.53.0.99", "--rate", "20000", "--count", "100000")
        wait_until(monitor.files, "the first file")
        while sender.popen.poll() is None:
            self.verify(monitor.directory)
        summary = monitor.finish()
        report = self.verify(monitor.directory)
        self.assertEqual(report["packets"], summary.captured)
        self.assertGreater(report["segments"], 10)
        self.assertEqual(report["notes"], [])

    def test_over_starts_and_losses(self):
        self.make_pair()
        directory = self.make_directory()
        for options in ("--nanosecond",), ("--utc", "--filter", "udp"), ("--ring-size", "1M"):
            monitor = self.capture(self.right, "dns0", *options, directory=directory)
            monitor.pause()
            self.send(self.left, "10.53.0.99", "--count", "30000", "--cpu", cpus()[0])
            monitor.resume()
            monitor.finish()
        self.assertEqual(self.verify(directory)["segments"], 3)

    def test_damage(self):
        self.make_pair()
        monitor = self.capture(self.right, "dns0", "--rotate-size", "64K")
        self.send(self.left, "10.53.0.99", "--count", "5000")
        monitor.finish()
        directory = monitor.directory
        paths = monitor.files()
        self.verify(directory)
        with open(paths[1], "r+b") as file:
            file.seek(-1, os.SEEK_END)
            byte = file.read(1)
            file.seek(-1, os.SEEK_END)
            file.write(bytes([byte[0] ^ 1]))
        self.verify(directory, problems=["checksum"])
        for path in paths[1], paths[1] + ".json":
            os.remove(path)
        report = self.verify(directory, problems=["segment_missing"])
        self.assertEqual(report["problems"][0]["file"], paths[1])
