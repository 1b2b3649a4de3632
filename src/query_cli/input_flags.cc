#include "input_flags.h"

#include <unistd.h>

#include <cstdlib>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/clock.h"
#include "dns_monitor/base/log.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/base/units.h"
#include "dns_monitor/input/time_range.h"

namespace dns_monitor {
namespace {

absl::Status About(absl::string_view option, const absl::Status& status) {
  return absl::InvalidArgumentError(absl::StrCat(option, ": ", status.message()));
}

absl::Status SetTime(absl::string_view option, const std::optional<std::string>& text,
                     int64_t now_ns, int64_t* time_ns) {
  if (!text) return absl::OkStatus();
  const absl::StatusOr<int64_t> parsed = ParseTime(*text, now_ns);
  if (!parsed.ok()) return About(option, parsed.status());
  *time_ns = *parsed;
  return absl::OkStatus();
}

}  // namespace

InputFlags::InputFlags(CLI::App* command) {
  command
      ->add_option("--since", since_,
                   "only packets from then on: 24h (ago), 2026-11-20, '2026-11-20 13:45'")
      ->type_name("TIME");
  command->add_option("--until", until_, "only packets before then")->type_name("TIME");
  command->add_option("--interface", interface_, "only files of this interface")->type_name("IF");
  command
      ->add_option("--port", ports_,
                   "where DNS is: 53,5353 (default: what the ledgers name, else 53)")
      ->type_name("PORTS");
  command->add_flag("--skip-unreadable", skip_unreadable_,
                    "go on without what cannot be read, and say so");
  command->add_option("--threads", threads_, "at most so many (default: one a CPU)")
      ->type_name("N")
      ->check(CLI::Range(1, 1024).description(""));
  command
      ->add_option("--memory", memory_,
                   "what sorting and grouping may take before it goes to files (default: 1G)")
      ->type_name("SIZE");
  command->add_flag("--no-idle", no_idle_,
                    "run at the usual priority, not only while nothing else wants to");
}

absl::StatusOr<CaptureOptions> InputFlags::ToCaptureOptions(std::vector<std::string> paths) const {
  CaptureOptions options;
  options.now_ns = SystemClock().RealtimeNs();
  options.input.paths = std::move(paths);
  options.input.interface = interface_;
  options.input.skip_unreadable = skip_unreadable_;
  DM_RETURN_IF_ERROR(SetTime("--since", since_, options.now_ns, &options.input.range.from_ns));
  DM_RETURN_IF_ERROR(SetTime("--until", until_, options.now_ns, &options.input.range.to_ns));
  if (options.input.range.from_ns > options.input.range.to_ns) {
    return absl::InvalidArgumentError("--since is behind --until");
  }
  if (!ports_.empty()) {
    absl::StatusOr<std::vector<uint16_t>> ports = ParsePorts(ports_);
    if (!ports.ok()) return About("--port", ports.status());
    options.ports = *std::move(ports);
  }
  DM_RETURN_IF_ERROR(Memory().status());
  options.threads = Threads();
  options.escapes = rfc1035 ? NameEscapes::kRfc1035 : NameEscapes::kRfc4343;
  options.on_note = [](const std::string& note) { LogWarning(note); };
  return options;
}

int InputFlags::Threads() const {
  if (threads_ != 0) return threads_;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

absl::StatusOr<int64_t> InputFlags::Memory() const {
  constexpr int64_t kLeast = 32 << 20;  // with less the engine hardly starts
  const absl::StatusOr<int64_t> memory = ParseSize(memory_);
  if (!memory.ok()) return About("--memory", memory.status());
  if (*memory < kLeast) return absl::InvalidArgumentError("--memory: at least 32M");
  return *memory;
}

absl::StatusOr<EngineOptions> InputFlags::ToEngineOptions(Watch* watch) const {
  EngineOptions options;
  options.threads = Threads();
  DM_ASSIGN_OR_RETURN(options.memory_bytes, Memory());
  DM_ASSIGN_OR_RETURN(options.temporary_directory, watch->TemporaryDirectory());
  return options;
}

}  // namespace dns_monitor
