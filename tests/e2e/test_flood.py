"""A flood, as fast as the machine makes one: each packet is counted, and memory stays what it was."""
import json
import os
import random
import re
import signal
import threading

from lab import packets
from lab.case import LabCase
from lab.ledger import Ledgers
from lab.packets import (AUTHENTICATION, DESTINATION, FRAGMENT, HOP_BY_HOP, ICMP, ICMP6, ROUTING,
                         UDP)
from lab.pcap import read_pcap, write_pcap
from lab.process import DNS_MONITOR, SEND_NUMBERED, cpus, run
from lab.waiting import wait_until

MIB = 1 << 20
RING = 16 * MIB
ANONYMOUS_MOST = 24 * MIB
# The rings with their slack, and beside anonymous memory the program's own pages and libraries.
OTHERS_MOST = 12 * MIB
TWO_CPUS = f"{cpus()[0]},{cpus()[-1]}"
EXTENSIONS, ORPHAN, QUOTE = ("too many IPv6 extension headers", "fragments without their first",
                             "ICMP errors that quote too little")

_BPF_MAP_TYPE_LRU_HASH = 9

DNS = packets.dns_query()
QUERY = packets.udp(DNS)


def memory(pid, field):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(re.search(rf"^{field}:\s+(\d+) kB$", status.read(), re.MULTILINE)[1]) << 10


class MostAnonymousMemory:
    """Looks again and again, within a `with`, for how much a process has."""

    def __init__(self, pid):
        self._pid = pid
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.bytes = 0

    def _watch(self):
        while True:
            self.bytes = max(self.bytes, memory(self._pid, "RssAnon"))
            if self._end.wait(0.02):
                return

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()


def junk():
    """To and from port 53, frames of 64 bytes; each has other bytes behind UDP's header."""
    chance = random.Random(53)
    frames = []
    for number in range(4000):
        ports = (53, 40000 + number) if number % 2 else (40000 + number, 53)
        payload = chance.randbytes(64 - 14 - 20 - 8)
        frames.append(packets.ethernet(packets.ipv4(packets.udp(payload, *ports),
                                                    identification=number)))
    return frames


