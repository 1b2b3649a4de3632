#include "dns_monitor/recovery/recover.h"

#include <algorithm>
#include <utility>

#include "dns_monitor/base/log.h"

namespace dns_monitor {
namespace {

// The upper bits say of which length the frames' checksums are (pcap-linktype(7)).
constexpr uint32_t kLinkTypeMask = 0xffff;

Balance BalanceOf(const SalvagedPart& part) {
  Balance balance;
  balance.seen = balance.matched = balance.written = part.packets;
  balance.clipped = part.clipped;
  balance.late = part.late;
  return balance;
}

}  // namespace

Ledger LedgerOf(const SalvagedPart& part, absl::TimeZone zone, int64_t now_ns) {
  const int64_t unit_ns = part.file.nanoseconds ? 1 : 1000;
  const bool empty = part.packets == 0;
  Ledger ledger;
  ledger.file_name = part.name.Pcap();
  ledger.length_bytes = part.content_bytes;
  if (part.name.compressed) {
    ledger.compression = {.stored_bytes = part.kept_bytes, .frames = part.frames.size()};
  }
  ledger.interface = part.name.interface;
  ledger.link_type = part.file.link_type & kLinkTypeMask;
  ledger.settings.snaplen = part.file.snaplen;
  ledger.settings.nanoseconds = part.file.nanoseconds;
  ledger.from_ns = absl::ToUnixNanos(absl::FromCivil(part.name.start, zone));
  // A clock that was wrong, or another zone, does not put packets outside their segment.
  if (!empty) ledger.from_ns = std::min(ledger.from_ns, part.first_packet_ns);
  const int64_t last_ns = empty ? ledger.from_ns : part.last_packet_ns;
  ledger.to_ns = empty ? ledger.from_ns : std::max(ledger.from_ns, last_ns + unit_ns);
  if (!empty) {
    ledger.first_packet_ns = part.first_packet_ns;
    ledger.last_packet_ns = part.last_packet_ns;
  }
  ledger.damaged = !part.damage.empty();
  ledger.damage = part.damage;
  ledger.balance = BalanceOf(part);
  ledger.gaps = {{.from_ns = last_ns,
                  .to_ns = std::max(last_ns, now_ns),
                  .reason = GapReason::kCrashed,
                  .cut_bytes = static_cast<uint64_t>(part.cut_bytes)}};
  ledger.index = part.index;
  return ledger;
}

namespace {

// What its process has counted, where that ended as the part does.
Ledger Complete(const SalvagedPart& part, Ledger from_file, const std::optional<KnownPart>& known) {
  if (!known || !part.committed) return from_file;
  Ledger ledger = known->ledger;
  ledger.file_name = from_file.file_name;
  ledger.length_bytes = from_file.length_bytes;
  ledger.compression = from_file.compression;
  ledger.interface = from_file.interface;
  ledger.link_type = from_file.link_type;
  ledger.settings.snaplen = from_file.settings.snaplen;
  ledger.settings.nanoseconds = from_file.settings.nanoseconds;
  ledger.first_packet_ns = from_file.first_packet_ns;
  ledger.last_packet_ns = from_file.last_packet_ns;
  ledger.damaged = ledger.damaged || from_file.damaged;
  if (ledger.damage.empty()) ledger.damage = from_file.damage;
  ledger.index = from_file.index;
  return ledger;
}

}  // namespace

void Recover(Disk& disk, const std::vector<SegmentName>& leftovers,
             const RecoveryOptions& options) {
  const auto known = [&](const SegmentName& name) {
    return options.known ? options.known(name) : std::nullopt;
  };
  SalvageOptions salvage;
  salvage.mode = options.mode;
  salvage.group = options.group;
  salvage.cancelled = options.cancelled;
  salvage.finish_waits = options.finish_waits;
  salvage.committed = [&](const SegmentName& name) -> std::optional<CommittedPart> {
    const std::optional<KnownPart> part = known(name);
    return part ? std::make_optional(part->end) : std::nullopt;
  };
  if (options.write_ledger) {
    salvage.write_ledger = [&](const SalvagedPart& part) {
      Ledger from_file = LedgerOf(part, options.zone, options.clock->RealtimeNs());
      const std::optional<ParsedName> name = ParseName(part.part);
      return options.write_ledger(
          Complete(part, std::move(from_file), name ? known(name->segment) : std::nullopt));
    };
  }
  Salvage(disk, leftovers, salvage, [&](const SalvagedPart& part) {
    Log(part.error.ok() ? Severity::kInfo : Severity::kWarning, Describe(part));
    if (part.action == SalvageAction::kFinished && options.on_finished) options.on_finished(part);
    if (part.action != SalvageAction::kLeftAlone && options.on_gone) options.on_gone(part);
  });
}

}  // namespace dns_monitor
