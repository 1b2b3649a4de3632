#include "dns_monitor/archive/names.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"

namespace dns_monitor {
namespace {

constexpr absl::string_view kPcapSuffix = ".pcap";

// Exactly `digits` of them, taken from the front of `text`.
bool ConsumeDigits(absl::string_view* text, size_t digits, int* number) {
  if (text->size() < digits) return false;
  *number = 0;
  for (const char digit : text->substr(0, digits)) {
    if (!absl::ascii_isdigit(digit)) return false;
    *number = *number * 10 + (digit - '0');
  }
  text->remove_prefix(digits);
  return true;
}

// "20261123_2110" or "20261123_211030". CivilSecond would carry a 31st of November over: refused.
bool ConsumeStart(absl::string_view* text, SegmentName* name) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (!ConsumeDigits(text, 4, &year) || !ConsumeDigits(text, 2, &month) ||
      !ConsumeDigits(text, 2, &day) || !absl::ConsumePrefix(text, "_") ||
      !ConsumeDigits(text, 2, &hour) || !ConsumeDigits(text, 2, &minute)) {
    return false;
  }
  name->has_seconds = ConsumeDigits(text, 2, &second);
  name->start = absl::CivilSecond(year, month, day, hour, minute, second);
  return name->start.year() == year && name->start.month() == month && name->start.day() == day &&
         name->start.hour() == hour && name->start.minute() == minute &&
         name->start.second() == second;
}

// "" or "-N", as Stem() writes N: from 1 and without zeros in front.
bool ConsumeOrdinal(absl::string_view text, SegmentName* name) {
  name->ordinal = 0;
  if (text.empty()) return true;
  constexpr size_t kMostDigits = 9;  // what an int holds
  return absl::ConsumePrefix(&text, "-") && !text.empty() && text[0] != '0' &&
         text.size() <= kMostDigits && ConsumeDigits(&text, text.size(), &name->ordinal);
}

// What the kernel takes as an interface's name, whatever its length (alternative names are longer).
bool IsInterfaceName(absl::string_view name) {
  if (name.empty() || name == "." || name == "..") return false;
  return std::none_of(name.begin(), name.end(), [](unsigned char c) {
    return c == '/' || c == ':' || c == '\0' || absl::ascii_isspace(c);
  });
}

// Takes what says which of a segment's files it is.
FileKind ConsumeKind(absl::string_view* text) {
  if (absl::ConsumeSuffix(text, kPartSuffix)) return FileKind::kPart;
  if (absl::ConsumeSuffix(text, kSealSuffix)) return FileKind::kSeal;
  if (absl::ConsumeSuffix(text, kLedgerSuffix)) return FileKind::kLedger;
  return FileKind::kSegment;
}

}  // namespace

std::string SegmentName::Stem() const {
  std::string stem = absl::StrFormat("%s.%04d%02d%02d_%02d%02d", interface, start.year(),
                                     start.month(), start.day(), start.hour(), start.minute());
  if (has_seconds) absl::StrAppendFormat(&stem, "%02d", start.second());
  if (ordinal != 0) absl::StrAppend(&stem, "-", ordinal);
  return stem;
}

std::string SegmentName::Pcap() const {
  return absl::StrCat(Stem(), kPcapSuffix, compressed ? kCompressedSuffix : "");
}

std::string SegmentName::Part() const {
  return absl::StrCat(Pcap(), kPartSuffix);
}

std::optional<ParsedName> ParseName(absl::string_view file_name) {
  ParsedName parsed;
  absl::string_view stem = file_name;
  parsed.kind = ConsumeKind(&stem);
  parsed.segment.compressed = absl::ConsumeSuffix(&stem, kCompressedSuffix);
  if (!absl::ConsumeSuffix(&stem, kPcapSuffix)) return std::nullopt;
  const size_t dot = stem.rfind('.');
  if (dot == absl::string_view::npos) return std::nullopt;
  absl::string_view rest = stem.substr(dot + 1);
  if (!IsInterfaceName(stem.substr(0, dot)) || !ConsumeStart(&rest, &parsed.segment) ||
      !ConsumeOrdinal(rest, &parsed.segment)) {
    return std::nullopt;
  }
  parsed.segment.interface = std::string(stem.substr(0, dot));
  return parsed;
}

std::string LockName(absl::string_view interface) {
  return absl::StrCat(".", interface, ".lock");
}

std::string RemovalsName(absl::string_view interface) {
  return absl::StrCat(".", interface, ".removed");
}

}  // namespace dns_monitor
