"""Reports say what is in a capture whose content is known."""
import csv
import html.parser
import io
import ipaddress
import itertools
import json
import os
import random

from lab.case import LabCase
from lab.example import example
from lab.leaky import FOREIGN, HERE, OTHER, ROUTER, START, LeakyCapture, leaky_capture
from lab.messages import NS, PTR
from lab.process import run
from lab.query import DNS_MONITOR_QUERY, as_others, query
from lab.segments import Segments
from lab.terminal import Terminal

VOID = {"meta", "br"}


class Page(html.parser.HTMLParser):
    """Holds that tags are closed in order, and keeps what there is of them."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.text, self.problems = [], [], [], []
        self.feed(text)
        self.problems += [f"<{tag}> is open" for tag in self.open]

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> closes another")

    def handle_data(self, data):
        self.text.append(data)


def report(*arguments, **options):
    return run([DNS_MONITOR_QUERY, "report", *arguments], seconds=240, preexec_fn=as_others,
               **options)


def tables(*arguments):
    """The rows of each section, as dictionaries."""
    results = json.loads(report(*arguments, "--format", "json").stdout)
    return {result["table_name"]:
            [dict(zip((column["name"] for column in result["head"]), row))
             for row in result["data"]] for result in results}


def select(rows, *names):
    return [tuple(row[name] for name in names) for row in rows]


class ReportCase(LabCase):

    def setUp(self):
        super().setUp()
        self.capture_path = self.path("leaky.pcap")
        leaky_capture().write(self.capture_path)


class RowsCase(ReportCase):
    """One run for all tests of it."""

    found = {}

    def setUp(self):
        super().setUp()
        if not self.found:
            self.found.update(tables("all", self.capture_path))

    def columns(self, section, *names):
        return select(self.found[section], *names)


class Leaks(RowsCase):
    """Each section shows what is there for it, and nothing else."""

    def test_clients(self):
        self.assertEqual(self.columns("leaks/clients", "client", "queries"),
                         [(HERE, 70), (OTHER, 11)])

    def test_resolvers(self):
        self.assertEqual(
            self.columns("leaks/resolvers", "server", "transport", "queries", "place"),
            [(ROUTER, "udp", 79, "own network"), (FOREIGN, "udp", 2, "internet")])

    def test_domains(self):
        self.assertEqual(self.columns("leaks/domains", "domain", "queries", "names"), [
            ("vendor.example.", 29, 2), ("example.net.", 24, 4), ("example.com.", 7, 1),
            ("example.org.", 4, 2), ("corp.test.", 3, 2), ("example.co.uk.", 1, 1)])

    def test_private_names(self):
        self.assertEqual(
            self.columns("leaks/private-names", "suffix", "server", "queries", "known",
                         "example"),
            [("single label", ROUTER, 3, 0, "printer."), (".lan", ROUTER, 2, 0, "nas.lan."),
             (".home.arpa", ROUTER, 1, 0, "wpad.home.arpa."),
             (".local", ROUTER, 1, 0, "printer.local.")])

    def test_reverse(self):
        self.assertEqual(self.columns("leaks/reverse", "address", "server", "queries"),
                         [("192.168.1.5", ROUTER, 3), ("fd00::1", ROUTER, 1)])

    def test_client_subnet(self):
        self.assertEqual(self.columns("leaks/client-subnet", "subnet", "server", "queries",
                                      "example"),
                         [("203.0.113.0/24", FOREIGN, 1, "www.example.com.")])

    def test_search_list(self):
        self.assertEqual(
            self.columns("leaks/search-list", "suffix", "queries", "names", "example"),
            [("corp.test.", 3, 2, "www.example.com."), ("local.", 1, 1, "printer.")])

    def test_rhythms(self):
        """Also over a pause; neither what is uneven, nor too quick, nor too seldom."""
        self.assertEqual(
            self.columns("leaks/rhythms", "client", "name", "times"),
            [(HERE, "beat.vendor.example.", 10), (OTHER, "paused.vendor.example.", 9)])
        periods = [row["every_s"] for row in self.found["leaks/rhythms"]]
        self.assertAlmostEqual(periods[0], 60, delta=1)
        self.assertAlmostEqual(periods[1], 10, delta=0.1)

    def test_around(self):
        self.assertEqual(
            self.columns("leaks/around", "client", "resolver", "server", "queries"),
            [(HERE, ROUTER, FOREIGN, 2)])

    def test_unseen(self):
        unknown = "not known: no packets of it"
        self.assertEqual(self.columns("leaks/unseen", "port", "packets", "seen"), [
            (853, 1, "only that it is used"), (443, 0, unknown),
            (5353, 2, "yes: --port 5353 shows it"), (5355, 0, unknown)])

    def test_unseen_with_ports(self):
        self.assertEqual(
            select(tables("leaks/unseen", "--port", "53,443,5353",
                          self.capture_path)["leaks/unseen"], "port", "seen"), [
                (853, "only that it is used"), (443, "captured, but there was none"),
                (5353, "yes"), (5355, "no: this port was not captured")])

    def test_nothing_to_tell(self):
        """Every section has a sentence for that, or says what it cannot know."""
        capture = LeakyCapture()
        capture.ask(0, "com", kind=NS)
        capture.write(self.capture_path)
        text = report("leaks", self.capture_path).stdout
        self.assertEqual(text.count("┌"), 3, text)  # who asks, who is asked, what is not seen
        self.assertIn("No query has a client's subnet.", text)
        self.assertIn("Every client asked only one server.", text)


class LeaksOfOthers(LabCase):
    """What is no part of the leaky capture."""

    def found(self, capture, section):
        path = self.path("other.pcap")
        capture.write(path)
        return tables(section, path)[section]

    def test_rhythm_with_missing_beats(self):
        """Of 40 some are lost, one or two behind each other, and there is one between two."""
        capture = LeakyCapture()
        for beat in set(range(40)) - {5, 11, 12, 20, 30, 31}:
            capture.ask(beat * 300 + beat % 7 * 2, "telemetry.vendor.example")
        capture.ask(1330, "telemetry.vendor.example")
        self.assertEqual(select(self.found(capture, "leaks/rhythms"), "name", "times"),
                         [("telemetry.vendor.example.", 35)])

    def test_people_have_no_rhythm(self):
        """They come by chance, or at double or triple the time as often as at once."""
        chance = random.Random(1)
        capture = LeakyCapture()
        for number in range(300):
            at = 0
            for _ in range(chance.choice((6, 7, 9, 14))):
                capture.ask(at, f"host{number}.example")
                at += 5 + chance.expovariate(1 / 120)
        for name, pauses in (("double", (40, 80, 120, 40, 80, 40, 120)),
                             ("lunch", (600, 900, 610, 1300, 480, 600, 760, 600))):
            for at in itertools.accumulate(pauses, initial=0):
                capture.ask(at, f"{name}.example")
        self.assertEqual(self.found(capture, "leaks/rhythms"), [])

    def test_reverse_of_shared_addresses(self):
        """100.64.0.0/10, from edge to edge."""
        capture = LeakyCapture()
        addresses = ("100.63.255.255", "100.64.0.0", "100.99.1.2", "100.109.0.1", "100.127.255.255",
                     "100.128.0.0")
        for seconds, address in enumerate(addresses):
            capture.ask(seconds, ipaddress.ip_address(address).reverse_pointer, kind=PTR)
        self.assertCountEqual(select(self.found(capture, "leaks/reverse"), "address"),
                              [(address,) for address in addresses[1:-1]])


class WithoutMessages(LabCase):
    """That nothing is there is no good news, and has its reasons."""

    # What is said without them too.
    ALWAYS = {"overview", "leaks/unseen", "leaks/gaps"}

    def sections(self):
        names = [line.split()[0] for line in report("--list").stdout.splitlines()]
        return [name for name in names if not any(other.startswith(name + "/") for other in names)]

    def test_no_section_is_glad(self):
        path = self.path("empty.pcap")
        LeakyCapture().write(path)
        for name in set(self.sections()) - self.ALWAYS:
            with self.subTest(name):
                text = " ".join(report(name, path).stdout.split())
                self.assertTrue(text.endswith("No messages were captured. No ledger tells whether "
                                              "anybody was capturing."), text)
        page = report("all", path, "--format", "html").stdout
        self.assertEqual(page.count("No messages were captured."),
                         len(self.sections()) - len(self.ALWAYS))

    def test_only_queries(self):
        path = self.path("queries.pcap")
        capture = LeakyCapture()
        capture.ask(0, "www.example.com", rcode=None)
        capture.write(path)
        for name in "nxdomain", "servfail", "truncation", "rcodes", "top-answers":
            self.assertIn("\nNo responses were captured.\n", report(name, path).stdout)
        self.assertIn("┌", report("unanswered", path).stdout)

    def test_what_ledgers_tell(self):
        """The example was not captured from 51:40 to 64:20; from 25:00 to 35:00 nobody asked."""
        directory = self.path("example")
        os.mkdir(directory)
        example().write(directory)

        def said(since, until):
            return " ".join(report("servfail", directory, "--since", f"2026-01-01T{since}Z",
                                   "--until", f"2026-01-01T{until}Z").stdout.split())

        self.assertTrue(said("00:52", "01:04").endswith(
            "By the ledgers nobody was capturing from 2026-01-01T00:51:40Z to "
            "2026-01-01T01:04:20Z (eth0)."))
        self.assertTrue(said("00:26", "00:34").endswith(
            "By the ledgers somebody was capturing from 2026-01-01T00:00:00Z to "
            "2026-01-01T00:51:40Z, and there were none."))
        self.assertTrue(said("02:30", "03:00").endswith(
            "No ledger tells whether anybody was capturing."))
        self.assertTrue(said("00:17", "00:18").endswith("No server failed."))

    def test_of_one_time(self):
        """Of segments and gaps it is the ledgers' times that count, not those of packets."""
        directory = self.path("example")
        os.mkdir(directory)
        example().write(directory)
        within = "--since", "2026-01-01T00:52Z", "--until", "2026-01-01T01:04Z"
        self.assertEqual(select(tables("leaks/gaps", directory, *within)["leaks/gaps"], "reason"),
                         [("started",)])
        quiet = self.path("quiet")
        os.mkdir(quiet)
        Segments(quiet).append([], START * 10**9, (START + 3600) * 10**9, not_dns=7)
        within = "--since", f"@{START + 60}", "--until", f"@{START + 120}"
        self.assertIn("By the ledgers somebody was capturing",
                      " ".join(report("rcodes", quiet, *within).stdout.split()))


