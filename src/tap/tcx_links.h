// The filter on tcx, the hook that kernel 6.6 has at both sides of an interface.
#pragma once

#include <linux/bpf.h>

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "dns_monitor/base/descriptor_store.h"
#include "dns_monitor/base/fd.h"

namespace dns_monitor {

// A link holds a program where it is, as long as somebody holds the link. Making one of a program
// that is loaded takes no capability (kernel/bpf/tcx.c, tcx_link_attach).
class TcxLinks {
 public:
  // The programs of each side; -1: none there. `kept`: links of another process, which are in use
  // until Replace.
  TcxLinks(int ingress_fd, int egress_fd, const NamedDescriptors& kept);

  // Whether this kernel has such links, asked with a loaded program.
  static bool Supported(int program_fd);
  // Whether there are links among what was kept, by names such as "tcx.egress.1".
  static bool AreKept(const NamedDescriptors& kept);

  // Those of another process.
  bool in_use() const { return in_use_; }
  // Packets come from here on. Nothing stays when it fails.
  absl::Status Attach(int ifindex);
  // The programs take the place of those that the links hold: each packet meets the one or the
  // other. Links that are missing are made, those of a side that is not wanted taken off.
  absl::Status Replace(int ifindex);
  // Also when others hold the links.
  void Detach();
  // By name.
  std::map<std::string, int> Descriptors() const;

 private:
  struct Side {
    const char* name;
    int attach_type;
    int program_fd;
    Fd link;
    uint32_t number;  // of the link, among those that were made for this side
  };

  static absl::Status Make(Side* side, int ifindex);

  std::array<Side, 2> sides_;
  bool in_use_ = false;
};

}  // namespace dns_monitor
