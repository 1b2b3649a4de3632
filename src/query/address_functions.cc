// Networks of addresses, and where they are.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/enrich/geo.h"
#include "src/query/address_text.h"
#include "src/query/function_groups.h"
#include "src/query/scalar_function.h"

namespace dns_monitor {
namespace {

constexpr size_t kIpv4Bytes = 4;
constexpr int64_t kUsualIpv4Bits = 24;
constexpr int64_t kUsualIpv6Bits = 48;

void ClearBitsFrom(int64_t bits, IpAddress* address) {
  for (size_t i = 0; i < address->size; ++i) {
    const int64_t kept = std::clamp<int64_t>(bits - 8 * static_cast<int64_t>(i), 0, 8);
    address->bytes[i] = static_cast<uint8_t>(address->bytes[i] & (0xff00 >> kept));
  }
}

void NetmaskOf(absl::string_view text, int64_t v4_bits, int64_t v6_bits, TextResult* result) {
  IpAddress address = ParseIpAddress(text);
  if (address.size == 0) return result->Set("");
  ClearBitsFrom(address.size == kIpv4Bytes ? v4_bits : v6_bits, &address);
  std::array<char, kMostAddressText> written;
  result->Set(WriteIpAddress(address, written.data()));
}
void NetmaskOfIpv4(absl::string_view text, int64_t v4_bits, TextResult* result) {
  NetmaskOf(text, v4_bits, kUsualIpv6Bits, result);
}
void Netmask(absl::string_view text, TextResult* result) {
  NetmaskOf(text, kUsualIpv4Bits, kUsualIpv6Bits, result);
}

void IsPrivate(absl::string_view text, BooleanResult* result) {
  const IpAddress address = ParseIpAddress(text);
  const auto& bytes = address.bytes;
  if (address.size == kIpv4Bytes) {
    // 10/8, 172.16/12, 192.168/16: RFC 1918, 3.
    return result->Set(bytes[0] == 10 || (bytes[0] == 172 && (bytes[1] & 0xf0) == 16) ||
                       (bytes[0] == 192 && bytes[1] == 168));
  }
  result->Set(address.size > 0 && (bytes[0] & 0xfe) == 0xfc);  // fc00::/7: RFC 4193, 3.1
}

// The database is opened when the first chunk comes: who does not ask needs none.
template <GeoKind kind, typename Rows, typename Look>
void LookUp(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output,
            const Look& look) {
  const absl::StatusOr<const GeoDatabase*> database = UsualGeoDatabase(kind);
  if (!database.ok()) {
    return duckdb_scalar_function_set_error(info, std::string(database.status().message()).c_str());
  }
  Rows::CallForRows(
      [&](absl::string_view address, auto* result) { result->Set(look(**database, address)); },
      input, output);
}
using CountryRows = Signature<TextResult, absl::string_view>;
using AsNumberRows = Signature<IntegerResult, absl::string_view>;

void CountryCodes(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
  LookUp<GeoKind::kCountry, CountryRows>(
      info, input, output, [](const GeoDatabase& database, absl::string_view address) {
        return database.CountryCode(address);
      });
}
void AsNumbers(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
  LookUp<GeoKind::kAsNumber, AsNumberRows>(
      info, input, output, [](const GeoDatabase& database, absl::string_view address) {
        return database.AsNumber(address);
      });
}

}  // namespace

absl::Status RegisterAddressFunctions(duckdb_connection connection) {
  DM_RETURN_IF_ERROR(
      FunctionSet("netmask").Add<Netmask>().Add<NetmaskOfIpv4>().Add<NetmaskOf>().Register(
          connection));
  DM_RETURN_IF_ERROR(FunctionSet("is_private").Add<IsPrivate>().Register(connection));
  DM_RETURN_IF_ERROR(
      FunctionSet("cc").AddForChunks<CountryRows>(CountryCodes).Register(connection));
  return FunctionSet("asn").AddForChunks<AsNumberRows>(AsNumbers).Register(connection);
}

}  // namespace dns_monitor
