// Frames out of an interface by a packet socket, many a system call. They go the way that all
// traffic goes, so taps see them (with PACKET_QDISC_BYPASS none would).
#pragma once

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "dns_monitor/base/fd.h"

namespace dns_monitor::bench {

class PacketSender {
 public:
  static constexpr size_t kMost = 64;  // frames a call

  PacketSender(unsigned ifindex, const std::vector<uint8_t>& frame)
      : socket_(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)), frames_(kMost, frame) {
    address_.sll_family = AF_PACKET;
    address_.sll_protocol = htons(ETH_P_IP);
    address_.sll_ifindex = static_cast<int>(ifindex);
    std::memset(messages_, 0, sizeof(messages_));
    for (size_t index = 0; index < kMost; ++index) {
      pieces_[index] = {frames_[index].data(), frames_[index].size()};
      messages_[index].msg_hdr.msg_name = &address_;
      messages_[index].msg_hdr.msg_namelen = sizeof(address_);
      messages_[index].msg_hdr.msg_iov = &pieces_[index];
      messages_[index].msg_hdr.msg_iovlen = 1;
    }
  }
  PacketSender(const PacketSender&) = delete;
  PacketSender& operator=(const PacketSender&) = delete;

  // One of the frames that the next Send takes.
  uint8_t* frame(size_t index) { return frames_[index].data(); }

  // Sends the first `count` frames, kMost at most. False, with errno, when the kernel refuses.
  bool Send(size_t count) {
    for (size_t sent = 0; sent < count;) {
      const int done =
          sendmmsg(socket_.get(), messages_ + sent, static_cast<unsigned>(count - sent), 0);
      if (done > 0) sent += static_cast<size_t>(done);
      if (done < 0 && errno != ENOBUFS && errno != EINTR) return false;
    }
    return true;
  }

 private:
  Fd socket_;
  std::vector<std::vector<uint8_t>> frames_;
  sockaddr_ll address_{};
  iovec pieces_[kMost];
  mmsghdr messages_[kMost];
};

}  // namespace dns_monitor::bench
