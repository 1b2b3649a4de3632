// Takes records straight out of a ring, as a test wants to see them.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "dns_monitor/ring/ring_set.h"

namespace dns_monitor {

struct RingRecord {
  uint64_t time_ns = 0;
  uint32_t type = 0;
  uint32_t wire_length = 0;
  std::vector<uint8_t> payload;

  template <typename Event>
  Event As() const {
    Event event{};
    if (payload.size() == sizeof(event)) std::memcpy(&event, payload.data(), sizeof(event));
    return event;
  }
};

// What is in the ring of `cpu`, and makes room for more. Nothing if it has none.
inline std::vector<RingRecord> TakeRecords(RingSet& rings, int cpu) {
  std::vector<RingRecord> records;
  const std::byte* data = rings.data(cpu);
  if (data == nullptr) return records;
  const uint64_t head = LoadAcquire(&rings.cpu(cpu)->head);
  uint64_t position = LoadRelaxed(&rings.cpu(cpu)->tail);
  while (position < head) {
    const std::byte* at = data + (position & (rings.ring_bytes() - 1));
    const auto* header = reinterpret_cast<const capture_record*>(at);
    const uint32_t length = header->type_and_length & 0xffffff;
    const auto* payload = reinterpret_cast<const uint8_t*>(header + 1);
    records.push_back({header->time_ns, header->type_and_length >> 24, header->wire_length,
                       std::vector<uint8_t>(payload, payload + length)});
    position += CAPTURE_ALIGN_UP(sizeof(capture_record) + length);
  }
  StoreRelease(&rings.cpu(cpu)->tail, position);
  return records;
}

inline std::vector<RingRecord> OfType(const std::vector<RingRecord>& records, uint32_t type) {
  std::vector<RingRecord> chosen;
  for (const RingRecord& record : records) {
    if (record.type == type) chosen.push_back(record);
  }
  return chosen;
}

// What was counted between two readings: "seen matched", or with numbers where they are not 1:
// "seen 3, matched, not_dns 2". Empty: nothing.
inline std::string Moved(const FilterCounters& before, const FilterCounters& after) {
  std::vector<std::string> moved;
  const auto add = [&moved](const std::string& name, uint64_t from, uint64_t to) {
    if (to != from) moved.push_back(to == from + 1 ? name : absl::StrCat(name, " ", to - from));
  };
  add("seen", before.seen, after.seen);
  add("not_dns", before.not_dns, after.not_dns);
  add("filtered_by_user", before.filtered_by_user, after.filtered_by_user);
  for (int cause = 0; cause < CAPTURE_UNDECIDED_COUNT; ++cause) {
    add(UndecidedCauseName(cause), before.undecided[cause], after.undecided[cause]);
  }
  add("matched", before.matched, after.matched);
  add("clipped", before.clipped, after.clipped);
  for (int cause = 0; cause < CAPTURE_LOST_COUNT; ++cause) {
    add(LostCauseName(cause), before.lost[cause], after.lost[cause]);
  }
  return absl::StrJoin(moved, ", ");
}

}  // namespace dns_monitor
