// Word from the kernel that links of this network namespace have changed.
#pragma once

#include "absl/status/statusor.h"
#include "dns_monitor/base/fd.h"

namespace dns_monitor {

// That something changed, and not what: messages may have been dropped (ENOBUFS), so whoever hears
// of it looks again. One thread.
class LinkEvents {
 public:
  static absl::StatusOr<LinkEvents> Subscribe();

  // Readable when something changed since Clear.
  int fd() const { return socket_.get(); }
  void Clear();

 private:
  Fd socket_;
};

}  // namespace dns_monitor
