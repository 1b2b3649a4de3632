// Any bytes as a file of settings: each setting that is taken is a line that reads the same again.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/settings.h"

namespace dns_monitor {
namespace {

void Require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "settings_fuzz: %s\n", what);
  std::abort();
}

void TakeSettings(absl::string_view text) {
  const absl::StatusOr<std::vector<Setting>> settings = ParseSettings(text);
  if (!settings.ok()) {
    Require(absl::IsInvalidArgument(settings.status()), "an error of another kind");
    Require(atoi(std::string(settings.status().message()).c_str()) > 0, "an error without a line");
    return;
  }
  int line = 0;
  for (const Setting& setting : *settings) {
    Require(setting.line > line, "lines out of order");
    line = setting.line;
    const auto again = ParseSettings(absl::StrCat(setting.key, "=", setting.value));
    Require(again.ok() && again->size() == 1, "what was read cannot be read again");
    Require(again->front().key == setting.key && again->front().value == setting.value,
            "it came back another one");
  }
}

}  // namespace
}  // namespace dns_monitor

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  dns_monitor::TakeSettings({reinterpret_cast<const char*>(data), size});
  return 0;
}
