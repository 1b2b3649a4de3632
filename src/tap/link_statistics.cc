#include <algorithm>
#include <cstring>
#include <optional>

#include "dns_monitor/base/status.h"
#include "dns_monitor/tap/interface.h"
#include "link_query.h"

namespace dns_monitor {

absl::StatusOr<rtnl_link_stats64> LinkStatistics(int index) {
  std::optional<rtnl_link_stats64> statistics;
  DM_RETURN_IF_ERROR(AskForLink(index, [&](const ifinfomsg&, const rtattr* attribute, int left) {
    for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
      if (attribute->rta_type != IFLA_STATS64) continue;
      // Aligned to 4 bytes only; a later kernel may know more of them than we do, or fewer.
      std::memcpy(&statistics.emplace(), RTA_DATA(attribute),
                  std::min<size_t>(RTA_PAYLOAD(attribute), sizeof(rtnl_link_stats64)));
    }
  }));
  if (statistics) return *statistics;
  return absl::UnavailableError("rtnetlink: no statistics of the interface");
}

}  // namespace dns_monitor
