"""What the checker says of files whose faults are known. BUILD is where it was built."""
import json
import os
import struct
import subprocess
import tempfile
import unittest

CHECKER = os.path.join(os.environ.get("BUILD", "build/release"), "bench", "check-numbers")
ETHERNET = bytes([2] * 12) + b"\x08\x00"
MICROSECONDS, NANOSECONDS = 0xa1b2c3d4, 0xa1b23c4d


def packet(number):
    """The IP packet of query.h."""
    dns = (bytes.fromhex("123401000001000000000001") + b"\x08%08d\x05bench\x07example\x03org\0"
           % number + bytes.fromhex("00010001" "000029" "04d0000000000000"))
    udp = struct.pack("!HHHH", 40000, 53, 8 + len(dns), 0) + dns
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0x4000, 64, 17, 0,
                       bytes([192, 0, 2, 1]), bytes([198, 51, 100, 1])) + udp


def pcap(frames, link_type=1, magic=MICROSECONDS, lengths=None, second=1000):
    file = struct.pack("=IHHiIII", magic, 2, 4, 0, 0, 262144, link_type)
    for number, frame in enumerate(frames):
        length = lengths[number] if lengths else len(frame)
        file += struct.pack("=IIII", second, number, len(frame), length) + frame
    return file


class CheckNumbers(unittest.TestCase):
    def check(self, count, *files):
        with tempfile.TemporaryDirectory() as directory:
            paths = [os.path.join(directory, str(number)) for number in range(len(files))]
            for path, content in zip(paths, files):
                with open(path, "wb") as file:
                    file.write(content)
            done = subprocess.run([CHECKER, str(count), *paths], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True, check=False, timeout=60)
        return json.loads(done.stdout) if done.returncode == 0 else done.stderr

    def assert_faults(self, report, **faults):
        expected = {key: 0 for key in ("missing", "twice", "damaged", "out_of_order", "time_back",
                                       "others", "torn_bytes")} | faults
        self.assertEqual({key: report[key] for key in expected}, expected)

    def test_finds_nothing_wrong_with_what_was_sent(self):
        frames = [ETHERNET + packet(number) for number in range(5)]
        self.assert_faults(self.check(5, pcap(frames)))
        self.assert_faults(self.check(5, pcap(frames[:3]), pcap(frames[3:], second=1001)))
        self.assert_faults(self.check(5, pcap(frames, magic=NANOSECONDS)))

    def test_reads_bare_and_cooked_packets(self):
        for link_type, header in ((101, b""), (113, bytes(16)), (276, bytes(20))):
            frames = [header + packet(number) for number in range(3)]
            self.assert_faults(self.check(3, pcap(frames, link_type)))

    def test_tells_time_that_goes_back(self):
        frames = [ETHERNET + packet(number) for number in range(2)]
        self.assert_faults(self.check(2, pcap(frames[:1]), pcap(frames[1:], second=999)),
                           time_back=1)

    def test_tells_missing_twice_and_out_of_order(self):
        frames = [ETHERNET + packet(number) for number in (0, 2, 1, 1, 4)]
        self.assert_faults(self.check(6, pcap(frames)), missing=2, twice=1, out_of_order=1)

    def test_finds_each_damaged_byte(self):
        whole = ETHERNET + packet(0)
        at_number = range(14 + 41, 14 + 49)
        at_addresses = range(14 + 12, 14 + 20)
        for place in range(len(whole)):
            frame = bytearray(whole)
            frame[place] ^= 0x80
            report = self.check(1, pcap([bytes(frame)]))
            if place in at_addresses:
                self.assert_faults(report, missing=1, others=1)
            elif place in at_number:
                self.assert_faults(report, missing=1)
            else:
                self.assert_faults(report, damaged=1)

    def test_finds_clipped_packets(self):
        whole = ETHERNET + packet(0)
        self.assert_faults(self.check(1, pcap([whole[:-1]], lengths=[len(whole)])), damaged=1)
        self.assert_faults(self.check(1, pcap([whole[:60]], lengths=[len(whole)])), damaged=1,
                           missing=1)

    def test_counts_other_packets_and_torn_ends(self):
        frames = [ETHERNET + packet(0), b"\0" * 60, b""]
        self.assert_faults(self.check(1, pcap(frames) + b"torn"), others=2, torn_bytes=4)

    def test_refuses_what_it_cannot_read(self):
        self.assertIn("no pcap file", self.check(1, b"no"))
        self.assertIn("no pcap file", self.check(1, pcap([], link_type=147)))
        self.assertIn("no pcap file", self.check(1, pcap([], magic=0x0a0d0d0a)))


if __name__ == "__main__":
    unittest.main()
