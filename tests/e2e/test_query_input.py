"""The same rows, however the capture is stored, and whichever threads read it."""
import collections
import gzip
import lzma
import os
import signal
import subprocess

from lab.case import LabCase
from lab.ledger import Ledgers
from lab.pcap import FILE_HEADER, Packet, read_pcap, write_packets
from lab.process import run
from lab.query import DNS_MONITOR_QUERY, as_others, query, rows
from lab.traffic import START_NS, Traffic
from lab.waiting import wait_until

TABLES = ("dns", "messages", "transactions", "packets")
SECOND = 1_000_000_000
NOBODY = 65534
_SETTINGS = ("--threads", "1")


def all_rows(*paths, options=_SETTINGS, **more):
    """Of each table; what says where they come from is left out."""
    found = {}
    for table in TABLES:
        found[table] = rows(f"select * from {table}", *paths, options=options, **more)
        for row in found[table]:
            row.pop("file", None)
            row.pop("interface", None)
    return found


def in_any_order(table_rows):
    return collections.Counter(repr(row) for row in table_rows)


class Stored(LabCase):
    """One capture in many forms."""

    def setUp(self):
        super().setUp()
        self.packets = Traffic(7).mix(150).packets
        self.plain = self.write("plain.pcap")
        self.expected = all_rows(self.plain)
        for table in TABLES:
            self.assertGreater(len(self.expected[table]), 100, table)

    def write(self, name, **form):
        path = self.path(name)
        write_packets(path, self.packets, **form)
        return path

    def check(self, path, **more):
        found = all_rows(path, **more)
        for table in TABLES:
            self.assertEqual(found[table], self.expected[table], f"{path}: {table}")

    def content(self):
        with open(self.plain, "rb") as file:
            return file.read()

    def put(self, name, data):
        path = self.path(name)
        with open(path, "wb") as file:
            file.write(data)
        return path

    def test_pcap(self):
        for name, form in {"ns.pcap": {"nanoseconds": True}, "swapped.pcap": {"byte_order": ">"},
                           "swapped-ns.pcap": {"nanoseconds": True, "byte_order": ">"}}.items():
            with self.subTest(name):
                self.check(self.write(name, **form))

    def test_nanoseconds_are_told(self):
        path = self.path("ns.pcap")
        times = [START_NS + 1, START_NS + 999_999_999, START_NS + 1_000_000_001]
        write_packets(path, [Packet(time_ns, packet.data, packet.original_length)
                             for time_ns, packet in zip(times, self.packets)], nanoseconds=True)
        found = rows("select epoch_ns(time) as t from packets", path, options=_SETTINGS)
        self.assertEqual([row["t"] for row in found], times)

    def test_pcapng(self):
        path = self.path("capture.pcapng")
        run(["editcap", "-F", "pcapng", self.plain, path])
        self.check(path)
        path = self.path("capture-ns.pcapng")
        run(["editcap", "-F", "pcapng", self.write("ns.pcap", nanoseconds=True), path])
        self.check(path)

    def test_compressed(self):
        content = self.content()
        self.check(self.put("python.pcap.gz", gzip.compress(content)))
        self.check(self.put("members.pcap.gz", gzip.compress(content[:5000])
                            + gzip.compress(content[5000:])))
        self.check(self.put("python.pcap.xz", lzma.compress(content)))
        for ending, command in {"zst": ["zstd", "-q", "-c"], "xz": ["xz", "-c"],
                                "lz4": ["lz4", "-q", "-c"], "gz": ["gzip", "-c"]}.items():
            with self.subTest(ending), open(self.plain, "rb") as plain:
                packed = run(command, stdin=plain, text=False).stdout
                self.assertLess(len(packed), len(content))
                # By what they begin with: names may say anything.
                self.check(self.put(f"tool.pcap.{ending}", packed))
                self.check(self.put(f"no-ending-{ending}", packed))

    def test_standard_input(self):
        packed = gzip.compress(self.content())
        for data in self.content(), packed:
            path = self.put("stdin", data)
            for table in TABLES:
                with open(path, "rb") as given:
                    found = rows(f"select * exclude (file) from {table}"
                                 if table in ("messages", "packets") else f"select * from {table}",
                                 "-", options=_SETTINGS, stdin=given)
                for row in found:
                    row.pop("interface", None)
                self.assertEqual(found, self.expected[table], table)

    def test_a_pipe(self):
        with subprocess.Popen(["cat", self.plain], stdout=subprocess.PIPE) as cat:
            found = rows("select * from dns", "-", options=_SETTINGS, stdin=cat.stdout)
        self.assertEqual(found, self.expected["dns"])

    def test_several_files(self):
        """One after the other by their packets' times, whatever the order and the names."""
        half = len(self.packets) // 2
        later, earlier = self.path("a.pcap"), self.path("b.pcap")
        write_packets(later, self.packets[half:])
        write_packets(earlier, self.packets[:half])
        found = all_rows(later, earlier)
        for table in TABLES:
            # Conversations go on from file to file.
            self.assertEqual(found[table], self.expected[table], table)
        files = [row["file"] for row in rows("select file from packets", later, earlier,
                                             options=_SETTINGS)]
        self.assertEqual(files, [earlier] * half + [later] * (len(self.packets) - half))

    def test_patterns_and_directories(self):
        directory = self.make_directory("many")
        third = len(self.packets) // 3
        for number in range(3):
            end = len(self.packets) if number == 2 else third * (number + 1)
            write_packets(os.path.join(directory, f"{number}.pcap"),
                          self.packets[third * number:end])
        with open(os.path.join(directory, "notes.txt"), "w", encoding="ascii") as notes:
            notes.write("no capture\n")
        for paths in ([directory], [os.path.join(directory, "*.pcap")],
                      [os.path.join(directory, "[0-2].pcap")],
                      [os.path.join(directory, "2.pcap"), directory]):
            with self.subTest(paths):
                found = all_rows(*paths)
                for table in TABLES:
                    self.assertEqual(found[table], self.expected[table], table)

    def test_a_file_that_ends_early(self):
        """As far as it goes; a note says where."""
        content = self.content()
        whole = len(self.packets) - 1
        for cut in 1, len(self.packets[-1].data) + 3, len(self.packets[-1].data) + 16 - 1:
            path = self.put("cut.pcap", content[:-cut])
            done = query("select count(*) as n from packets", path, options=("--csv",))
            self.assertEqual(done.stdout.split()[-1], str(whole))
            self.assertRegex(done.stderr, rf"\Adns-monitor: {path}: ends within a record at byte "
                             rf"\d+, behind {whole} packets\n\Z")
        packed = self.put("cut.pcap.gz", gzip.compress(content)[:-2000])
        done = query("select count(*) as n from packets", packed, options=("--csv",))
        self.assertLess(0, int(done.stdout.split()[-1]))
        self.assertRegex(done.stderr,
                         rf"\Adns-monitor: {packed}: the gzip data ends early[^\n]+\n\Z")

    def test_a_damaged_file(self):
        """Exit 1; with --skip-unreadable up to the damage."""
        def damaged(path, told):
            """What is printed for it, once it has been refused."""
            command = [DNS_MONITOR_QUERY, "query", "--csv", "select count(*) as n from packets"]
            done = run([*command, path], check=False)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertRegex(done.stderr, rf"\Adns-monitor: {path}: {told} "
                             r"\(--skip-unreadable reads up to there\)\n\Z")
            done = run([*command, "--skip-unreadable", path])
            self.assertRegex(done.stderr, rf"\Adns-monitor: {path}: {told}; "
                             r"what follows is not read\n\Z")
            return done.stdout

        content = bytearray(self.content())
        offset = FILE_HEADER.size
        for packet in self.packets[:20]:
            offset += 16 + len(packet.data)
        content[offset + 8:offset + 12] = b"\xff" * 4
        path = self.put("damaged.pcap", bytes(content))
        printed = damaged(path, rf"the record at byte {offset} [^\n]+, behind 20 packets")
        self.assertEqual(printed.split()[-1], "20")
        packed = bytearray(gzip.compress(self.content()))
        packed[len(packed) // 2:len(packed) // 2 + 200] = bytes(200)
        damaged(self.put("damaged.pcap.gz", bytes(packed)), r"[^\n]+, behind \d+ packets")

    def refused(self, path, *words, prefix=()):
        """Exit 1 with one line that names the path; with --skip-unreadable the others are read."""
        command = [*prefix, DNS_MONITOR_QUERY, "query", "--csv",
                   "select count(*) as n from packets"]
        done = run([*command, path, self.plain], check=False, preexec_fn=as_others)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertRegex(done.stderr, r"\Adns-monitor: [^\n]+\n\Z")
        for word in (path, *words):
            self.assertIn(word, done.stderr)
        done = run([*command, "--skip-unreadable", path, self.plain], preexec_fn=as_others)
        self.assertEqual(done.stdout.split()[-1], str(len(self.packets)))
        self.assertIn(path, done.stderr)

    def test_what_is_no_capture(self):
        self.refused(self.put("text.pcap", b"This is no capture, but it is long enough.\n" * 20))
        self.refused(self.put("short", b"abc"))
        self.refused(self.put("packed.gz", gzip.compress(b"nor is this one a capture\n" * 20)))
        self.refused(self.path("missing.pcap"), "No such file")
        self.refused(self.make_directory("empty"), "no capture")
        self.refused(os.path.join(self.directory, "*.nothing"), "nothing matches")

    def test_an_empty_file(self):
        """No packet, which is nothing wrong, or not even a header, which is told."""
        path = self.put("empty.pcap", self.content()[:FILE_HEADER.size])
        done = query("select count(*) as n from packets", path, options=("--csv",))
        self.assertEqual((done.stdout.split()[-1], done.stderr), ("0", ""))
        nothing = self.put("nothing.pcap", b"")
        done = query("select count(*) as n from packets", nothing, options=("--csv",))
        self.assertEqual((done.stdout.split()[-1], done.stderr),
                         ("0", f"dns-monitor: {nothing}: is empty\n"))

    def test_a_file_of_others(self):
        path = self.write("secret.pcap")
        os.chmod(path, 0)
        os.chmod(self.directory, 0o755)
        os.chmod(self.plain, 0o644)
        self.refused(path, "Permission denied", prefix=(
            "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"))


class Times(LabCase):
    """--since and --until, and the order of rows."""

    def setUp(self):
        super().setUp()
        self.packets = Traffic(11).mix(200).packets
        self.file = self.path("capture.pcap")
        write_packets(self.file, self.packets)

    def test_ranges(self):
        """Each as if the file had only the packets between the two."""
        times = [packet.time_ns for packet in self.packets]
        third, half = times[len(times) // 3], times[len(times) // 2]
        for since, until in ((third, None), (None, half), (third, half), (third, third),
                             (times[0], times[-1]), (None, times[0]), (times[-1] + 1000, None)):
            with self.subTest(since=since, until=until):
                kept = [packet for packet in self.packets
                        if (since is None or packet.time_ns >= since)
                        and (until is None or packet.time_ns < until)]
                path = self.path("kept.pcap")
                write_packets(path, kept)
                options = list(_SETTINGS)
                for name, value in ("--since", since), ("--until", until):
                    if value is not None:
                        options += [name, self.written(value)]
                self.assertEqual(all_rows(self.file, options=options), all_rows(path))

    @staticmethod
    def written(time_ns):
        """As UTC, in ISO 8601."""
        seconds, fraction = divmod(time_ns, SECOND)
        done = run(["date", "-u", "-d", f"@{seconds}", "+%Y-%m-%dT%H:%M:%S"])
        return f"{done.stdout.strip()}.{fraction:09}Z"

    def test_where_time(self):
        """Says the same of packets as the options."""
        middle = self.packets[len(self.packets) // 2].time_ns
        some = rows(f"select * from packets where time >= make_timestamp_ns({middle})", self.file,
                    options=_SETTINGS)
        self.assertEqual(some, rows("select * from packets", self.file,
                                    options=(*_SETTINGS, "--since", self.written(middle))))
        self.assertEqual(len(some), sum(packet.time_ns >= middle for packet in self.packets))
        # And so do the parameters of the functions, which go into the options' range.
        other = self.path("other.pcap")
        sql = (f"select * from read_packets(files := '{self.file}', "
               f"since := '{self.written(middle)}')")
        write_packets(other, self.packets[:5])
        self.assertEqual(rows(sql, other, options=_SETTINGS), some)

    def test_order(self):
        """One thread gives the rows of a file as they come."""
        found = rows("select epoch_ns(time) as t from packets", self.file, options=_SETTINGS)
        self.assertEqual([row["t"] for row in found], [packet.time_ns for packet in self.packets])
        numbers = [row["id"] for row in rows("select id from dns", self.file)]
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)))


