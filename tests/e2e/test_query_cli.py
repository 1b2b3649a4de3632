"""dns-monitor query and sql at the command line: usage, errors, forms, signals, a terminal."""
import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import unicodedata
import xml.etree.ElementTree

from lab import packets
from lab.case import LabCase
from lab.messages import ODD, A, Message
from lab.pcap import write_packets
from lab.process import DNS_MONITOR, cpus, run
from lab.query import DNS_MONITOR_QUERY, as_others, query, rows
from lab.terminal import Terminal
from lab.traffic import Traffic
from lab.waiting import wait_until

# What is said of the mix: it has holes.
_NOT_WHOLE = r"(dns-monitor: not put together: 1 datagram .*\n)?"
_FORMATS = ("table", "json", "ndjson", "csv", "xml", "markdown")
_ENDLESS = "select i, hash(i) as h from range(1000000000000) t(i)"
_SLOW = "select count(*) from range(10000000) a(i), range(10000000) b(i) where a.i % 7 = b.i % 11"


class QueryCase(LabCase):

    def setUp(self):
        super().setUp()
        self.file = self.path("mix.pcap")
        write_packets(self.file, Traffic(5).mix(200).packets)

    def run_query(self, *arguments, **options):
        options.setdefault("preexec_fn", as_others)
        return run([DNS_MONITOR_QUERY, *arguments], check=False, seconds=240, **options)

    def terminal(self, *arguments, **options):
        options.setdefault("preexec_fn", as_others)
        terminal = Terminal([DNS_MONITOR_QUERY, *arguments], **options)
        self.addCleanup(terminal.close)
        return terminal


class Usage(QueryCase):

    def refused(self, code, *arguments):
        done = self.run_query(*arguments)
        self.assertEqual(done.returncode, code, f"{arguments}: {done.stderr}")
        self.assertEqual(done.stdout, "")
        return done.stderr

    def test_bad_usage(self):
        """One line that says what is wrong; 2."""
        for arguments, words in {
                (): "which command",
                ("ask",): "ask",
                ("--frobnicate",): "--frobnicate",
                ("query",): "query what",
                ("query", "select 1"): "which captures",
                ("query", "-s", "select 1"): "which captures",
                ("query", "--frobnicate", "select 1", self.file): "--frobnicate",
                ("query", "--format", "yaml", "select 1", self.file): "yaml",
                ("query", "--format"): "--format",
                ("query", "--limit", "-1", "select 1", self.file): "--limit",
                ("query", "--limit", "x", "select 1", self.file): "--limit",
                ("query", "--threads", "0", "select 1", self.file): "--threads",
                ("query", "--threads", "many", "select 1", self.file): "--threads",
                ("query", "--memory", "much", "select 1", self.file): "--memory",
                ("query", "--since", "soon", "select 1", self.file): "--since",
                ("query", "--until", "2026-13-01", "select 1", self.file): "--until",
                ("query", "--port", "0", "select 1", self.file): "--port",
                ("query", "--port", "53,dns", "select 1", self.file): "--port",
                ("sql",): "which captures",
        }.items():
            with self.subTest(arguments=arguments):
                line = self.refused(2, *arguments)
                self.assertRegex(line, r"\Adns-monitor: [^\n]+; see --help\n\Z")
                self.assertIn(words, line)

    def test_help(self):
        for arguments in ("--help",), ("query", "--help"), ("sql", "--help"):
            done = self.run_query(*arguments)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertLessEqual(max(map(len, done.stdout.splitlines())), 80)
        self.assertRegex(self.run_query("--version").stdout, r"\Adns-monitor \d+\.\d+")

    def test_a_statement_that_is_wrong(self):
        """The place is marked; 1."""
        for sql, word in {
                "select nope from dns": "nope",
                "select qname frum dns": "dns",
                "select qname,\n       nope\nfrom dns": "nope",
                "select count(*) from nowhere": "nowhere",
                "select nofunction(qname) from dns": "nofunction",
                "selekt 1": "selekt"}.items():
            with self.subTest(sql):
                told = self.refused(1, "query", sql, self.file)
                self.assertTrue(told.startswith("dns-monitor: "), told)
                lines = told.splitlines()
                marked = next(index for index, line in enumerate(lines)
                              if line.strip(" ") == "^") - 1
                place = lines[marked + 1].index("^")
                self.assertTrue(lines[marked][place:].startswith(word), told)

    def test_a_statement_that_is_no_text(self):
        told = self.refused(1, "query", b"select nope, '\xff'", self.file)
        self.assertRegex(told, r"\Adns-monitor: the statement is not in UTF-8: [^\n{]*\n\Z")

    def test_an_error_while_it_runs(self):
        done = self.run_query("query", "--json", "select error('so it is') from dns", self.file)
        self.assertEqual(done.returncode, 1)
        self.assertIn("so it is", done.stderr)
        done = self.run_query("query", "--csv", "-s", "select 1 as one", "-s", "select x",
                              self.file)
        self.assertEqual(done.returncode, 1)
        self.assertIn("1", done.stdout)

    def test_an_error_behind_a_result(self):
        """What is printed is a document, of the results that are whole."""
        for wrong in "select x", "select error('so it is') from dns":
            for count in 0, 1, 2:
                statements = [word for i in range(count) for word in ("-s", f"select {i} as i")]
                done = self.run_query("query", "--json", *statements, "-s", wrong, self.file)
                self.assertEqual(done.returncode, 1)
                if count == 0:
                    self.assertEqual(done.stdout, "")
                    continue
                self.assertEqual([table["data"] for table in json.loads(done.stdout)],
                                 [[[i]] for i in range(count)])
        done = self.run_query("query", "--xml", "-s", "select 1", "-s", "select x", self.file)
        xml.etree.ElementTree.fromstring(done.stdout)

    def test_an_error_within_a_result(self):
        """Nobody takes it for whole; on a terminal the error has a line of its own."""
        sql = ("select case when i < 1000000 then i else error('so it is') end as n "
               "from range(2000000) t(i)")
        for form in "json", "xml":
            done = self.run_query("query", "--threads", "1", "--format", form, sql, self.file)
            self.assertEqual(done.returncode, 1)
            self.assertGreater(len(done.stdout), 1000)
            self.assertNotRegex(done.stdout, r"(\]|</html>)\n\Z")
        terminal = self.terminal("query", "--threads", "1", "--json", sql, self.file)
        terminal.wait_for(r"\r\ndns-monitor: .*so it is")
        self.assertEqual(terminal.wait(), 1)
        terminal = self.terminal("query", "--json", "-s", "select 1", "-s", "select x", self.file)
        terminal.wait_for(r"\r\n\]\r\ndns-monitor: ")
        self.assertEqual(terminal.wait(), 1)

    def test_found_beside_the_program(self):
        """dns-monitor query is dns-monitor-query query."""
        arguments = ["query", "--csv", "select count(*) as n from dns", self.file]
        done = run([DNS_MONITOR, *arguments], preexec_fn=as_others, seconds=240)
        self.assertEqual(done.stdout, self.run_query(*arguments).stdout)
        alone = os.path.join(self.make_directory("bin"), "dns-monitor")
        run(["cp", DNS_MONITOR, alone])
        done = run([alone, *arguments], check=False)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("dns-monitor-query", done.stderr)
        run(["cp", DNS_MONITOR_QUERY, os.path.dirname(alone)])
        self.assertEqual(run([alone, *arguments], preexec_fn=as_others, seconds=240).returncode, 0)


