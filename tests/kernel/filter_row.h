// A frame and what the filter is to make of it: one row of a table.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "support/packet_builder.h"
#include "support/ring_reader.h"

namespace dns_monitor {

// What may be counted for a frame (support/ring_reader.h, Moved).
inline constexpr char kTaken[] = "seen, matched";
inline constexpr char kClipped[] = "seen, matched, clipped";
inline constexpr char kNotDns[] = "seen, not_dns";
inline constexpr char kFiltered[] = "seen, filtered_by_user";
inline constexpr char kTruncated[] = "seen, truncated headers";
inline constexpr char kMalformed[] = "seen, malformed headers";
inline constexpr char kTags[] = "seen, too many VLAN tags";
inline constexpr char kExtensions[] = "seen, too many IPv6 extension headers";
inline constexpr char kFragment[] = "seen, fragments without their first";
inline constexpr char kNoRing[] = "seen, matched, CPU without a ring";
inline constexpr char kQuote[] = "seen, ICMP errors that quote too little";

struct Row {
  std::string description;
  Bytes frame;
  const char* expected;  // one of the above
};

// Expects of `packets`, all that the row left in the ring: the frame, up to `snaplen` bytes, if it
// was to be taken, else nothing.
inline void ExpectKept(const Row& row, size_t snaplen, const std::vector<RingRecord>& packets) {
  if (row.expected != kTaken && row.expected != kClipped) {
    EXPECT_TRUE(packets.empty()) << "something was written";
    return;
  }
  ASSERT_EQ(packets.size(), 1u);
  Bytes kept = row.frame;
  if (kept.size() > snaplen) kept.resize(snaplen);
  EXPECT_EQ(packets[0].payload, kept);
  EXPECT_EQ(packets[0].wire_length, row.frame.size());
}

}  // namespace dns_monitor
