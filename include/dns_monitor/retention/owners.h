// Who may take a segment of another capture when the file system runs full.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "dns_monitor/base/clock.h"
#include "dns_monitor/retention/peers.h"

namespace dns_monitor {

// While space is short, each capture removes its own share of the oldest segments. One that does
// not (it has no limit on free space, another one, or hangs) is waited for only so long. One
// thread.
class Owners {
 public:
  Owners(Peers& peers, const Clock& clock, int64_t patience_ns)
      : peers_(peers), clock_(clock), patience_ns_(patience_ns) {}

  // Between BeginPass and EndPass: whether the removal of the segment at `path` is left to the live
  // capture of `interface` into `directory`. Those not asked about in a pass are forgotten.
  void BeginPass();
  bool MustWait(const std::string& directory, const std::string& interface,
                const std::string& path);
  void EndPass();
  // Space is there again: everybody is trusted again.
  void ShortageIsOver();

 private:
  using Owner = std::pair<std::string, std::string>;  // directory, interface

  Peers& peers_;
  const Clock& clock_;
  const int64_t patience_ns_;
  std::map<std::string, int64_t> waiting_since_ns_;  // by path; boot time
  std::map<std::string, int64_t> still_waiting_;     // … as far as this pass asked
  std::map<Owner, bool> live_;                       // asked once a pass
  std::set<Owner> idle_;                             // waited for in vain
};

}  // namespace dns_monitor
