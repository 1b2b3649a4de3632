"""Frames with their times, collected in any order."""
from .packets import ethernet
from .pcap import Packet, write_packets


class Frames:

    def __init__(self, start):
        """Times are seconds behind `start`, which is seconds since 1970."""
        self._start = start
        self._packets = []

    def frame(self, seconds, packet):
        frame = ethernet(packet)
        time_us = round((self._start + seconds) * 1_000_000)
        self._packets.append(Packet(time_us * 1000, frame, len(frame)))

    def packets(self):
        """In order of time; those of one time as they came."""
        return sorted(self._packets, key=lambda packet: packet.time_ns)

    def write(self, path):
        write_packets(path, self.packets())
