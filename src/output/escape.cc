#include "src/output/escape.h"

#include "dns_monitor/base/utf8.h"
#include "src/output/display_width.h"

namespace dns_monitor::output {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

char* Write(absl::string_view text, char* to) {
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

char* WriteHex(char32_t value, int digits, char* to) {
  for (int i = digits; i-- > 0;) *to++ = kHexDigits[value >> 4 * i & 0xf];
  return to;
}
int HexDigits(char32_t value) {
  return (std::bit_width(static_cast<uint32_t>(value) | 1) + 3) / 4;
}

char* WriteUtf16Escape(char32_t unit, char* to) {
  return WriteHex(unit, 4, Write("\\u", to));
}

// Goes on behind the character, and writes it as it is, or by `write_hidden` if it is hidden.
template <typename WriteHidden>
char* CopyRune(Rune rune, const char** at, char* to, WriteHidden write_hidden) {
  const char* const from = *at;
  *at += rune.bytes;
  if (IsHidden(rune.code)) return write_hidden(to);
  return Write({from, static_cast<size_t>(rune.bytes)}, to);
}

}  // namespace

char* JsonRules::Replace(const char** at, const char* end, char* to) {
  switch (**at) {
    case '"':
    case '\\':
      *to++ = '\\';
      *to++ = *(*at)++;
      return to;
    case '\n':
      ++*at;
      return Write("\\n", to);
    case '\r':
      ++*at;
      return Write("\\r", to);
    case '\t':
      ++*at;
      return Write("\\t", to);
    default:
      break;
  }
  const Rune rune = DecodeRune(*at, end);
  if (rune.bytes == 0) {
    ++*at;
    return Write(kReplacement, to);
  }
  return CopyRune(rune, at, to, [code = rune.code](char* hidden) {
    if (code < 0x10000) return WriteUtf16Escape(code, hidden);
    hidden = WriteUtf16Escape(0xd800 + ((code - 0x10000) >> 10), hidden);
    return WriteUtf16Escape(0xdc00 + (code & 0x3ff), hidden);
  });
}

char* XmlRules::Replace(const char** at, const char* end, char* to) {
  switch (**at) {
    case '<':
      ++*at;
      return Write("&lt;", to);
    case '>':
      ++*at;
      return Write("&gt;", to);
    case '&':
      ++*at;
      return Write("&amp;", to);
    case '"':
      ++*at;
      return Write("&quot;", to);
    default:
      break;
  }
  const Rune rune = DecodeRune(*at, end);
  const char32_t code = rune.code;
  // XML 1.0, Char.
  const bool allowed = (code >= 0x20 || code == '\t' || code == '\n' || code == '\r') &&
                       code != 0xfffe && code != 0xffff;
  if (rune.bytes == 0 || !allowed) {
    *at += rune.bytes == 0 ? 1 : rune.bytes;
    return Write(kReplacement, to);
  }
  return CopyRune(rune, at, to, [code](char* hidden) {
    return Write(";", WriteHex(code, HexDigits(code), Write("&#x", hidden)));
  });
}

char* CsvRules::Replace(const char** at, const char* /*end*/, char* to) {
  ++*at;
  return Write("\"\"", to);
}

char* TerminalRules::Replace(const char** at, const char* end, char* to) {
  const Rune rune = DecodeRune(*at, end);
  if (rune.bytes == 0) return WriteHex(static_cast<uint8_t>(*(*at)++), 2, Write("\\x", to));
  return CopyRune(rune, at, to, [code = rune.code](char* hidden) {
    if (code < 0x100) return WriteHex(code, 2, Write("\\x", hidden));
    return Write("}", WriteHex(code, HexDigits(code), Write("\\u{", hidden)));
  });
}

char* TerminalCsvRules::Replace(const char** at, const char* end, char* to) {
  return **at == '"' ? CsvRules::Replace(at, end, to) : TerminalRules::Replace(at, end, to);
}

char* MarkdownRules::Replace(const char** at, const char* end, char* to) {
  *to++ = '\\';
  const auto byte = static_cast<uint8_t>(**at);
  if (byte >= 0x20 && byte < 0x7f) {
    *to++ = *(*at)++;
    return to;
  }
  // A backslash that stands for itself, if one comes.
  char* const replaced = TerminalRules::Replace(at, end, to);
  if (*to == '\\') return replaced;
  std::memmove(to - 1, to, static_cast<size_t>(replaced - to));
  return replaced - 1;
}

}  // namespace dns_monitor::output
