#include "dns_monitor/query_cli/query_cli.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <memory>

#include "absl/strings/str_cat.h"
#include "cut_capture.h"
#include "dns_monitor/base/log.h"
#include "dns_monitor/output/byte_sink.h"
#include "dns_monitor/usage/help_formatter.h"
#include "query_command.h"
#include "report_command.h"
#include "sql_command.h"
#include "watch.h"

namespace dns_monitor {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;
constexpr int kExitInterrupted = 130;

int UsageError(absl::string_view message) {
  LogError(message, "; see --help");
  return kExitUsage;
}

// Nobody who captures is to wait for somebody who asks: CPU and disk come to this process when no
// other wants them. Where that is refused it runs as others do.
void YieldToOthers() {
  sched_param none = {};
  sched_setscheduler(0, SCHED_IDLE, &none);
  constexpr int kWhoProcess = 1;       // IOPRIO_WHO_PROCESS (linux/ioprio.h)
  constexpr int kIdleClass = 3 << 13;  // IOPRIO_CLASS_IDLE
  syscall(SYS_ioprio_set, kWhoProcess, 0, kIdleClass);
}

int ExitStatus(const absl::Status& status) {
  if (status.ok() || ReaderIsGone(status)) return 0;
  if (absl::IsCancelled(status)) {
    LogWarning("interrupted");
    return kExitInterrupted;
  }
  // The line that tells what is wrong as others do; below it, the place in the statement.
  const absl::string_view message = status.message();
  const size_t newline = message.find('\n');
  LogError(message.substr(0, newline));
  if (newline != absl::string_view::npos) LogText(absl::StrCat(message.substr(newline + 1), "\n"));
  return kExitFailed;
}

template <typename Command>
int RunCommand(Command* command) {
  const absl::Status wrong = command->Check();
  if (!wrong.ok()) return UsageError(wrong.message());
  signal(SIGPIPE, SIG_IGN);
  EndWhereACaptureIsCut();
  if (command->input().at_idle()) YieldToOthers();
  Watch watch;
  return ExitStatus(command->Run(&watch));
}

}  // namespace

int RunQueryCommandLine(int argc, char** argv) {
  CLI::App app("Asks captures of DNS.", "dns-monitor");
  app.formatter(std::make_shared<HelpFormatter>());
  app.set_help_flag("-h,--help", "print this page");
  app.set_version_flag("-V,--version", absl::StrCat("dns-monitor ", DNS_MONITOR_VERSION),
                       "print the version");
  app.require_subcommand(0, 1);
  QueryCommand query(&app);
  ReportCommand report(&app);
  SqlCommand sql(&app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::CallForVersion& version) {
    return app.exit(version);
  } catch (const CLI::ParseError& error) {
    return UsageError(error.what());
  }
  if (query.chosen()) return RunCommand(&query);
  if (report.chosen()) return RunCommand(&report);
  if (sql.chosen()) return RunCommand(&sql);
  return UsageError("which command? 'query', 'report' or 'sql'");
}

}  // namespace dns_monitor