class Threads(LabCase):
    """Files of several blocks, which threads share."""

    def large_capture(self):
        """Fragments and connections lie across the borders of blocks."""
        packets = Traffic(17).mix(400, at_once=40).packets
        span = packets[-1].time_ns - packets[0].time_ns + 60 * SECOND
        # A minute later the same ports are used again: so often that it makes four blocks and more.
        turns = (18 << 20) // sum(16 + len(packet.data) for packet in packets)
        path = self.path("large.pcap")
        write_packets(path, [Packet(packet.time_ns + turn * span, packet.data,
                                    packet.original_length)
                             for turn in range(turns) for packet in packets])
        return path

    @staticmethod
    def fingerprint(table, *paths, threads):
        """The same for the same rows, in whatever order."""
        # Numbers would make one thread of them.
        columns = "* exclude (id)" if table in ("dns", "icmp") else "*"
        [row] = rows("select count(*) as n, bit_xor(hash(t)) as x, sum(hash(t)) as s "
                     f"from (select {columns} from {table}) t", *paths,
                     options=("--threads", threads))
        return row

    def test_same_rows(self):
        plain = self.large_capture()
        packed, small = plain + ".zst", self.path("small.pcap")
        run(["zstd", "-q", plain, "-o", packed])
        write_packets(small, Traffic(19, start_ns=START_NS - 3600 * SECOND).mix(50).packets)
        for paths in [plain], [packed], [plain, small]:
            for table in (*TABLES, "icmp"):
                one = self.fingerprint(table, *paths, threads="1")
                self.assertGreater(one["n"], 100)
                for threads in "2", "4":
                    with self.subTest(paths=paths, table=table, threads=threads):
                        self.assertEqual(self.fingerprint(table, *paths, threads=threads), one)

    def test_numbers(self):
        """With id the order is the same, however many threads there are."""
        path = self.large_capture()
        found = {query("select * from dns", path, options=("--csv", "--threads", threads)).stdout
                 for threads in ("1", "2", "4")}
        self.assertEqual(len(found), 1)


