#include "dns_monitor/writer/account.h"

#include <algorithm>

namespace dns_monitor {

Balance BalanceBetween(const AccountMark& begin, const AccountMark& end) {
  const FilterCounters& from = begin.filter;
  const FilterCounters& to = end.filter;
  Balance balance;
  balance.seen = to.seen - from.seen;
  balance.not_dns = to.not_dns - from.not_dns;
  balance.filtered_by_user = to.filtered_by_user - from.filtered_by_user;
  for (size_t cause = 0; cause < CAPTURE_UNDECIDED_COUNT; ++cause) {
    balance.undecided[cause] = to.undecided[cause] - from.undecided[cause];
  }
  balance.matched = to.matched - from.matched;
  for (size_t cause = 0; cause < CAPTURE_LOST_COUNT; ++cause) {
    balance.lost[cause] = to.lost[cause] - from.lost[cause];
  }
  balance.written = end.taken - begin.taken;
  balance.in_ring_begin = begin.in_ring();
  balance.in_ring_end = end.in_ring();
  return balance;
}

void TellTimes(SegmentFacts* facts) {
  for (const IndexEntry& entry : facts->index) {
    if (entry.packets == 0) continue;
    const bool first = facts->first_packet_ns == 0;
    facts->first_packet_ns =
        first ? *entry.first_ns : std::min(facts->first_packet_ns, *entry.first_ns);
    facts->last_packet_ns = std::max(facts->last_packet_ns, *entry.last_ns);
  }
}

}  // namespace dns_monitor