class Forms(QueryCase):

    SQL = ("select qname, msg_size, tc, time, answers, edns_version, latency "
           "from (select *, msg_size / 7 as latency from messages)")

    def setUp(self):
        super().setUp()
        self.expected = rows(self.SQL, self.file, options=("--threads", "1"))

    def text(self, form, *options):
        return query(self.SQL, self.file, options=("--threads", "1", "--format", form,
                                                   *options)).stdout

    def test_json(self):
        [table] = json.loads(self.text("json"))
        names = [column["name"] for column in table["head"]]
        self.assertEqual([dict(zip(names, row)) for row in table["data"]], self.expected)

    def test_csv(self):
        read = list(csv.reader(io.StringIO(self.text("csv"), newline="")))
        self.assertEqual(read[0], list(self.expected[0]))
        self.assertEqual(len(read) - 1, len(self.expected))
        for got, row in zip(read[1:], self.expected):
            self.assertEqual(got[0], row["qname"] or "")
            self.assertEqual(got[1], str(row["msg_size"]))
            self.assertEqual(json.loads(got[4]), row["answers"])

    def test_xml(self):
        document = xml.etree.ElementTree.fromstring(self.text("xml"))
        found = [element for element in document.iter() if element.tag.endswith("tr")]
        self.assertEqual(len(found), len(self.expected) + 1)
        self.assertEqual({len(row) for row in found}, {7})

    def test_an_explanation(self):
        """Is a drawing, where it is not data."""
        sql = "explain select qname from dns where qr = 0"
        terminal = self.terminal("query", sql, self.file, columns=120)
        self.assertEqual(terminal.wait(), 0)
        self.assertRegex(terminal.shown, r"(?m)^┌─+┐\r$")
        self.assertNotIn("x0a", terminal.shown)
        self.assertRegex(query(sql, self.file, options=("--table",)).stdout, r"(?m)\A┌─+┐$")
        [row] = rows(sql, self.file)
        self.assertIn("┌", row["explain_value"])

    def test_markdown(self):
        lines = self.text("markdown").rstrip("\n").split("\n")
        self.assertEqual(len(lines), len(self.expected) + 2)
        bare = {len(line.replace("\\|", "").split("|")) for line in lines}
        self.assertEqual(bare, {9})

    def test_table(self):
        """Elsewhere than on a terminal it is PacketQ's."""
        self.assertEqual(len(self.text("table").splitlines()), len(self.expected) + 1)

    def test_short_names(self):
        for short, form in {"--json": "json", "-j": "json", "--csv": "csv", "-c": "csv",
                            "--table": "table", "-t": "table", "--xml": "xml", "-x": "xml"}.items():
            done = self.run_query("query", "--threads", "1", short, self.SQL, self.file)
            self.assertEqual(done.stdout, self.text(form), short)

    def test_limit(self):
        for form in _FORMATS:
            if form != "json":  # which shows the statement
                limited = query(self.SQL + " limit 3", self.file,
                                options=("--threads", "1", "--format", form))
                self.assertEqual(self.text(form, "--limit", "3"), limited.stdout)
        [table] = json.loads(self.text("json", "--limit", "3"))
        self.assertEqual(len(table["data"]), 3)
        # What nobody wants is not even made.
        done = query(_ENDLESS, self.file, options=("--csv", "--limit", "5"))
        self.assertEqual(len(done.stdout.splitlines()), 6)

    def test_several_statements(self):
        done = self.run_query("query", "--json", "-s", "select 1 as a", "-s",
                              "select 2 as b; select 3 as c", self.file)
        tables = json.loads(done.stdout)
        self.assertEqual([(table["head"][0]["name"], table["data"]) for table in tables],
                         [("a", [[1]]), ("b", [[2]]), ("c", [[3]])])
        done = self.run_query("query", "--xml", "-s", "select 1 as a", "-s", "select 2 as b",
                              self.file)
        xml.etree.ElementTree.fromstring(done.stdout)

    def test_into_a_file(self):
        path = self.path("result")
        done = self.run_query("query", "--threads", "1", "--csv", "-o", path, self.SQL, self.file)
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        self.assertRegex(done.stderr, f"^{_NOT_WHOLE}$")
        with open(path, encoding="utf-8", newline="") as file:
            self.assertEqual(file.read(), self.text("csv"))
        done = self.run_query("query", "--csv", "-o", "/nowhere/result", self.SQL, self.file)
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nowhere/result", done.stderr)

    def test_a_disk_that_is_full(self):
        done = self.run_query("query", "--csv", "-o", "/dev/full", self.SQL, self.file)
        self.assertEqual(done.returncode, 1)
        self.assertIn("No space left", done.stderr)

    def test_a_reader_that_has_enough(self):
        """As | head -1: nothing is told of that."""
        for sql in self.SQL, _ENDLESS:
            with subprocess.Popen([DNS_MONITOR_QUERY, "query", "--csv", sql, self.file],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  preexec_fn=as_others) as process:
                self.addCleanup(process.kill)
                self.assertIn(b",", process.stdout.readline())
                process.stdout.close()
                self.assertRegex(process.stderr.read().decode(), f"^{_NOT_WHOLE}$")
                self.assertEqual(process.wait(60), 0)


