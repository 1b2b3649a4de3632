"""What the command refuses, each with one line."""
import os
import pathlib
import subprocess
import sys
import unittest
from unittest import mock

from capture_rate import options as command_line
from capture_rate.figures import FIGURES
from measure.refusal import Refusal

COMMAND = pathlib.Path(__file__).resolve().parent.parent / "capture-rate"


def run(*arguments, **options):
    return subprocess.run([sys.executable, COMMAND, *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False, timeout=60, **options)


class Command(unittest.TestCase):
    def assert_refused(self, done, words):
        self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertIn(words, done.stderr)
        self.assertTrue(done.stderr.startswith("capture-rate: "), done.stderr)

    def test_unknown_names(self):
        self.assert_refused(run("--peers", "tcpdump,wiredolphin"), "unknown peer 'wiredolphin'")
        self.assert_refused(run("--only", "cpu", "gpu"), "unknown figure 'gpu'")

    def test_no_root(self):
        options = command_line.parse([], list(FIGURES))
        with mock.patch("os.geteuid", return_value=1000), \
                self.assertRaisesRegex(Refusal, "needs root"):
            command_line.check(options)

    @unittest.skipIf(os.geteuid() != 0 or not {0, 1} <= os.sched_getaffinity(0),
                     "without root or two CPUs, that is what it says")
    def test_missing_places(self):
        self.assert_refused(run("--build", "/nowhere"), "no /nowhere/dns-monitor")

    @unittest.skipIf(os.geteuid() != 0, "without root, that is what it says")
    def test_one_cpu(self):
        one = min(os.sched_getaffinity(0))
        self.assert_refused(run(preexec_fn=lambda: os.sched_setaffinity(0, {one})), "needs CPUs")

    def test_says_what_it_does(self):
        done = run("--help")
        self.assertEqual(done.returncode, 0)
        self.assertIn("--only", done.stdout)


if __name__ == "__main__":
    unittest.main()
