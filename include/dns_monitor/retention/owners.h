// When a segment of another live capture may be taken, while the file system runs full.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "dns_monitor/base/clock.h"

namespace dns_monitor {

// While space is short, each capture removes its own share of the oldest segments. One that does
// not (its limit is a lower one, or it hangs) is waited for only so long. One thread.
class Owners {
 public:
  Owners(const Clock& clock, int64_t patience_ns) : clock_(clock), patience_ns_(patience_ns) {}

  // Whether the removal of the segment at `path` is left to the capture of `interface` into
  // `directory`. Those not asked about in a pass are forgotten at its end.
  bool MustWait(const std::string& directory, const std::string& interface,
                const std::string& path);
  void EndPass();
  // Space is there again: everybody is trusted again.
  void ShortageIsOver();

 private:
  using Owner = std::pair<std::string, std::string>;  // directory, interface

  const Clock& clock_;
  const int64_t patience_ns_;
  std::map<std::string, int64_t> waiting_since_ns_;  // by path; boot time
  std::map<std::string, int64_t> still_waiting_;     // … as far as this pass asked
  std::set<Owner> idle_;                             // waited for in vain
};

}  // namespace dns_monitor
