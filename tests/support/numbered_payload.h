// Payloads that tell who sent them as the how-manyeth, and whether they are whole.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace dns_monitor {

struct PayloadNumber {
  uint32_t cpu = 0;
  uint32_t number = 0;
};

inline constexpr size_t kMinNumberedBytes = 12;  // cpu, number, length

inline char NumberedByte(uint32_t number, size_t index) {
  return static_cast<char>((number * 2654435761u >> 16) + index);
}

// `length` >= kMinNumberedBytes.
inline std::string NumberedPayload(PayloadNumber number, size_t length) {
  const uint32_t head[] = {number.cpu, number.number, static_cast<uint32_t>(length)};
  static_assert(sizeof(head) == kMinNumberedBytes);
  std::string payload(length, '\0');
  std::memcpy(payload.data(), head, sizeof(head));
  for (size_t index = sizeof(head); index < length; ++index) {
    payload[index] = NumberedByte(number.number, index);
  }
  return payload;
}

// nullopt when a byte of it is not as NumberedPayload made it.
inline std::optional<PayloadNumber> ReadNumberedPayload(absl::string_view payload) {
  uint32_t head[3];
  if (payload.size() < sizeof(head)) return std::nullopt;
  std::memcpy(head, payload.data(), sizeof(head));
  if (head[2] != payload.size()) return std::nullopt;
  for (size_t index = sizeof(head); index < payload.size(); ++index) {
    if (payload[index] != NumberedByte(head[1], index)) return std::nullopt;
  }
  return PayloadNumber{head[0], head[1]};
}

}  // namespace dns_monitor