class OfExample(LabCase):
    """Of two hours with all that there can be, for whoever has 80 columns."""

    def setUp(self):
        super().setUp()
        self.directory = self.path("example")
        os.mkdir(self.directory)
        example().write(self.directory)

    def shown(self, *names, columns=80):
        terminal = Terminal([DNS_MONITOR_QUERY, "report", *names, self.directory], columns=columns,
                            preexec_fn=as_others)
        self.addCleanup(terminal.close)
        self.assertEqual(terminal.wait(), 0, terminal.shown)
        return terminal.shown.replace("\r", "")

    def test_80_columns_have_all(self):
        text = self.shown("all")
        self.assertNotRegex(text, r"rows?, \d+ of \d+ columns\)")
        self.assertLessEqual(max(map(len, text.splitlines())), 80)
        for row in ("│ telemetry.tv.example. │ 192.168.1.12 │    19 │   300.0 │      0.1 │",
                    "│ started   │ 00:51:40 │ 01:04:20 │   760.0 │      │ eth0  │",
                    "│ sensor.example.       │       3 │     1 │ 00:15:50 │ 01:50:30 │",
                    "│ 192.168.1.12 │ 192.0.2.53 │ 203.0.113.99  │      10 │ api.video.example. │"):
            self.assertIn(row, text)
        self.assertIn("Times are of 2026-01-01, UTC.", text)

    def test_80_columns_have_all_of_several_days(self):
        """With what is as long as it gets, but for addresses of IPv6."""
        capture = LeakyCapture()
        for number in range(300):
            capture.ask(number * 900, "some-longer-name.services.example.co.uk", rcode=2,
                        client="192.168.100.201", server="192.168.100.202")
        capture.ask(5000, "nas.lan", client="192.168.100.201", server="198.51.100.253", kind=PTR)
        directory = self.path("days")
        os.mkdir(directory)
        begin, day = START * 10**9, 86400 * 10**9
        Segments(directory).append(capture.packets(), begin, begin + 4 * day,
                                   gaps=[("interface_down", begin + day, begin + 2 * day)])
        self.directory = directory
        text = self.shown("all")
        self.assertNotRegex(text, r"rows?, \d+ of \d+ columns\)")
        for line in text.splitlines():
            if line.startswith("│ ") and "some-longer" not in line:
                self.assertNotIn("…", line)
        self.assertIn("│ interface_down │ 01-02 00:00:00 │ 01-03 00:00:00 │ 86400.0 │", text)

    def test_gaps_last(self):
        """A capture that begins where the one before ended leaves nothing out."""
        self.assertEqual(select(tables("leaks/gaps", self.directory)["leaks/gaps"], "reason",
                                "begins", "seconds", "lost"),
                         [("started", "2026-01-01T00:51:40Z", 760, None),
                          ("ring_full", "2026-01-01T01:40:40Z", 10, 10)])

    def test_overview(self):
        found = {row["what"]: row["value"]
                 for row in tables("overview", self.directory)["overview"]}
        self.assertEqual(found["first message"], "2026-01-01T00:00:15Z")
        self.assertEqual((found["gaps in the capture"], found["packets lost"]), ("1", "10"))

    def test_numbers_of_a_column_have_as_many_digits(self):
        for name, section in tables("all", self.directory).items():
            text = report(name, self.directory, "--format", "csv").stdout
            for column in section[0] if section else ():
                if not any(isinstance(row[column], float) for row in section):
                    continue
                cells = [row[column] for row in csv.DictReader(io.StringIO(text))]
                digits = {len(cell.partition(".")[2]) for cell in cells}
                self.assertEqual(len(digits), 1, f"{name} {column} {cells}")

    def test_volume_tells_silence_from_no_capture(self):
        """Away from 25:00 to 35:00, and not captured from 51:40 to 64:20."""
        rows = tables("volume", self.directory)["volume"]
        quiet = [row["not_captured_s"] for row in rows if row["queries"] == 0]
        self.assertEqual(quiet, [0] * 4 + [120] * 6)
        self.assertEqual(sum(row["not_captured_s"] for row in rows), 760)

    def test_answers_are_those_of_the_query(self):
        rows = json.loads(query("select aname, count(*) as count from dns where qr=1 "
                                "group by aname order by count desc, aname limit 10",
                                self.directory).stdout)[0]["data"]
        found = tables("top-names", self.directory)
        self.assertEqual(select(found["top-names/answers"][:10], "name", "responses"),
                         [(name or "(no answer)", count) for name, count in rows])
        self.assertEqual(select(found["top-names/questions"][:1], "name", "queries"),
                         [("www.example.com.", 298)])


