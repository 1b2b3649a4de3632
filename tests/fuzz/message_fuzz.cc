// What must hold for the decoding of DNS messages, whatever a message holds.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

#include "dns_monitor/dns/edns.h"
#include "dns_monitor/dns/message.h"
#include "dns_monitor/dns/name.h"
#include "dns_monitor/dns/rdata_text.h"
#include "dns_monitor/dns/registry.h"

namespace dns_monitor {
namespace {

using Message = absl::Span<const uint8_t>;

void Require(bool condition) {
  if (!condition) abort();
}

// As plain as ReadName can be written: octet by octet.
std::string SlowText(Message message, size_t offset, NameEscapes escapes) {
  std::string text;
  while (message[offset] != 0) {
    const size_t length = message[offset];
    if (length > 63) {
      offset = (length & 0x3f) << 8 | message[offset + 1];
      continue;
    }
    for (size_t i = 1; i <= length; ++i) {
      const uint8_t octet = message[offset + i];
      const bool alnum =
          (octet >= '0' && octet <= '9') || ((octet | 0x20) >= 'a' && (octet | 0x20) <= 'z');
      const bool special = octet == '.' || octet == '\\';
      const bool plain = escapes == NameEscapes::kRfc1035 ? alnum || octet == '-' || octet == '_'
                                                          : octet > 0x20 && octet < 0x7f;
      if (!plain) {
        text += '\\';
        for (const int digit : {octet / 100, octet / 10 % 10, octet % 10}) {
          text += static_cast<char>('0' + digit);
        }
        continue;
      }
      if (special) text += '\\';
      text += static_cast<char>(octet);
    }
    text += '.';
    offset += 1 + length;
  }
  return text.empty() ? "." : text;
}

// `must_be_right`: another has read the name before.
void TakeName(Message message, size_t offset, bool must_be_right) {
  const NameRead skipped = SkipName(message, offset);
  Require(!must_be_right || skipped.error == Malformed::kNone);
  for (const NameEscapes escapes : {NameEscapes::kRfc4343, NameEscapes::kRfc1035}) {
    char text[kMostNameText];
    const NameRead name = ReadName(message, offset, escapes, text);
    Require(name.error == skipped.error && name.end == skipped.end);
    Require(name.labels == skipped.labels && name.labels <= 127);
    Require(name.text_bytes <= kMostNameText);
    Require(name.text_bytes == 0 || text[name.text_bytes - 1] == '.');
    if (name.error != Malformed::kNone) {
      Require(name.end == 0 && !TextOf(name.error).empty());
      continue;
    }
    Require(name.end > offset && name.end <= message.size());
    Require(SlowText(message, offset, escapes) == std::string(text, name.text_bytes));
  }
}

void TakeOptions(Message message, const Edns& edns) {
  Malformed within = Malformed::kNone;
  EdnsOptions options(message, edns);
  size_t bytes = 0;
  for (EdnsOption option; options.Next(&option);) {
    bytes += 4 + option.data.size();
    std::string text;
    AppendHex(option.data, &text);
    AppendPrintable(option.data, &text);
    Require(text.size() == 3 * option.data.size());
    ClientSubnet subnet;
    DnsCookie cookie;
    std::optional<uint16_t> timeout;
    ExtendedError error;
    (void)ReadClientSubnet(option.data, &subnet);
    if (ReadCookie(option.data, &cookie) == Malformed::kNone) {
      Require(cookie.client.size() + cookie.server.size() == option.data.size());
    }
    (void)ReadKeepalive(option.data, &timeout);
    if (ReadExtendedError(option.data, &error) == Malformed::kNone) {
      Require(error.text.size() <= option.data.size());
    }
    Require(FindOption(message, edns, option.code).has_value());
    within = options.error();
  }
  Require(within == Malformed::kNone);
  Require((bytes == edns.option_bytes) == (options.error() == Malformed::kNone));
  if (options.error() != Malformed::kNone) {
    Require(CheckOptions(message, edns) != Malformed::kNone);
  }
}

void TakeRdata(Message message, const DnsRecord& record) {
  std::string text = "x";
  const Malformed error = AppendRdata(message, record, &text);
  Require(text[0] == 'x');
  if (error != Malformed::kNone) Require(text.compare(1, 3, "\\# ") == 0);
  for (const char c : text) Require(c >= ' ' && c <= '~');
  text.clear();
  AppendTypeName(record.type, &text);
  Require(TypeFromName(text) == record.type);
}

void TakeMessage(Message message) {
  MessageWalker walker(message);
  (void)walker.header();
  size_t last_end = kDnsHeaderBytes;
  for (DnsQuestion question; walker.NextQuestion(&question);) {
    Require(question.name == last_end && question.end > question.name);
    last_end = question.end;
    TakeName(message, question.name, /*must_be_right=*/true);
  }
  Section section = Section::kAnswer;
  Section last_section = Section::kAnswer;
  bool opt = false;
  for (DnsRecord record; walker.NextRecord(&section, &record); last_section = section) {
    Require(section >= last_section && record.name == last_end && record.rdata > record.name);
    Require(record.end == record.rdata + record.rdata_bytes && record.end <= message.size());
    last_end = record.end;
    TakeName(message, record.name, /*must_be_right=*/true);
    TakeRdata(message, record);
    if (record.type != 41) continue;
    opt = opt || section == Section::kAdditional;
    TakeOptions(message, FromOpt(record));
  }
  Require(walker.trailing_bytes() == 0 || walker.trailing_bytes() == message.size() - last_end);
  if (walker.trailing_bytes() > 0) Require(walker.error() != Malformed::kNone);
  Require(FindOpt(message).has_value() == opt);
}

// A walk that takes the names of the questions on its way sees the same.
void TakeQuestionsWithNames(Message message) {
  MessageWalker walker(message);
  MessageWalker other(message);
  DnsQuestion question;
  DnsQuestion same;
  NameRead name;
  char text[kMostNameText];
  while (walker.NextQuestion(&question, NameEscapes::kRfc4343, text, &name)) {
    Require(other.NextQuestion(&same));
    Require(same.name == question.name && same.end == question.end && same.type == question.type);
    Require(name.error == Malformed::kNone && name.end + 4 == question.end);
  }
  Require(!other.NextQuestion(&same) && other.error() == walker.error());
}

void Check(Message message) {
  TakeMessage(message);
  TakeQuestionsWithNames(message);
  // Not only where names are.
  for (size_t offset = 0; offset <= message.size() && offset < 256; ++offset) {
    TakeName(message, offset, /*must_be_right=*/false);
  }
}

}  // namespace
}  // namespace dns_monitor

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  dns_monitor::Check({data, size});
  return 0;
}
