"""What tcpdump sees beside us: the same frames, byte for byte, in the same order."""
import collections
import itertools
import socket
import struct

from lab import packets
from lab.case import LabCase
from lab.pcap import LINK_ETHERNET, LINK_RAW, read_pcap
from lab.process import cpus
from lab.servers import start_nsd, start_unbound
from lab.verdict import Judge
from lab.waiting import wait_until

QUERIES = "\n".join(itertools.islice(itertools.cycle(
    ["www.e2e A", "www.e2e AAAA", "big-600.e2e TXT", "big-1400.e2e TXT", "big-3500.e2e TXT",
     "none.e2e A"]), 600)) + "\n"


def flow(frame, raw=False):
    """Of a frame without tags: one direction of a conversation, a packet's fragments apart."""
    packet = frame if raw else frame[14:]
    if packet[0] >> 4 == 4:
        fragmented = struct.unpack_from("!H", packet, 6)[0] & 0x3FFF
        length = 4 * (packet[0] & 15)
        return packet[9], packet[12:20], packet[4:6] if fragmented else packet[length:length + 4]
    if packet[6] == packets.FRAGMENT:
        return packets.FRAGMENT, packet[8:40], packet[44:48]
    return packet[6], packet[8:40], packet[40:44]


class SameFrames(LabCase):
    """Base: two captures at once, and how they are compared."""

    def begin(self, namespace, interface, *options):
        """Both readers run where the traffic does not, if there is such a CPU."""
        self.reader_cpu = cpus()[-1]
        self.dump = self.tcpdump(namespace, interface, on_cpu=self.reader_cpu)
        self.monitor = self.capture(namespace, interface, *options, on_cpu=self.reader_cpu)

    def end(self, raw=False):
        """Ends both with a last query in both files. Returns (ours, tcpdump's that are DNS)."""
        self.dump.wait_for_frame(self.last_words)
        self.summary = self.monitor.finish()
        theirs = Judge(raw=raw).taken(self.dump.finish())
        ours = self.monitor.frames()
        self.assertEqual(self.summary.lost, 0)
        self.assertEqual(self.summary.captured, len(ours))
        for path in self.monitor.files():
            self.assertEqual(read_pcap(path).link_type, LINK_RAW if raw else LINK_ETHERNET)
            self.assert_readable(path, len(read_pcap(path).packets))
        return self.up_to_last_words(ours), self.up_to_last_words(theirs)

    last_words = packets.dns_query("last.words.e2e")

    def up_to_last_words(self, frames):
        for index, frame in enumerate(frames):
            if frame.endswith(self.last_words):
                return frames[:index + 1]
        self.fail("the last query is missing")

    def say_last_words(self, namespace, address):
        with namespace.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(self.last_words, (address, 53))

    def assert_same_frames(self, ours, theirs):
        ours, theirs = collections.Counter(ours), collections.Counter(theirs)
        self.assertEqual([frame.hex() for frame in (theirs - ours)], [], "only tcpdump has these")
        self.assertEqual([frame.hex() for frame in (ours - theirs)], [], "only we have these")

    def assert_same_order(self, ours, theirs):
        self.assert_same_frames(ours, theirs)
        for index, (our, their) in enumerate(zip(ours, theirs)):
            self.assertEqual(our.hex(), their.hex(), f"frame {index} of {len(ours)}")

    def assert_same_order_in_flows(self, ours, theirs, raw=False):
        self.assert_same_frames(ours, theirs)
        def by_flow(frames):
            flows = collections.defaultdict(list)
            for frame in frames:
                flows[flow(frame, raw)].append(frame)
            return flows
        self.assertEqual(by_flow(ours), by_flow(theirs))


