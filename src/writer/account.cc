#include "account.h"

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

}  // namespace dns_monitor
