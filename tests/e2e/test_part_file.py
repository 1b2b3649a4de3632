"""The .part is a pcap file at every moment."""
import os
import time

from lab import packets
from lab.case import LabCase
from lab.pcap import FILE_HEADER, BadPcap, PcapFile, parse_header, parse_records, read_pcap
from lab.process import cpus
from lab.waiting import wait_until

SECOND = 1_000_000_000


class Follower:
    """Reads a file as it grows: whole records, then at most one that is cut off, never zeros."""

    def __init__(self, path):
        self.path = path
        self.fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.offset = 0
        self.packets = 0
        self.looks = 0
        self.file = None

    def look(self):
        """Reads what is new. Returns whether there was anything."""
        size = os.fstat(self.fd).st_size
        if self.file is None:
            if size < FILE_HEADER.size:
                return False
            self.file = parse_header(os.pread(self.fd, FILE_HEADER.size, 0), self.path)
            self.offset = FILE_HEADER.size
        if size <= self.offset:
            return False
        data = os.pread(self.fd, size - self.offset, self.offset)
        if len(data) != size - self.offset:
            raise BadPcap(f"{self.path}: {len(data)} bytes where the length promised more")
        new = PcapFile(self.file.magic, self.file.snaplen, self.file.link_type, [])
        whole = parse_records(new, data, 0, f"{self.path} from {self.offset}")
        self.offset += whole
        self.packets += len(new.packets)
        self.looks += 1
        return True

    def close(self):
        os.close(self.fd)


class PartFile(LabCase):

    def follow_while_sending(self, *options):
        self.make_pair()
        monitor = self.capture(self.left, "peer0", *options)
        follower = Follower(monitor.part())
        self.addCleanup(follower.close)
        sender = self.sender(self.left, "10.53.0.99", "--count", "600000", "--rate", "150000",
                             "--size", "100", "--cpu", cpus()[0])
        while sender.popen.poll() is None:
            if not follower.look():
                time.sleep(0.001)
        sent = self.sent(sender)
        # All of it without another packet; trailing bytes would be a record that never ends.
        wait_until(lambda: follower.look() and False or follower.packets == sent[0],
                   lambda: f"{sent[0]} packets, not {follower.packets}")
        self.assertEqual(follower.offset, os.fstat(follower.fd).st_size)
        summary = monitor.finish()
        self.assertEqual((summary.captured, summary.lost), (sent[0], 0))
        self.assertEqual(os.fstat(follower.fd).st_size, follower.offset)
        # Blocks that were asked for ahead of time are given back.
        blocks = os.fstat(follower.fd).st_blocks * 512
        self.assertLess(blocks, follower.offset + (1 << 20))
        self.assertGreater(follower.looks, 5)

    def test_at_a_high_rate(self):
        self.follow_while_sending()

    def test_at_a_high_rate_with_frequent_flushes(self):
        self.follow_while_sending("--flush", "20ms")

    def test_one_packet_is_there_in_time(self):
        for flush, bound_ns in (("1s", SECOND), ("100ms", SECOND // 10)):
            with self.subTest(flush=flush):
                self.make_pair()
                monitor = self.capture(self.right, "dns0", "--flush", flush)
                part = monitor.part()
                self.send(self.left, "10.53.0.99", "--count", "1")
                packet = wait_until(
                    lambda: read_pcap(part, may_be_torn=True).packets, "the packet")[0]
                seen_ns = time.time_ns()
                # The machine may be busy; that the packet comes at all without another is the
                # point, and that it does not take several bounds.
                self.assertLess(seen_ns - packet.time_ns, bound_ns + 3 * SECOND)
                self.assertEqual(read_pcap(part).torn_bytes, 0)
                monitor.finish()

    def test_an_empty_part_is_a_file_already(self):
        """A header, without any packet, within the bound of --flush."""
        self.make_pair(addresses=False)
        monitor = self.capture(self.right, "dns0")
        part = monitor.part()
        wait_until(lambda: os.path.getsize(part) == FILE_HEADER.size, "the header")
        self.assert_readable(part, 0)

    def test_readable_by_tools_while_written(self):
        self.make_pair()
        monitor = self.capture(self.right, "dns0")
        self.send(self.left, "10.53.0.99", "--count", "1000", "--rate", "5000")
        monitor.wait_for_packets(1000)
        self.assert_readable(monitor.part(), 1000)

    def test_mixed_sizes(self):
        """Records of all lengths over the borders of blocks and buffers."""
        self.make_pair(addresses=False)
        monitor = self.capture(self.left, "peer0")
        follower = Follower(monitor.part())
        self.addCleanup(follower.close)
        frames = [packets.ethernet(packets.ipv4(packets.udp(
            packets.dns_query(number=number) + bytes(number * 7919 % 1400))))
            for number in range(20000)]
        self.inject(self.left, "peer0", frames, cpu=cpus()[0])
        wait_until(lambda: follower.look() and False or follower.packets == len(frames), "all")
        monitor.finish()
        self.assertEqual(monitor.frames(), frames)
