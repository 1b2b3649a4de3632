// The ports on which DNS is looked for.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace dns_monitor {

inline constexpr uint16_t kDnsPort = 53;

// Few, so that looking through them takes less than a table's cache line.
class PortSet {
 public:
  PortSet() : ports_{kDnsPort} {}
  // Without any: 53.
  explicit PortSet(std::vector<uint16_t> ports) : ports_(std::move(ports)) {
    if (ports_.empty()) ports_.push_back(kDnsPort);
  }

  bool HasEither(uint16_t source, uint16_t destination) const {
    return std::any_of(ports_.begin(), ports_.end(),
                       [&](uint16_t port) { return port == source || port == destination; });
  }

 private:
  std::vector<uint16_t> ports_;
};

}  // namespace dns_monitor
