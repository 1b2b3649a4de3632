#include "link_watch.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>

#include "dns_monitor/base/log.h"
#include "dns_monitor/base/status.h"

namespace dns_monitor {

absl::StatusOr<std::unique_ptr<LinkWatch>> LinkWatch::Create(const Interface& interface, Tap* tap) {
  std::unique_ptr<LinkWatch> watch(new LinkWatch(interface, tap));
  watch->socket_ = Fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = RTMGRP_LINK;
  if (!watch->socket_.valid() ||
      bind(watch->socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    return ErrnoError("rtnetlink");
  }
  return watch;
}

// Only one thing must be taken from the messages: that the interface went away, because another one
// may have been made under its name, even under its index, before we look.
void LinkWatch::ReadMessages() {
  alignas(nlmsghdr) std::array<char, 16384> buffer;
  for (;;) {
    const ssize_t received = recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (received <= 0) return;  // EAGAIN: all read. ENOBUFS: some were dropped, so look anyway
    auto length = static_cast<unsigned>(received);
    for (auto* message = reinterpret_cast<nlmsghdr*>(buffer.data()); NLMSG_OK(message, length);
         message = NLMSG_NEXT(message, length)) {
      if (message->nlmsg_type != RTM_DELLINK) continue;
      const auto* link = static_cast<const ifinfomsg*>(NLMSG_DATA(message));
      if (present_ && link->ifi_index == known_.index) OnGone();
    }
  }
}

void LinkWatch::OnReadable() {
  ReadMessages();
  const absl::StatusOr<Interface> found = FindInterface(known_.name);
  if (found.ok()) {
    OnFound(*found);
  } else if (present_) {
    OnGone();
  }
}

void LinkWatch::OnGone() {
  present_ = false;
  known_.up = false;
  LogWarning("interface ", known_.name, " is gone; waiting for its return");
}

void LinkWatch::OnFound(const Interface& found) {
  if (!present_ || found.index != known_.index) {
    const absl::StatusOr<LinkType> was = LinkTypeOf(known_);
    const absl::StatusOr<LinkType> is = LinkTypeOf(found);
    if (!is.ok() || *was != *is) {
      if (present_) OnGone();
      LogError("interface ", known_.name, " came back with another link type: not captured");
      return;
    }
    const absl::Status bound = tap_->Rebind(found.index);
    if (!bound.ok()) {
      LogError("interface ", known_.name, " is there again, but: ", bound.message());
      return;
    }
    LogInfo("interface ", known_.name, " is there again: capturing");
    present_ = true;
    known_ = found;
    return;
  }
  if (found.up != known_.up) {
    LogWarning("interface ", known_.name, found.up ? " is up" : " is down");
  }
  known_ = found;
}

}  // namespace dns_monitor
