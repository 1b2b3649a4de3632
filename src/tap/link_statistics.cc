#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/fd.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/tap/interface.h"

namespace dns_monitor {
namespace {

struct LinkRequest {
  nlmsghdr header{};
  ifinfomsg link{};
};

absl::Status Ask(int fd, int index) {
  LinkRequest request;
  request.header.nlmsg_len = sizeof(request);
  request.header.nlmsg_type = RTM_GETLINK;
  request.header.nlmsg_flags = NLM_F_REQUEST;
  request.link.ifi_family = AF_UNSPEC;
  request.link.ifi_index = index;
  if (send(fd, &request, sizeof(request), 0) < 0) return ErrnoError("rtnetlink");
  return absl::OkStatus();
}

absl::StatusOr<rtnl_link_stats64> FindStatistics(const nlmsghdr* answer) {
  const auto* link = static_cast<const ifinfomsg*>(NLMSG_DATA(answer));
  auto left = static_cast<int>(answer->nlmsg_len - NLMSG_LENGTH(sizeof(*link)));
  for (const rtattr* attribute = IFLA_RTA(link); RTA_OK(attribute, left);
       attribute = RTA_NEXT(attribute, left)) {
    if (attribute->rta_type != IFLA_STATS64) continue;
    // Aligned to 4 bytes only; a later kernel may know more of them than we do, or fewer.
    rtnl_link_stats64 statistics{};
    std::memcpy(&statistics, RTA_DATA(attribute),
                std::min<size_t>(RTA_PAYLOAD(attribute), sizeof(statistics)));
    return statistics;
  }
  return absl::UnavailableError("rtnetlink: no statistics of the interface");
}

}  // namespace

absl::StatusOr<rtnl_link_stats64> LinkStatistics(int index) {
  const Fd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!fd.valid()) return ErrnoError("rtnetlink");
  DM_RETURN_IF_ERROR(Ask(fd.get(), index));
  alignas(nlmsghdr) std::array<char, 32768> buffer;
  const ssize_t length = recv(fd.get(), buffer.data(), buffer.size(), 0);
  if (length < 0) return ErrnoError("rtnetlink");
  const auto* answer = reinterpret_cast<const nlmsghdr*>(buffer.data());
  if (!NLMSG_OK(answer, static_cast<uint32_t>(length))) {
    return absl::UnavailableError("rtnetlink: an answer cut short");
  }
  if (answer->nlmsg_type == NLMSG_ERROR) {
    const auto* error = static_cast<const nlmsgerr*>(NLMSG_DATA(answer));
    if (error->error == -ENODEV) {
      return absl::NotFoundError(absl::StrCat("no interface with index ", index));
    }
    return ErrnoError("rtnetlink", -error->error);
  }
  return FindStatistics(answer);
}

}  // namespace dns_monitor
