// Makes pcapng files of either byte order, block by block, with whatever a test wants wrong in
// them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace dns_monitor {

struct PcapngMaker {
  bool big_endian = false;

  std::string Number(uint64_t value, int bytes = 4) const {
    std::string text;
    for (int byte = 0; byte < bytes; ++byte) {
      const int at = big_endian ? bytes - 1 - byte : byte;
      text.push_back(static_cast<char>(value >> (8 * at)));
    }
    return text;
  }
  static std::string Padded(std::string text) {
    text.resize((text.size() + 3) / 4 * 4);
    return text;
  }
  std::string Block(uint32_t type, const std::string& body) const {
    const std::string padded = Padded(body);
    const std::string length = Number(padded.size() + 12);
    return Number(type) + length + padded + length;
  }
  std::string Option(uint16_t code, const std::string& value) const {
    return Number(code, 2) + Number(value.size(), 2) + Padded(value);
  }

  std::string Section(uint16_t major = 1) const {
    return Block(0x0a0d0d0a,
                 Number(0x1a2b3c4d) + Number(major, 2) + Number(0, 2) + Number(~uint64_t{0}, 8));
  }
  std::string Interface(uint32_t link_type = 1, std::optional<uint8_t> resolution = std::nullopt,
                        std::optional<int64_t> offset = std::nullopt, uint32_t snaplen = 0) const {
    std::string body = Number(link_type, 2) + Number(0, 2) + Number(snaplen);
    body += Option(2, "eth0");
    if (resolution) body += Option(9, std::string(1, static_cast<char>(*resolution)));
    if (offset) body += Option(14, Number(static_cast<uint64_t>(*offset), 8));
    return Block(1, body + Number(0));
  }
  std::string Enhanced(uint64_t units, const std::string& payload, uint32_t interface = 0,
                       std::optional<uint32_t> wire = std::nullopt) const {
    return Block(6, Number(interface) + Number(units >> 32) + Number(units & 0xffffffff) +
                        Number(payload.size()) + Number(wire.value_or(payload.size())) +
                        Padded(payload) + Option(2, Number(1)) + Number(0));
  }
  std::string Obsolete(uint64_t units, const std::string& payload, uint16_t interface = 0) const {
    return Block(2, Number(interface, 2) + Number(3, 2) + Number(units >> 32) +
                        Number(units & 0xffffffff) + Number(payload.size()) +
                        Number(payload.size()) + Padded(payload));
  }
  std::string Simple(const std::string& payload,
                     std::optional<uint32_t> wire = std::nullopt) const {
    return Block(3, Number(wire.value_or(payload.size())) + Padded(payload));
  }
  // Interface statistics: nothing that matters here.
  std::string Other() const { return Block(5, Number(0) + Number(0) + Number(0)); }
};

}  // namespace dns_monitor
