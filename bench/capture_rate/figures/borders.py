"""Where a capture ends and where a file ends: what is lost there."""
import dataclasses
import time

from measure.panel import Panel
from measure.turns import take_turns
from .. import source
from ..capture import SETTLE_SECONDS, Capture
from .losses import block_of, notes_of

_RATE = 500_000
# More than a second apart: netsniff-ng has no other names for its files.
_ROTATE_MIB = 64


def measure(bench):
    packets = bench.pick(500_000, 250_000)
    rounds = bench.rounds(bench.pick(3, 1), bench.pick(1, 0), bench.pick(1, 0))
    ended = take_turns(bench, "borders, SIGTERM", rounds,
                       lambda tool: _run(bench, tool, packets, 0))
    packets = bench.pick(1_500_000, 800_000)
    rotating = {dataclasses.replace(tool, rotate_mib=_ROTATE_MIB): min(2, count)
                for tool, count in rounds.items()}
    rotated = take_turns(bench, "borders, rotation", rotating,
                         lambda tool: _run(bench, tool, packets, SETTLE_SECONDS))
    blocks = [block_of("lost at SIGTERM, right behind the last packet", ended),
              block_of(f"lost at rotation, a file each {_ROTATE_MIB} MiB", rotated)]
    files = ", ".join(f"{tool.label} {figures[0]['files']}" for tool, figures in rotated.items())
    notes = [f"packets at {_RATE / 1e6:g} M/s; files of a rotation: {files}"]
    return [Panel("borders", "End and rotation", blocks,
                  notes + notes_of(ended) + notes_of(rotated))]


def _run(bench, tool, packets, settle_seconds):
    with Capture(bench, tool) as capture:
        rate = source.send(bench, packets, _RATE)
        time.sleep(settle_seconds)
        capture.stop()
        return capture.verdict(packets) | {"source_rate": rate}