class LeaksOfCapture(ReportCase):

    def test_gaps_and_ports_of_ledgers(self):
        """A capture that was stopped and begun again, of port 53 alone."""
        self.make_pair()
        directory = self.make_directory()
        for _ in range(2):
            monitor = self.capture(self.right, "dns0", "--port", "53", directory=directory)
            self.send(self.left, "10.53.0.99", "--count", "10")
            monitor.finish()
        found = tables("leaks/gaps,leaks/unseen", directory)
        self.assertIn(("started",), select(found["leaks/gaps"], "reason"))
        self.assertEqual(set(select(found["leaks/unseen"], "seen")),
                         {("no: this port was not captured",)})


class Formats(ReportCase):

    def test_page(self):
        """It needs nothing else, and a name is never markup."""
        path = self.path("page.html")
        report("all", self.capture_path, "-o", path)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        page = Page(text)
        self.assertEqual(page.problems, [])
        tags = {tag for tag, _ in page.tags}
        self.assertTrue({"svg", "table", "nav"} <= tags)
        self.assertFalse({"script", "link", "img", "iframe"} & tags)
        for tag, attributes in page.tags:
            self.assertFalse({"src", "onload", "style"} & set(attributes), tag)
            self.assertRegex(attributes.get("href", "#"), "^#")
        self.assertIn("<script>alert(1)</script>.example.net.", "".join(page.text))
        self.assertIn(os.path.basename(self.capture_path), "".join(page.text))
        self.assertRegex(text, r"Made \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ by dns-monitor [^ ]+\.</p>")
        names = [line.split()[0] for line in report("--list").stdout.splitlines()]
        anchors = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
        self.assertEqual(anchors, {name.replace("/", "-") for name in names})

    def test_text(self):
        text = report("volume,leaks", self.capture_path).stdout
        self.assertIn("How many queries come, over time?\n=====", text)
        self.assertRegex(text, "\nqueries, at most 1?[0-9]:\n[▁▂▃▄▅▆▇█]+\nresponses, at most ")
        self.assertIn("There is more than one address.", text)
        self.assertIn("<script>alert(1)</script>.example.net.",
                      report("top-names", self.capture_path).stdout)

    def test_json_has_the_names(self):
        done = report("rcodes,leaks", self.capture_path, "--format", "json")
        results = json.loads(done.stdout)
        self.assertEqual([result["table_name"] for result in results[:3]],
                         ["rcodes", "leaks/clients", "leaks/resolvers"])
        self.assertEqual(len(results), 12)

    def test_csv_is_one_table(self):
        done = report("rcodes", self.capture_path, "--format", "csv")
        rows = list(csv.DictReader(io.StringIO(done.stdout)))
        self.assertEqual({row["rcode"]: int(row["responses"]) for row in rows},
                         {"NoError": 66, "NXDomain": 14})
        done = report("leaks", self.capture_path, "--format", "csv", check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("choose one, such as leaks/clients", done.stderr)

    def test_markdown(self):
        text = report("leaks", self.capture_path, "--format", "markdown").stdout
        self.assertIn("# What does this machine tell the world?\n\n", text)
        self.assertIn("\n\n## Who is asked in clear text?\n\n", text)
        self.assertIn("| server | transport |", text)

    def test_list_fits_a_terminal(self):
        lines = report("--list").stdout.splitlines()
        self.assertGreater(len(lines), 25)
        self.assertLessEqual(max(map(len, lines)), 80)

    def test_sql_can_be_queried(self):
        for name in "volume", "latency", "leaks":
            sql = report(name, "--sql").stdout
            queried = query(sql, self.capture_path).stdout
            reported = report(name, self.capture_path, "--format", "json").stdout
            self.assertEqual([result["data"] for result in json.loads(queried)],
                             [result["data"] for result in json.loads(reported)], name)

    def test_unknown_names(self):
        done = report("top-name", self.capture_path, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("there is no report 'top-name' (did you mean top-names or ", done.stderr)
        done = report("leaks", check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("which captures?", done.stderr)


class Others(RowsCase):
    """What the reports besides leaks say of the same capture."""

    def test_counts(self):
        self.assertEqual(dict(self.columns("overview", "what", "value"))["messages"], "161")
        self.assertEqual(self.columns("top-clients", "client", "queries"),
                         [(HERE, 70), (OTHER, 11)])
        self.assertEqual(self.columns("top-names/questions", "name", "queries")[0],
                         ("beat.vendor.example.", 20))
        self.assertEqual(self.columns("top-etld1", "domain", "queries")[0],
                         ("vendor.example.", 29))
        self.assertEqual(dict(self.columns("qtypes", "qtype", "queries")),
                         {"A": 65, "AAAA": 10, "PTR": 5, "NS": 1})
        self.assertEqual(self.columns("nxdomain", "name", "answers")[0][1], 3)
        self.assertEqual(self.columns("tcp-share", "message", "transport", "messages"),
                         [("query", "udp", 81), ("response", "udp", 80)])
        self.assertEqual(dict(self.columns("edns", "udp_size", "queries")),
                         {"no EDNS": 79, "1232": 2})
        self.assertEqual(self.columns("response-sizes", "bytes", "responses"),
                         [("up to 512", 80)])
        self.assertEqual(self.columns("top-answers", "name", "type", "data")[0][1:],
                         ("A", "192.0.2.80"))

    def test_transactions(self):
        self.assertEqual(self.columns("latency", "server", "answers", "p50", "p99"),
                         [(ROUTER, 78, 5, 5), (FOREIGN, 2, 5, 5)])
        self.assertEqual(self.columns("unanswered", "server", "queries", "unanswered"),
                         [(ROUTER, 79, 1)])

    def test_volume_has_every_stretch(self):
        rows = self.found["volume"]
        self.assertEqual(sum(row["queries"] for row in rows), 81)
        self.assertEqual(sum(row["responses"] for row in rows), 80)
        self.assertIn(0, [row["queries"] for row in rows])
        self.assertEqual({row["not_captured_s"] for row in rows}, {None})
        self.assertLessEqual(len(rows), 61)

    def test_volume_begins_with_the_first_packet(self):
        """Stretches of many days too, of which the first would begin in 1969."""
        for start in 0, START:
            capture = LeakyCapture()
            for seconds in 3661, 3 * 365 * 86400:
                capture.ask(start - START + seconds, "www.example.com")
            capture.write(self.capture_path)
            rows = tables("volume", self.capture_path)["volume"]
            self.assertEqual(rows[0]["begins"],
                             "1970-01-01T00:00:00Z" if start == 0 else "2026-01-01T00:00:00Z")
            self.assertEqual([row["queries"] for row in rows if row["queries"]], [1, 1])

    def test_new_names(self):
        capture = LeakyCapture()
        for seconds, name in (0, "a.old.example"), (100, "b.old.example"), (90, "c.new.example"):
            capture.ask(seconds, name)
        capture.write(self.capture_path)
        self.assertEqual(select(tables("new-names", self.capture_path)["new-names"], "domain",
                                "example"),
                         [("new.example.", "c.new.example.")])

    def test_nothing_there(self):
        for name in "servfail", "truncation", "new-names":
            self.assertEqual(self.found[name], [], name)
