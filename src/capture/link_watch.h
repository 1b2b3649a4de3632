// Follows an interface through going down, up, away and being made anew.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "dns_monitor/base/fd.h"
#include "dns_monitor/tap/interface.h"
#include "dns_monitor/tap/tap.h"

namespace dns_monitor {

// Level-based: whatever rtnetlink said, or dropped, the interface is looked up again. One thread.
class LinkWatch {
 public:
  // `tap` outlives this and is bound to `interface`.
  static absl::StatusOr<std::unique_ptr<LinkWatch>> Create(const Interface& interface, Tap* tap);

  // Readable when a link of this namespace changed.
  int fd() const { return socket_.get(); }
  // Reads what changed; binds the tap again when the interface has been made anew. Logs each
  // change.
  void OnReadable();

 private:
  LinkWatch(const Interface& interface, Tap* tap) : known_(interface), tap_(tap) {}
  void ReadMessages();
  void OnGone();
  void OnFound(const Interface& found);

  Interface known_;
  bool present_ = true;
  Tap* const tap_;
  Fd socket_;
};

}  // namespace dns_monitor
