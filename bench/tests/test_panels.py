"""What is made of runs: rows, verdicts, text and picture."""
import unittest
from xml.etree import ElementTree

from measure import table
from capture_rate import picture
from capture_rate.figures import losses
from measure.panel import Block, Panel, compare, want_at_most, want_ratio
from capture_rate.source import FAULTS
from capture_rate.tools import PEERS, Tool

OURS, TCPDUMP = Tool("dns-monitor"), Tool("tcpdump", buffer_mib=256)


def a_panel():
    block = compare(Block("flat out", "ns a packet"),
                    {OURS: [{"cpu_ns": 10}, {"cpu_ns": 30}, {"cpu_ns": 20}],
                     TCPDUMP: [{"cpu_ns": 100}, {"cpu_ns": 300}, {"cpu_ns": 100}]}, "cpu_ns")
    want_ratio(block, 0.15)
    difference = Block("a difference whose name is longer than the column that it has & <more>",
                       "ns a packet", is_interval=True)
    difference.add("nobody", "control", [-1234567.0, -0.01, 5.0])
    return Panel("cpu", "CPU", [block, difference], ["a note " * 30])


class Rows(unittest.TestCase):
    def test_hold_median_spread_and_ratio(self):
        ours, theirs = a_panel().blocks[0].entries
        self.assertEqual((ours.low, ours.median, ours.high, ours.count), (10, 20, 30, 3))
        self.assertAlmostEqual(ours.ratio, 0.1)
        self.assertEqual((ours.wanted, ours.met), ("<=0.15", True))
        self.assertEqual((theirs.role, theirs.ratio, theirs.wanted), ("reference", None, ""))

    def test_have_no_ratio_without_tcpdump(self):
        block = compare(Block("flat out", "ns"), {OURS: [{"cpu_ns": 10}]}, "cpu_ns")
        want_ratio(block, 0.15)
        self.assertEqual((block.entries[0].ratio, block.entries[0].wanted), (None, ""))

    def test_want_a_limit_of_each_run(self):
        block = compare(Block("anonymous", "MiB"), {OURS: [{"mib": 17}, {"mib": 25}]}, "mib")
        want_at_most(block, 24)
        self.assertFalse(block.entries[0].met)

    def test_of_losses_are_good_only_when_nothing_else_is_wrong(self):
        clean = dict.fromkeys(("missing", *FAULTS), 0)
        runs = {OURS: [clean, clean], TCPDUMP: [clean | {"missing": 7, "damaged": 2}]}
        self.assertTrue(losses.block_of("lost", runs).entries[0].met)
        self.assertEqual(losses.notes_of(runs), ["tcpdump -B 262144: damaged 2"])
        runs[OURS].append(clean | {"damaged": 1})
        self.assertFalse(losses.block_of("lost", runs).entries[0].met)


class Table(unittest.TestCase):
    def test_has_80_columns(self):
        lines = table.lines_of(a_panel())
        self.assertLessEqual(max(map(len, lines)), 80)
        self.assertIn("  dns-monitor                          20.0     10.0     30.0  0.10"
                      "  <=0.15 yes", lines)

    def test_shortens_what_is_too_long(self):
        self.assertEqual(table.number(123456789.9, 1), "1.23e+08")
        self.assertEqual(table.number(1234.56, 1), "1235")
        self.assertEqual(table.number(-0.01, 1), "0.0")
        self.assertEqual(table.multiple(146.4), "146")


class Picture(unittest.TestCase):
    def test_is_one_well_formed_file_of_its_own(self):
        drawn = picture.draw([a_panel()] * 3, "a <machine>")
        root = ElementTree.fromstring(drawn)
        self.assertEqual(root.tag, "{http://www.w3.org/2000/svg}svg")
        self.assertEqual(drawn.count('class="panel">CPU<'), 3)
        self.assertNotIn("href", drawn)

    def test_keeps_what_it_draws_within_its_borders(self):
        root = ElementTree.fromstring(picture.draw([a_panel()], ""))
        width, height = float(root.get("width")), float(root.get("height"))
        for rectangle in root.iter("{http://www.w3.org/2000/svg}rect"):
            if rectangle.get("x"):
                self.assertLessEqual(float(rectangle.get("x")) + float(rectangle.get("width")),
                                     width)
                self.assertLessEqual(float(rectangle.get("y")) + float(rectangle.get("height")),
                                     height)
                self.assertGreater(float(rectangle.get("width")), 0)

    def test_of_nothing_is_a_picture_too(self):
        ElementTree.fromstring(picture.draw([], ""))


class Commands(unittest.TestCase):
    def test_of_each_peer_name_interface_directory_and_filter(self):
        for name in PEERS:
            command = list(map(str, Tool(name, 256, 16).command(f"/bin/{name}", "veth0", "/here")))
            self.assertIn("veth0", command)
            self.assertTrue(any(word.startswith("/here") for word in command), command)

    def test_leave_out_what_stays_at_its_default(self):
        command = Tool("tcpdump").command("tcpdump", "veth0", "/here")
        self.assertNotIn("-B", command)
        self.assertNotIn("-C", command)


if __name__ == "__main__":
    unittest.main()