class Files(QueryCase):
    """What is written, and what is read, beside the rows."""

    def content(self, path):
        with open(path, "rb") as file:
            return file.read()

    def test_a_capture_is_not_written_over(self):
        before = self.content(self.file)
        for command in ("query", "--csv", "select qname from dns"), ("report", "rcodes"):
            done = self.run_query(*command, self.file, "-o", self.file)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn(f"{self.file} is one of the captures", done.stderr)
        self.assertEqual(self.content(self.file), before)

    def test_what_was_there_stays_until_there_is_a_result(self):
        kept = self.path("kept")
        with open(kept, "w", encoding="ascii") as file:
            file.write("of before")
        new = self.path("new")
        for sql in "select nope", "select error('so it is' || qname) from dns":
            for path in kept, new:
                self.assertEqual(self.run_query("query", sql, self.file, "-o", path).returncode, 1)
            self.assertEqual(self.content(kept), b"of before")
            self.assertFalse(os.path.exists(new))
        self.run_query("query", "--csv", "select 1 as a", self.file, "-o", kept)
        self.assertEqual(self.content(kept), b'"a"\n1\n')

    def test_a_file_of_half_a_result_goes(self):
        """If it was made for that; whole results before it stay."""
        sql = ("select case when i < 1000000 then i else error('so it is') end as n "
               "from range(2000000) t(i)")
        kept, new = self.path("kept"), self.path("new")
        with open(kept, "w", encoding="ascii") as file:
            file.write("of before")
        for path in kept, new:
            done = self.run_query("query", "--threads", "1", "--csv", sql, self.file, "-o", path)
            self.assertEqual(done.returncode, 1)
        self.assertTrue(os.path.exists(kept))
        self.assertFalse(os.path.exists(new))
        done = self.run_query("query", "--json", "-s", "select 1 as a", "-s", "select nope",
                              self.file, "-o", new)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(json.loads(self.content(new))[0]["data"], [[1]])
        done = self.run_query("query", "--csv", "select 1 as a where false", self.file, "-o", kept)
        self.assertEqual((done.returncode, self.content(kept)), (0, b'"a"\n'))
        done = self.run_query("query", "--format", "ndjson", "select 1 as a where false",
                              self.file, "-o", kept)
        self.assertEqual((done.returncode, self.content(kept)), (0, b""))

    def test_statements_without_rows_print_nothing(self):
        parquet = self.path("x.parquet")
        for form in _FORMATS:
            done = self.run_query("query", "--format", form,
                                  f"copy (select 1 as a) to '{parquet}'", self.file)
            self.assertEqual((done.returncode, done.stdout), (0, ""), form)

    def test_a_pipe_is_read_once_or_kept(self):
        with open(self.file, "rb") as file:
            done = self.run_query("query", "-s", "select count(*) from dns",
                                  "-s", "select count(*) from messages", "-", stdin=file)
        self.assertEqual(done.returncode, 1)
        self.assertIn("standard input can be read only once", done.stderr)
        with open(self.file, "rb") as file:
            piped = self.run_query("report", "all", "--format", "json", "-", stdin=file)
        self.assertEqual(piped.returncode, 0, piped.stderr)
        named = self.run_query("report", "all", "--format", "json", self.file)
        self.assertEqual(piped.stdout, named.stdout)
        done = self.run_query("sql", "-")
        self.assertEqual(done.returncode, 2)
        self.assertIn("name files", done.stderr)

    def test_a_copy_of_a_pipe_is_called_as_the_pipe(self):
        whole = self.content(self.file)
        torn = self.path("torn.pcap")
        with open(torn, "wb") as file:
            file.write(whole[:-3])
        with open(torn, "rb") as file:
            done = self.run_query("report", "overview", "-", stdin=file)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, r"(?m)^dns-monitor: standard input: ")
        self.assertNotIn("/tmp", done.stderr)

    def test_no_room_for_a_copy_of_a_pipe(self):
        disk = self.make_directory("disk")
        run(["mount", "-t", "tmpfs", "-o", "size=1M", "tmpfs", disk])
        with open("/dev/zero", "rb") as zeros:
            done = self.run_query("report", "overview", "-", stdin=zeros,
                                  env={**os.environ, "TMPDIR": disk})
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, rf"\Adns-monitor: standard input: its copy in {disk}/\S+ .*"
                                      r"TMPDIR.*: No space left on device\n\Z")
        self.assertEqual(os.listdir(disk), [])

    def test_names_that_are_no_text(self):
        path = os.fsencode(self.path("bad")) + b"\xff\xfename.pcap"
        os.rename(self.file, path)
        done = self.run_query("query", "--csv", "select distinct strip_accents(upper(file)) as f "
                              "from messages", path)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("BAD\\XFF\\XFENAME.PCAP", done.stdout)


