// DNS queries that carry a number, so that each one can be told from all others in a capture, and
// every byte of it can be checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace dns_monitor {

struct QueryNumber {
  uint32_t thread;
  uint64_t number;
  bool operator==(const QueryNumber&) const = default;
};

// The query without padding, and the smallest one with it.
inline constexpr size_t kBareQueryBytes = 42;
inline constexpr size_t kSmallestPaddedQueryBytes = kBareQueryBytes + 15;

// A message for a name such as t03-00000000000003e8.e2e, type A, id: the number's last 16 bits. Up
// to `bytes` it is filled with an EDNS padding option whose bytes follow from the number, and are
// noise to a compressor. `bytes` is kBareQueryBytes, or at least kSmallestPaddedQueryBytes and at
// most 65500.
std::vector<uint8_t> MakeNumberedQuery(QueryNumber number, size_t bytes);

// The number of a message; nullopt when it is no numbered query.
std::optional<QueryNumber> ReadNumberedQuery(std::span<const uint8_t> message);

}  // namespace dns_monitor
