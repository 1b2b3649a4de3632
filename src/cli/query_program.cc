#include "query_program.h"

#include <unistd.h>

#include <algorithm>
#include <climits>
#include <string>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/status.h"

namespace dns_monitor {
namespace {

constexpr absl::string_view kCommands[] = {"query", "report", "sql"};
constexpr absl::string_view kName = "dns-monitor-query";

std::string OwnDirectory() {
  char path[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof(path));
  if (length <= 0) return "";
  const absl::string_view whole(path, static_cast<size_t>(length));
  return std::string(whole.substr(0, whole.rfind('/')));
}

}  // namespace

bool IsQueryCommand(absl::string_view word) {
  return std::find(std::begin(kCommands), std::end(kCommands), word) != std::end(kCommands);
}

absl::Status BecomeQueryProgram(char** argv) {
  const std::string directory = OwnDirectory();
  const std::string candidates[] = {
      absl::StrCat(directory, "/", kName),
      absl::StrCat(directory, "/../lib/dns-monitor/", kName),
  };
  for (const std::string& program : candidates) {
    if (access(program.c_str(), F_OK) == -1) continue;
    execv(program.c_str(), argv);
    return ErrnoError(absl::StrCat("cannot start ", program));
  }
  return absl::NotFoundError(absl::StrCat("queries need the program ", kName, ": there is neither ",
                                          candidates[0], " nor ", candidates[1]));
}

}  // namespace dns_monitor
