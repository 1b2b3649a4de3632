#include "check_config_command.h"

#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "capture_command.h"
#include "dns_monitor/base/log.h"

namespace dns_monitor {

CheckConfigCommand::CheckConfigCommand(CLI::App* app)
    : command_(app->add_subcommand("check-config", "Check files of settings for --config")) {
  command_
      ->add_option("files", paths_,
                   "each is checked by itself; behind --, -FILE: if it exists, as with --config")
      ->type_name("FILE...")
      ->required();
}

bool CheckConfigCommand::Run() const {
  bool good = true;
  for (const std::string& path : paths_) {
    CLI::App app;
    absl::string_view name = path;
    const bool optional = absl::ConsumePrefix(&name, "-");
    const absl::Status wrong = CaptureCommand(&app).CheckFile(std::string(name));
    if (optional && absl::IsNotFound(wrong)) continue;
    good = good && wrong.ok();
    if (wrong.ok()) {
      absl::PrintF("%s: OK\n", name);
    } else {
      LogError(wrong.message());
    }
  }
  return good;
}

}  // namespace dns_monitor
