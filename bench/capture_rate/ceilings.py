"""What the machine could do at best, beside which the tools' figures stand."""
import json

from measure.panel import Block, Panel
from measure.process import output
from measure.refusal import Refusal
from . import source

RECORD_BYTES = 113  # of the numbered packet in a pcap file
_ONE_RING = "MergeAndFrame/rings:1/run:1/any_length:0"


def benchmark(bench, program, only, *options, seconds=120):
    """Google Benchmark's rows that match: {name: [row of each repetition]}."""
    command = [bench.program(program), f"--benchmark_filter={only}", "--benchmark_format=json",
               *options]
    printed = output(command, seconds=seconds)
    if not printed.strip():
        raise Refusal(f"{program} has no row '{only}': build it anew")
    rows = {}
    for row in json.loads(printed)["benchmarks"]:
        if row.get("run_type") != "aggregate":
            if row.get("error_occurred"):
                raise Refusal(f"{program}: {row['error_message']}")
            rows.setdefault(row.get("run_name", row["name"]), []).append(row)
    return rows


def repeated(bench):
    """The options for a spread in little time."""
    return (f"--benchmark_repetitions={bench.pick(5, 1)}",
            f"--benchmark_min_time={bench.pick(0.05, 0.01)}",
            "--benchmark_enable_random_interleaving=true")


class Ceilings:
    """Measured once, when the first figure asks."""

    def __init__(self, bench):
        self._bench = bench
        self._framing = None

    def cpu(self):
        """{label: nanoseconds of a packet}, of processor time."""
        if self._framing is None:
            self._bench.progress("ceilings: memory")
            rows = benchmark(self._bench, "framing_bench", f"CeilingMemcpy|{_ONE_RING}$",
                             *repeated(self._bench))
            copies = [rows[name] for name in rows if "CeilingMemcpy" in name]
            fastest = max(copies, key=lambda rows: rows[0]["bytes_per_second"])
            self._framing = {
                "ceiling: memcpy": [RECORD_BYTES / row["bytes_per_second"] * 1e9
                                    for row in fastest],
                "ceiling: merge and framing": [row["per_packet"] * 1e9
                                               for row in rows[_ONE_RING]],
            }
        return self._framing

    def add_cpu(self, block):
        for label, values in self.cpu().items():
            block.add(label, "ceiling", values)
        return block


def measure(bench):
    """The panel of what the machine can do."""
    block = Block("one packet: the least that it takes", "ns", 1)
    bench.ceilings.add_cpu(block)
    packets = bench.pick(3_000_000, 1_000_000)
    bench.progress("ceilings: source")
    rates = [source.send(bench, packets) for _ in range(bench.pick(4, 2))][1:]  # one warms up
    bench.keep("ceilings", "source alone, packets/s", rates)
    block.add("source alone", "ceiling", [1e9 / rate for rate in rates])
    bench.progress("ceilings: disk")
    disk = benchmark(bench, "writer_bench", "CeilingOverwritten", f"--dir={bench.options.dir}",
                     f"--mib={bench.pick(256, 64)}", f"--benchmark_repetitions={bench.pick(3, 1)}",
                     "--benchmark_min_time=0.01")
    speeds = [row["bytes_per_second"] for row in next(iter(disk.values()))]
    bench.keep("ceilings", "disk, bytes/s", speeds)
    block.add("disk, O_DIRECT over old data", "ceiling",
              [RECORD_BYTES / speed * 1e9 for speed in speeds])
    return [Panel("ceilings", "What this machine can do", [block],
                  [f"{RECORD_BYTES} bytes in the file; 1000 ns a packet are 1 M packets/s, "
                   f"{RECORD_BYTES} MB/s"])]
