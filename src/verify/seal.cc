#include "seal.h"

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace dns_monitor {

std::optional<std::string> CheckSeal(absl::string_view seal, absl::string_view file_name,
                                     const Sha256& digest) {
  const std::string hex =
      absl::BytesToHexString({reinterpret_cast<const char*>(digest.data()), digest.size()});
  // "*": sha256sum --binary.
  const std::string tail = absl::StrCat(file_name, "\n");
  const absl::string_view told = seal.substr(0, hex.size());
  const absl::string_view rest = seal.substr(told.size());
  if (rest != absl::StrCat("  ", tail) && rest != absl::StrCat(" *", tail)) {
    return absl::StrCat("is no line of sha256sum about ", file_name);
  }
  if (absl::AsciiStrToLower(told) == hex) return std::nullopt;
  return absl::StrCat("does not hold: the file has SHA-256 ", hex);
}

}  // namespace dns_monitor
