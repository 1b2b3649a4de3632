#include "check_config_command.h"

#include "absl/strings/str_format.h"
#include "capture_command.h"
#include "dns_monitor/base/log.h"

namespace dns_monitor {

CheckConfigCommand::CheckConfigCommand(CLI::App* app)
    : command_(app->add_subcommand("check-config", "Check files of settings for --config")) {
  command_->add_option("files", paths_, "each is checked by itself")
      ->type_name("FILE...")
      ->required();
}

bool CheckConfigCommand::Run() const {
  bool good = true;
  for (const std::string& path : paths_) {
    CLI::App app;
    const absl::Status wrong = CaptureCommand(&app).CheckFile(path);
    good = good && wrong.ok();
    if (wrong.ok()) {
      absl::PrintF("%s: OK\n", path);
    } else {
      LogError(wrong.message());
    }
  }
  return good;
}

}  // namespace dns_monitor
