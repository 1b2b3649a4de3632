// Names that stand for addresses: in-addr.arpa. (RFC 1035, 3.5) and ip6.arpa. (RFC 3596, 2.5).
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "dns_monitor/base/status.h"
#include "src/query/address_text.h"
#include "src/query/function_groups.h"
#include "src/query/scalar_function.h"

namespace dns_monitor {
namespace {

constexpr absl::string_view kIpv4Zone = ".in-addr.arpa";
constexpr absl::string_view kIpv6Zone = ".ip6.arpa";
constexpr size_t kIpv4Bytes = 4;
constexpr absl::string_view kHexDigits = "0123456789abcdef";

bool RemoveZone(absl::string_view zone, absl::string_view* name) {
  if (!absl::EndsWithIgnoreCase(*name, zone)) return false;
  name->remove_suffix(zone.size());
  return true;
}

// `labels`: 1.2.0.192
std::optional<IpAddress> FromDecimals(absl::string_view labels) {
  const IpAddress reversed = ParseIpAddress(labels);
  if (reversed.size != kIpv4Bytes) return std::nullopt;
  IpAddress address{.bytes = {}, .size = kIpv4Bytes};
  for (size_t i = 0; i < kIpv4Bytes; ++i) address.bytes[i] = reversed.bytes[kIpv4Bytes - 1 - i];
  return address;
}

// `labels`: 1.0.0.0. ... .8.b.d.0.1.0.0.2
std::optional<IpAddress> FromHexDigits(absl::string_view labels) {
  IpAddress address;
  address.size = address.bytes.size();
  if (labels.size() != 4 * address.size - 1) return std::nullopt;
  for (size_t i = 0; i < 2 * address.size; ++i) {
    const char digit = absl::ascii_tolower(static_cast<unsigned char>(labels[2 * i]));
    const size_t value = kHexDigits.find(digit);
    if (value == absl::string_view::npos || (i > 0 && labels[2 * i - 1] != '.')) {
      return std::nullopt;
    }
    uint8_t& byte = address.bytes[address.size - 1 - i / 2];
    byte = static_cast<uint8_t>(byte | value << 4 * (i % 2));
  }
  return address;
}

void PtrAddress(absl::string_view name, TextResult* result) {
  absl::ConsumeSuffix(&name, ".");
  std::optional<IpAddress> address;
  if (RemoveZone(kIpv4Zone, &name)) {
    address = FromDecimals(name);
  } else if (RemoveZone(kIpv6Zone, &name)) {
    address = FromHexDigits(name);
  }
  if (!address) return result->SetNull();
  std::array<char, kMostAddressText> written;
  result->Set(WriteIpAddress(*address, written.data()));
}

void PtrName(absl::string_view text, TextResult* result) {
  const IpAddress address = ParseIpAddress(text);
  if (address.size == 0) return result->SetNull();
  std::string name;
  for (size_t i = address.size; i-- > 0;) {
    const unsigned byte = address.bytes[i];
    if (address.size == kIpv4Bytes) {
      absl::StrAppend(&name, byte, ".");
    } else {
      name += {kHexDigits[byte & 15], '.', kHexDigits[byte >> 4], '.'};
    }
  }
  absl::StrAppend(&name, (address.size == kIpv4Bytes ? kIpv4Zone : kIpv6Zone).substr(1), ".");
  result->Set(name);
}

}  // namespace

absl::Status RegisterReverseNameFunctions(duckdb_connection connection) {
  DM_RETURN_IF_ERROR(FunctionSet("ptr_address").Add<PtrAddress>().Register(connection));
  return FunctionSet("ptr_name").Add<PtrName>().Register(connection);
}

}  // namespace dns_monitor
