#include "json_values.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "dns_monitor/base/clock.h"

namespace dns_monitor {
namespace {

using Json = nlohmann::json;

// As the library's own parser and writer judge it.
bool IsUtf8(const Json& text) {
  try {
    (void)text.dump();
    return true;
  } catch (const Json::type_error&) {
    return false;
  }
}

bool IsHex(const Json& json, size_t digits) {
  if (!json.is_string()) return false;
  const auto& text = json.get_ref<const std::string&>();
  return text.size() == digits && std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f');
         });
}

// "2026-11-25T03:20:39.123456789Z", with any digits.
bool HasFormOfTime(absl::string_view text) {
  constexpr absl::string_view kForm = "dddd-dd-ddTdd:dd:dd.dddddddddZ";
  return text.size() == kForm.size() && std::equal(text.begin(), text.end(), kForm.begin(),
                                                   [](unsigned char c, unsigned char form) {
                                                     return form == 'd' ? absl::ascii_isdigit(c)
                                                                        : c == form;
                                                   });
}

int Number(absl::string_view digits) {
  int number = 0;
  (void)absl::SimpleAtoi(digits, &number);  // they are
  return number;
}

}  // namespace

bool AsSigned::Read(const Json& json, int64_t* value) {
  if (!json.is_number_integer()) return false;
  if (json.is_number_unsigned()) return AsCount::Read(json, value);
  *value = json.get<int64_t>();
  return true;
}

bool AsFlag::Read(const Json& json, bool* value) {
  if (!json.is_boolean()) return false;
  *value = json.get<bool>();
  return true;
}

bool AsText::Read(const Json& json, std::string* value) {
  if (!json.is_string() || !IsUtf8(json)) return false;
  *value = json.get<std::string>();
  return true;
}

bool AsFileName::Read(const Json& json, std::string* value) {
  return AsText::Read(json, value) && !value->empty() && *value != "." && *value != ".." &&
         value->find('/') == std::string::npos && value->find('\0') == std::string::npos;
}

Json AsTime::Write(int64_t value) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E9SZ", absl::FromUnixNanos(value), absl::UTCTimeZone());
}

bool AsTime::Read(const Json& json, int64_t* value) {
  if (!json.is_string()) return false;
  const absl::string_view text = json.get_ref<const std::string&>();
  if (!HasFormOfTime(text)) return false;
  const absl::CivilSecond civil(Number(text.substr(0, 4)), Number(text.substr(5, 2)),
                                Number(text.substr(8, 2)), Number(text.substr(11, 2)),
                                Number(text.substr(14, 2)), Number(text.substr(17, 2)));
  // A 31st of November, or a leap second, has become another time.
  if (absl::FormatCivilTime(civil) != text.substr(0, 19)) return false;
  const __int128 seconds = civil - absl::CivilSecond(1970);
  const __int128 time_ns = seconds * kNanosecondsPerSecond + Number(text.substr(20, 9));
  *value = static_cast<int64_t>(time_ns);
  return *value == time_ns;
}

Json AsHex64::Write(uint64_t value) {
  return absl::StrFormat("%016x", value);
}

bool AsHex64::Read(const Json& json, uint64_t* value) {
  return IsHex(json, 16) && absl::SimpleHexAtoi(json.get_ref<const std::string&>(), value);
}

Json AsSha256::Write(const Sha256& value) {
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(value.data()), value.size()));
}

bool AsSha256::Read(const Json& json, Sha256* value) {
  if (!IsHex(json, 2 * value->size())) return false;
  const std::string bytes = absl::HexStringToBytes(json.get_ref<const std::string&>());
  std::copy(bytes.begin(), bytes.end(), value->begin());
  return true;
}

bool AsPorts::Read(const Json& json, std::vector<uint16_t>* value) {
  if (!json.is_array()) return false;
  value->clear();
  return std::all_of(json.begin(), json.end(), [&](const Json& port) {
    value->push_back(0);
    return AsCount::Read(port, &value->back());
  });
}

}  // namespace dns_monitor