class RealTraffic(SameFrames):

    def test_name_servers_on_one_cpu(self):
        """A resolver, a name server, dnsperf and dig: UDP, TCP, v4, v6, fragments, errors."""
        self.make_pair(mtu=1280, ipv6=True)
        cpu = cpus()[0]
        servers = (
            start_nsd(self, self.right, ["10.53.0.2", "fd53::2"], on_cpu=cpu),
            start_unbound(self, self.left, ["10.53.0.1", "fd53::1"], "10.53.0.2", on_cpu=cpu))
        self.right.ip("address", "add", "10.53.0.3/24", "dev", "dns0")
        self.right.ip("address", "add", "fd53::3/64", "dev", "dns0", "nodad")
        self.begin(self.right, "dns0")
        queries = self.path("queries")
        with open(queries, "w", encoding="ascii") as file:
            file.write(QUERIES)

        def on_cpu(namespace, *command, **options):
            return namespace.run("taskset", "-c", cpu, *command, **options)

        # Through the resolver from the right, and straight to the name server from the left.
        for server, mode in (("10.53.0.1", "udp"), ("fd53::1", "udp"), ("10.53.0.1", "tcp")):
            on_cpu(self.right, "dnsperf", "-s", server, "-m", mode, "-d", queries, "-n", "1",
                   "-c", "4", "-T", "1", "-Q", "3000", "-e", "-b", "4096")
        on_cpu(self.left, "dnsperf", "-s", "fd53::2", "-m", "tcp", "-d", queries, "-n", "1",
               "-c", "4", "-T", "1", "-Q", "3000")
        for server in ("10.53.0.2", "fd53::2"):
            for name in ("big-1400.e2e", "big-2000.e2e", "big-3500.e2e"):
                on_cpu(self.left, "dig", "+bufsize=4096", "+ignore", "+time=5", f"@{server}", name,
                       "TXT")
        # Nobody listens there: ICMP and ICMPv6 tell so, quoting the query.
        for server in ("10.53.0.3", "fd53::3"):
            on_cpu(self.left, "dig", "+time=1", "+tries=2", f"@{server}", "www.e2e", check=False)
        for server in servers:  # else it holds its half of a connection for a minute
            server.stop()
        wait_until(lambda: not self.busy_connections(), "the end of all TCP connections")
        self.say_last_words(self.left, "10.53.0.99")
        ours, theirs = self.end()
        self.assert_same_order(ours, theirs)
        kinds = collections.Counter(self.kind(frame) for frame in ours)
        for kind in itertools.product((4, 6), ("UDP", "TCP", "fragment", "ICMP error")):
            self.assertGreater(kinds[kind], 0, f"{kind} is missing: the test has lost its use")
        self.assertGreater(kinds[4, "UDP"], 2000)

    def busy_connections(self):
        return "".join(namespace.run("ss", "-Htan", "state", "connected", "exclude",
                                     "time-wait").stdout for namespace in (self.left, self.right))

    @staticmethod
    def kind(frame):
        packet = frame[14:]
        version = packet[0] >> 4
        names = {packets.UDP: "UDP", packets.TCP: "TCP", packets.ICMP: "ICMP error",
                 packets.ICMP6: "ICMP error", packets.FRAGMENT: "fragment"}
        if version == 4 and struct.unpack_from("!H", packet, 6)[0] & 0x3FFF:
            return version, "fragment"
        return version, names[packet[9] if version == 4 else packet[6]]

    def test_two_cpus(self):
        """Two senders on two CPUs: two rings, one file in order."""
        self.make_pair()
        self.begin(self.right, "dns0", "--nanosecond")
        sent = self.send(self.left, "10.53.0.99", "--threads", "2", "--rate", "20000", "--count",
                         "20000", "--cpu", f"{cpus()[0]},{cpus()[-1]}")
        self.say_last_words(self.left, "10.53.0.99")
        ours, theirs = self.end()
        self.assertEqual(len(ours), sum(sent) + 1)
        self.assert_same_order_in_flows(ours, theirs)
        times = [packet.time_ns for packet in self.monitor.packets()]
        self.assertEqual(times, sorted(times))

    def test_loopback_shows_each_packet_once(self):
        self.left = self.make_namespace(ipv6=True)
        self.begin(self.left, "lo")
        with self.left.entered(), \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server, \
                socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as server6:
            server.bind(("127.0.0.1", 53))
            server6.bind(("::1", 53))
            sent = self.send(self.left, "127.0.0.1", "--count", "500", "--cpu", cpus()[0])
            sent += self.send(self.left, "::1", "--count", "500", "--cpu", cpus()[0])
        refused = packets.dns_query("nobody.e2e")
        with self.left.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(refused, ("127.0.0.2", 53))
        self.say_last_words(self.left, "127.0.0.1")
        ours, theirs = self.end()
        self.assert_same_order(ours, theirs)
        # The query that nobody took, and its ICMP error; the last words may have one as well.
        self.assertEqual(len(ours), sum(sent) + 3)

    def test_large_tcp_segments_of_loopback(self):
        """What segmentation offload leaves whole is longer than any MTU."""
        self.left = self.make_namespace()
        self.begin(self.left, "lo")
        data = bytes(range(256)) * 4096
        with self.left.entered():
            server = socket.create_server(("127.0.0.1", 53))
            client = socket.create_connection(("127.0.0.1", 53))
        peer, _ = server.accept()
        with server, client, peer:
            client.setblocking(False)
            left, received = memoryview(data), 0
            while received < len(data):
                if left:
                    try:
                        left = left[client.send(left):]
                    except BlockingIOError:
                        pass
                received += len(peer.recv(1 << 20))
        wait_until(lambda: not self.left.run("ss", "-Htan", "state", "connected", "exclude",
                                             "time-wait").stdout, "the end of the connection")
        self.say_last_words(self.left, "127.0.0.1")
        ours, theirs = self.end()
        self.assert_same_order_in_flows(ours, theirs)
        self.assertGreater(max(map(len, ours)), 32768)


