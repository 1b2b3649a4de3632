"""-w -: one pcap stream on standard output."""
import signal
import subprocess

from lab.case import LabCase
from lab.pcap import FILE_HEADER, parse_header, parse_records
from lab.process import Process
from lab.waiting import PATIENCE_SECONDS, wait_until


class Stream(LabCase):

    def pipe_into(self, command, *options):
        """Starts dns-monitor | command. Returns both."""
        monitor = self.stream(self.right, "dns0", *options, stdout=subprocess.PIPE)
        with open(self.path("shown"), "wb") as shown:
            reader = Process(command, self.path("reader.err"), stdin=monitor.popen.stdout,
                             stdout=shown)
        self.addCleanup(reader.kill)
        reader.output_path = shown.name
        # The reader alone holds the end that is read.
        monitor.popen.stdout.close()
        return monitor, reader

    def lines(self, reader):
        with open(reader.output_path, encoding="utf-8") as shown:
            return shown.read().splitlines()

    def check_reader(self, command):
        self.make_pair()
        monitor, reader = self.pipe_into(command)
        self.send(self.left, "10.53.0.99", "--count", "2000", "--rate", "20000")
        # While it runs.
        wait_until(lambda: len(self.lines(reader)) == 2000,
                   lambda: f"2000 lines, not {len(self.lines(reader))}\n{reader.errors()}")
        self.send(self.left, "10.53.0.99", "--count", "500")
        summary = monitor.finish()
        self.assertEqual(reader.wait(), 0, reader.errors())
        self.assertEqual(len(self.lines(reader)), 2500)
        self.assertEqual(summary.captured, 2500)
        self.assertNotRegex(reader.errors(), "cut short|truncated|error")

    def test_into_tcpdump(self):
        self.check_reader(["tcpdump", "-n", "-l", "-r", "-"])

    def test_into_tshark(self):
        self.check_reader(["tshark", "-n", "-l", "-r", "-"])

    def test_a_full_pipe_loses_nothing_to_a_slow_reader(self):
        """The rings hold what the reader does not take yet."""
        self.make_pair()
        monitor = self.stream(self.right, "dns0", stdout=subprocess.PIPE)
        sent = self.send(self.left, "10.53.0.99", "--count", "50000", "--rate", "100000")
        monitor.send_signal(signal.SIGTERM)
        data, _ = monitor.popen.communicate(timeout=PATIENCE_SECONDS)
        monitor.wait()
        summary = monitor.summary()
        file = parse_header(data)
        self.assertEqual(parse_records(file, data, FILE_HEADER.size), len(data))
        self.assertEqual(len(file.packets), sent[0])
        self.assertEqual((summary.captured, summary.lost), (sent[0], 0))

    def test_a_reader_that_has_enough_ends_the_capture(self):
        self.make_pair()
        monitor, reader = self.pipe_into(["tcpdump", "-n", "-c", "10", "-r", "-"])
        sender = self.sender(self.left, "10.53.0.99", "--rate", "2000")
        self.assertEqual(reader.wait(), 0, reader.errors())
        monitor.wait()
        sender.send_signal(signal.SIGTERM)
        self.sent(sender)
        summary = monitor.summary()
        self.assertGreaterEqual(summary.matched, 10)
        # There is no disk, and nothing is wrong.
        self.assertNotIn("disk", summary.text)

    def test_count(self):
        self.make_pair()
        monitor, reader = self.pipe_into(["tcpdump", "-n", "-r", "-"], "--count", "123")
        self.send(self.left, "10.53.0.99", "--count", "1000", "--rate", "20000")
        self.assertEqual(monitor.wait(), 0)
        self.assertEqual(reader.wait(), 0)
        self.assertEqual(len(self.lines(reader)), 123)
        self.assertEqual(monitor.summary().captured, 123)

    def test_into_a_file(self):
        """Standard output may be a file as well, and one that is appended to."""
        self.make_pair()
        path = self.path("stream.pcap")
        with open(path, "wb") as output:
            monitor = self.stream(self.right, "dns0", stdout=output)
        self.send(self.left, "10.53.0.99", "--count", "100")
        monitor.finish()
        self.assert_readable(path, 100)
