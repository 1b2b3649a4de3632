#include "cpu_list.h"

#include <fcntl.h>

#include <array>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "dns_monitor/base/read_at.h"
#include "dns_monitor/base/status.h"

namespace dns_monitor {
absl::StatusOr<std::vector<int>> ParseCpuList(absl::string_view text) {
  std::vector<int> cpus;
  text = absl::StripAsciiWhitespace(text);
  for (const absl::string_view range : absl::StrSplit(text, ',')) {
    const std::vector<absl::string_view> ends = absl::StrSplit(range, absl::MaxSplits('-', 1));
    int first = 0;
    int last = 0;
    if (!absl::SimpleAtoi(ends.front(), &first) || !absl::SimpleAtoi(ends.back(), &last) ||
        first < 0 || last < first) {
      return absl::InvalidArgumentError(absl::StrCat("not a list of CPUs: '", text, "'"));
    }
    for (int cpu = first; cpu <= last; ++cpu) cpus.push_back(cpu);
  }
  return cpus;
}

absl::StatusOr<CpuListFile> CpuListFile::Open(const char* path) {
  Fd fd(open(path, O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return ErrnoError(absl::StrCat("cannot open ", path));
  return CpuListFile(std::move(fd));
}

absl::StatusOr<std::vector<int>> CpuListFile::Read() const {
  std::array<char, 4096> text;  // a page at most (Documentation/filesystems/sysfs.rst)
  DM_ASSIGN_OR_RETURN(const size_t length, ReadAt(fd_.get(), 0, absl::MakeSpan(text)));
  return ParseCpuList({text.data(), length});
}

}  // namespace dns_monitor
