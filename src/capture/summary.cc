#include "summary.h"

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/units.h"

namespace dns_monitor {
namespace {

std::string Packets(uint64_t count) {
  return absl::StrCat(FormatCount(count), count == 1 ? " packet" : " packets");
}

void AppendCause(uint64_t count, const char* cause, std::string* out) {
  if (count > 0) absl::StrAppend(out, "    ", FormatCount(count), " ", cause, "\n");
}

}  // namespace

uint64_t CaptureTotals::in_ring() const {
  return filter.matched - filter.lost_total() - written - lost_by_writer;
}

std::string FormatSummary(const CaptureTotals& totals) {
  const FilterCounters& filter = totals.filter;
  std::string text = absl::StrCat(Packets(totals.written), " captured\n", Packets(filter.matched),
                                  " matched by the filter, of ", FormatCount(filter.seen),
                                  " seen (", FormatCount(filter.not_dns), " not DNS, ",
                                  FormatCount(filter.filtered_by_user), " filtered by the user)\n");
  if (filter.undecided_total() > 0) {
    absl::StrAppend(&text, Packets(filter.undecided_total()), " undecided\n");
    for (int cause = 0; cause < CAPTURE_UNDECIDED_COUNT; ++cause) {
      AppendCause(filter.undecided[cause], UndecidedCauseName(cause), &text);
    }
  }
  absl::StrAppend(&text, Packets(filter.lost_total() + totals.lost_by_writer), " lost\n");
  for (int cause = 0; cause < CAPTURE_LOST_COUNT; ++cause) {
    AppendCause(filter.lost[cause], LostCauseName(cause), &text);
  }
  AppendCause(totals.lost_by_writer,
              totals.reader_gone ? "not written: the reader of the stream has gone"
              : totals.stream    ? "not written: the reader of the stream took no more"
                                 : "not written: the disk refused them",
              &text);
  if (totals.in_ring() > 0) {
    absl::StrAppend(&text, Packets(totals.in_ring()),
                    totals.handed_over ? " left in the rings for the next process\n"
                                       : " left unread at the end\n");
  }
  if (filter.clipped > 0) {
    absl::StrAppend(&text, Packets(filter.clipped), " clipped at the snap length\n");
  }
  if (totals.late > 0) absl::StrAppend(&text, Packets(totals.late), " out of order\n");
  return text;
}

}  // namespace dns_monitor