class Captured(LabCase):
    """What dns-monitor itself has written."""

    def setUp(self):
        super().setUp()
        self.make_pair(mtu=9000)

    def captured(self, *options, count=30000):
        """A capture of several files that has ended, with all kinds of packets."""
        monitor = self.capture(self.right, "dns0", "--rotate-size", "1M", *options)
        self.inject(self.left, "peer0", [packet.data for packet in Traffic(3).mix(60).packets])
        self.send(self.left, "10.53.0.99", "--count", count, "--rate", "50000")
        summary = monitor.finish()
        self.assertEqual(summary.lost, 0)
        self.assertGreater(len(monitor.files()), 2)
        return monitor, summary

    @staticmethod
    def count(*paths, table="packets", **more):
        [row] = rows(f"select count(*) as n from {table}", *paths, **more)
        return row["n"]

    def test_a_directory_with_ledgers(self):
        monitor, summary = self.captured()
        self.assertEqual(self.count(monitor.directory), summary.captured)
        found = all_rows(monitor.directory)
        self.assertEqual(all_rows(*monitor.files()), found)
        # Copies that have no ledgers: nothing depends on these.
        bare = self.make_directory("bare")
        run(["cp", *monitor.files(), bare])
        self.assertEqual(all_rows(bare), found)
        times = [packet.time_ns for packet in monitor.packets()]
        self.assertEqual([row["t"] for row in rows("select epoch_ns(time) as t from packets",
                                                   monitor.directory, options=_SETTINGS)], times)
        # With an index, most is not even read.
        options = (*_SETTINGS, "--since", f"@{times[-1000] // SECOND}", "--until",
                   f"@{times[-1000] // SECOND + 1}")
        self.assertEqual(all_rows(monitor.directory, options=options),
                         all_rows(bare, options=options))

    def test_segments(self):
        monitor, summary = self.captured()
        ledgers = Ledgers(monitor.files()).all
        found = rows("select *, epoch_ns(first_packet) as first_ns from segments",
                     monitor.directory)
        self.assertEqual([row["sequence"] for row in found],
                         [ledger["sequence"] for ledger in ledgers])
        self.assertEqual([row["written"] for row in found],
                         [ledger["balance"]["written"] for ledger in ledgers])
        self.assertEqual([row["stored_bytes"] for row in found],
                         [os.path.getsize(path) for path in monitor.files()])
        self.assertEqual({row["interface"] for row in found}, {"dns0"})
        self.assertEqual({row["being_written"] for row in found}, {False})
        self.assertEqual([row["first_ns"] for row in found],
                         [read_pcap(path).packets[0].time_ns for path in monitor.files()])
        self.assertEqual(sum(row["written"] for row in found), summary.captured)
        self.assertEqual(sum(row["seen"] for row in found), summary.seen)

    def test_gaps(self):
        monitor = self.capture(self.right, "dns0")
        self.send(self.left, "10.53.0.99", "--count", "10")
        monitor.finish()
        again = self.capture(self.right, "dns0", directory=monitor.directory)
        self.send(self.left, "10.53.0.99", "--count", "10")
        again.finish()
        gaps = Ledgers(again.files()).gaps()
        self.assertGreater(len(gaps), 0)
        found = rows("select * from gaps", monitor.directory)
        self.assertEqual([row["reason"] for row in found], [gap["reason"] for gap in gaps])
        self.assertEqual(self.count(monitor.directory), 20)

    def test_compressed(self):
        """Frames that threads decode apart: the same as the file in one piece, and unpacked."""
        monitor, summary = self.captured("--compress", "zstd", count=60000)
        found = all_rows(monitor.directory)
        self.assertEqual(len(found["packets"]), summary.captured)
        unpacked, whole = self.make_directory("unpacked"), self.make_directory("whole")
        for path in monitor.files():
            name = os.path.basename(path)
            run(["zstd", "-q", "-d", path, "-o", os.path.join(unpacked, name[:-4])])
            run(["zstd", "-q", os.path.join(unpacked, name[:-4]), "-o", os.path.join(whole, name)])
        self.assertEqual(all_rows(unpacked), found)
        self.assertEqual(all_rows(whole), found)
        four = all_rows(monitor.directory, options=("--threads", "4"))
        for table in TABLES:
            self.assertEqual(in_any_order(four[table]), in_any_order(found[table]))

    def test_while_it_is_written(self):
        """All that is whole in it, and no complaint about what is not, plain or compressed."""
        for compress in "none", "zstd":
            with self.subTest(compress):
                monitor = self.capture(self.right, "dns0", "--compress", compress, "--flush",
                                       "20ms")
                sender = self.sender(self.left, "10.53.0.99", "--count", "60000", "--rate", "20000")
                counts = []
                while sender.popen.poll() is None:
                    done = query("select count(*) as n from dns", monitor.directory,
                                 options=("--csv",))
                    counts.append(int(done.stdout.split()[-1]))
                    self.assertEqual(done.stderr, "")
                [sent] = self.sent(sender)
                wait_until(lambda: self.count(monitor.directory, table="dns") == sent, "all of it")
                self.assertEqual(counts, sorted(counts))
                self.assertEqual(self.count(monitor.part(), table="dns"), sent)
                [row] = rows("select * from segments", monitor.directory)
                self.assertTrue(row["being_written"])
                monitor.finish()
                self.assertEqual(self.count(monitor.directory, table="dns"), sent)

    def test_what_a_kill_leaves(self):
        monitor = self.capture(self.right, "dns0", "--flush", "20ms")
        self.send(self.left, "10.53.0.99", "--count", "1000")
        monitor.wait_for_packets(1000)
        monitor.stop(signal.SIGKILL)
        self.assertEqual(self.count(monitor.directory), 1000)

    def test_ports_of_the_ledger(self):
        """DNS is where the capture looked for it, unless --port says otherwise."""
        monitor = self.capture(self.right, "dns0", "--port", "5353", "--port", "53")
        for port in "53", "5353", "53":
            self.send(self.left, "10.53.0.99", "--count", "10", "--port", port)
        monitor.finish()
        self.assertEqual(self.count(monitor.directory, table="dns"), 30)
        for ports, expected in ("5353", 10), ("53", 20), ("53,5353", 30), ("54", 0):
            self.assertEqual(self.count(monitor.directory, table="dns", options=("--port", ports)),
                             expected)
        bare = self.make_directory("bare")
        run(["cp", *monitor.files(), bare])
        self.assertEqual(self.count(bare, table="dns"), 20)

    def test_interfaces(self):
        monitor = self.capture(self.right, "dns0")
        other = self.capture(self.left, "peer0", directory=monitor.directory)
        self.send(self.left, "10.53.0.99", "--count", "10")
        monitor.finish()
        other.finish()
        found = rows("select interface, count(*) as n from packets group by all order by all",
                     monitor.directory)
        self.assertEqual(found, [{"interface": name, "n": 10} for name in ("dns0", "peer0")])
        options = ("--interface", "peer0")
        self.assertEqual(self.count(monitor.directory, options=options), 10)
        done = query("select 1", monitor.directory, options=("--interface", "eth9"), check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no capture of the interface eth9", done.stderr)
