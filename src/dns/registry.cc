#include "dns_monitor/dns/registry.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "src/dns/registry_tables.h"

namespace dns_monitor {
namespace {

constexpr uint16_t kBadSig = 16;

// By number, as far as numbers lie close together.
template <size_t kSize>
class NamesByNumber {
 public:
  template <size_t kCount>
  constexpr explicit NamesByNumber(const NumberName (&table)[kCount]) {
    for (const NumberName& entry : table) {
      if (entry.number < kSize) names_[entry.number] = entry.name;
    }
  }
  constexpr absl::string_view operator[](size_t number) const {
    return number < kSize ? names_[number] : absl::string_view();
  }

 private:
  std::array<absl::string_view, kSize> names_;
};

constexpr NamesByNumber<265> kTypeNames(kTypes);
constexpr NamesByNumber<256> kClassNames(kClasses);
constexpr NamesByNumber<7> kOpcodeNames(kOpcodes);
constexpr NamesByNumber<24> kRcodeNames(kRcodes);
constexpr NamesByNumber<22> kOptionNames(kEdnsOptions);
constexpr NamesByNumber<34> kExtendedErrorNames(kExtendedErrors);
constexpr NamesByNumber<13> kSvcParamNames(kSvcParams);

// For numbers that lie far from the others.
template <size_t kCount>
absl::string_view Find(const NumberName (&table)[kCount], uint16_t number) {
  const auto* const found =
      std::find_if(std::begin(table), std::end(table),
                   [number](const NumberName& entry) { return entry.number == number; });
  return found == std::end(table) ? absl::string_view() : found->name;
}

void AppendName(absl::string_view name, absl::string_view prefix, unsigned number,
                std::string* out) {
  if (!name.empty()) {
    absl::StrAppend(out, name);
  } else {
    absl::StrAppend(out, prefix, number);
  }
}

}  // namespace

absl::string_view TypeName(uint16_t type) {
  const absl::string_view name = kTypeNames[type];
  return name.empty() && type >= kFarTypes ? Find(kTypes, type) : name;
}

absl::string_view ClassName(uint16_t rclass) {
  return kClassNames[rclass];
}
absl::string_view OpcodeName(uint8_t opcode) {
  return kOpcodeNames[opcode];
}
absl::string_view RcodeName(uint16_t rcode) {
  return kRcodeNames[rcode];
}

absl::string_view TsigErrorName(uint16_t rcode) {
  return rcode == kBadSig ? "BADSIG" : RcodeName(rcode);
}

absl::string_view EdnsOptionName(uint16_t code) {
  const absl::string_view name = kOptionNames[code];
  return name.empty() && code >= kFarEdnsOptions ? Find(kEdnsOptions, code) : name;
}

absl::string_view ExtendedErrorName(uint16_t code) {
  return kExtendedErrorNames[code];
}
absl::string_view SvcParamName(uint16_t key) {
  return kSvcParamNames[key];
}

void AppendTypeName(uint16_t type, std::string* out) {
  AppendName(TypeName(type), "TYPE", type, out);
}

void AppendClassName(uint16_t rclass, std::string* out) {
  AppendName(ClassName(rclass), "CLASS", rclass, out);
}

void AppendRcodeName(uint16_t rcode, std::string* out) {
  AppendName(RcodeName(rcode), "RCODE", rcode, out);
}

void AppendOpcodeName(uint8_t opcode, std::string* out) {
  AppendName(OpcodeName(opcode), "OPCODE", opcode, out);
}

std::optional<uint16_t> TypeFromName(absl::string_view name) {
  for (const NumberName& entry : kTypes) {
    if (absl::EqualsIgnoreCase(entry.name, name)) return entry.number;
  }
  constexpr absl::string_view kPrefix = "TYPE";
  uint32_t number = 0;
  if (!absl::StartsWithIgnoreCase(name, kPrefix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  const bool digits = std::all_of(name.begin(), name.end(), absl::ascii_isdigit);
  if (!digits || !absl::SimpleAtoi(name, &number) || number > UINT16_MAX) return std::nullopt;
  return static_cast<uint16_t>(number);
}

}  // namespace dns_monitor
