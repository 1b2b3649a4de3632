#include "link_query.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/fd.h"
#include "dns_monitor/base/retry.h"
#include "dns_monitor/base/status.h"

namespace dns_monitor {
namespace {

constexpr size_t kAnswerBytes = 32768;  // the most that the kernel puts into one (NLMSG_GOODSIZE)

struct LinkRequest {
  nlmsghdr header{};
  ifinfomsg link{};
};

class LinkQuery {
 public:
  absl::Status Ask(int index, uint16_t flags);
  // Takes one answer, which may carry many links.
  absl::Status Receive(const OnLink& on_link);
  bool done() const { return done_; }
  // Links came or went while they were listed: some may be missing.
  bool interrupted() const { return interrupted_; }

 private:
  absl::Status Take(const nlmsghdr* message, const OnLink& on_link);

  Fd socket_;
  bool done_ = false;
  bool interrupted_ = false;
  alignas(nlmsghdr) std::array<char, kAnswerBytes> buffer_;
};

absl::Status LinkQuery::Ask(int index, uint16_t flags) {
  socket_ = Fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!socket_.valid()) return ErrnoError("rtnetlink");
  LinkRequest request;
  request.header.nlmsg_len = sizeof(request);
  request.header.nlmsg_type = RTM_GETLINK;
  request.header.nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
  request.link.ifi_family = AF_UNSPEC;
  request.link.ifi_index = index;
  if (send(socket_.get(), &request, sizeof(request), 0) < 0) return ErrnoError("rtnetlink");
  return absl::OkStatus();
}

absl::Status LinkQuery::Receive(const OnLink& on_link) {
  const ssize_t length =
      Retry([&] { return recv(socket_.get(), buffer_.data(), buffer_.size(), MSG_TRUNC); });
  if (length < 0) return ErrnoError("rtnetlink");
  if (static_cast<size_t>(length) > buffer_.size()) {
    return absl::UnavailableError("rtnetlink: an answer cut short");
  }
  auto left = static_cast<uint32_t>(length);
  const auto* message = reinterpret_cast<const nlmsghdr*>(buffer_.data());
  if (!NLMSG_OK(message, left)) return absl::UnavailableError("rtnetlink: an answer cut short");
  for (; NLMSG_OK(message, left); message = NLMSG_NEXT(message, left)) {
    DM_RETURN_IF_ERROR(Take(message, on_link));
  }
  return absl::OkStatus();
}

absl::Status LinkQuery::Take(const nlmsghdr* message, const OnLink& on_link) {
  if ((message->nlmsg_flags & NLM_F_DUMP_INTR) != 0) interrupted_ = true;
  if (message->nlmsg_type == NLMSG_ERROR) {
    const auto* error = static_cast<const nlmsgerr*>(NLMSG_DATA(message));
    return ErrnoError("rtnetlink", -error->error);
  }
  done_ = message->nlmsg_type == NLMSG_DONE || (message->nlmsg_flags & NLM_F_MULTI) == 0;
  if (message->nlmsg_type != RTM_NEWLINK) return absl::OkStatus();
  const auto* link = static_cast<const ifinfomsg*>(NLMSG_DATA(message));
  on_link(*link, IFLA_RTA(link),
          static_cast<int>(message->nlmsg_len - NLMSG_LENGTH(sizeof(*link))));
  return absl::OkStatus();
}

}  // namespace

absl::Status ForEachLink(const OnLink& on_link) {
  LinkQuery query;
  DM_RETURN_IF_ERROR(query.Ask(0, NLM_F_DUMP));
  while (!query.done()) DM_RETURN_IF_ERROR(query.Receive(on_link));
  if (!query.interrupted()) return absl::OkStatus();
  return absl::UnavailableError("rtnetlink: the interfaces changed while they were listed");
}

absl::Status AskForLink(int index, const OnLink& on_link) {
  LinkQuery query;
  DM_RETURN_IF_ERROR(query.Ask(index, 0));
  absl::Status answer = query.Receive(on_link);
  if (absl::ErrnoToStatusCode(ENODEV) != answer.code()) return answer;
  return absl::NotFoundError(absl::StrCat("no interface with index ", index));
}

}  // namespace dns_monitor
