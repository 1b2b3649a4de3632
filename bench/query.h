// The numbered DNS query that the benchmarks send (inject.cc, slices.cc) and look for
// (check_numbers.cc).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace dns_monitor::bench {

inline constexpr size_t kEthernetBytes = 14;
inline constexpr size_t kDestinationPortOffset = kEthernetBytes + 20 + 2;
// Where the number stands: decimal digits, the first label of the name that is asked.
inline constexpr size_t kNumberOffset = kEthernetBytes + 20 + 8 + 12 + 1;
inline constexpr size_t kDigits = 8;

inline void Put16(uint16_t value, std::vector<uint8_t>* frame) {
  frame->push_back(static_cast<uint8_t>(value >> 8));
  frame->push_back(static_cast<uint8_t>(value));
}

inline void PutBytes(const std::string& bytes, std::vector<uint8_t>* frame) {
  frame->insert(frame->end(), bytes.begin(), bytes.end());
}

// A query for 00000000.bench.example.org, A, with EDNS: 97 bytes with its headers, near the median
// of queries at a resolver. To addresses of RFC 5737 and a port of no listener; its hardware
// addresses are 02:02:02:02:02:02.
inline std::vector<uint8_t> MakeQuery() {
  std::vector<uint8_t> dns;
  PutBytes(std::string("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01", 12), &dns);
  PutBytes(std::string("\x08"
                       "00000000"
                       "\x05"
                       "bench"
                       "\x07"
                       "example"
                       "\x03"
                       "org\0",
                       28),
           &dns);
  PutBytes(std::string("\x00\x01\x00\x01", 4), &dns);
  PutBytes(std::string("\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00", 11), &dns);
  std::vector<uint8_t> frame(12, 0x02);
  Put16(0x0800, &frame);
  const auto udp_length = static_cast<uint16_t>(8 + dns.size());
  Put16(0x4500, &frame);
  Put16(static_cast<uint16_t>(20 + udp_length), &frame);
  PutBytes(std::string("\0\0\x40\0\x40\x11\0\0", 8), &frame);
  PutBytes(std::string("\xc0\x00\x02\x01\xc6\x33\x64\x01", 8), &frame);
  Put16(40000, &frame);
  Put16(53, &frame);
  Put16(udp_length, &frame);
  Put16(0, &frame);
  frame.insert(frame.end(), dns.begin(), dns.end());
  return frame;
}

inline void SetNumber(uint64_t number, uint8_t* frame) {
  for (size_t place = kDigits; place-- > 0; number /= 10) {
    frame[kNumberOffset + place] = static_cast<uint8_t>('0' + number % 10);
  }
}

}  // namespace dns_monitor::bench
