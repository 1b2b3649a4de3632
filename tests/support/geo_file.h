// Writes small files in MaxMind's format (https://maxmind.github.io/MaxMind-DB/, version 2.0).
#pragma once

#include <arpa/inet.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace dns_monitor {

// Values of the data section, of less than 29 bytes each.
inline std::string GeoText(absl::string_view text) {
  return absl::StrCat(std::string(1, static_cast<char>(2 << 5 | text.size())), text);
}
inline std::string GeoUint32(uint32_t value) {
  std::string bytes(1, static_cast<char>(6 << 5 | 4));
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
  return bytes;
}
// `content`: so many keys with their values.
inline std::string GeoMap(int entries, absl::string_view content) {
  return absl::StrCat(std::string(1, static_cast<char>(7 << 5 | entries)), content);
}

// What the two databases of GeoLite2 hold for an address.
inline std::string CountryRecord(absl::string_view code) {
  return GeoMap(1,
                absl::StrCat(GeoText("country"), GeoMap(1, GeoText("iso_code") + GeoText(code))));
}
inline std::string AsNumberRecord(uint32_t number) {
  return GeoMap(1, absl::StrCat(GeoText("autonomous_system_number"), GeoUint32(number)));
}

class GeoFile {
 public:
  // `network`: an address, of which the first `bits` count; those of IPv4 lie below ::/96.
  void Add(const char* network, int bits, absl::string_view record) {
    std::array<uint8_t, 16> address{};
    if (inet_pton(AF_INET, network, &address[12]) == 1) {
      bits += 96;
    } else {
      inet_pton(AF_INET6, network, address.data());
    }
    size_t node = 0;
    for (int bit = 0; bit < bits; ++bit) {
      uint32_t& next = nodes_[node][address[bit / 8] >> (7 - bit % 8) & 1];
      if (bit == bits - 1) {
        next = kData | static_cast<uint32_t>(data_.size());
      } else if (next == kNothing) {
        next = static_cast<uint32_t>(nodes_.size());
        node = next;
        nodes_.push_back({kNothing, kNothing});
      } else {
        node = next;
      }
    }
    data_.append(record.data(), record.size());
  }

  std::string Content() const {
    constexpr size_t kSeparatorBytes = 16;
    const auto count = static_cast<uint32_t>(nodes_.size());
    std::string content;
    for (const auto& node : nodes_) {
      for (const uint32_t side : node) {
        uint32_t value = side;
        if (side == kNothing) value = count;
        if ((side & kData) != 0 && side != kNothing) {
          value = (side & ~kData) + count + static_cast<uint32_t>(kSeparatorBytes);
        }
        for (int shift = 16; shift >= 0; shift -= 8) content += static_cast<char>(value >> shift);
      }
    }
    content.append(kSeparatorBytes, '\0');
    const std::string array_of_none("\x00\x04", 2);
    const std::string uint64_of_one("\x01\x02\x01", 3);
    return absl::StrCat(
        content, data_, "\xab\xcd\xefMaxMind.com",
        GeoMap(9, absl::StrCat(GeoText("node_count"), GeoUint32(count), GeoText("record_size"),
                               GeoUint16(24), GeoText("ip_version"), GeoUint16(6),
                               GeoText("database_type"), GeoText("Test"), GeoText("languages"),
                               array_of_none, GeoText("binary_format_major_version"), GeoUint16(2),
                               GeoText("binary_format_minor_version"), GeoUint16(0),
                               GeoText("build_epoch"), uint64_of_one, GeoText("description"),
                               GeoMap(0, ""))));
  }

 private:
  static constexpr uint32_t kData = 1u << 31;
  static constexpr uint32_t kNothing = ~0u;

  static std::string GeoUint16(uint16_t value) {
    return {static_cast<char>(5 << 5 | 2), static_cast<char>(value >> 8), static_cast<char>(value)};
  }

  std::vector<std::array<uint32_t, 2>> nodes_ = {{kNothing, kNothing}};
  std::string data_;
};

}  // namespace dns_monitor
