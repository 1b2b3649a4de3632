#include "index_pieces.h"

#include "dns_monitor/pcap/reader.h"

namespace dns_monitor {

IndexPieces MakePieces(const PlannedLedger& ledger, const TimeRange& range, int64_t most_bytes) {
  IndexPieces made;
  const std::vector<IndexEntry>& index = ledger.index;
  uint64_t packets_before = 0;
  for (size_t at = 0; at < index.size();) {
    const IndexEntry& entry = index[at];
    size_t next = at + 1;
    while (next < index.size() && !index[next].first_record) ++next;
    at = next;
    if (!entry.first_record) continue;  // the first ones
    const int64_t begin = *entry.first_record;
    const int64_t end = next < index.size() ? *index[next].first_record : ledger.length_bytes;
    if (!range.Meets(*entry.first_ns, *entry.last_ns)) {
      ++made.skipped;
    } else {
      IndexPiece* const last = made.pieces.empty() ? nullptr : &made.pieces.back();
      const bool follows = last != nullptr && last->end == begin;
      if (follows && end - last->begin <= most_bytes) {
        last->end = end;
      } else {
        made.pieces.push_back({.begin = begin,
                               .end = end,
                               .follows = follows,
                               .packets_before = packets_before,
                               .first_ns = *entry.first_ns,
                               .last_ns = *entry.last_ns});
      }
    }
    packets_before += entry.packets;
  }
  return made;
}

bool IndexIsSound(const PlannedLedger& ledger) {
  uint64_t packets = 0;
  int64_t next_record = kPcapFirstRecord;  // the least offset that is possible
  int64_t next_offset = 0;
  for (size_t i = 0; i < ledger.index.size(); ++i) {
    const IndexEntry& entry = ledger.index[i];
    const int64_t end =
        i + 1 < ledger.index.size() ? ledger.index[i + 1].offset : ledger.length_bytes;
    const bool has_records = entry.packets > 0;
    if (entry.offset != next_offset || end <= entry.offset ||
        has_records != entry.first_record.has_value() ||
        has_records != entry.first_ns.has_value() || has_records != entry.last_ns.has_value()) {
      return false;
    }
    next_offset = end;
    if (!has_records) continue;
    const bool first = packets == 0;
    if (*entry.first_record < next_record || *entry.first_record < entry.offset ||
        *entry.first_record >= end || (first && *entry.first_record != kPcapFirstRecord) ||
        *entry.first_ns > *entry.last_ns) {
      return false;
    }
    next_record = *entry.first_record + 1;
    packets += entry.packets;
  }
  const bool nothing = packets == 0 && ledger.length_bytes <= kPcapFirstRecord;
  return packets == ledger.packets && (packets > 0 || nothing);
}

}  // namespace dns_monitor
