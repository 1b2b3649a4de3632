"""What each option of `capture` does, as seen from outside."""
import datetime
import errno
import glob
import grp
import os
import re
import signal
import stat
import time
import zoneinfo

from lab import packets
from lab.case import LabCase
from lab.pcap import MAGIC_MICROSECONDS, MAGIC_NANOSECONDS, read_pcap
from lab.process import DNS_MONITOR, cpus, run
from lab.refuse import IO_URING_SETUP, refuse
from lab.waiting import wait_until

DNS = packets.dns_query()
LAST = packets.ethernet(packets.ipv4(packets.udp(packets.dns_query("last.words.e2e"))))


class Selection(LabCase):

    def captured_of(self, frames, *options):
        """What a capture with these options keeps of injected frames, with its summary."""
        self.make_pair(addresses=False)
        monitor = self.capture(self.right, "dns0", *options)
        self.inject(self.left, "peer0", [*frames, LAST], cpu=cpus()[0])
        monitor.wait_for_frame(LAST)
        summary = monitor.finish()
        self.assertEqual(summary.seen, len(frames) + 1)
        frames = monitor.frames()
        self.assertEqual(frames.pop(), LAST)
        return frames, summary

    def test_ports(self):
        at = {port: packets.ethernet(packets.ipv4(packets.udp(DNS, 40000, port)))
              for port in (53, 853, 5353, 5354)}
        answer = packets.ethernet(packets.ipv4(packets.tcp(DNS, 853, 40000), packets.TCP))
        frames, summary = self.captured_of(
            [*at.values(), answer], "--port", "5353", "--port", "53", "--port", "853")
        self.assertEqual(frames, [at[53], at[853], at[5353], answer])
        self.assertEqual(summary.not_dns, 1)

    def test_sixteen_ports(self):
        at = [packets.ethernet(packets.ipv4(packets.udp(DNS, 40000, port)))
              for port in range(1001, 1018)]
        options = [option for port in [53, *range(1001, 1016)] for option in ("--port", str(port))]
        frames, summary = self.captured_of(at, *options)
        self.assertEqual(frames, at[:15])
        self.assertEqual(summary.not_dns, 2)

    def test_no_icmp_errors(self):
        query = packets.ethernet(packets.ipv4(packets.udp(DNS)))
        errors = [packets.ethernet(packets.ipv4(packets.icmp_error(
                      packets.ipv4(packets.udp(DNS))), packets.ICMP)),
                  packets.ethernet(packets.ipv6(packets.icmp_error(
                      packets.ipv6(packets.udp(DNS)), 1, 4), packets.ICMP6))]
        frames, summary = self.captured_of([query, *errors], "--no-icmp-errors")
        self.assertEqual(frames, [query])
        self.assertEqual((summary.not_dns, summary.undecided), (2, 0))

    def test_filter(self):
        wanted = packets.ethernet(packets.ipv4(packets.udp(DNS), source="10.53.0.7"))
        refused = packets.ethernet(packets.ipv4(packets.udp(DNS), source="10.53.0.8"))
        other = packets.ethernet(packets.ipv4(packets.udp(DNS, 1, 2), source="10.53.0.7"))
        frames, summary = self.captured_of(
            [wanted, refused, other, wanted],
            "--filter", "src host 10.53.0.7 or src host 10.53.0.1")
        self.assertEqual(frames, [wanted, wanted])
        self.assertEqual((summary.filtered, summary.not_dns, summary.matched), (1, 1, 3))

    def test_filter_takes_later_fragments_with_their_first(self):
        def fragments(port, identification):
            datagram = packets.udp(DNS + bytes(60), port)
            for make, kinds in ((packets.ipv4, None), (packets.ipv6_with, packets.FRAGMENT)):
                for offset, more, part in ((0, 1, datagram[:40]), (40, 0, datagram[40:])):
                    if kinds is None:
                        yield packets.ethernet(make(part, identification=identification,
                                                    fragment_offset=offset,
                                                    more_fragments=bool(more)))
                    else:
                        yield packets.ethernet(make([(kinds, offset, more, identification)], part))
        # By ports, which later fragments do not have. libpcap's "port" does not look behind
        # IPv6's fragment header: there the expression says where the port is.
        expression = "udp src port 40001 or (ip6 proto 44 and ip6[48:2] = 40001)"
        wanted, refused = list(fragments(40001, 1)), list(fragments(40002, 2))
        frames, summary = self.captured_of([*wanted, *refused], "--filter",
                                           f"{expression} or src port 40000")
        self.assertEqual(frames, wanted)
        self.assertEqual((summary.filtered, summary.undecided), (4, 0))

    def test_filter_sees_the_tag_that_the_kernel_took(self):
        def tagged(*identifiers):
            tags = [(packets.VLAN, identifier) for identifier in identifiers]
            return packets.ethernet(packets.ipv4(packets.udp(DNS)), tags)
        frames, summary = self.captured_of(
            [tagged(), tagged(100), tagged(200), tagged(100, 200)], "--filter",
            "udp[20:4] = 0x046c6173 or vlan 100")  # the last words, or
        self.assertEqual(frames, [tagged(100), tagged(100, 200)])
        self.assertEqual(summary.filtered, 2)

    def test_snaplen(self):
        long = packets.ethernet(packets.ipv4(packets.udp(DNS + bytes(1000))))
        short = packets.ethernet(packets.ipv4(packets.udp(b"12")))
        tagged = packets.ethernet(packets.ipv4(packets.udp(DNS + bytes(100))), ((packets.VLAN, 5),))
        exact = packets.ethernet(packets.ipv4(packets.udp(bytes(64 - 42))))
        self.make_pair(addresses=False)
        monitor = self.capture(self.right, "dns0", "--snaplen", "64")
        sent = [long, short, tagged, exact, packets.ethernet(packets.ipv4(packets.udp(b"last")))]
        self.inject(self.left, "peer0", sent, cpu=cpus()[0])
        monitor.wait_for_frame(sent[-1])
        summary = monitor.finish()
        kept = monitor.packets()
        self.assertEqual([packet.data for packet in kept], [frame[:64] for frame in sent])
        self.assertEqual([packet.original_length for packet in kept],
                         [len(frame) for frame in sent])
        self.assertEqual(read_pcap(monitor.files()[0]).snaplen, 64)
        self.assertEqual((summary.clipped, summary.lost), (2, 0))

    def test_direction(self):
        for direction, wanted in (("in", {0}), ("out", {1}), ("inout", {0, 1})):
            with self.subTest(direction=direction):
                self.make_pair()
                monitor = self.capture(self.right, "dns0", "-Q", direction)
                # Two ways, told apart by the source.
                self.send(self.left, "10.53.0.99", "--count", "200")
                self.send(self.right, "10.53.0.99", "--count", "300")
                summary = monitor.finish()
                sources = [frame[29] for frame in monitor.frames()]
                counts = [sources.count(1), sources.count(2)]
                self.assertEqual(counts, [count if number in wanted else 0
                                          for number, count in enumerate((200, 300))])
                self.assertEqual(summary.captured, sum(counts))

    def test_promiscuous_mode(self):
        def is_promiscuous():
            return "promiscuity 1" in self.right.ip("-d", "link", "show", "dns0")
        for options, expected in (((), True), (("-p",), False)):
            with self.subTest(options=options):
                self.make_pair(addresses=False)
                monitor = self.capture(self.right, "dns0", *options)
                self.assertEqual(is_promiscuous(), expected)
                monitor.finish()
                self.assertFalse(is_promiscuous())


