#include "dns_monitor/seal/seal.h"

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"

namespace dns_monitor {
namespace {

std::string Hex(const Sha256& digest) {
  return absl::BytesToHexString({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

// A backslash, which the kernel allows in names of interfaces, is doubled, and the line begins with
// one then. (Line ends are escaped alike, but no name has any: archive/names.h.)
absl::string_view Mark(absl::string_view file_name) {
  return absl::StrContains(file_name, '\\') ? "\\" : "";
}
std::string Escaped(absl::string_view file_name) {
  return absl::StrReplaceAll(file_name, {{"\\", "\\\\"}});
}

}  // namespace

std::string SealName(const SegmentName& name) {
  return absl::StrCat(name.Pcap(), kSealSuffix);
}

std::string FormatSeal(absl::string_view file_name, const Sha256& digest) {
  return absl::StrCat(Mark(file_name), Hex(digest), "  ", Escaped(file_name), "\n");
}

std::optional<std::string> CheckSeal(absl::string_view seal, absl::string_view file_name,
                                     const Sha256& digest) {
  const std::string hex = Hex(digest);
  const std::string tail = absl::StrCat(Escaped(file_name), "\n");
  const bool marked = absl::ConsumePrefix(&seal, Mark(file_name));
  const absl::string_view told = seal.substr(0, hex.size());
  const absl::string_view rest = seal.substr(told.size());
  // "*": sha256sum --binary.
  if (!marked || (rest != absl::StrCat("  ", tail) && rest != absl::StrCat(" *", tail))) {
    return absl::StrCat("is no line of sha256sum about ", file_name);
  }
  if (absl::AsciiStrToLower(told) == hex) return std::nullopt;
  return absl::StrCat("does not hold: the file has SHA-256 ", hex);
}

}  // namespace dns_monitor
