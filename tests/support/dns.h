// DNS messages for tests.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace dns_monitor {

using ByteVector = std::vector<uint8_t>;

// Of literals with zeros in them: Raw("\0\1").
template <size_t kSize>
std::string Raw(const char (&literal)[kSize]) {
  return std::string(literal, kSize - 1);
}

inline std::string FromHex(absl::string_view hex) {
  std::string digits;
  for (const char c : hex) {
    if (c != ' ') digits.push_back(c);
  }
  return absl::HexStringToBytes(digits);
}

inline ByteVector ToBytes(absl::string_view bytes) {
  return {bytes.begin(), bytes.end()};
}

inline std::string U16(unsigned value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value)};
}
inline std::string U32(uint32_t value) {
  return U16(value >> 16) + U16(value & 0xffff);
}

inline std::string Label(absl::string_view label) {
  return std::string(1, static_cast<char>(label.size())) + std::string(label);
}
// Of www.example.com or "" for the root; without escapes.
inline std::string WireName(absl::string_view name) {
  std::string wire;
  for (const absl::string_view label : absl::StrSplit(name, '.', absl::SkipEmpty())) {
    wire += Label(label);
  }
  return wire + '\0';
}
inline std::string Pointer(unsigned target) {
  return U16(0xc000 | target);
}

inline std::string Header(unsigned flags, unsigned qd, unsigned an, unsigned ns, unsigned ar) {
  return U16(0x1234) + U16(flags) + U16(qd) + U16(an) + U16(ns) + U16(ar);
}
inline std::string Question(const std::string& name, unsigned type, unsigned qclass = 1) {
  return name + U16(type) + U16(qclass);
}
inline std::string Record(const std::string& name, unsigned type, const std::string& rdata,
                          uint32_t ttl = 300, unsigned rclass = 1) {
  return name + U16(type) + U16(rclass) + U32(ttl) + U16(static_cast<unsigned>(rdata.size())) +
         rdata;
}
inline std::string Opt(const std::string& options, uint32_t ttl = 0x8000,
                       unsigned udp_size = 1232) {
  return Record(WireName(""), 41, options, ttl, udp_size);
}
inline std::string Option(unsigned code, const std::string& data) {
  return U16(code) + U16(static_cast<unsigned>(data.size())) + data;
}

// An answer with a record of many a kind: two of addresses, a delegation, EDNS.
inline std::string SampleAnswer() {
  return Header(0x8180, 1, 2, 1, 2) + Question(WireName("www.example.com"), 1) +
         Record(Pointer(12), 5, Label("web") + Pointer(16)) +
         Record(Label("web") + Pointer(16), 1, FromHex("c0000201"), 60) +
         Record(Pointer(16), 2, Label("ns1") + Pointer(16), 86400) +
         Record(Label("ns1") + Pointer(16), 28, FromHex("20010db8 00000000 00000000 00000053")) +
         Opt(Option(10, "12345678") + Option(12, std::string(7, '\0')));
}

}  // namespace dns_monitor