class Files(LabCase):

    def one_file(self, monitor):
        files = monitor.files()
        self.assertEqual(len(files), 1, files)
        return files[0]

    def test_nanosecond(self):
        for options, magic in (((), MAGIC_MICROSECONDS), (("--nanosecond",), MAGIC_NANOSECONDS)):
            with self.subTest(options=options):
                self.make_pair()
                before_ns = time.time_ns()
                monitor = self.capture(self.left, "peer0", *options)
                self.send(self.left, "10.53.0.99", "--count", "100")
                monitor.finish()
                path = self.one_file(monitor)
                file = read_pcap(path)
                self.assertEqual(file.magic, magic)
                self.assertEqual(any(packet.time_ns % 1000 for packet in file.packets),
                                 magic == MAGIC_NANOSECONDS)
                self.assertGreaterEqual(file.packets[0].time_ns, before_ns - 1000)
                self.assertLessEqual(file.packets[-1].time_ns, time.time_ns())
                self.assert_readable(path, 100)

    def test_mode_and_group(self):
        group = grp.getgrnam("daemon")
        for name in ("daemon", str(group.gr_gid)):
            with self.subTest(group=name):
                self.make_pair(addresses=False)
                monitor = self.capture(self.right, "dns0", "--mode", "0604", "--group", name)
                access = lambda path: (stat.S_IMODE(os.stat(path).st_mode), os.stat(path).st_gid)
                self.assertEqual(access(monitor.part()), (0o604, group.gr_gid))
                monitor.finish()
                self.assertEqual(access(self.one_file(monitor)), (0o604, group.gr_gid))

    def test_a_mode_that_takes_writing_from_the_owner(self):
        """Who could not open it again could not finish it after a crash."""
        self.make_pair(addresses=False)
        monitor = self.capture(self.right, "dns0", "--mode", "0440")
        self.assertEqual(stat.S_IMODE(os.stat(monitor.part()).st_mode), 0o640)
        monitor.finish()
        self.assertEqual(stat.S_IMODE(os.stat(self.one_file(monitor)).st_mode), 0o440)

    def test_usual_mode(self):
        self.make_pair(addresses=False)
        monitor = self.capture(self.right, "dns0")
        monitor.finish()
        self.assertEqual(stat.S_IMODE(os.stat(self.one_file(monitor)).st_mode), 0o640)

    def test_names_in_local_time_and_utc(self):
        zone = "Asia/Kathmandu"  # 5:45 ahead, always
        for options, named in (((), zoneinfo.ZoneInfo(zone)), (("--utc",), datetime.timezone.utc)):
            with self.subTest(options=options):
                self.make_pair(addresses=False)
                before = datetime.datetime.now(named)
                monitor = self.capture(self.right, "dns0", *options,
                                       env={**os.environ, "TZ": zone})
                after = datetime.datetime.now(named)
                monitor.finish()
                names = {f"dns0.{moment:%Y%m%d_%H%M}.pcap" for moment in (before, after)}
                self.assertIn(os.path.basename(self.one_file(monitor)), names)

    def test_nothing_is_overwritten(self):
        """Taken names, also those of compressed segments, are passed over."""
        self.make_pair(addresses=False)
        directory = self.make_directory()
        now = time.time()
        taken = []
        for minute in range(-1, 10):
            stem = time.strftime("dns0.%Y%m%d_%H%M", time.gmtime(now + 60 * minute))
            for name in (f"{stem}.pcap", f"{stem}-1.pcap.zst", f"{stem}-2.pcap.part"):
                path = os.path.join(directory, name)
                with open(path, "w", encoding="ascii") as file:
                    file.write("precious")
                taken.append(path)
        for _ in range(2):
            self.capture(self.right, "dns0", "--utc", directory=directory).finish()
        for path in taken:
            with open(path, encoding="ascii") as file:
                self.assertEqual(file.read(), "precious")
        ours = set(glob.glob(f"{directory}/*.pcap")) - set(taken)
        self.assertEqual(len(ours), 2)
        for path in ours:
            self.assertRegex(path, r"-[34]\.pcap$")

    def test_one_capture_of_an_interface_into_a_directory(self):
        self.make_pair()
        first = self.capture(self.right, "dns0")
        link = self.path("link")
        os.symlink(first.directory, link)
        for directory in (first.directory, link):
            second = self.capture(self.right, "dns0", directory=directory, wait=False)
            self.assertEqual(second.wait(), 1)
            self.assertEqual(second.errors(), "dns-monitor: another process captures dns0 into "
                             f"{first.directory} already\n")
        # Elsewhere, and another interface there.
        elsewhere = self.capture(self.right, "dns0")
        beside = self.capture(self.left, "peer0", directory=first.directory)
        self.send(self.left, "10.53.0.99", "--count", "10")
        for monitor in (first, elsewhere, beside):
            self.assertEqual(monitor.finish().captured, 10)
            self.assertEqual(len(monitor.frames()), 10)
        # Once it has ended, the next one may.
        self.capture(self.right, "dns0", directory=first.directory).finish()

    def test_without_direct_writes(self):
        """ramfs knows no O_DIRECT: one line, then as usual."""
        self.make_pair()
        directory = self.make_directory("ramfs")
        run(["mount", "-t", "ramfs", "ramfs", directory])
        self.addCleanup(run, ["umount", directory])
        monitor = self.capture(self.left, "peer0", "--rotate-size", "1M", directory=directory)
        sent = self.send(self.left, "10.53.0.99", "--count", "50000", "--rate", "100000")
        monitor.finish()
        self.assertEqual(len(re.findall("no direct writes here", monitor.errors())), 1)
        self.assertGreater(len(monitor.files()), 4)
        self.assert_whole(self.check_numbered(monitor.files(), 1, sent))

    def test_without_io_uring(self):
        self.make_pair()
        monitor = self.capture(self.left, "peer0", "--rotate-size", "1M",
                               preexec_fn=refuse(IO_URING_SETUP, errno.EPERM))
        sent = self.send(self.left, "10.53.0.99", "--count", "50000", "--rate", "100000")
        monitor.finish()
        self.assertEqual(len(re.findall("writing with pwrite", monitor.errors())), 1)
        self.assert_whole(self.check_numbered(monitor.files(), 1, sent))


