#include "dns_monitor/ledger/ledger.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace dns_monitor {
namespace {

// One side of an equation: a sum, and how it reads.
class Side {
 public:
  void Add(absl::string_view name, uint64_t count) {
    overflow_ |= __builtin_add_overflow(sum_, count, &sum_);
    absl::StrAppend(&text_, text_.empty() ? "" : " + ", name, " ", count);
  }
  template <typename Counts, typename Names>
  void AddAll(absl::string_view name, const Counts& counts, const Names& names) {
    for (size_t i = 0; i < counts.size(); ++i) {
      // Eight causes that did not occur would hide the one that did.
      if (counts[i] != 0) Add(absl::StrCat(name, ".", names[i]), counts[i]);
    }
  }

  uint64_t sum() const { return sum_; }
  bool overflow() const { return overflow_; }
  const std::string& text() const { return text_; }

 private:
  uint64_t sum_ = 0;
  bool overflow_ = false;
  std::string text_;
};

void Compare(const Side& came, const Side& went, std::vector<std::string>* sentences) {
  for (const Side* side : {&came, &went}) {
    if (side->overflow()) {
      sentences->push_back(absl::StrCat(side->text(), " is more than a counter holds"));
      return;
    }
  }
  if (came.sum() == went.sum()) return;
  const bool missing = came.sum() > went.sum();
  const uint64_t difference = missing ? came.sum() - went.sum() : went.sum() - came.sum();
  sentences->push_back(absl::StrCat(came.text(), " is not ", went.text(), ": ", difference,
                                    missing ? " unaccounted for" : " too many accounted for"));
}

}  // namespace

std::vector<std::string> Balances(const Balance& balance) {
  std::vector<std::string> sentences;
  Side seen, verdicts;
  seen.Add("seen", balance.seen);
  verdicts.Add("not_dns", balance.not_dns);
  verdicts.Add("filtered_by_user", balance.filtered_by_user);
  verdicts.AddAll("undecided", balance.undecided, kUndecidedCauseNames);
  verdicts.Add("matched", balance.matched);
  Compare(seen, verdicts, &sentences);

  Side taken, became;
  taken.Add("matched", balance.matched);
  taken.Add("in_ring_begin", balance.in_ring_begin);
  became.Add("written", balance.written);
  became.AddAll("lost", balance.lost, kLossCauseNames);
  became.Add("in_ring_end", balance.in_ring_end);
  Compare(taken, became, &sentences);
  return sentences;
}

void AddLoss(const Loss& loss, std::vector<Loss>* losses) {
  const auto last = std::find_if(losses->rbegin(), losses->rend(),
                                 [&](const Loss& other) { return other.cause == loss.cause; });
  if (losses->size() < kMostLosses || last == losses->rend()) {
    losses->push_back(loss);
    return;
  }
  last->count += loss.count;
  last->from_ns = std::min(last->from_ns, loss.from_ns);
  last->to_ns = std::max(last->to_ns, loss.to_ns);
  last->merged += 1 + loss.merged;
  if (last->cpu != loss.cpu) last->cpu.reset();
}

}  // namespace dns_monitor
