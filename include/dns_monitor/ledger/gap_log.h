// What was not captured, and why, until a ledger tells it.
#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "dns_monitor/ledger/ledger.h"

namespace dns_monitor {

// Told by those who notice; taken by whoever writes the ledgers. Thread-safe.
class GapLog {
 public:
  // One that is over.
  void Add(const Gap& gap);
  // One that goes on until End. Of one reason there is one at a time: again does nothing.
  void Begin(GapReason reason, int64_t from_ns);
  // Nothing when none of that reason was begun.
  void End(GapReason reason, int64_t to_ns);

  // What came up to `until_ns`: each is taken once. One that goes on is taken up to there, and goes
  // on from there.
  std::vector<Gap> Take(int64_t until_ns);

 private:
  std::mutex mutex_;
  std::vector<Gap> over_;
  std::vector<Gap> open_;  // to_ns says nothing
};

}  // namespace dns_monitor
