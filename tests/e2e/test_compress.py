"""--compress: every tool reads the files, and what a crash leaves, what was flushed, too.

With DNS_MONITOR_COMPRESS=zstd the captures of all other tests are compressed.
"""
import os
import signal

from lab.case import LabCase
from lab.ledger import Ledgers
from lab.pcap import decompress, read_pcap
from lab.process import DNS_MONITOR, cpus, run
from lab.waiting import wait_until


class Compress(LabCase):

    def setUp(self):
        super().setUp()
        self.make_pair()

    def compressing(self, *options, level="zstd", **more):
        return self.capture(self.right, "dns0", "--compress", level, *options, **more)

    def send_some(self, count, *options):
        return self.send(self.left, "10.53.0.99", "--count", count, "--cpu", cpus()[0], *options)

    def verify(self, monitor):
        run([DNS_MONITOR, "verify", "--deep", monitor.directory])

    def test_levels(self):
        """Rotation under load: all packets once, in files that all tools read, and smaller ones."""
        for level in "zstd", "zstd:1", "zstd:9":
            with self.subTest(level=level):
                monitor = self.compressing("--rotate-size", "4M", level=level)
                sent = self.send_some("100000", "--rate", "100000")
                monitor.finish()
                files = monitor.files()
                self.assertEqual(monitor.files(".pcap.part"), [])
                report = self.check_numbered(files, 1, sent)
                self.assert_whole(report)
                self.assertGreaterEqual(len(files), 3)
                self.verify(monitor)
                ledgers = Ledgers(files)
                ledgers.check()
                for path, ledger in zip(files, ledgers.all):
                    self.assertRegex(path, r"\.pcap\.zst$")
                    run(["zstd", "-q", "-t", path])
                    compression = ledger["compression"]
                    self.assertLess(compression["stored_bytes"], ledger["length_bytes"] / 2)
                    self.assertEqual(compression["level"], int(level[5:] or 3))
                self.assert_readable(files[0], report["files"][0]["packets"])

    def test_a_frame_that_has_not_ended(self):
        """A packet can be read within --flush; after a kill the next start has all of them."""
        monitor = self.compressing("--flush", "100ms")
        for count in 1, 50, 1000:
            sent = self.send_some(str(count))
            monitor.wait_for_packets(sum(sent))
            sent = sum(sent)
        total = 1051
        wait_until(lambda: len(read_pcap(monitor.part(), may_be_torn=True).packets) == total, "all")
        with open(monitor.part(), "rb") as part:
            self.assertRaises(AssertionError, decompress, part.read())
        monitor.stop(signal.SIGKILL)
        again = self.compressing(directory=monitor.directory)
        again.wait_for(r"finished dns0\.\S+\.pcap\.zst, which a crash left: 1 051 packets, .*; "
                       r"cut off: 0 B")
        again.finish()
        self.assertEqual(len(read_pcap(again.files()[0]).packets), total)
        self.verify(again)

    def test_only_one_kind_at_a_time(self):
        """Plain and compressed captures take turns in one directory: one chain, and one set of names."""
        directory = None
        for level in "none", "zstd", "none", "zstd:19":
            monitor = self.compressing(level=level, directory=directory)
            directory = monitor.directory
            self.send_some("10")
            monitor.finish()
        names = [os.path.basename(path) for path in monitor.files()]
        self.assertEqual([name.endswith(".zst") for name in names], [False, True, False, True])
        Ledgers(monitor.files()).check_chain()
        self.verify(monitor)

    def test_retention_counts_what_is_on_the_disk(self):
        monitor = self.compressing("--rotate-size", "1M", "--max-size", "1M")
        sent = self.send_some("60000", "--rate", "60000")
        monitor.finish()
        files = monitor.files()
        self.assertLessEqual(sum(os.path.getsize(path) for path in files), 1 << 20)
        self.assertGreater(sum(len(read_pcap(path).packets) for path in files) * 100, 1 << 20)
        self.assertEqual(self.check_numbered(files, 1, sent)["twice"], 0)
        self.verify(monitor)

    def test_seal_and_command(self):
        """They are of the compressed file."""
        script, told_path = self.path("command"), self.path("told")
        with open(script, "w", encoding="ascii") as file:
            file.write(f"#!/bin/sh\nbasename \"$1\" >> {told_path}\n")
        os.chmod(script, 0o755)
        monitor = self.compressing("--seal", "sha256", "-z", script)
        self.send_some("100")
        monitor.finish()
        [path] = monitor.files()
        run(["sha256sum", "-c", path + ".sha256"], cwd=monitor.directory)
        with open(told_path, encoding="ascii") as told:
            self.assertEqual(told.read(), os.path.basename(path) + "\n")
