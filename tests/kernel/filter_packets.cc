#include "kernel/filter_packets.h"

#include <set>

namespace dns_monitor::filter_test {
namespace {

Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

Bytes Word(unsigned value) {
  return {static_cast<uint8_t>(value >> 8), static_cast<uint8_t>(value)};
}

Bytes Zeros(size_t count) {
  return Bytes(count, 0);
}
Bytes Text(size_t count) {
  Bytes text(count);
  for (size_t i = 0; i < count; ++i) text[i] = static_cast<uint8_t>('A' + i % 53);
  return text;
}

// The receiving interface has the address 02:00:00:00:00:02.
const Bytes kReceiver = {0x02, 0, 0, 0, 0, 0x02};
const Bytes kSender = {0x02, 0, 0, 0, 0, 0x01};
const Bytes kStranger = {0x02, 0, 0, 0, 0, 0x99};
const Bytes kBroadcast = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
const Bytes kMulticast = {0x01, 0x00, 0x5e, 0x00, 0x00, 0xfb};

Bytes Ethernet(unsigned type, const Bytes& to = kReceiver) {
  return to + kSender + Word(type);
}
Bytes Tagged(unsigned tpid, unsigned tci, unsigned type) {
  return Ethernet(tpid) + Word(tci) + Word(type);
}

struct V4 {
  Bytes from = {10, 77, 1, 2};
  Bytes to = {192, 0, 2, 53};
  unsigned fragment = 0;
  size_t option_words = 0;
  uint8_t ttl = 64;
  uint8_t tos = 0;
};
Bytes Ipv4(uint8_t protocol, const Bytes& payload, const V4& v4 = {}) {
  const size_t header = 20 + 4 * v4.option_words;
  return Bytes{static_cast<uint8_t>(0x40 | header / 4), v4.tos} +
         Word(static_cast<unsigned>(header + payload.size())) + Word(0x1234) + Word(v4.fragment) +
         Bytes{v4.ttl, protocol} + Word(0) + v4.from + v4.to + Bytes(4 * v4.option_words, 1) +
         payload;
}

Bytes Address6(uint8_t last) {
  return Bytes{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last};
}
Bytes Ipv6(uint8_t next, const Bytes& payload, uint8_t from = 1, uint8_t to = 0x53) {
  return Bytes{0x60, 0, 0, 0} + Word(static_cast<unsigned>(payload.size())) + Bytes{next, 64} +
         Address6(from) + Address6(to) + payload;
}

constexpr uint8_t kIcmp = 1, kIgmp = 2, kTcp = 6, kUdp = 17, kGre = 47, kIcmp6 = 58, kSctp = 132;
constexpr uint8_t kHopByHop = 0, kRouting = 43, kFragment = 44, kAuthentication = 51,
                  kDestination = 60;
constexpr unsigned kIp = 0x0800, kIp6 = 0x86dd;

Bytes Ports(unsigned from, unsigned to) {
  return Word(from) + Word(to);
}
Bytes Udp(unsigned from, unsigned to, size_t payload = 20) {
  return Ports(from, to) + Word(static_cast<unsigned>(8 + payload)) + Word(0) + Text(payload);
}
Bytes Tcp(unsigned from, unsigned to, uint8_t flags, size_t payload = 0) {
  return Ports(from, to) + Bytes{1, 2, 3, 4, 5, 6, 7, 8, 0x50, flags} + Word(4096) + Zeros(4) +
         Text(payload);
}
Bytes Extension(uint8_t next) {
  return Bytes{next, 0, 1, 4, 0, 0, 0, 0};
}
Bytes FragmentHeader(uint8_t next, unsigned offset) {
  return Bytes{next, 0} + Word(offset) + Word(0xbeef) + Word(0xf00d);
}
Bytes Arp(unsigned operation) {
  return Word(1) + Word(kIp) + Bytes{6, 4} + Word(operation) + kSender + Bytes{10, 77, 1, 2} +
         Zeros(6) + Bytes{10, 77, 0, 1};
}

void AddV4(std::vector<Packet>* packets) {
  const auto add = [packets](const char* name, const Bytes& ip, const Bytes& to = kReceiver) {
    packets->push_back({name, Ethernet(kIp, to) + ip});
  };
  add("udp query", Ipv4(kUdp, Udp(40000, 53)));
  add("udp answer", Ipv4(kUdp, Udp(53, 40000), {.from = {192, 0, 2, 53}, .to = {10, 77, 1, 2}}));
  add("udp to a stranger", Ipv4(kUdp, Udp(1024, 53)), kStranger);
  add("udp ntp", Ipv4(kUdp, Udp(123, 123), {.tos = 0xb8}));
  add("udp mdns", Ipv4(kUdp, Udp(5353, 5353), {.to = {224, 0, 0, 251}, .ttl = 255}), kMulticast);
  add("udp subnet broadcast", Ipv4(kUdp, Udp(67, 68), {.to = {10, 77, 255, 255}}), kBroadcast);
  add("udp broadcast", Ipv4(kUdp, Udp(68, 67), {.from = {0, 0, 0, 0}, .to = {255, 255, 255, 255}}),
      kBroadcast);
  add("udp long", Ipv4(kUdp, Udp(53, 1200, 1100)));
  add("tcp syn", Ipv4(kTcp, Tcp(40000, 53, 0x02)));
  add("tcp answer", Ipv4(kTcp, Tcp(53, 40000, 0x18, 100)));
  add("tcp http", Ipv4(kTcp, Tcp(80, 50000, 0x10, 300), {.fragment = 0x4000}));
  add("tcp https rst", Ipv4(kTcp, Tcp(50001, 443, 0x04)));
  add("icmp echo", Ipv4(kIcmp, Bytes{8, 0} + Zeros(30)));
  add("icmp unreachable", Ipv4(kIcmp, Bytes{3, 3} + Zeros(6) + Ipv4(kUdp, Udp(53, 40000, 0))));
  add("igmp", Ipv4(kIgmp, Bytes{0x16, 0} + Zeros(6), {.option_words = 1, .ttl = 1}), kMulticast);
  add("gre", Ipv4(kGre, Zeros(40)));
  add("sctp", Ipv4(kSctp, Ports(53, 53) + Zeros(20)));
  add("options udp", Ipv4(kUdp, Udp(40000, 53), {.option_words = 1}));
  add("most options udp", Ipv4(kUdp, Udp(53, 53), {.option_words = 10}));
  add("options tcp", Ipv4(kTcp, Tcp(853, 53, 0x12), {.option_words = 5}));
  add("first fragment", Ipv4(kUdp, Udp(40000, 53, 64), {.fragment = 0x2000}));
  add("later fragment", Ipv4(kUdp, Text(72), {.fragment = 0x2009}));
  add("last fragment", Ipv4(kUdp, Ports(53, 53) + Text(30), {.fragment = 0x0012}));
  add("header length 0", Bytes{0x40} + Zeros(8) + Bytes{kUdp} + Zeros(40));
  add("version 5", Bytes{0x55} + Zeros(8) + Bytes{kUdp} + Text(40));
}

void AddV6(std::vector<Packet>* packets) {
  const auto add = [packets](const char* name, const Bytes& ip) {
    packets->push_back({name, Ethernet(kIp6) + ip});
  };
  add("udp6 query", Ipv6(kUdp, Udp(40000, 53)));
  add("udp6 answer", Ipv6(kUdp, Udp(53, 40000), 0x53, 1));
  add("udp6 other", Ipv6(kUdp, Udp(5000, 5001), 7, 8));
  add("tcp6 syn", Ipv6(kTcp, Tcp(40000, 53, 0x02)));
  add("tcp6 https", Ipv6(kTcp, Tcp(443, 40000, 0x19, 64), 9, 1));
  add("icmp6", Ipv6(kIcmp6, Bytes{135, 0} + Zeros(22)));
  add("hop by hop udp6", Ipv6(kHopByHop, Extension(kUdp) + Udp(40000, 53)));
  add("destination udp6", Ipv6(kDestination, Extension(kUdp) + Udp(53, 53)));
  add("routing tcp6", Ipv6(kRouting, Extension(kTcp) + Tcp(53, 53, 0x10)));
  add("authentication", Ipv6(kAuthentication, Extension(kUdp) + Udp(53, 53)));
  add("first fragment6", Ipv6(kFragment, FragmentHeader(kUdp, 0x0001) + Udp(40000, 53)));
  add("later fragment6", Ipv6(kFragment, FragmentHeader(kUdp, 0x0009) + Ports(53, 53) + Text(40)));
  add("tcp fragment6", Ipv6(kFragment, FragmentHeader(kTcp, 0x0001) + Tcp(53, 99, 0x10)));
}

void AddOthers(std::vector<Packet>* packets) {
  packets->push_back({"arp request", Ethernet(0x0806, kBroadcast) + Arp(1)});
  packets->push_back({"arp reply", Ethernet(0x0806) + Arp(2)});
  packets->push_back({"rarp", Ethernet(0x8035, kBroadcast) + Arp(3)});
  packets->push_back({"llc stp", Ethernet(38, kMulticast) + Bytes{0x42, 0x42, 3} + Zeros(35)});
  packets->push_back(
      {"snap ip", Ethernet(60) + Bytes{0xaa, 0xaa, 3, 0, 0, 0, 8, 0} + Ipv4(kUdp, Udp(53, 53))});
  packets->push_back({"mpls", Ethernet(0x8847) + Bytes{0, 0x40, 1, 64} + Ipv4(kUdp, Udp(53, 53))});
  packets->push_back({"pppoe", Ethernet(0x8864) + Bytes{0x11, 0, 0, 7, 0, 50, 0, 0x21} +
                                   Ipv4(kUdp, Udp(40000, 53))});
  packets->push_back({"lldp", Ethernet(0x88cc) + Text(30)});
}

void AddTagged(std::vector<Packet>* packets) {
  const auto add = [packets](const char* name, const Bytes& header, const Bytes& payload) {
    packets->push_back({name, header + payload});
  };
  const Bytes udp = Ipv4(kUdp, Udp(40000, 53));
  const Bytes tcp = Ipv4(kTcp, Tcp(53, 40000, 0x12));
  add("vlan 5 udp", Tagged(0x8100, 5, kIp), udp);
  add("vlan 5 tcp", Tagged(0x8100, 5, kIp), tcp);
  add("vlan 5 priority 7 udp", Tagged(0x8100, 0xe005, kIp), udp);
  add("vlan 5 udp6", Tagged(0x8100, 5, kIp6), Ipv6(kUdp, Udp(40000, 53)));
  add("vlan 10 udp", Tagged(0x8100, 10, kIp), udp);
  add("vlan 0 udp", Tagged(0x8100, 0, kIp), udp);
  add("vlan 4095 arp", Tagged(0x8100, 0xfff, 0x0806), Arp(1));
  add("vlan 5 options", Tagged(0x8100, 5, kIp), Ipv4(kUdp, Udp(53, 53), {.option_words = 3}));
  add("vlan 5 fragment", Tagged(0x8100, 5, kIp), Ipv4(kUdp, Text(40), {.fragment = 3}));
  add("service tag udp", Tagged(0x88a8, 5, kIp), udp);
  add("qinq udp", Tagged(0x88a8, 5, 0x8100) + Word(10) + Word(kIp), udp);
  add("qinq tcp6", Tagged(0x88a8, 100, 0x8100) + Word(5) + Word(kIp6), Ipv6(kTcp, Tcp(53, 1, 2)));
  add("double 8100", Tagged(0x8100, 10, 0x8100) + Word(5) + Word(kIp), udp);
  add("triple", Tagged(0x88a8, 1, 0x8100) + Word(2) + Word(0x8100) + Word(3) + Word(kIp), udp);
  add("9100", Tagged(0x9100, 5, kIp), udp);
  add("9100 and 8100", Tagged(0x9100, 5, 0x8100) + Word(10) + Word(kIp), tcp);
}

// Padding would make these whole: each has a length of its own.
void AddCut(std::vector<Packet>* packets) {
  const auto add = [packets](const char* name, Bytes frame, size_t bytes) {
    frame.resize(bytes);
    packets->push_back({name, frame, true});
  };
  const Bytes udp = Ethernet(kIp) + Ipv4(kUdp, Udp(40000, 53));
  const Bytes options = Ethernet(kIp) + Ipv4(kUdp, Udp(40000, 53), {.option_words = 2});
  const Bytes udp6 = Ethernet(kIp6) + Ipv6(kUdp, Udp(40000, 53));
  add("cut behind ethernet", udp, 14);
  add("cut behind version", udp, 15);
  add("cut within address", udp, 28);
  add("cut behind ip", udp, 34);
  add("cut within port", udp, 35);
  add("cut behind source port", udp, 36);
  add("cut within destination port", udp, 37);
  add("cut behind ports", udp, 38);
  add("cut options", options, 40);
  add("cut behind options", options, 42);
  add("cut port behind options", options, 43);
  add("cut arp", Ethernet(0x0806) + Arp(1), 20);
  add("cut ip6", udp6, 16);
  add("cut address6", udp6, 33);
  add("cut behind ip6", udp6, 54);
  add("cut port6", udp6, 55);
  add("cut ports6", udp6, 57);
  add("cut llc", Ethernet(3) + Bytes{0x42, 0x42}, 17);
}

void AddPaged(std::vector<Packet>* packets) {
  const auto add = [packets](const char* name, const Bytes& frame) {
    packets->push_back({name, frame, false, true});
  };
  add("paged udp", Ethernet(kIp) + Ipv4(kUdp, Udp(53, 40000, 6000)));
  add("paged tcp6", Ethernet(kIp6) + Ipv6(kTcp, Tcp(53, 40000, 0x18, 6000)));
  add("paged vlan", Tagged(0x8100, 5, kIp) + Ipv4(kUdp, Udp(53, 40000, 6000)));
}

size_t SeenBytes(const Bytes& frame) {
  return frame.size() - (HasOuterTag(frame) ? 4 : 0);
}

// A frame may be longer than what it carries.
void MakeLengthsDiffer(std::vector<Packet>* packets) {
  std::set<size_t> sent = {kSentinelBytes};
  std::set<size_t> seen = {kSentinelBytes};
  for (Packet& packet : *packets) {
    Bytes& frame = packet.frame;
    while (!packet.is_cut && (sent.contains(frame.size()) || seen.contains(SeenBytes(frame)))) {
      frame.push_back(0x5a);
    }
    sent.insert(frame.size());
    seen.insert(SeenBytes(frame));
  }
}

}  // namespace

bool HasOuterTag(const Bytes& frame) {
  return frame.size() >= 18 &&
         ((frame[12] == 0x81 && frame[13] == 0x00) || (frame[12] == 0x88 && frame[13] == 0xa8));
}

std::vector<Packet> MakePackets() {
  std::vector<Packet> packets;
  AddCut(&packets);
  AddV4(&packets);
  AddV6(&packets);
  AddOthers(&packets);
  AddTagged(&packets);
  AddPaged(&packets);
  MakeLengthsDiffer(&packets);
  return packets;
}

}  // namespace dns_monitor::filter_test