class Signals(QueryCase):
    """Ctrl-C ends what would take for ever."""

    def begin(self, sql, *arguments, **options):
        options.setdefault("preexec_fn", as_others)
        return self.start([DNS_MONITOR_QUERY, "query", "--csv", sql, *(arguments or [self.file])],
                          **options)

    @staticmethod
    def busy_ticks(process):
        with open(f"/proc/{process.pid}/stat", encoding="ascii") as stat:
            return int(stat.read().rpartition(")")[2].split()[11])

    def check_interrupted(self, process, number=signal.SIGINT):
        process.send_signal(number)
        self.assertEqual(process.wait(), 130, process.errors())
        self.assertEqual(process.errors(), "dns-monitor: interrupted\n")

    def test_while_it_computes(self):
        for number in signal.SIGINT, signal.SIGTERM:
            process = self.begin(_SLOW)
            wait_until(lambda: self.busy_ticks(process) > 30, "a busy process")
            self.check_interrupted(process, number)

    def test_while_it_writes(self):
        """Rows have come, and the pipe is full."""
        process = self.begin(_ENDLESS, stdout=subprocess.PIPE)
        self.assertIn(b",", process.popen.stdout.readline())
        process.send_signal(signal.SIGINT)
        process.popen.stdout.read()
        self.assertEqual(process.wait(), 130, process.errors())

    def test_a_file_that_is_not_whole(self):
        """Goes, with the first Ctrl-C and with the second one."""
        path = self.path("result.csv")
        def grows():
            return os.path.exists(path) and os.path.getsize(path) > 0
        process = self.begin(_ENDLESS, self.file, "-o", path)
        wait_until(grows, "rows in the file")
        self.check_interrupted(process)
        self.assertFalse(os.path.exists(path))
        process = self.begin(_ENDLESS, self.file, "-o", path)
        wait_until(grows, "rows in the file")
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(), 130, process.errors())
        self.assertFalse(os.path.exists(path))

    def test_a_capture_that_is_cut(self):
        """Ends it; of what it made nothing is left."""
        temporary = self.path("temporary")
        os.mkdir(temporary)
        big = self.path("big.pcap")
        with open(self.file, "rb") as file:
            head, records = file.read(24), file.read()
        with open(big, "wb") as file:
            file.write(head)
            for _ in range((64 << 20) // len(records)):
                file.write(records)
        path = self.path("result.csv")
        process = self.start([DNS_MONITOR_QUERY, "query", "--threads", "1", "--csv", "-s",
                              "select * from packets", big, "-o", path],
                             env={**os.environ, "TMPDIR": temporary}, preexec_fn=as_others)
        wait_until(lambda: os.path.exists(path) and os.path.getsize(path) > 0, "rows in the file")
        process.pause()
        os.truncate(big, 4096)
        process.resume()
        self.assertEqual(process.wait(), 1)
        self.assertEqual(process.errors(), "dns-monitor: a capture was cut while it was read: "
                                           f"{os.path.realpath(big)}\n")
        self.assertEqual(os.listdir(temporary), [])
        self.assertFalse(os.path.exists(path))

    def test_nothing_is_left_behind(self):
        """Of rows that go to files; whoever ends it."""
        sql = ("select max(place) from (select row_number() over (order by hash(i)) as place "
               "from range(30000000) t(i))")
        temporary = self.path("temporary")
        os.mkdir(temporary)
        environment = {**os.environ, "TMPDIR": temporary}
        for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
            process = self.begin(sql, "--memory", "64M", self.file, env=environment)
            wait_until(lambda: [name for _, _, names in os.walk(temporary) for name in names],
                       "rows in a file")
            [directory] = os.listdir(temporary)
            mode = os.stat(os.path.join(temporary, directory)).st_mode
            self.assertEqual(mode & 0o777, 0o700)
            self.check_interrupted(process, number)
            self.assertEqual(os.listdir(temporary), [])

    def test_while_a_pipe_has_no_writer(self):
        pipe = self.path("pipe")
        os.mkfifo(pipe)
        for table in "dns", "transactions":
            process = self.begin(f"select count(*) from {table}", pipe, stdout=subprocess.PIPE)
            wait_until(lambda: any(os.readlink(f"/proc/{process.pid}/fd/{fd}") == pipe
                                   for fd in os.listdir(f"/proc/{process.pid}/fd")), "an open pipe")
            self.check_interrupted(process)
            # Not that there are none.
            self.assertEqual(process.popen.stdout.read(), b"")

    def test_while_it_waits_for_a_pipe(self):
        process = self.begin("select count(*) from dns", "-", stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE)
        with open(self.file, "rb") as file:
            process.popen.stdin.write(file.read(10000))
        process.popen.stdin.flush()
        def waits():
            with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
                text = status.read()
            return "Threads:\t1\n" not in text and "State:\tS" in text
        wait_until(waits, "a process that waits")
        self.check_interrupted(process)
        self.assertEqual(process.popen.stdout.read(), b"")

    def test_while_it_reads(self):
        """The captures in a product with themselves."""
        process = self.begin("select count(*) from packets a, packets b, packets c, packets d "
                             "where a.frame_len + b.frame_len + c.frame_len = d.frame_len * 7")
        wait_until(lambda: self.busy_ticks(process) > 30, "a busy process")
        self.check_interrupted(process)


class Hostile(QueryCase):
    """Captures of those who want to be read."""

    def setUp(self):
        super().setUp()
        self.hostile = self.path("hostile.pcap")
        traffic = Traffic(13)
        for name in ODD:
            message = Message(7).question(name, A)
            traffic.add(packets.ipv4(packets.udp(message.bytes())))
        for _ in range(300):
            message = traffic.maker.malformed()
            if traffic.chance.random() < 0.5:
                at = traffic.chance.randrange(len(message))
                message = message[:at] + traffic.chance.randbytes(3) + message[at + 3:]
            traffic.add(packets.ipv4(packets.udp(message)))
        for _ in range(300):
            traffic.add(packets.ipv4(packets.udp(traffic.chance.randbytes(
                traffic.chance.randrange(80)))))
            traffic.add(packets.ipv6(packets.tcp(traffic.chance.randbytes(
                traffic.chance.randrange(80)), seq=traffic.chance.getrandbits(32))))
        write_packets(self.hostile, traffic.packets)

    def test_counts(self):
        """count(*) sees as many rows as there are, in each table and form."""
        for table in "dns", "messages", "transactions", "packets", "segments", "gaps":
            for path in self.hostile, self.file:
                with self.subTest(table=table, path=path):
                    [row] = rows(f"select count(*) as n from {table}", path)
                    found = rows(f"select * from {table}", path)
                    self.assertEqual(len(found), row["n"])
                    done = query(f"select * from {table}", path, options=("--csv",))
                    self.assertEqual(len(list(csv.reader(io.StringIO(done.stdout)))) - 1, row["n"])

    def test_on_a_terminal(self):
        """No byte of a name controls it, and no line is wider than it."""
        for form in _FORMATS:
            with self.subTest(form):
                shown = self.shown("query", "--format", form,
                                   "select qname, malformed from messages", self.hostile)
                for char in shown:
                    self.assertFalse(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co")
                                     and char not in "\r\n", repr(char))
                if form == "table":
                    widths = [self.width(line) for line in shown.split("\r\n")]
                    self.assertEqual(max(widths), min(80, max(widths)))
        self.assertIn("\\027[31mred", self.shown("query", "--table", "select qname from messages",
                                                 self.hostile))

    def shown(self, *arguments):
        terminal = self.terminal(*arguments, columns=80)
        self.assertEqual(terminal.wait(), 0, terminal.shown)
        return terminal.shown

    @staticmethod
    def width(line):
        return sum(2 if unicodedata.east_asian_width(char) in "WF" else
                   0 if unicodedata.combining(char) else 1 for char in line)

    def test_in_a_file(self):
        """CSV and JSON have what the messages have, and say it in valid UTF-8."""
        for form in _FORMATS:
            done = query("select * from messages", self.hostile, options=("--format", form),
                         text=False)
            done.stdout.decode()


class Sql(QueryCase):
    """The interactive command."""

    def session(self, *options, **more):
        environment = dict(os.environ, HOME=self.directory, TERM="dumb")
        environment.pop("XDG_STATE_HOME", None)
        terminal = self.terminal("sql", *options, self.file, env=environment, **more)
        terminal.wait_for("dns> ")
        return terminal

    def test_a_session(self):
        terminal = self.session(columns=120)
        terminal.type("\\d\n")
        for table in "dns", "messages", "transactions", "packets", "segments", "gaps":
            terminal.wait_for(rf"\b{table}\b")
        terminal.wait_for("dns> ")
        terminal.type("\\d gaps\n")
        terminal.wait_for("reason")
        terminal.wait_for("dns> ")
        terminal.type("select count(*) as many\n")
        terminal.wait_for(r"\.\.\.> ")
        terminal.type("from dns;\n")
        [row] = rows("select count(*) as n from dns", self.file)
        terminal.wait_for("many")
        terminal.wait_for(rf"\b{row['n']}\b")
        terminal.wait_for("dns> ")
        terminal.type("select nope from dns;\n")
        terminal.wait_for(r"nope")
        terminal.wait_for(r"\^")
        terminal.wait_for("dns> ")
        terminal.type("\\timing\n")
        terminal.wait_for("timing is on")
        terminal.wait_for("dns> ")
        terminal.type("select 41 + 1 as answer;\n")
        terminal.wait_for(r"\b42\b")
        terminal.wait_for(r"\d+\.\d{3} s")
        terminal.wait_for("dns> ")
        terminal.type("\\f csv\n")
        terminal.wait_for("dns> ")
        terminal.type("select 1 as a, 2 as b;\n")
        terminal.wait_for(r"1,\s*2")
        terminal.wait_for("dns> ")
        terminal.type("\\q\n")
        self.assertEqual(terminal.wait(), 0)

    def files_in(self, terminal):
        """Which of a.pcap and b.pcap are in the answer."""
        shown = terminal.wait_for(r"(?s)file;.*\(\d rows?\).*dns> ").group()
        return sorted(re.findall(r"\b([ab])\.pcap\b", shown))

    def test_files_that_come_and_go(self):
        """A session may last for days: each statement asks what is there then."""
        directory = self.path("captures")
        os.mkdir(directory)
        first, second = (os.path.join(directory, name) for name in ("a.pcap", "b.pcap"))
        shutil.copy(self.file, first)
        environment = dict(os.environ, HOME=self.directory, TERM="dumb")
        terminal = self.terminal("sql", directory, env=environment)
        terminal.wait_for("dns> ")
        ask = "select file, count(*) from packets group by file;\n"
        terminal.type(ask)
        self.assertEqual(self.files_in(terminal), ["a"])
        shutil.copy(self.file, second)
        terminal.type(ask)
        self.assertEqual(self.files_in(terminal), ["a", "b"])
        os.unlink(first)
        terminal.type(ask)
        self.assertEqual(self.files_in(terminal), ["b"])
        os.unlink(second)
        terminal.type(ask)
        terminal.wait_for("no capture")
        terminal.wait_for("dns> ")
        terminal.type("\\q\n")
        self.assertEqual(terminal.wait(), 0)

    def test_completion(self):
        terminal = self.session()
        terminal.type("select count(*) from transac\t")
        terminal.wait_for(r"transactions ")
        terminal.type("where answer_c\t")
        terminal.wait_for("answer_count ")
        terminal.type("= 12345;\n")
        terminal.wait_for(r"\b0\b")
        terminal.wait_for("dns> ")
        terminal.wait_for_editor()
        terminal.type("\x04")
        self.assertEqual(terminal.wait(), 0)

    def test_completion_of_tables(self):
        """Behind FROM and JOIN there is nothing else; many words stand in columns."""
        terminal = self.session(columns=44)
        for line in "select 1 from \t", "\nfrom dns join \t", "\njoin\n\t":
            terminal.type(line)
            terminal.wait_for(r"\r\ndns +messages +transactions\r\ngaps +packets\r\nicmp +segments\r\n")
        terminal.wait_for_editor()
        terminal.type("\x03")
        terminal.wait_for(r"\^C\s*dns> ")  # the words had a prompt below them, too
        terminal.type("select edns\t")
        shown = terminal.wait_for(r"(?s)\r\n(edns0 .*?)\r\n\S+> ").group(1).split("\r\n")
        words = [word for line in shown for word in line.split()]
        self.assertIn("edns0_ecs_scope", words)
        width = len(max(words, key=len)) + 2
        for line in shown:
            self.assertLess(len(line), 44)
            self.assertEqual([at.start() % width for at in re.finditer(r"\S+", line)],
                             [0] * len(line.split()))
        terminal.type("\x03")
        terminal.wait_for(r"\^C\s*dns> ")
        for inside in "duckdb_t", "pg_t", "sqlite_m", "pragma_t", "scan_":
            terminal.wait_for_editor()
            terminal.type(f"select {inside}\t\x03")
            terminal.wait_for(rf"select {inside}\a*\^C")

    def test_words_that_end_it(self):
        for word in "exit", "quit;", "  EXIT ;", "\\q;", "  \\q":
            terminal = self.session()
            terminal.type(f"{word}\n")
            self.assertEqual(terminal.wait(), 0, word)
            self.assertNotIn("Error", terminal.shown)
        terminal = self.session()
        for word in "help", "HELP;", " \\?;":
            terminal.type(f"{word}\n")
            terminal.wait_for("Statements end with ;")
        terminal.type("select 1\nas\nexit;\n")
        terminal.wait_for(r"(?s)│ exit │.*dns> ")
        terminal.type("\\q\n")
        self.assertEqual(terminal.wait(), 0)

    def test_what_ends_a_statement(self):
        """No ; in a text or a comment; but one with a comment behind it."""
        terminal = self.session()
        terminal.type("select 'abc;\n")
        terminal.wait_for(r"\.\.\.> ")
        terminal.type("def;' as a; -- x\n")
        terminal.wait_for(r"(?s)abc;.x0adef;.*dns> ")
        terminal.type("select 1 /* one;\n")
        terminal.wait_for(r"\.\.\.> ")
        terminal.type("*/ + 41 as answer;\n")
        terminal.wait_for(r"(?s)\b42\b.*dns> ")
        terminal.type("-- nothing\n;\nselect 43 as a;\n")
        terminal.wait_for(r"(?s)\b43\b.*dns> ")
        terminal.type("\\q\n")
        self.assertEqual(terminal.wait(), 0)
        self.assertNotIn("Error", terminal.shown)

    def test_ctrl_c(self):
        """Ends the statement, and not the session."""
        terminal = self.session()
        terminal.type(_SLOW + ";\n")
        wait_until(lambda: Signals.busy_ticks(terminal.popen) > 30, "a busy process")
        terminal.type("\x03")
        terminal.wait_for("interrupted")
        terminal.wait_for("dns> ")
        terminal.type("select 41 + 1 as answer;\n")
        terminal.wait_for(r"\b42\b")
        terminal.type("\\q\n")
        self.assertEqual(terminal.wait(), 0)

    def test_ctrl_c_at_the_prompt(self):
        """Ends the line and the statement that it is of."""
        terminal = self.session()
        terminal.wait_for_editor()
        terminal.type("select 1,\n")
        terminal.wait_for(r"\.\.\.> ")
        terminal.wait_for_editor()
        terminal.type("nonsense\x03")
        terminal.wait_for("dns> ")
        terminal.type("select 41 + 1 as answer;\n")
        terminal.wait_for(r"\b42\b")
        terminal.type("\\q\n")
        self.assertEqual(terminal.wait(), 0)

    def test_ctrl_c_at_an_empty_line(self):
        """What was typed before is dropped, and not run."""
        path = self.path("x.csv")
        terminal = self.session()
        for lines in (f"copy (select 1) to '{path}'",), ():
            terminal.wait_for_editor()
            for line in lines:
                terminal.type(f"{line}\n")
                terminal.wait_for(r"\.\.\.> ")
                terminal.wait_for_editor()
            terminal.type("\x03")
            terminal.wait_for("dns> ")
        terminal.type("select 41 + 1 as answer;\n")
        terminal.wait_for(r"\b42\b")
        terminal.type("\\q\n")
        self.assertEqual(terminal.wait(), 0)
        self.assertFalse(os.path.exists(path))

    def test_ctrl_d_within_a_statement(self):
        """It is not finished, and not run."""
        path = self.path("x.csv")
        terminal = self.session()
        terminal.type(f"copy (select 1) to '{path}'\n")
        terminal.wait_for(r"\.\.\.> ")
        terminal.wait_for_editor()
        terminal.type("\x04")
        self.assertEqual(terminal.wait(), 0)
        self.assertFalse(os.path.exists(path))

    def test_ended_at_the_prompt(self):
        """The terminal is as it was."""
        for number in signal.SIGTERM, signal.SIGHUP:
            terminal = self.session()
            terminal.wait_for_editor()
            terminal.popen.send_signal(number)
            self.assertEqual(terminal.popen.wait(60), 130)
            self.assertFalse(terminal.is_raw())

    def test_history(self):
        """Is kept, for nobody else, also where nobody has kept a state yet."""
        terminal = self.session()
        terminal.type("select 42 as answer;\n")
        terminal.wait_for(r"42\b.*")
        terminal.wait_for("dns> ")
        terminal.type("\\q\n")
        self.assertEqual(terminal.wait(), 0)
        path = os.path.join(self.directory, ".local", "state", "dns-monitor", "history")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        while (path := os.path.dirname(path)) != self.directory:
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o700, path)
        terminal = self.session()
        terminal.type("\x10\x10")  # Ctrl-P, twice
        terminal.wait_for("select 42 as answer;")
        terminal.type("\x15\\q\n")
        self.assertEqual(terminal.wait(), 0)

    def test_no_history(self):
        """Is said: no home is made."""
        environment = dict(os.environ, HOME=self.path("nowhere"), TERM="dumb")
        environment.pop("XDG_STATE_HOME", None)
        terminal = self.terminal("sql", self.file, env=environment)
        terminal.wait_for("no history: .*nowhere/.local: No such file or directory")
        terminal.wait_for("dns> ")
        terminal.type("\\q\n")
        self.assertEqual(terminal.wait(), 0)
        self.assertFalse(os.path.exists(self.path("nowhere")))

    def test_from_a_pipe(self):
        """Without prompts; the first error ends it."""
        def ask(statements):
            path = self.path("statements")
            with open(path, "w", encoding="ascii") as file:
                file.write(statements)
            with open(path, "rb") as file:
                return self.run_query("sql", self.file, stdin=file)
        done = ask("select 1 as a;\nselect\n2 as b;\n")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        first, end = json.JSONDecoder().raw_decode(done.stdout)
        second = json.loads(done.stdout[end:])
        self.assertEqual((first[0]["data"], second[0]["data"]), ([[1]], [[2]]))
        done = ask("select 1 as a -- the last one; without an end")
        self.assertEqual((done.returncode, json.loads(done.stdout)[0]["data"]), (0, [[1]]))
        done = ask("select nope;\nselect 1 as a;\n")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("nope", done.stderr)


