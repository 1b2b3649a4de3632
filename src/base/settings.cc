#include "dns_monitor/base/settings.h"

#include <fcntl.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "dns_monitor/base/fd.h"
#include "dns_monitor/base/read_at.h"
#include "dns_monitor/base/status.h"

namespace dns_monitor {
namespace {

absl::Status ErrorAt(int line, absl::string_view message) {
  return absl::InvalidArgumentError(absl::StrCat(line, ": ", message));
}

bool IsKey(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-';
  });
}

bool HasControlCharacter(absl::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](unsigned char c) { return absl::ascii_iscntrl(c) && c != '\t'; });
}

absl::StatusOr<Setting> ParseLine(int number, absl::string_view line) {
  if (HasControlCharacter(line)) return ErrorAt(number, "a control character");
  const size_t equals = line.find('=');
  Setting setting{.line = number,
                  .key = std::string(absl::StripAsciiWhitespace(line.substr(0, equals))),
                  .value = ""};
  if (!IsKey(setting.key)) {
    return ErrorAt(number, absl::StrCat("'", line, "' is not 'key = value'"));
  }
  if (equals != absl::string_view::npos) {
    setting.value = std::string(absl::StripAsciiWhitespace(line.substr(equals + 1)));
  }
  if (setting.value.empty()) {
    return ErrorAt(number, absl::StrCat("'", setting.key, "' has no value: 'key = value'"));
  }
  // Many languages want them, and here they would become part of the value.
  if (setting.value.front() == '"') {
    return ErrorAt(number, absl::StrCat("the value of '", setting.key, "' needs no quotes"));
  }
  return setting;
}

}  // namespace

absl::StatusOr<std::vector<Setting>> ParseSettings(absl::string_view text) {
  std::vector<Setting> settings;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line.front() == '#') continue;
    DM_ASSIGN_OR_RETURN(Setting setting, ParseLine(number, line));
    settings.push_back(std::move(setting));
  }
  return settings;
}

absl::StatusOr<std::vector<Setting>> ReadSettings(const std::string& path) {
  const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid()) return ErrnoError(path);
  std::string text(kMaxSettingsBytes + 1, '\0');
  const absl::StatusOr<size_t> length = ReadAt(file.get(), 0, absl::MakeSpan(text));
  if (!length.ok()) {
    return absl::Status(length.status().code(),
                        absl::StrCat(path, ": ", length.status().message()));
  }
  if (*length > kMaxSettingsBytes) {
    return absl::OutOfRangeError(absl::StrCat(path, ": is longer than a file of settings"));
  }
  text.resize(*length);
  absl::StatusOr<std::vector<Setting>> settings = ParseSettings(text);
  if (settings.ok()) return settings;
  return absl::InvalidArgumentError(absl::StrCat(path, ":", settings.status().message()));
}

}  // namespace dns_monitor