class RawIp(SameFrames):

    def test_tun(self):
        """A device without link-layer header, in both directions, with a real name server."""
        self.left = self.make_namespace(ipv6=True)
        tun = self.make_tun(self.left)
        self.left.ip("address", "add", "10.53.0.2/24", "dev", "tun0")
        self.left.ip("address", "add", "fd53::2/64", "dev", "tun0", "nodad")
        start_nsd(self, self.left, ["10.53.0.2", "fd53::2"], on_cpu=cpus()[0])
        self.begin(self.left, "tun0")
        query = packets.dns_query("www.e2e")
        answers = []

        def answered():
            packet = tun.read()
            while packet is not None:
                if packet.find(b"\3www\3e2e") >= 0:
                    answers.append(packet)
                packet = tun.read()
            return len(answers) == number
        for number in range(1, 41):
            # Sums of UDP may be absent in IPv4 only.
            if number % 2:
                tun.write(packets.ipv4(packets.udp(query), identification=number))
            else:
                tun.write(packets.ipv6(self.summed_udp(query)))
            wait_until(answered, f"answer {number}")
        for number in range(20):
            tun.write(packets.ipv4(packets.udp(b"not DNS", 1, 2), identification=number))
        self.say_last_words(self.left, "10.53.0.1")
        ours, theirs = self.end(raw=True)
        self.assert_same_order_in_flows(ours, theirs, raw=True)
        self.assertEqual(len(ours), 40 + 40 + 1)

    @staticmethod
    def summed_udp(payload):
        datagram = packets.udp(payload)
        addresses = packets.ipv6(b"")[8:40]
        total = packets.checksum(addresses + struct.pack("!II", len(datagram), packets.UDP)
                                 + datagram)
        return datagram[:6] + struct.pack("!H", total) + datagram[8:]


class Tags(SameFrames):
    """Tags, where the kernel takes the outer one (received) and where it does not (sent)."""

    VLAN_STACKS = (
        ((packets.VLAN, 100),),
        ((packets.VLAN, 0xE064),),                          # with priority 7
        ((packets.QINQ, 200),),
        ((packets.QINQ, 200), (packets.VLAN, 100)),
        ((packets.VLAN, 1), (packets.VLAN, 2)),
    )

    def frames(self):
        number = itertools.count(1)
        for tags in ((), *self.VLAN_STACKS):
            for size in (0, 1, 500, 1400):
                payload = packets.dns_query(number=next(number)) + bytes(size)
                yield packets.ethernet(packets.ipv4(packets.udp(payload)), tags)
                yield packets.ethernet(packets.ipv6(packets.udp(payload)), tags)
            yield packets.ethernet(packets.ipv4(packets.tcp(payload), packets.TCP), tags)
            yield packets.ethernet(packets.ipv4(packets.udp(payload, 1, 2)), tags)
            yield packets.ethernet(packets.ipv4(packets.icmp_error(packets.ipv4(
                packets.udp(payload[:20]))), packets.ICMP), tags)
            for part in self.fragments(payload, next(number)):
                yield packets.ethernet(part, tags)

    @staticmethod
    def fragments(payload, identification):
        datagram = packets.udp(payload)
        yield packets.ipv4(datagram[:64], identification=identification, more_fragments=True)
        yield packets.ipv4(datagram[64:], identification=identification, fragment_offset=64)
        yield packets.ipv6_with([(packets.FRAGMENT, 0, 1, identification)], datagram[:64])
        yield packets.ipv6_with([(packets.FRAGMENT, 64, 0, identification)], datagram[64:])

    def compare(self, namespace, interface):
        self.make_pair(addresses=False)
        namespace = getattr(self, namespace)
        self.begin(namespace, interface)
        sent = list(self.frames())
        sent.append(packets.ethernet(packets.ipv4(packets.udp(self.last_words))))
        self.inject(self.left, "peer0", sent, cpu=cpus()[0])
        ours, theirs = self.end()
        self.assert_same_order(ours, theirs)
        self.assert_same_order(ours, Judge().taken(sent))
        self.assertEqual(self.summary.seen, len(sent))
        self.assertEqual(self.summary.not_dns, len(self.VLAN_STACKS) + 1)

    def test_received(self):
        self.compare("right", "dns0")

    def test_sent(self):
        self.compare("left", "peer0")