class End(LabCase):

    def test_count(self):
        self.make_pair()
        monitor = self.capture(self.right, "dns0", "--count", "10")
        self.send(self.left, "10.53.0.99", "--count", "1000", "--cpu", cpus()[0])
        self.assertEqual(monitor.wait(), 0)
        self.assertEqual(monitor.summary().captured, 10)
        report = self.check_numbered(monitor.files(), 1, [10])
        self.assert_whole(report)

    def test_duration(self):
        self.make_pair()
        monitor = self.capture(self.right, "dns0", "--duration", "3s")
        start = time.monotonic()
        sent = self.send(self.left, "10.53.0.99", "--count", "10")
        self.assertEqual(monitor.wait(), 0)
        self.assertGreater(time.monotonic() - start, 1)
        self.assertEqual(monitor.summary().captured, sent[0])

    def test_signals(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number=number):
                self.make_pair()
                monitor = self.capture(self.right, "dns0")
                sent = self.send(self.left, "10.53.0.99", "--count", "10")
                self.assertEqual(monitor.finish(number).captured, sent[0])
                self.assertEqual(len(monitor.frames()), sent[0])


class Words(LabCase):
    """What is printed, and for whom."""

    def test_pages(self):
        for arguments in (["--help"], ["capture", "--help"], ["--version"]):
            shown = run([DNS_MONITOR, *arguments])
            self.assertEqual(shown.stderr, "")
            self.assertGreater(len(shown.stdout), 10)
        for option in ("--rotate", "--rotate-size", "--max-age", "--max-size", "--min-free",
                       "--port", "--filter", "-Q", "-p", "--no-icmp-errors", "--snaplen",
                       "--nanosecond", "--ring-size", "--flush", "--count", "--duration",
                       "--mode", "--group", "--utc", "-w", "-d"):
            self.assertIn(option, run([DNS_MONITOR, "capture", "--help"]).stdout)

    def test_interfaces(self):
        self.make_pair(addresses=False)
        self.make_tun(self.left)
        self.left.ip("link", "set", "tun0", "down")
        shown = self.left.run(DNS_MONITOR, "interfaces").stdout
        self.assertRegex(shown, r"(?m)^lo +loopback +up\n")
        self.assertRegex(shown, r"(?m)^peer0 +ethernet +up\n")
        self.assertRegex(shown, r"(?m)^tun0 +raw IP +down\n")

    def test_status_line_on_a_terminal(self):
        self.make_pair()
        terminal, its_other_end = os.openpty()
        self.addCleanup(os.close, terminal)
        os.set_blocking(terminal, False)
        monitor = self.capture(self.right, "dns0", wait=False, stderr=its_other_end)
        os.close(its_other_end)
        text = []

        def shown():
            try:
                text.append(os.read(terminal, 65536).decode())
            except (BlockingIOError, OSError):  # nothing now, or nothing ever
                pass
            return "".join(text)
        wait_until(lambda: "capturing on dns0" in shown(), shown)
        self.send(self.left, "10.53.0.99", "--count", "10")
        status = r"(\n|\r\x1b\[K)[\d ]+/s +10 packets +0 lost +dns0\.\d+_\d+\.pcap\.part +[\d.]+ \w+"
        wait_until(lambda: re.search(status, shown()), shown)
        self.assertEqual(monitor.stop(), 0)
        wait_until(lambda: re.search(r"\n10 packets captured|K10 packets captured", shown()), shown)

    def test_a_stopped_terminal(self):
        """Ctrl-S stops what is shown, and nothing else."""
        self.make_pair()
        terminal, its_other_end = os.openpty()
        self.addCleanup(os.close, terminal)
        monitor = self.capture(self.right, "dns0", "--rotate", "1s", wait=False,
                               stderr=its_other_end)
        self.addCleanup(os.close, its_other_end)
        wait_until(lambda: b"capturing on dns0" in os.read(terminal, 65536), "the capture")
        os.write(terminal, b"\x13")
        self.send(self.left, "10.53.0.99", "--count", "3000", "--rate", "1000")
        # It ends as well, though its last words are not taken.
        self.assertEqual(monitor.stop(), 0)
        files = monitor.files()
        self.assertGreaterEqual(len(files), 3)
        self.assert_whole(self.check_numbered(files, 1, [3000]))

    def test_priorities_for_the_journal(self):
        """Standard error is the journal when JOURNAL_STREAM says so (systemd.exec(5))."""
        self.make_pair(addresses=False)
        journal = self.path("journal")
        with open(journal, "wb") as file:
            facts = os.fstat(file.fileno())
        monitor = self.capture(self.right, "dns0", wait=False, error_path=journal, env={
            **os.environ, "JOURNAL_STREAM": f"{facts.st_dev}:{facts.st_ino}"})
        monitor.wait_for("capturing on")
        monitor.finish()
        lines = [line for line in monitor.errors().splitlines() if "dns0" in line]
        self.assertGreater(len(lines), 2)
        for line in lines:
            self.assertRegex(line, "^<[3-6]>")
