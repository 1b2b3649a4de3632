#include "dns_monitor/retention/owners.h"

#include <utility>

#include "dns_monitor/base/log.h"

namespace dns_monitor {

bool Owners::MustWait(const std::string& directory, const std::string& interface,
                      const std::string& path) {
  const Owner owner(directory, interface);
  if (idle_.count(owner) != 0) return false;
  const int64_t now_ns = clock_.BoottimeNs();
  const auto waiting = waiting_since_ns_.find(path);
  const int64_t since_ns = waiting == waiting_since_ns_.end() ? now_ns : waiting->second;
  if (now_ns - since_ns >= patience_ns_) {
    idle_.insert(owner);
    LogWarning("free space stays short and the capture of ", interface, " into ", directory,
               " removes nothing: its oldest segments are taken");
    return false;
  }
  still_waiting_[path] = since_ns;
  return true;
}

void Owners::EndPass() {
  waiting_since_ns_ = std::exchange(still_waiting_, {});
}

void Owners::ShortageIsOver() {
  waiting_since_ns_.clear();
  idle_.clear();
}

}  // namespace dns_monitor
