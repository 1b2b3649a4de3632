#include "apply_settings.h"

#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/settings.h"
#include "dns_monitor/base/status.h"

namespace dns_monitor {
namespace {

bool IsFlag(const CLI::Option& option) {
  return option.get_items_expected_max() == 0;
}

bool MayRepeat(const CLI::Option& option) {
  return option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
}

// The option that `key` sets; nullptr if there is none that a file could set.
CLI::Option* FindOption(const std::string& key, CLI::App* command) {
  if (key == "help" || key == "config") return nullptr;
  return command->get_option_no_throw(absl::StrCat("--", key));
}

absl::StatusOr<std::string> ResultOf(const Setting& setting, const CLI::Option& option) {
  if (!IsFlag(option)) return setting.value;
  if (setting.value == "yes") return "true";
  if (setting.value == "no") return "false";
  return absl::InvalidArgumentError(
      absl::StrCat(setting.key, ": '", setting.value, "' is neither yes nor no"));
}

// The parsers of the command line look at the value, and tell what is wrong with it.
absl::Status Give(const Setting& setting, CLI::Option* option) {
  DM_ASSIGN_OR_RETURN(std::string result, ResultOf(setting, *option));
  try {
    option->add_result(std::move(result));
    option->run_callback();
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(error.what());
  }
  return absl::OkStatus();
}

class Application {
 public:
  explicit Application(CLI::App* command) : command_(command) {
    for (const CLI::Option* option : command->get_options()) {
      if (option->count() > 0) given_.insert(option);
    }
  }

  absl::Status Apply(const Setting& setting) {
    CLI::Option* const option = FindOption(setting.key, command_);
    if (option == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("there is no setting '", setting.key, "'"));
    }
    const auto [before, first] = lines_.emplace(setting.key, setting.line);
    if (!first && !MayRepeat(*option)) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", setting.key, "' was set in line ", before->second, " already"));
    }
    if (given_.count(option) > 0) return absl::OkStatus();
    return Give(setting, option);
  }

 private:
  CLI::App* const command_;
  std::set<const CLI::Option*> given_;
  std::map<std::string, int> lines_;
};

}  // namespace

absl::Status ApplySettings(const std::string& path, CLI::App* command) {
  DM_ASSIGN_OR_RETURN(const std::vector<Setting> settings, ReadSettings(path));
  Application application(command);
  for (const Setting& setting : settings) {
    const absl::Status applied = application.Apply(setting);
    if (applied.ok()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(path, ":", setting.line, ": ", applied.message()));
  }
  return absl::OkStatus();
}

}  // namespace dns_monitor
