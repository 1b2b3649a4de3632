#include "cpu_list.h"

#include <fstream>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace dns_monitor {
namespace {

constexpr char kOnlinePath[] = "/sys/devices/system/cpu/online";

}  // namespace

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

absl::StatusOr<std::vector<int>> OnlineCpus() {
  std::ifstream file(kOnlinePath);
  std::string line;
  if (!std::getline(file, line)) {
    return absl::UnavailableError(absl::StrCat("cannot read ", kOnlinePath));
  }
  return ParseCpuList(line);
}

}  // namespace dns_monitor
