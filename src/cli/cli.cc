#include "dns_monitor/cli/cli.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "capture_command.h"
#include "check_config_command.h"
#include "dns_monitor/base/log.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/tap/interface.h"
#include "dns_monitor/usage/help_formatter.h"
#include "query_program.h"
#include "verify_command.h"

namespace dns_monitor {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

std::string VersionText() {
  return absl::StrCat("dns-monitor ", DNS_MONITOR_VERSION, " (ABI ", CAPTURE_ABI_VERSION, ")");
}

int Failed(const absl::Status& status) {
  LogError(status.message());
  return kExitFailed;
}

int PrintInterfaces() {
  const absl::StatusOr<std::vector<Interface>> interfaces = ListInterfaces();
  if (!interfaces.ok()) return Failed(interfaces.status());
  absl::PrintF("%-16s %-10s %s\n", "INTERFACE", "LINK", "STATE");
  for (const Interface& interface : *interfaces) {
    const char* state = !interface.up ? "down" : interface.running ? "up" : "up, no carrier";
    const bool usable = LinkTypeOf(interface).ok();
    absl::PrintF("%-16s %-10s %s%s\n", interface.name, DescribeLinkType(interface), state,
                 usable ? "" : " (cannot be captured)");
  }
  return 0;
}

// The line that CLI11 has for a person who mistyped, as one line of ours.
int UsageError(absl::string_view message) {
  LogError(message, "; see --help");
  return kExitUsage;
}

int RunCapture(CaptureCommand* capture) {
  const absl::Status read = capture->ReadSettings();
  if (!read.ok()) return Failed(read);
  const absl::Status wrong = capture->Check();
  if (!wrong.ok()) return UsageError(wrong.message());
  const absl::Status status = capture->Run();
  return status.ok() ? 0 : Failed(status);
}

// What nobody could read, or a full disk did not take, does not tell that all is well.
int ExitWell() {
  if (fflush(stdout) == 0 && ferror(stdout) == 0) return 0;
  return Failed(ErrnoError("cannot write to standard output"));
}

int RunCheckConfig(const CheckConfigCommand& check) {
  return check.Run() ? ExitWell() : kExitFailed;
}

int RunVerify(const VerifyCommand& verify) {
  const absl::Status wrong = verify.Check();
  if (!wrong.ok()) return UsageError(wrong.message());
  return verify.Run() == 0 ? ExitWell() : kExitFailed;
}

}  // namespace

int RunCommandLine(int argc, char** argv) {
  if (argc > 1 && IsQueryCommand(argv[1])) return Failed(BecomeQueryProgram(argv));
  CLI::App app("Captures the DNS traffic of an interface to pcap files, for as long as you like.",
               "dns-monitor");
  app.formatter(std::make_shared<HelpFormatter>());
  app.set_help_flag("-h,--help", "print this page");
  app.set_version_flag("-V,--version", VersionText(), "print the version");
  app.require_subcommand(0, 1);  // checked below: an unknown word is to be named first
  app.footer("'dns-monitor COMMAND --help' tells the options of each; dns-monitor(1) tells more.");
  CaptureCommand capture(&app);
  VerifyCommand verify(&app);
  CheckConfigCommand check_config(&app);
  CLI::App* interfaces =
      app.add_subcommand("interfaces", "List the interfaces, with link type and state");
  // For the help page: these never come here.
  app.add_subcommand("query", "Ask captures in SQL");
  app.add_subcommand("report", "Answer usual questions about captures");
  app.add_subcommand("sql", "Ask captures in SQL, interactively");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::CallForVersion& version) {
    return app.exit(version);
  } catch (const CLI::ParseError& error) {
    return UsageError(error.what());
  }
  if (interfaces->parsed()) return PrintInterfaces();
  if (verify.chosen()) return RunVerify(verify);
  if (check_config.chosen()) return RunCheckConfig(check_config);
  if (!capture.chosen()) {
    return UsageError("which command? 'capture', 'verify', 'check-config' or 'interfaces'");
  }
  return RunCapture(&capture);
}

}  // namespace dns_monitor
