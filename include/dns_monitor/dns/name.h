// Names in DNS messages, compressed or not (RFC 1035, 3.1 and 4.1.4), and as text.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "dns_monitor/dns/malformed.h"

namespace dns_monitor {

inline constexpr size_t kDnsHeaderBytes = 12;
// On the wire, with the root's octet (RFC 1035, 2.3.4).
inline constexpr size_t kMostNameBytes = 255;
// Room for every name as text: 250 octets in four labels make 1004 characters when each is escaped.
// The rest is what ReadName may write beyond the text.
inline constexpr size_t kMostNameText = 1024;
// As many as a name of 127 labels can make use of; pointers to pointers count too.
inline constexpr int kMostPointers = 128;

enum class NameEscapes : uint8_t {
  // RFC 4343, 2.1: printable ASCII stands for itself, but for \. and \\ within a label; all other
  // octets are \DDD, in decimal.
  kRfc4343,
  // Every octet but letters, digits, - and _ is \DDD: what PacketQ writes with --rfc1035.
  kRfc1035,
};

struct NameRead {
  Malformed error = Malformed::kNone;
  uint16_t text_bytes = 0;  // of the labels before the error, if there is one
  uint8_t labels = 0;       // those, without the root
  size_t end = 0;           // in the message, behind the name where it stands; 0 with an error
};

// The name at `offset`, as text: each label ends with a dot, the root alone is a dot, case is kept.
// `text` has room for kMostNameText characters, all of which may be written to; no NUL ends it.
NameRead ReadName(absl::Span<const uint8_t> message, size_t offset, NameEscapes escapes,
                  char* text);

// Finds the same errors and the same end, without text (`text_bytes` stays 0).
NameRead SkipName(absl::Span<const uint8_t> message, size_t offset);

}  // namespace dns_monitor
