#include "ledger_compare.h"

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/clock.h"
#include "times.h"

namespace dns_monitor {
namespace {

template <typename T>
std::string Differs(absl::string_view what, const T& found, const T& told) {
  return absl::StrCat(what, " ", found, ", but its ledger says ", told);
}

}  // namespace

BorderCheck::BorderCheck(const Ledger& ledger)
    : ledger_(ledger),
      from_ns_(ledger.settings.nanoseconds
                   ? ledger.from_ns
                   : ledger.from_ns - ledger.from_ns % kNanosecondsPerMicrosecond) {}

void BorderCheck::OnRecord(const PcapRecord& record) {
  const bool early = record.time_ns < from_ns_;
  const bool beyond = record.time_ns >= ledger_.to_ns;
  if ((early || beyond) && early_ + beyond_ == 0) first_bad_ = record.offset;
  early_ += early ? 1 : 0;
  beyond_ += beyond ? 1 : 0;
}

void BorderCheck::Finish(const ProblemSink& tell) const {
  if (beyond_ == 0 && early_ <= ledger_.balance.late) return;
  tell(FindingKind::kBorders,
       absl::StrCat(early_ + beyond_, " packets are not from within ",
                    FormatRange(ledger_.from_ns, ledger_.to_ns), ", and ", ledger_.balance.late,
                    " came late by its ledger; the first one is at byte ", first_bad_));
}

void CompareHeader(const Ledger& ledger, const PcapFileInfo& file, const ProblemSink& tell) {
  const LedgerSettings& settings = ledger.settings;
  if (file.link_type != ledger.link_type) {
    tell(FindingKind::kLinkType, Differs("has link type", file.link_type, ledger.link_type));
  }
  if (file.snaplen != settings.snaplen) {
    tell(FindingKind::kSnaplen, Differs("has snap length", file.snaplen, settings.snaplen));
  }
  if (file.nanoseconds != settings.nanoseconds) {
    const auto unit = [](bool nanoseconds) { return nanoseconds ? "nanoseconds" : "microseconds"; };
    tell(FindingKind::kTimeUnit,
         Differs<std::string>("has times in", unit(file.nanoseconds), unit(settings.nanoseconds)));
  }
}

void CompareTally(const Ledger& ledger, const RecordTally& tally, const ProblemSink& tell) {
  const Balance& balance = ledger.balance;
  if (tally.packets != balance.written) {
    tell(FindingKind::kPackets, Differs("has packets:", tally.packets, balance.written));
  }
  if (tally.first_ns != ledger.first_packet_ns) {
    tell(FindingKind::kFirstPacket, Differs("has a first packet of", FormatNs(tally.first_ns),
                                            FormatNs(ledger.first_packet_ns)));
  }
  if (tally.last_ns != ledger.last_packet_ns) {
    tell(FindingKind::kLastPacket,
         Differs("has a last packet of", FormatNs(tally.last_ns), FormatNs(ledger.last_packet_ns)));
  }
  if (tally.clipped != balance.clipped) {
    tell(FindingKind::kClipped, Differs("has clipped packets:", tally.clipped, balance.clipped));
  }
  // Fewer are no problem: some are late by less than the file's unit.
  if (tally.back > balance.late) {
    tell(FindingKind::kOrder,
         absl::StrCat(tally.back, " packets are older than one before, but ", balance.late,
                      " came late by its ledger; the first one is at byte ", tally.first_back));
  }
}

}  // namespace dns_monitor
