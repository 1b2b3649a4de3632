"""What --compress leaves of the bytes, and what it costs."""
import json
import time

from measure.panel import Block, Panel, want_at_most
from .. import servers
from ..capture import SETTLE_SECONDS, Capture
from ..ceilings import benchmark, repeated
from ..lab import SERVED_ADDRESS, server_network
from ..tools import Tool
from .nameserver import ask, write_queries

_LEVELS = (1, 3, 9)
_MOST_AT_LEVEL_3 = 0.40
_LIVE_QUERIES = 100_000


def measure(bench):
    bench.progress("compression: generated messages")
    rows = benchmark(bench, "compress_bench", "^CompressFrames/level:[139]$", *repeated(bench))
    size = Block("generated, of the pcap file", "of its bytes", 3)
    cost = Block("generated, the threads that compress", "ns a message", 0)
    for level in _LEVELS:
        found = rows[f"CompressFrames/level:{level}"]
        entry = size.add(f"zstd:{level}", "ours", [row["ratio"] for row in found])
        if level == 3:
            entry.judge(f"<={_MOST_AT_LEVEL_3}", entry.high <= _MOST_AT_LEVEL_3)
        cost.add(f"zstd:{level}", "ours", [row["per_packet"] * 1e9 for row in found])
        bench.keep("compression, generated", level, found)
    one = found[0]
    notes = [f"generated: {one['bytes_each']:.0f} bytes a message, of which chance is "
             f"{one['entropy_ratio'] * one['bytes_each']:.0f} bytes and the checksums"]
    live = Block("live, unbound asked for 1000 names", "of its bytes", 3)
    live.add("zstd:3", "ours", [_live(bench)])
    want_at_most(live, _MOST_AT_LEVEL_3)
    return [Panel("compression", "Compression", [size, cost, live], notes)]


def _live(bench):
    bench.progress("compression: a live name server")
    with server_network() as network, servers.running(bench, "unbound", network), \
            Capture(bench, Tool("dns-monitor", compress="zstd"), "asked0", None,
                    network) as capture:
        ask(write_queries(bench), SERVED_ADDRESS, bench.pick(_LIVE_QUERIES, 20_000))
        time.sleep(SETTLE_SECONDS)
        capture.stop()
        ledgers = [json.loads(path.read_text()) for path in capture.directory.glob("*.json")]
    bench.keep("compression, live", "zstd:3", [ledger["compression"] for ledger in ledgers])
    return (sum(ledger["compression"]["stored_bytes"] for ledger in ledgers)
            / sum(ledger["length_bytes"] for ledger in ledgers))
