// The filter on what the kernel itself makes of a datagram: fragments, frames for segmentation in
// hardware, and what goes over loopback.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/fd.h"
#include "kernel/filter_row.h"
#include "kernel/live_network.h"
#include "support/packet_builder.h"
#include "support/ring_reader.h"

namespace dns_monitor::live {
namespace {

Fd UdpSocket(int family) {
  return Fd(socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

sockaddr_in Address4(const char* text, uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  inet_pton(AF_INET, text, &address.sin_addr);
  return address;
}
sockaddr_in6 Address6(const char* text, uint16_t port) {
  sockaddr_in6 address = {};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  inet_pton(AF_INET6, text, &address.sin6_addr);
  return address;
}
template <typename Address>
void SendTo(const Fd& socket_fd, const Address& address, const Bytes& data) {
  EXPECT_EQ(sendto(socket_fd.get(), data.data(), data.size(), 0,
                   reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
            static_cast<ssize_t>(data.size()))
      << strerror(errno);
}

// What the records carry behind `header_bytes` each, in a row.
Bytes Joined(const std::vector<RingRecord>& records, size_t header_bytes) {
  Bytes all;
  for (const RingRecord& record : records) {
    EXPECT_EQ(record.wire_length, record.payload.size());
    if (record.payload.size() < header_bytes) return {};
    all.insert(all.end(), record.payload.begin() + static_cast<ptrdiff_t>(header_bytes),
               record.payload.end());
  }
  return all;
}
// `datagram` behind its UDP header, which this leaves out of what was joined.
Bytes WithoutUdp(Bytes joined) {
  if (joined.size() >= 8) joined.erase(joined.begin(), joined.begin() + 8);
  return joined;
}

TEST(LiveFilter, FragmentsOfTheKernelIpv4) {
  const auto tap = LiveTap::Open(kRight);
  ASSERT_NE(tap, nullptr);
  ASSERT_TRUE(Ip(absl::StrCat("address replace 10.78.0.1/24 dev ", kLeft)));
  const Bytes datagram = PacketBuilder().Data(4000);
  const Fd socket_fd = UdpSocket(AF_INET);
  SendTo(socket_fd, Address4("10.78.0.53", 53), datagram);
  EXPECT_EQ(tap->AwaitSeen(3), "seen 3, matched 3");
  EXPECT_EQ(WithoutUdp(Joined(OfType(tap->Take(), CAPTURE_RECORD_PACKET), 14 + 20)), datagram);
  SendTo(socket_fd, Address4("10.78.0.53", 54), datagram);
  EXPECT_EQ(tap->AwaitSeen(3), "seen 3, not_dns 3");
}

TEST(LiveFilter, FragmentsOfTheKernelIpv6) {
  const auto tap = LiveTap::Open(kRight);
  ASSERT_NE(tap, nullptr);
  ASSERT_TRUE(Ip(absl::StrCat("link set ", kLeft, " addrgenmode none")));
  const std::string disable = absl::StrCat("/proc/sys/net/ipv6/conf/", kLeft, "/disable_ipv6");
  std::ofstream(disable) << "0";
  ASSERT_TRUE(Ip(absl::StrCat("address add 2001:db8:78::1/64 nodad dev ", kLeft)));
  const Bytes datagram = PacketBuilder().Data(4000);
  SendTo(UdpSocket(AF_INET6), Address6("2001:db8:78::53", 53), datagram);
  tap->AwaitMatched(3);  // the kernel announces itself too
  const std::vector<RingRecord> records = OfType(tap->Take(), CAPTURE_RECORD_PACKET);
  EXPECT_EQ(records.size(), 3u);
  EXPECT_EQ(WithoutUdp(Joined(records, 14 + 40 + 8)), datagram);
  std::ofstream(disable) << "1";  // other tests count every frame
}

// One large frame that leaves as many small ones only behind the tap; most of it is in pages.
TEST(LiveFilter, AFrameForSegmentationInHardware) {
  const auto tap = LiveTap::Open(kLeft);
  ASSERT_NE(tap, nullptr);
  ASSERT_TRUE(Ip(absl::StrCat("address replace 10.78.0.1/24 dev ", kLeft)));
  const Fd socket_fd = UdpSocket(AF_INET);
  const int segment = 1400;
  ASSERT_EQ(setsockopt(socket_fd.get(), SOL_UDP, UDP_SEGMENT, &segment, sizeof(segment)), 0);
  const Bytes datagrams = PacketBuilder().Data(45 * 1400 + 77);
  SendTo(socket_fd, Address4("10.78.0.53", 53), datagrams);
  EXPECT_EQ(tap->AwaitSeen(1), kTaken);
  const std::vector<RingRecord> records = OfType(tap->Take(), CAPTURE_RECORD_PACKET);
  EXPECT_EQ(records.size(), 1u);
  EXPECT_EQ(Joined(records, 14 + 20 + 8), datagrams);
}

TEST(LiveFilter, LoopbackShowsEachPacketOnceAndOf64KiB) {
  const auto tap = LiveTap::Open(kLoopback);
  ASSERT_NE(tap, nullptr);
  const Fd server = UdpSocket(AF_INET);  // so that nothing answers "port unreachable"
  const sockaddr_in address = Address4("127.0.0.1", 53);
  ASSERT_EQ(bind(server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  const Fd client = UdpSocket(AF_INET);
  for (const size_t bytes : {size_t{24}, size_t{1500}, size_t{65507}}) {
    SCOPED_TRACE(bytes);
    const Bytes datagram = PacketBuilder().Data(bytes);
    SendTo(client, address, datagram);
    EXPECT_EQ(tap->AwaitSeen(1), kTaken);
    const std::vector<RingRecord> records = OfType(tap->Take(), CAPTURE_RECORD_PACKET);
    EXPECT_EQ(records.size(), 1u);
    EXPECT_EQ(Joined(records, 14 + 20 + 8), datagram);
  }
  tap->tap().Stop();
  EXPECT_EQ(tap->AwaitSeen(0), "") << "something came twice";
}

}  // namespace
}  // namespace dns_monitor::live