def first_fragments(count):
    """Of as many packets as there are, of both versions."""
    for number in range(count // 2):
        source = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        yield packets.ethernet(packets.ipv4(QUERY[:16], source=source, identification=number & 255,
                                            more_fragments=True))
        yield packets.ethernet(packets.ipv6_with([(FRAGMENT, 0, 1, number)], QUERY[:16]))


def later_fragments(count):
    """Of packets whose first one never comes."""
    for number in range(count // 2):
        source = f"172.{16 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"
        yield packets.ethernet(packets.ipv4(QUERY[16:], source=source,
                                            identification=number & 255, fragment_offset=16))
        yield packets.ethernet(packets.ipv6_with([(FRAGMENT, 16, 0, 1 << 24 | number)],
                                                 QUERY[16:]))


def chains():
    """Longer than any that is walked: by one header, or as long as fits the frame."""
    chance = random.Random(9)
    frames = []
    for number in range(2000):
        length = (9, 12, 40, 160)[number % 4]
        kinds = [chance.choice((DESTINATION, ROUTING, HOP_BY_HOP)) for _ in range(length)]
        if number % 8 == 4:
            kinds[3] = AUTHENTICATION
        frames.append(packets.ethernet(packets.ipv6_with(kinds, QUERY)))
    return frames


def poor_errors():
    """Which quote a beginning of a packet, but not its ports; or nothing."""
    quoted4, quoted6 = packets.ipv4(QUERY), packets.ipv6(QUERY)
    long6 = packets.ipv6_with([DESTINATION] * 12, QUERY)
    later4 = packets.ipv4(QUERY, fragment_offset=16)
    frames = []
    for number in range(2000):
        kind4, kind6 = (3, 4, 5, 11, 12)[number % 5], number % 4 + 1
        quote = quoted4[:number % 24]  # of 24 bytes, the last four are the ports
        frames.append(packets.ethernet(packets.ipv4(packets.icmp_error(quote, kind4), ICMP)))
        quote = quoted6[:number % 44]
        frames.append(packets.ethernet(packets.ipv6(packets.icmp_error(quote, kind6, 4), ICMP6)))
    for quote in later4, packets.ipv4(QUERY)[:22]:
        frames.append(packets.ethernet(packets.ipv4(packets.icmp_error(quote), ICMP)))
    frames.append(packets.ethernet(packets.ipv6(packets.icmp_error(long6, 1, 4), ICMP6)))
    return frames


class Flood(LabCase):

    def start_capture(self, *options):
        """On an interface that takes whatever is sent, so that none is lost before the filter.

        That is a bridge whose only port is given nothing. A veth pair would not do: what its other
        end has no room for is refused, but has passed the filter by then.
        """
        self.make_pair(addresses=False)
        self.left.ip("link", "add", "sink0", "type", "bridge", "mcast_snooping", 0)
        self.left.ip("link", "set", "peer0", "master", "sink0")
        self.left.ip("link", "set", "peer0", "type", "bridge_slave", "flood", "off",
                     "mcast_flood", "off", "bcast_flood", "off")
        self.left.ip("link", "set", "sink0", "up")
        wait_until(lambda: "LOWER_UP" in self.left.ip("link", "show", "sink0"), "the carrier")
        return self.capture(self.left, "sink0", "--ring-size", str(RING), *options)

    def flood(self, monitor, frames, repeat, threads=3):
        """Injects all frames many times, of each thread; how many in all. Memory is bounded."""
        path = self.path("flood.pcap")
        write_pcap(path, frames)
        with MostAnonymousMemory(monitor.pid) as most:
            sent = self.left.run(SEND_NUMBERED, "--frames", path, "--interface", "sink0",
                                 "--repeat", repeat, "--threads", threads, "--cpu", TWO_CPUS)
        counts = [int(word) for word in sent.stdout.split()[1:]]
        self.assertEqual(counts, [len(frames) * repeat] * threads)
        self.assertGreater(most.bytes, 0)
        self.assertLess(most.bytes, ANONYMOUS_MOST)
        rings = len(os.sched_getaffinity(0)) * RING
        self.assertLess(memory(monitor.pid, "VmHWM"), rings + ANONYMOUS_MOST + OTHERS_MOST)
        return sum(counts)

    def assert_responsive(self, monitor):
        """Takes what comes now, rotates when told to. How many frames it saw and took for that."""
        first = packets.ipv4(QUERY[:16], identification=4711, more_fragments=True,
                             source="10.53.0.77")
        later = packets.ipv4(QUERY[16:] + b"later", identification=4711, fragment_offset=16,
                             source="10.53.0.77")
        query = packets.ethernet(packets.ipv4(packets.udp(DNS + b"after the flood")))
        self.inject(self.left, "sink0", [packets.ethernet(first), packets.ethernet(later), query],
                    cpu=cpus()[0])
        monitor.wait_for_frame(b"after the flood")
        monitor.wait_for_frame(QUERY[16:] + b"later")
        before = len(monitor.files())
        monitor.send_signal(signal.SIGHUP)
        wait_until(lambda: len(monitor.files()) > before and monitor.files(".pcap.part"),
                   "a finished file, and a new one")
        return 3

    def finish(self, monitor):
        """Ends the capture well; ledgers and files hold. Returns its summary."""
        summary = monitor.finish()
        self.assertEqual(monitor.files(".pcap.part"), [])
        self.assertEqual((summary.left, summary.late, summary.clipped), (0, 0, 0))
        ledgers = Ledgers(monitor.files())
        ledgers.check_balance()
        ledgers.check_chain()
        self.assertEqual(ledgers.sum("seen"), summary.seen)
        self.assertEqual(ledgers.sum("written"), summary.captured)
        self.assertEqual(ledgers.sum("lost"), summary.lost)
        done = run([DNS_MONITOR, "verify", monitor.directory, "--deep", "--format", "json"],
                   check=False)
        report = json.loads(done.stdout)
        self.assertEqual((done.returncode, report["problems"]), (0, []), done.stdout)
        self.assertEqual(report["packets"], summary.captured)
        return summary

    def check_refused(self, frames, repeat, cause):
        """A flood of what is undecided for that cause, and takes no place in the files."""
        monitor = self.start_capture()
        sent = self.flood(monitor, frames, repeat)
        extra = self.assert_responsive(monitor)
        summary = self.finish(monitor)
        self.assertEqual(summary.seen, sent + extra)
        self.assertEqual(summary.causes, {cause: sent})
        self.assertEqual((summary.matched, summary.captured, summary.lost, summary.not_dns),
                         (extra, extra, 0, 0))

    def test_junk(self):
        """DNS by its ports is all that the filter asks for: taken, or lost and counted so."""
        monitor = self.start_capture("--rotate-size", "16M")
        frames = junk()
        self.assertEqual({len(frame) for frame in frames}, {64})
        sent = self.flood(monitor, frames, 250)
        extra = self.assert_responsive(monitor)
        summary = self.finish(monitor)
        self.assertEqual((summary.seen, summary.matched), (sent + extra, sent + extra))
        self.assertEqual(summary.captured + summary.lost, sent + extra)
        self.assertEqual((summary.not_dns, summary.undecided), (0, 0))
        known = set(frames)
        for path in monitor.files()[1:3]:
            self.assertEqual([frame for frame in read_pcap(path).frames if frame not in known], [])

    def fragments_map(self, monitor):
        """(id, entries at the most, bytes) of the map that remembers first fragments."""
        found = []
        for name in os.listdir(f"/proc/{monitor.pid}/fdinfo"):
            with open(f"/proc/{monitor.pid}/fdinfo/{name}", encoding="ascii") as info:
                facts = dict(line.split(":", 1) for line in info if ":" in line)
            if int(facts.get("map_type", -1)) == _BPF_MAP_TYPE_LRU_HASH:
                found.append(tuple(int(facts[key])
                                   for key in ("map_id", "max_entries", "memlock")))
        [the_one] = found
        return the_one

    def test_fragments(self):
        """More first ones than are remembered, and later ones of which none is known."""
        monitor = self.start_capture("--rotate-size", "16M")
        map_id, most, size = self.fragments_map(monitor)
        firsts = list(first_fragments(3 * most))
        laters = list(later_fragments(len(firsts)))
        repeat = 6
        frames = [frame for pair in zip(firsts, laters) for frame in pair]
        self.assertEqual(len(set(frames)), len(frames))
        sent = self.flood(monitor, frames, repeat)
        extra = self.assert_responsive(monitor)
        self.assertEqual(self.fragments_map(monitor), (map_id, most, size))
        entries = json.loads(run(["bpftool", "-j", "map", "dump", "id", str(map_id)]).stdout)
        self.assertLessEqual(len(entries), most)
        self.assertGreater(len(entries), most // 2)
        summary = self.finish(monitor)
        self.assertEqual(summary.seen, sent + extra)
        self.assertEqual(summary.causes, {ORPHAN: sent // 2})
        self.assertEqual(summary.matched, sent // 2 + extra)
        self.assertEqual(summary.captured + summary.lost, summary.matched)
        self.assertEqual(summary.not_dns, 0)

    def test_extension_headers(self):
        self.check_refused(chains(), 300, EXTENSIONS)

    def test_icmp_errors(self):
        self.check_refused(poor_errors(), 250, QUOTE)
