#include "index_check.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "dns_monitor/ledger/index.h"
#include "times.h"

namespace dns_monitor {
namespace {

// How long all stretches but the last are; 0 when they do not cover the file without holes.
int64_t StretchBytes(const Ledger& ledger) {
  const std::vector<IndexEntry>& index = ledger.index;
  // What the disk did not take of a damaged file has no entry.
  if (index.empty()) return ledger.damaged ? kStretchBytes : 0;
  const int64_t single =
      ledger.damaged ? kStretchBytes : std::max(kStretchBytes, ledger.length_bytes);
  const int64_t stretch = index.size() > 1 ? index[1].offset : single;
  for (size_t i = 0; i < index.size(); ++i) {
    // Divided: what a ledger claims may not fit when it is multiplied.
    const auto number = static_cast<int64_t>(i);
    if (stretch <= 0 || index[i].offset / stretch != number || index[i].offset % stretch != 0) {
      return 0;
    }
  }
  const int64_t last = index.back().offset;
  if (last >= ledger.length_bytes) return 0;
  const bool to_the_end = ledger.length_bytes - last <= stretch;
  return to_the_end || ledger.damaged ? stretch : 0;
}

std::string OrNone(const std::optional<int64_t>& number) {
  return number ? absl::StrCat(*number) : "none";
}

}  // namespace

IndexCheck::IndexCheck(const Ledger& ledger)
    : ledger_(ledger), stretch_bytes_(StretchBytes(ledger)) {}

void IndexCheck::OnRecord(int64_t offset, int64_t time_ns) {
  if (!continuous()) return;
  const auto stretch = static_cast<size_t>(offset / stretch_bytes_);
  while (at_ < stretch) Compare();
  if (found_.packets == 0) found_.first_record = offset;
  ++found_.packets;
  found_.first_ns = std::min(found_.first_ns.value_or(time_ns), time_ns);
  found_.last_ns = std::max(found_.last_ns.value_or(time_ns), time_ns);
}

void IndexCheck::Compare() {
  const IndexEntry found = found_;
  found_ = IndexEntry();
  if (at_ >= ledger_.index.size()) {
    ++at_;
    return;
  }
  const IndexEntry& entry = ledger_.index[at_++];
  if (entry.packets != found.packets) {
    Note(absl::StrCat(entry.packets, " packets instead of ", found.packets));
  } else if (entry.first_record != found.first_record) {
    Note(absl::StrCat("first record at ", OrNone(entry.first_record), " instead of ",
                      OrNone(found.first_record)));
  } else if (entry.first_ns != found.first_ns || entry.last_ns != found.last_ns) {
    Note(absl::StrCat(FormatRange(entry.first_ns, entry.last_ns), " instead of ",
                      FormatRange(found.first_ns, found.last_ns)));
  }
}

void IndexCheck::Note(const std::string& what) {
  if (++wrong_ == 1) {
    first_ = absl::StrCat("that of byte ", ledger_.index[at_ - 1].offset, " says ", what);
  }
}

std::optional<std::string> IndexCheck::Finish() {
  if (!continuous()) {
    return absl::StrCat("the index does not lead from byte 0 to byte ", ledger_.length_bytes,
                        " without holes (", ledger_.index.size(), " entries)");
  }
  while (at_ < ledger_.index.size()) Compare();
  if (wrong_ == 0) return std::nullopt;
  return absl::StrCat(wrong_, " of ", ledger_.index.size(),
                      " index entries differ from the file: ", first_);
}

std::optional<std::string> IndexCheck::CompareChecksums(
    const std::vector<IndexEntry>& found) const {
  size_t wrong = 0;
  int64_t first = 0;
  for (size_t i = 0; i < ledger_.index.size(); ++i) {
    if (i < found.size() && found[i].xxh3 == ledger_.index[i].xxh3) continue;
    if (++wrong == 1) first = ledger_.index[i].offset;
  }
  if (wrong == 0) return std::nullopt;
  const int64_t end = std::min(first + stretch_bytes_, ledger_.length_bytes);
  return absl::StrCat("bytes changed between ", first, " and ", end,
                      wrong == 1 ? "" : ", and elsewhere", " (", wrong, " of ",
                      ledger_.index.size(), " checksums differ)");
}

}  // namespace dns_monitor
