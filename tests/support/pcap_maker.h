// Makes pcap files of either byte order, byte by byte, with whatever a test wants wrong in them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "dns_monitor/base/read_at.h"

namespace dns_monitor {

struct PcapMaker {
  struct Record {
    uint32_t seconds = 1'700'000'000;
    uint32_t fraction = 5;
    std::string payload;
    std::optional<uint32_t> original_length = std::nullopt;  // the payload's
    std::optional<uint32_t> captured_length = std::nullopt;  // the payload's
  };

  bool nanoseconds = false;
  bool big_endian = false;
  uint32_t snaplen = 65535;
  uint32_t link_type = 1;
  uint16_t major = 2;
  uint16_t minor = 4;

  std::string Number(uint32_t value, int bytes = 4) const {
    std::string text;
    for (int byte = 0; byte < bytes; ++byte) {
      const int at = big_endian ? bytes - 1 - byte : byte;
      text.push_back(static_cast<char>(value >> (8 * at)));
    }
    return text;
  }
  std::string FileHeader() const {
    return Number(nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4) + Number(major, 2) + Number(minor, 2) +
           Number(0) + Number(0) + Number(snaplen) + Number(link_type);
  }
  std::string Make(const Record& record) const {
    const auto size = static_cast<uint32_t>(record.payload.size());
    return Number(record.seconds) + Number(record.fraction) +
           Number(record.captured_length.value_or(size)) +
           Number(record.original_length.value_or(size)) + record.payload;
  }
};

// `size` bytes that are never zero, and other ones for each `seed`.
inline std::string Payload(size_t size, uint32_t seed = 0) {
  std::string payload(size, '\0');
  for (size_t at = 0; at < size; ++at) {
    payload[at] = static_cast<char>(1 + (at * 7 + seed * 31) % 255);
  }
  return payload;
}

// `bytes`, which outlives it, as a source.
inline ReadAtFunction ReadFromMemory(absl::string_view bytes) {
  return [bytes](int64_t offset, absl::Span<char> to) -> absl::StatusOr<size_t> {
    if (offset >= static_cast<int64_t>(bytes.size())) return 0;
    return bytes.copy(to.data(), to.size(), static_cast<size_t>(offset));
  };
}

}  // namespace dns_monitor
