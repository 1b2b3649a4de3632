// What the numbers in DNS messages are called.
#include <cstdint>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/dns/registry.h"
#include "src/query/function_groups.h"
#include "src/query/scalar_function.h"

namespace dns_monitor {
namespace {

// Whether a field of that type can hold it.
template <typename T>
bool Fits(int64_t number) {
  return number >= 0 && number <= std::numeric_limits<T>::max();
}

// As PacketQ calls them, which knows fewer and two of them under other names.
absl::string_view PacketqName(absl::string_view table, uint16_t number) {
  constexpr uint16_t kAny = 255;
  if (table == "qtype" || table == "type") return number == kAny ? "*" : TypeName(number);
  if (table == "rcode") return TsigErrorName(number);
  if (table == "qclass" || table == "class") return ClassName(number);
  if (table == "opcode" && Fits<uint8_t>(number)) return OpcodeName(static_cast<uint8_t>(number));
  return {};
}

void Name(absl::string_view table, int64_t number, TextResult* result) {
  if (Fits<uint16_t>(number)) {
    const absl::string_view name = PacketqName(table, static_cast<uint16_t>(number));
    if (!name.empty()) return result->Set(name);
  }
  const absl::AlphaNum text(number);
  result->Set(text.Piece());
}

template <typename T, void (*append)(T, std::string*)>
void NameOrNumber(int64_t number, TextResult* result) {
  if (!Fits<T>(number)) return result->SetNull();
  std::string name;  // all are so short that this allocates nothing
  append(static_cast<T>(number), &name);
  result->Set(name);
}

}  // namespace

absl::Status RegisterNameFunctions(duckdb_connection connection) {
  constexpr auto kTypeName = NameOrNumber<uint16_t, AppendTypeName>;
  constexpr auto kClassName = NameOrNumber<uint16_t, AppendClassName>;
  constexpr auto kRcodeName = NameOrNumber<uint16_t, AppendRcodeName>;
  constexpr auto kOpcodeName = NameOrNumber<uint8_t, AppendOpcodeName>;
  DM_RETURN_IF_ERROR(FunctionSet("name").Add<Name>().Register(connection));
  DM_RETURN_IF_ERROR(FunctionSet("type_name").Add<kTypeName>().Register(connection));
  DM_RETURN_IF_ERROR(FunctionSet("class_name").Add<kClassName>().Register(connection));
  DM_RETURN_IF_ERROR(FunctionSet("rcode_name").Add<kRcodeName>().Register(connection));
  return FunctionSet("opcode_name").Add<kOpcodeName>().Register(connection);
}

}  // namespace dns_monitor
