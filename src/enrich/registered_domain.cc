#include "dns_monitor/enrich/registered_domain.h"

#include <libpsl.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "absl/strings/ascii.h"

namespace dns_monitor {
namespace {

// 1004 characters make a name of which each octet is escaped; a final dot and NUL.
constexpr size_t kMostNameText = 1024;
// The longest rule had five in 2023. libpsl tries every end of a name, so short ones are fast.
constexpr int kMostSuffixLabels = 8;

const psl_ctx_t* SuffixList() {
  // Names are asked for until the process ends, so nobody frees it.
  static const psl_ctx_t* const list = [] {
    const psl_ctx_t* latest = psl_latest("/usr/share/publicsuffix/public_suffix_list.dafsa");
    return latest != nullptr ? latest : psl_builtin();
  }();
  return list;
}

// Writes `name` in lower case. True when that changes it.
bool WriteLower(absl::string_view name, char* to) {
  bool changed = false;
  for (const char c : name) {
    const char lower = absl::ascii_tolower(static_cast<unsigned char>(c));
    changed |= lower != c;
    *to++ = lower;
  }
  return changed;
}

bool IsEscaped(absl::string_view name, size_t at) {
  size_t backslashes = 0;
  while (backslashes < at && name[at - backslashes - 1] == '\\') ++backslashes;
  return backslashes % 2 == 1;
}

// Where the label begins that ends before `end`.
size_t LabelBegin(absl::string_view name, size_t end) {
  for (size_t at = end; at > 0; --at) {
    if (name[at - 1] == '.' && !IsEscaped(name, at - 1)) return at;
  }
  return 0;
}

// The end of `name` of at most so many labels.
absl::string_view LastLabels(absl::string_view name, int labels) {
  size_t begin = LabelBegin(name, name.size());
  while (begin > 0 && --labels > 0) begin = LabelBegin(name, begin - 1);
  return name.substr(begin);
}

// In `name`, which a NUL ends: where the label before its suffix begins, or 0.
size_t RegisteredBegin(absl::string_view name) {
  const psl_ctx_t* list = SuffixList();
  const char* suffix = list == nullptr ? nullptr : psl_unregistrable_domain(list, name.data());
  const size_t begin =
      suffix == nullptr ? LabelBegin(name, name.size()) : static_cast<size_t>(suffix - name.data());
  return begin == 0 ? 0 : LabelBegin(name, begin - 1);
}

// What was found for the names that come again and again. One thread.
class Cache {
 public:
  // As RegisteredBegin.
  size_t Find(absl::string_view name) {
    if (name.size() > kMostNameBytes) return RegisteredBegin(name);
    Entry& entry =
        entries_[std::hash<std::string_view>()({name.data(), name.size()}) % entries_.size()];
    if (absl::string_view(entry.name.data(), entry.size) != name) {
      entry.begin = static_cast<uint8_t>(RegisteredBegin(name));
      entry.size = static_cast<uint8_t>(name.size());
      std::copy(name.begin(), name.end(), entry.name.begin());
    }
    return entry.begin;
  }

 private:
  static constexpr size_t kMostNameBytes = 62;
  struct Entry {
    uint8_t size = 0;
    uint8_t begin = 0;
    std::array<char, kMostNameBytes> name;
  };

  std::array<Entry, 1024> entries_;
};

}  // namespace

absl::string_view RegisteredDomain(absl::string_view name) {
  thread_local std::array<char, kMostNameText> lower;
  thread_local Cache cache;
  absl::string_view bare = name;
  if (!bare.empty() && bare.back() == '.') bare.remove_suffix(1);
  if (bare.empty() || name.size() >= lower.size()) return name;
  const bool changed = WriteLower(name, lower.data());
  lower[bare.size()] = '\0';
  const absl::string_view last = LastLabels({lower.data(), bare.size()}, kMostSuffixLabels + 1);
  const size_t skipped = bare.size() - last.size();
  const size_t begin = skipped + cache.Find(last);
  if (bare.size() < name.size()) lower[bare.size()] = '.';
  return (changed ? absl::string_view(lower.data(), name.size()) : name).substr(begin);
}

}  // namespace dns_monitor
