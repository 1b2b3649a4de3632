#include "numbered_query.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace dns_monitor {
namespace {

constexpr size_t kHeaderBytes = 12;
constexpr size_t kLabelBytes = 20;                              // "t03-00000000000003e8"
constexpr uint8_t kRest[] = {3, 'e', '2', 'e', 0, 0, 1, 0, 1};  // the name's end, type A, class IN
constexpr size_t kOptBytes = 15;  // of an OPT record with an empty padding option
static_assert(kHeaderBytes + 1 + kLabelBytes + sizeof(kRest) == kBareQueryBytes);

void Put16(uint8_t* at, size_t value) {
  at[0] = static_cast<uint8_t>(value >> 8);
  at[1] = static_cast<uint8_t>(value);
}

// The step of splitmix64: what has the same seed is the same everywhere.
uint64_t Noise(uint64_t seed) {
  seed += 0x9e3779b97f4a7c15;
  seed = (seed ^ (seed >> 30)) * 0xbf58476d1ce4e5b9;
  seed = (seed ^ (seed >> 27)) * 0x94d049bb133111eb;
  return seed ^ (seed >> 31);
}

// RFC 6891 and RFC 7830.
void PutPadding(uint8_t* opt, size_t padding, uint64_t number) {
  constexpr uint8_t kOpt[] = {0, 0, 41, 0x10, 0, 0, 0, 0, 0};
  std::memcpy(opt, kOpt, sizeof(kOpt));
  Put16(opt + 9, padding + 4);
  Put16(opt + 11, 12);
  Put16(opt + 13, padding);
  for (size_t i = 0; i < padding; i += sizeof(uint64_t)) {
    const uint64_t noise = Noise((number << 16) + i);
    std::memcpy(opt + kOptBytes + i, &noise, std::min(sizeof(noise), padding - i));
  }
}

}  // namespace

std::vector<uint8_t> MakeNumberedQuery(QueryNumber number, size_t bytes) {
  std::vector<uint8_t> message(std::max(bytes, kBareQueryBytes));
  Put16(message.data(), number.number & 0xffff);
  message[2] = 1;  // recursion desired
  message[5] = 1;  // one question
  message[kHeaderBytes] = kLabelBytes;
  char label[kLabelBytes + 1];
  snprintf(label, sizeof(label), "t%02x-%016llx", number.thread & 0xff,
           static_cast<unsigned long long>(number.number));
  std::memcpy(&message[kHeaderBytes + 1], label, kLabelBytes);
  std::memcpy(&message[kHeaderBytes + 1 + kLabelBytes], kRest, sizeof(kRest));
  if (message.size() >= kSmallestPaddedQueryBytes) {
    message[11] = 1;  // one additional record
    PutPadding(&message[kBareQueryBytes], message.size() - kSmallestPaddedQueryBytes,
               number.number);
  }
  return message;
}

std::optional<QueryNumber> ReadNumberedQuery(std::span<const uint8_t> message) {
  if (message.size() < kBareQueryBytes) return std::nullopt;
  char label[kLabelBytes + 1] = {};
  std::memcpy(label, &message[kHeaderBytes + 1], kLabelBytes);
  unsigned thread = 0;
  unsigned long long number = 0;
  if (sscanf(label, "t%2x-%16llx", &thread, &number) != 2) return std::nullopt;
  return QueryNumber{thread, number};
}

}  // namespace dns_monitor
