"""pcap files, read strictly and written."""
import ctypes
import dataclasses
import os
import struct

MAGIC_MICROSECONDS = 0xA1B2C3D4
MAGIC_NANOSECONDS = 0xA1B23C4D
LINK_NULL = 0
LINK_ETHERNET = 1
LINK_RAW = 101
LINK_SLL = 113
LINK_SLL2 = 276
FILE_HEADER = struct.Struct("<IHHiIII")
RECORD_HEADER = struct.Struct("<IIII")
MAX_SNAPLEN = 262144


@dataclasses.dataclass(frozen=True)
class Packet:
    time_ns: int
    data: bytes
    original_length: int


@dataclasses.dataclass
class PcapFile:
    magic: int
    snaplen: int
    link_type: int
    packets: list
    torn_bytes: int = 0  # behind the last whole record

    @property
    def nanoseconds(self):
        return self.magic == MAGIC_NANOSECONDS

    @property
    def frames(self):
        return [packet.data for packet in self.packets]


class BadPcap(AssertionError):
    """The file is no pcap file up to where it ends."""


def parse_header(data, path=""):
    magic, major, minor, zone, accuracy, snaplen, link_type = FILE_HEADER.unpack_from(data)
    if magic not in (MAGIC_MICROSECONDS, MAGIC_NANOSECONDS) or (major, minor) != (2, 4) \
            or zone != 0 or accuracy != 0:
        raise BadPcap(f"{path}: bad file header {data[:24].hex()}")
    return PcapFile(magic, snaplen, link_type, [])


def parse_records(file, data, offset=0, path=""):
    """Appends the whole records of `data` from `offset` on. Returns where they end.

    A record that cannot be one, such as zeros, is an error; the last may be cut off.
    """
    scale = 1 if file.nanoseconds else 1000
    limit = 1_000_000_000 // scale
    end = len(data)
    while end - offset >= RECORD_HEADER.size:
        seconds, fraction, captured, original = RECORD_HEADER.unpack_from(data, offset)
        if captured == 0 or captured > file.snaplen or captured > original or fraction >= limit \
                or seconds == 0:
            raise BadPcap(f"{path}: no record at {offset}: {data[offset:offset + 32].hex()}")
        start = offset + RECORD_HEADER.size
        if end - start < captured:
            break
        file.packets.append(Packet(seconds * 1_000_000_000 + fraction * scale,
                                   data[start:start + captured], original))
        offset = start + captured
    return offset


class _Buffer(ctypes.Structure):
    """ZSTD_inBuffer and ZSTD_outBuffer."""
    _fields_ = [("bytes", ctypes.c_void_p), ("size", ctypes.c_size_t), ("at", ctypes.c_size_t)]


def decompress(data, path="", may_be_torn=False):
    """What the frames of `data` hold; of one that has no end, all that a decoder gives of it.

    (zstd -dc gives whole buffers only.)
    """
    zstd = ctypes.CDLL("libzstd.so.1")
    zstd.ZSTD_createDCtx.restype = ctypes.c_void_p
    zstd.ZSTD_decompressStream.restype = ctypes.c_size_t
    context = ctypes.c_void_p(zstd.ZSTD_createDCtx())
    room = ctypes.create_string_buffer(1 << 20)
    given = ctypes.create_string_buffer(data, max(len(data), 1))
    taken = _Buffer(ctypes.addressof(given), len(data), 0)
    content = []
    try:
        while True:
            made = _Buffer(ctypes.addressof(room), len(room), 0)
            left = zstd.ZSTD_decompressStream(context, ctypes.byref(made), ctypes.byref(taken))
            content.append(room.raw[:made.at])
            bad = left > 1 << 32  # an error, as its negative code
            if bad or (taken.at == len(data) and made.at < len(room)):
                break
    finally:
        zstd.ZSTD_freeDCtx(context)
    if (bad or (left != 0 and data)) and not may_be_torn:
        raise BadPcap(f"{path}: " + ("damaged frames" if bad else "a frame has no end"))
    return b"".join(content)


def plain_copy(path, directory):
    """`path`, or of a compressed file a copy in `directory` that is not: tcpdump reads no others."""
    if ".pcap.zst" not in path:
        return path
    name = os.path.join(directory, os.path.basename(path).replace(".zst", ""))
    with open(path, "rb") as compressed, open(name, "wb") as plain:
        plain.write(decompress(compressed.read(), path, path.endswith(".part")))
    return name


def read_pcap(path, may_be_torn=False):
    with open(path, "rb") as stream:
        data = stream.read()
    if ".pcap.zst" in path:
        data = decompress(data, path, may_be_torn)
    if len(data) < FILE_HEADER.size:
        if may_be_torn:
            return PcapFile(MAGIC_MICROSECONDS, MAX_SNAPLEN, LINK_ETHERNET, [], len(data))
        raise BadPcap(f"{path}: only {len(data)} bytes")
    file = parse_header(data, path)
    file.torn_bytes = len(data) - parse_records(file, data, FILE_HEADER.size, path)
    if file.torn_bytes and not may_be_torn:
        raise BadPcap(f"{path}: {file.torn_bytes} bytes behind the last whole record")
    return file


def write_pcap(path, frames, link_type=LINK_ETHERNET):
    with open(path, "wb") as stream:
        stream.write(FILE_HEADER.pack(MAGIC_MICROSECONDS, 2, 4, 0, 0, MAX_SNAPLEN, link_type))
        for number, frame in enumerate(frames):
            stream.write(RECORD_HEADER.pack(1, number % 1_000_000, len(frame), len(frame)))
            stream.write(frame)


def write_packets(path, packets, link_type=LINK_ETHERNET, nanoseconds=False, byte_order="<"):
    """As write_pcap, with the packets' own times and lengths, in any kind of pcap."""
    magic, unit = (MAGIC_NANOSECONDS, 1) if nanoseconds else (MAGIC_MICROSECONDS, 1000)
    header = struct.Struct(byte_order + FILE_HEADER.format[1:])
    record = struct.Struct(byte_order + RECORD_HEADER.format[1:])
    with open(path, "wb") as stream:
        stream.write(header.pack(magic, 2, 4, 0, 0, MAX_SNAPLEN, link_type))
        for packet in packets:
            seconds, fraction = divmod(packet.time_ns, 1_000_000_000)
            stream.write(record.pack(seconds, fraction // unit, len(packet.data),
                                     packet.original_length))
            stream.write(packet.data)
