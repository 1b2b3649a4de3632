#include "link_events.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "dns_monitor/base/status.h"

namespace dns_monitor {

absl::StatusOr<LinkEvents> LinkEvents::Subscribe() {
  LinkEvents events;
  events.socket_ = Fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = RTMGRP_LINK;
  if (!events.socket_.valid() ||
      bind(events.socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    return ErrnoError("rtnetlink");
  }
  return events;
}

void LinkEvents::Clear() {
  std::array<char, 16384> buffer;
  while (recv(socket_.get(), buffer.data(), buffer.size(), 0) >= 0 || errno != EAGAIN) {
  }
}

}  // namespace dns_monitor