class Beside(LabCase):

    def test_a_capture_loses_nothing(self):
        """Queries flat out, as they are run, while 100 000 packets a second are captured."""
        self.make_pair()
        monitor = self.capture(self.right, "dns0", "--rotate-size", "32M", "--ring-size", "64M")
        sender = self.sender(self.left, "10.53.0.99", "--count", "1000000", "--rate", "100000",
                             "--cpu", cpus()[0])
        over = lambda: sender.popen.poll() is not None
        asked = None
        while not over():
            asked = self.start([DNS_MONITOR, "query", "--csv", "select qname, count(*) from "
                                "messages group by qname order by 2 limit 5", monitor.directory])
            ended = lambda: asked.popen.poll() is not None
            wait_until(lambda: ended() or os.sched_getscheduler(asked.pid) == os.SCHED_IDLE,
                       "a query that leaves the CPU to others")
            wait_until(lambda: ended() or over(), "the end of the query, or of the packets")
            if ended():
                self.assertEqual(asked.wait(), 0, asked.errors())
        self.assertIsNotNone(asked)
        asked.kill()
        sent = self.sent(sender)
        summary = monitor.finish()
        self.assertEqual((summary.lost, summary.captured), (0, sum(sent)))
        self.assert_whole(self.check_numbered(monitor.files(), sent=sent))
        [row] = rows("select count(*) as n, count(distinct qname) as names from dns",
                     monitor.directory)
        self.assertEqual(row, {"n": sum(sent), "names": sum(sent)})
