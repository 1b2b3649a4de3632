"""bench/query: that each figure can be had, and what the command refuses."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from measure import table
from query_speed import options as command_line
from query_speed.bench import Bench
from query_speed.figures import FIGURES

COMMAND = pathlib.Path(__file__).resolve().parent.parent / "query"
BUILD = pathlib.Path(os.environ["BUILD"])


def run(*arguments):
    return subprocess.run([sys.executable, COMMAND, *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False, timeout=60)


class Command(unittest.TestCase):

    def assert_refused(self, done, words):
        self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertTrue(done.stderr.startswith("query: "), done.stderr)
        self.assertIn(words, done.stderr)

    def test_unknown_names(self):
        self.assert_refused(run("--peers", "wiredolphin"), "unknown peer 'wiredolphin'")
        self.assert_refused(run("--only", "sleep"), "unknown figure 'sleep'")

    @unittest.skipIf(len(os.sched_getaffinity(0)) < 2, "without two CPUs, that is what it says")
    def test_missing_places(self):
        self.assert_refused(run("--build", "/nowhere"), "no /nowhere/dns-monitor-query")
        if (BUILD / "dns-monitor-query").exists():
            self.assert_refused(run("--build", BUILD, "--dir", "/nowhere"), "no directory /nowhere")


@unittest.skipUnless((BUILD / "dns-monitor-query").exists(), "built without queries")
class Figures(unittest.TestCase):
    """Of so few messages that what is measured is the start of a process."""

    def setUp(self):
        work = tempfile.TemporaryDirectory()
        self.addCleanup(work.cleanup)
        options = command_line.parse(["--quick", "--build", str(BUILD), "--peers", ""],
                                     list(FIGURES))
        options.messages, options.most_messages = 2000, 20_000
        self.bench = Bench(options, pathlib.Path(work.name))

    def test_each_has_rows_that_fit_a_terminal(self):
        for name, measure in FIGURES.items():
            for panel in measure(self.bench):
                with self.subTest(f"{name}: {panel.title}"):
                    self.assertTrue(panel.blocks)
                    for block in panel.blocks:
                        self.assertTrue(block.entries)
                        self.assertTrue(all(entry.median > 0 for entry in block.entries))
                    self.assertLessEqual(max(map(len, table.lines_of(panel))), 80)

    def test_files_have_equal_parts_of_the_messages(self):
        one, *others = (path.stat().st_size for path in self.bench.capture(2000, 4))
        for other in others:
            self.assertAlmostEqual(one, other, delta=one / 10)


if __name__ == "__main__":
    unittest.main()
