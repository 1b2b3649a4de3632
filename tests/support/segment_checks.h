// What the assembler's tests say about times and finished segments.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <set>
#include <string>
#include <vector>

#include "support/numbered_payload.h"
#include "support/segment_rig.h"

namespace dns_monitor {

inline absl::TimeZone Zone(const std::string& name) {
  absl::TimeZone zone;
  EXPECT_TRUE(absl::LoadTimeZone(name, &zone)) << name;
  return zone;
}

// Files with nanoseconds, so that times can be compared exactly.
inline SegmentOptions Every(absl::Duration period, const std::string& zone = "UTC") {
  SegmentOptions options;
  options.nanoseconds = true;
  options.schedule = RotationSchedule::Create(period, Zone(zone)).value();
  return options;
}

inline absl::Time Utc(absl::CivilSecond civil) {
  return absl::FromCivil(civil, absl::UTCTimeZone());
}
inline absl::Time Berlin(absl::CivilSecond civil) {
  return absl::FromCivil(civil, Zone("Europe/Berlin"));
}

inline const absl::CivilSecond kNoon(2026, 11, 23, 12, 0, 0);

inline std::vector<std::string> NamesOf(const std::deque<FinishedFile>& files) {
  std::vector<std::string> names;
  for (const FinishedFile& file : files) names.push_back(file.facts.name.Pcap());
  return names;
}

// Times of the packets of a file, in nanoseconds since `origin`.
inline std::vector<int64_t> TimesSince(absl::Time origin, const FinishedFile& file) {
  std::vector<int64_t> times;
  for (const PcapPacket& packet : file.content.packets) {
    times.push_back(packet.time_ns - absl::ToUnixNanos(origin));
  }
  return times;
}

// What must hold for every run whose packets were numbered from 0 and none of which was late.
inline void ExpectAllOnceInOrder(const std::deque<FinishedFile>& files, uint32_t count) {
  uint32_t next = 0;
  std::set<std::string> names;
  for (const FinishedFile& file : files) {
    const std::string name = file.facts.name.Pcap();
    EXPECT_TRUE(names.insert(name).second) << name << " twice";
    ASSERT_TRUE(file.content.has_header) << name;
    EXPECT_EQ(file.content.rest_bytes, 0u) << name;
    EXPECT_EQ(file.facts.length_bytes, static_cast<int64_t>(file.bytes.size())) << name;
    EXPECT_EQ(file.facts.packets, file.content.packets.size()) << name;
    for (const PcapPacket& packet : file.content.packets) {
      const auto number = ReadNumberedPayload(packet.payload);
      ASSERT_TRUE(number.has_value()) << name;
      ASSERT_EQ(number->number, next) << name;
      ++next;
    }
  }
  EXPECT_EQ(next, count);
}

inline void ExpectWithinBorders(const FinishedFile& file) {
  for (const PcapPacket& packet : file.content.packets) {
    EXPECT_GE(packet.time_ns, file.from_ns) << file.facts.name.Pcap();
    EXPECT_LT(packet.time_ns, file.to_ns) << file.facts.name.Pcap();
  }
}

inline std::string Numbered(uint32_t number, size_t length = 64) {
  return NumberedPayload({.cpu = 0, .number = number}, length);
}

// As the filter tells that the wall clock is this far ahead of the boot clock from now on.
inline bool TellStep(SegmentRig& rig, int64_t wall_offset_ns) {
  return rig.assembler().OnStep(
      static_cast<uint64_t>(rig.clock().BoottimeNs()),
      {.old_offset_ns = 0, .new_offset_ns = wall_offset_ns + rig.clock().TaiOffsetNs()});
}

}  // namespace dns_monitor
