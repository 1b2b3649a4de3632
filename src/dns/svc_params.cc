// The parameters of SVCB and HTTPS records (RFC 9460).
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "dns_monitor/dns/address_text.h"
#include "dns_monitor/dns/registry.h"
#include "src/dns/rdata_fields.h"

namespace dns_monitor {
namespace {

using Value = absl::Span<const uint8_t>;

enum Key : uint16_t {
  kMandatory = 0,
  kAlpn = 1,
  kNoDefaultAlpn = 2,
  kPort = 3,
  kIpv4Hint = 4,
  kEch = 5,
  kIpv6Hint = 6,
  kDohpath = 7,  // RFC 9461, 5
  kOhttp = 8,    // RFC 9540, 4
  kTlsSupportedGroups = 9,
  kDocpath = 10,
};

// keyNNNNN when the name is not known, or how the value of that name is written.
void AppendKey(uint16_t key, std::string* out) {
  const absl::string_view name = SvcParamName(key);
  if (name.empty() || key > kDocpath) {
    absl::StrAppend(out, "key", key);
  } else {
    absl::StrAppend(out, name);
  }
}

// Each of `bytes`, with commas between them. False when the value is empty or the last one is cut.
template <typename WriteOne>
bool WriteRow(Value value, size_t bytes, std::string* out, WriteOne write_one) {
  if (value.empty() || value.size() % bytes != 0) return false;
  for (size_t at = 0; at < value.size(); at += bytes) {
    out->push_back(at == 0 ? '=' : ',');
    write_one(value.subspan(at, bytes));
  }
  return true;
}

// Strings with lengths in front, with commas between them, which are escaped where they stand
// within one (RFC 9460, appendix A.1).
bool WriteList(Value value, bool empty_strings, std::string* out) {
  out->append("=\"");
  for (bool first = true; !value.empty(); first = false) {
    const size_t length = value[0];
    if (length >= value.size() || (length == 0 && !empty_strings)) return false;
    if (!first) out->push_back(',');
    for (const uint8_t byte : value.subspan(1, length)) {
      if (byte == ',' || byte == '\\') out->append(R"(\\)");
      AppendEscaped({&byte, 1}, out);
    }
    value.remove_prefix(1 + length);
  }
  out->push_back('"');
  return true;
}

bool WriteNumbers(Value value, std::string* out) {
  return WriteRow(value, 2, out,
                  [out](Value number) { absl::StrAppend(out, ReadU16(number.data())); });
}

bool WriteAddresses(Value value, size_t bytes, std::string* out) {
  return WriteRow(value, bytes, out, [out](Value address) { AppendAddress(address, out); });
}

bool WriteQuoted(Value value, std::string* out) {
  if (value.empty()) return true;
  out->append("=\"");
  AppendEscaped(value, out);
  out->push_back('"');
  return true;
}

// False when it is not a value of this key.
bool WriteValue(uint16_t key, Value value, std::string* out) {
  switch (key) {
    case kMandatory:
      return WriteRow(value, 2, out, [out](Value name) { AppendKey(ReadU16(name.data()), out); });
    case kAlpn:
      return !value.empty() && WriteList(value, /*empty_strings=*/false, out);
    case kNoDefaultAlpn:
    case kOhttp:
      return value.empty();
    case kPort:
      return value.size() == 2 && WriteNumbers(value, out);
    case kIpv4Hint:
      return WriteAddresses(value, 4, out);
    case kEch:
      out->push_back('=');
      AppendBase64(value, out);
      return !value.empty();
    case kIpv6Hint:
      return WriteAddresses(value, 16, out);
    case kDohpath:
      return !value.empty() && WriteQuoted(value, out);
    case kTlsSupportedGroups:
      return WriteNumbers(value, out);
    case kDocpath:
      return value.empty() || WriteList(value, /*empty_strings=*/true, out);
    default:
      return WriteQuoted(value, out);
  }
}

}  // namespace

void WriteSvcParams(RdataReader* reader, std::string* out) {
  for (int last_key = -1; reader->left() > 0;) {
    const uint16_t key = reader->TakeU16();
    const Value value = reader->Take(reader->TakeU16());
    if (reader->error() != Malformed::kNone) return;
    // Section 2.2 has them in strictly increasing order.
    if (key <= last_key) return reader->Fail(Malformed::kRdataValue);
    if (last_key >= 0) out->push_back(' ');
    AppendKey(key, out);
    if (!WriteValue(key, value, out)) return reader->Fail(Malformed::kRdataValue);
    last_key = key;
  }
}

}  // namespace dns_monitor
