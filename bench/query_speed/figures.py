"""The figures, in the order in which they are measured and shown.

A new one is a function from a Bench to panels, and a line at the end.
"""
import pathlib
import statistics

from measure.estimate import paired_ratio
from measure.panel import Block, Panel, compare
from measure.turns import take_turns
from .programs import QUESTIONS, run

_SLOW = 10  # what tshark is spared: it gets this part of the messages
_FLAT = 1.25  # times the smaller one: that much is noise
_ONE_MIB = 1 << 20


def questions(bench):
    """A panel a question: ours beside the floor and the peers."""
    whole = bench.capture(bench.options.messages)
    part = bench.capture(bench.options.messages // _SLOW)
    return [_question(bench, question, whole, part) for question in QUESTIONS]


def _question(bench, question, whole, part):
    def ask(program):
        if program.label != "tshark":
            return run(program.command(question, whole))
        found = run(program.command(question, part))
        return {"wall": found["wall"] * _SLOW, "cpu": found["cpu"] * _SLOW, "peak": found["peak"]}

    rounds = {bench.ours: bench.pick(7, 3), bench.floor: bench.pick(7, 3)}
    rounds.update(dict.fromkeys(bench.peers, 1))
    runs = take_turns(bench, f"questions: {question.name}", rounds, ask)
    panel = Panel(question.name, f"{question.name}: {bench.options.messages:,} messages", [],
                  [question.sql])
    for key, label, part_wanted in (("wall", "wall", question.wall), ("cpu", "CPU", question.cpu)):
        block = compare(Block(label, "s", digits=3), runs, key)
        panel.blocks.append(block)
        _judge(block, round(question.floors * part_wanted, 1))
        _against_packetq(panel, block, runs, key, part_wanted)
    if any(program.label == "tshark" for program in runs):
        panel.notes.append(f"tshark: {_SLOW} times what it took for a part of {_SLOW}.")
    return panel


def _judge(block, most):
    entry = block.entries[0]
    if entry.ratio is not None:
        entry.judge(f"<={most:g}", entry.ratio <= most)


def _against_packetq(panel, block, runs, key, wanted):
    theirs = next((found for program, found in runs.items() if program.label == "packetq"), None)
    if not theirs:
        return
    ratio = block.entries[0].median / statistics.median(run[key] for run in theirs)
    panel.notes.append(f"{block.label} to PacketQ's: {ratio:.3f}, wanted <={wanted:g}: "
                       f"{'yes' if ratio <= wanted else 'NO'}")


def threads(bench):
    """What a second thread is worth, where all is summed up."""
    files = bench.capture(bench.options.most_messages)  # beside which starting counts for nothing
    panel = Panel("threads", f"One thread and two: {bench.options.most_messages:,} messages", [])
    for question in QUESTIONS[:2]:
        runs = take_turns(bench, f"threads: {question.name}",
                          dict.fromkeys((bench.alone, bench.ours), bench.pick(5, 3)),
                          lambda program, asked=question: run(program.command(asked, files)))
        block = Block(f"{question.name}, wall", "s", digits=3)
        for program, found in runs.items():
            block.add(program.label, program.role, [one["wall"] for one in found])
        one, two = ([found["wall"] for found in runs[who]] for who in (bench.alone, bench.ours))
        gained = paired_ratio(one, two)
        block.entries[-1].ratio = gained
        block.entries[-1].judge(">=1.7", gained >= 1.7)
        panel.blocks.append(block)
    panel.notes.append("ratio: how many times as fast as by one thread")
    return [panel]


def growth(bench):
    """Per message, by the number of messages and by the number of files."""
    most = bench.options.most_messages
    by_messages = {f"{count / 1e6:g} M messages": (count, 1)
                   for count in (most // 50, most // 10, most)}
    by_files = {f"{files} file{'s' if files > 1 else ''}": (bench.options.messages, files)
                for files in (1, 10, 100)}
    return [Panel("growth", "Growth", [_growth(bench, question, label, rows)
                                       for label, rows in (("by messages", by_messages),
                                                           ("by files", by_files))
                                       for question in QUESTIONS[:2]],
                  ["ratio: to the first row"])]


def _growth(bench, question, label, rows):
    block = Block(f"{question.name} {label}", "ns a message")
    for row, (messages, files) in rows.items():
        paths = bench.capture(messages, files)
        bench.progress(f"growth: {question.name}, {row}")
        found = [run(bench.ours.command(question, paths)) for _ in range(bench.pick(5, 3))]
        bench.keep(f"growth: {question.name}", row, found)
        entry = block.add(row, "ours", [one["wall"] * 1e9 / messages for one in found])
        entry.ratio = entry.median / block.entries[0].median
        if len(block.entries) > 1:
            entry.judge("flat", entry.ratio <= _FLAT)
    return block


def memory(bench):
    """The most that is resident, of the process."""
    files = bench.capture(bench.options.messages)
    written = bench.work / "written.json"
    block = Block("select *, JSON to a file", "MiB resident at most")
    for program in (bench.ours, *(peer for peer in bench.peers if peer.label == "packetq")):
        bench.progress(f"memory: {program.label}")
        with open(written, "wb") as to:
            found = run(program.command(QUESTIONS[-1], files), output=to)
        bench.keep("memory", program.label, found)
        block.add(program.label, program.role, [found["peak"]])
    block.entries[0].judge("<=1024", block.entries[0].median <= 1024)
    size = pathlib.Path(written).stat().st_size / _ONE_MIB
    written.unlink()
    return [Panel("memory", "Memory", [block], [f"{size:.0f} MiB were written last"])]


FIGURES = {"questions": questions, "threads": threads, "memory": memory, "growth": growth}
