// EDNS (RFC 6891) and the options that are of use to a reader of captures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "dns_monitor/dns/malformed.h"
#include "dns_monitor/dns/message.h"

namespace dns_monitor {

// What an OPT record says (RFC 6891, 6.1.3).
struct Edns {
  uint16_t udp_size = 0;       // bytes
  uint8_t extended_rcode = 0;  // the upper 8 bits (ExtendedRcode)
  uint8_t version = 0;
  bool dnssec_ok = false;  // RFC 3225
  uint16_t z = 0;          // the 15 bits behind it
  size_t options = 0;      // where they begin in the message
  uint16_t option_bytes = 0;
};

// `opt`: an OPT record that a MessageWalker gave.
Edns FromOpt(const DnsRecord& opt);

// The first OPT record of the additional section, if there is one. Reads `walker` to its end, so
// that its error() is of the whole message.
std::optional<Edns> FindOpt(MessageWalker* walker);
std::optional<Edns> FindOpt(absl::Span<const uint8_t> message);

// All 12 bits (RFC 6891, 6.1.3), 4 when there is no EDNS.
uint16_t ExtendedRcode(const DnsHeader& header, const std::optional<Edns>& edns);

struct EdnsOption {
  uint16_t code = 0;
  absl::Span<const uint8_t> data;
};

// The options in their order, of a message that outlives this.
class EdnsOptions {
 public:
  EdnsOptions(absl::Span<const uint8_t> message, const Edns& edns)
      : left_(message.subspan(edns.options, edns.option_bytes)) {}

  // False when there is no other, or it is cut (error()).
  bool Next(EdnsOption* option);
  Malformed error() const { return error_; }

 private:
  absl::Span<const uint8_t> left_;
  Malformed error_ = Malformed::kNone;
};

// The first of this code.
std::optional<EdnsOption> FindOption(absl::Span<const uint8_t> message, const Edns& edns,
                                     uint16_t code);

// The first thing that is wrong with the options: with their lengths, or within one of those below.
Malformed CheckOptions(absl::Span<const uint8_t> message, const Edns& edns);

// The functions below take the data of an option of their kind. kNone: the result is set.

// RFC 7871, 6.
struct ClientSubnet {
  uint16_t family = 0;  // 1: IPv4, 2: IPv6
  uint8_t source = 0;   // prefix lengths, in bits
  uint8_t scope = 0;
  uint8_t address[16] = {};  // zeros behind what there is
};
// kClientSubnet: a prefix longer than the family's addresses, more or fewer bytes than it needs, or
// bits behind it. Of an unknown family, 16 bytes at most.
Malformed ReadClientSubnet(absl::Span<const uint8_t> data, ClientSubnet* subnet);

// RFC 7873, 4.
struct DnsCookie {
  absl::Span<const uint8_t> client;  // 8 bytes
  absl::Span<const uint8_t> server;  // 8 to 32, or none
};
Malformed ReadCookie(absl::Span<const uint8_t> data, DnsCookie* cookie);

// RFC 7828, 3.1: in units of 100 ms; none in queries.
Malformed ReadKeepalive(absl::Span<const uint8_t> data, std::optional<uint16_t>* timeout);

// RFC 8914, 2.
struct ExtendedError {
  uint16_t code = 0;  // ExtendedErrorName
  // UTF-8, if the sender keeps to the RFC; without the zero that some send at its end (section 2).
  absl::string_view text;
};
Malformed ReadExtendedError(absl::Span<const uint8_t> data, ExtendedError* error);

// For cookies and NSIDs: two digits a byte, lower case.
void AppendHex(absl::Span<const uint8_t> bytes, std::string* out);
// For NSIDs (RFC 5001), which are often text: printable ASCII as it is, a dot for other bytes.
void AppendPrintable(absl::Span<const uint8_t> bytes, std::string* out);

}  // namespace dns_monitor
