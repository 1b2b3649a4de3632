#include "ledgers.h"

#include <unistd.h>

#include <climits>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/ledger/json.h"

namespace dns_monitor {
namespace {

std::string HostName() {
  char name[HOST_NAME_MAX + 1] = "";
  gethostname(name, sizeof(name) - 1);
  return name;
}

CapturedDirection DirectionOf(Direction direction) {
  switch (direction) {
    case Direction::kIn:
      return CapturedDirection::kIn;
    case Direction::kOut:
      return CapturedDirection::kOut;
    case Direction::kBoth:
      break;
  }
  return CapturedDirection::kInOut;
}

// By name each time: it may be another one by now.
std::optional<InterfaceReading> ReadInterface(const std::string& name) {
  const absl::StatusOr<Interface> interface = FindInterface(name);
  if (!interface.ok()) return std::nullopt;
  const absl::StatusOr<rtnl_link_stats64> counted = LinkStatistics(interface->index);
  if (!counted.ok()) return std::nullopt;
  return InterfaceReading{.ifindex = static_cast<uint32_t>(interface->index),
                          .counters = {.rx_packets = counted->rx_packets,
                                       .rx_dropped = counted->rx_dropped,
                                       .rx_errors = counted->rx_errors,
                                       .rx_missed_errors = counted->rx_missed_errors,
                                       .tx_packets = counted->tx_packets,
                                       .tx_dropped = counted->tx_dropped}};
}

}  // namespace

absl::StatusOr<KeeperOptions> DescribeCapture(const CaptureOptions& options,
                                              const Interface& interface, CapturedHook hook,
                                              GapLog* gaps) {
  DM_ASSIGN_OR_RETURN(const LinkType link_type, LinkTypeOf(interface));
  const TapOptions& tap = options.tap;
  KeeperOptions keeper;
  keeper.common.interface = interface.name;
  keeper.common.ifindex = static_cast<uint32_t>(interface.index);
  keeper.common.host = HostName();
  keeper.common.program_version = DNS_MONITOR_VERSION;
  keeper.common.link_type = static_cast<uint32_t>(link_type);
  keeper.common.settings = {.ports = tap.ports,
                            .filter = tap.filter,
                            .direction = DirectionOf(tap.direction),
                            .promiscuous = tap.promiscuous,
                            .icmp_errors = tap.icmp_errors,
                            .snaplen = tap.snaplen,
                            .nanoseconds = options.nanoseconds,
                            .hook = hook};
  keeper.read_interface = [name = interface.name] { return ReadInterface(name); };
  // What no ledger can say is refused now, and not when the first file is finished.
  Ledger sample = keeper.common;
  sample.file_name = SegmentName{.interface = interface.name, .start = {}}.Pcap();
  const absl::Status written = FormatLedger(sample).status();
  if (!written.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("in the ledgers, ", written.message()));
  }
  keeper.gaps = gaps;
  keeper.mode = options.mode;
  keeper.group = options.group;
  return keeper;
}

}  // namespace dns_monitor
