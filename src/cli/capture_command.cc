#include "capture_command.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "apply_settings.h"
#include "dns_monitor/archive/schedule.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/base/units.h"
#include "dns_monitor/compress/frame_encoder.h"
#include "dns_monitor/tap/user_filter.h"

namespace dns_monitor {
namespace {

// Turns a parser of ours into a CLI11 option whose errors are CLI11's.
template <typename Parser, typename Store>
CLI::Option* AddParsed(CLI::App* app, const std::string& names, const std::string& type,
                       const std::string& description, Parser parse, Store store) {
  return app
      ->add_option_function<std::string>(
          names,
          [names, parse, store](const std::string& text) {
            auto parsed = parse(text);
            if (!parsed.ok()) {
              throw CLI::ValidationError(names, std::string(parsed.status().message()));
            }
            store(*parsed);
          },
          description)
      ->type_name(type);
}

absl::StatusOr<uint64_t> ParseRingSize(const std::string& text) {
  DM_ASSIGN_OR_RETURN(const int64_t bytes, ParseSize(text));
  const auto size = static_cast<uint64_t>(bytes);
  if ((size & (size - 1)) != 0 || size < CAPTURE_RING_MIN_BYTES || size > CAPTURE_RING_MAX_BYTES) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", text, "' is not a power of two from 1M to 256M"));
  }
  return size;
}

absl::StatusOr<uint16_t> ParsePort(const std::string& text) {
  uint32_t port = 0;
  if (!absl::SimpleAtoi(text, &port) || port == 0 || port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", text, "' is not a port: a number from 1 to 65535"));
  }
  return static_cast<uint16_t>(port);
}

absl::StatusOr<uint64_t> ParseCount(const std::string& text) {
  uint64_t count = 0;
  if (!absl::SimpleAtoi(text, &count) || count == 0) {
    return absl::InvalidArgumentError(absl::StrCat("'", text, "' is not a number from 1"));
  }
  return count;
}

absl::StatusOr<uint32_t> ParseSnaplen(const std::string& text) {
  uint32_t snaplen = 0;
  if (!absl::SimpleAtoi(text, &snaplen) || snaplen > CAPTURE_MAX_SNAPLEN) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", text, "' is not a number of bytes from 1 to ", CAPTURE_MAX_SNAPLEN, ", or 0 for all"));
  }
  return snaplen == 0 ? CAPTURE_MAX_SNAPLEN : snaplen;
}

absl::StatusOr<uint32_t> ParseMode(const std::string& text) {
  const bool octal =
      !text.empty() && text.size() <= 4 &&
      std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '7'; });
  if (!octal || std::stoul(text, nullptr, 8) > 0777) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", text, "' is not a file mode in octal, such as 0640"));
  }
  return static_cast<uint32_t>(std::stoul(text, nullptr, 8));
}

absl::StatusOr<Direction> ParseDirection(const std::string& text) {
  if (text == "in") return Direction::kIn;
  if (text == "out") return Direction::kOut;
  if (text == "inout") return Direction::kBoth;
  return absl::InvalidArgumentError(absl::StrCat("'", text, "' is none of in, out, inout"));
}

absl::StatusOr<Hook> ParseHook(const std::string& text) {
  if (text == "auto") return Hook::kAuto;
  if (text == "socket") return Hook::kSocket;
  if (text == "tcx") return Hook::kTcx;
  return absl::InvalidArgumentError(absl::StrCat("'", text, "' is none of auto, socket, tcx"));
}

absl::StatusOr<int64_t> ParseGroup(const std::string& text) {
  int64_t number = 0;
  if (absl::SimpleAtoi(text, &number)) {
    // The highest means "no change" to chown(2).
    if (number >= 0 && number < std::numeric_limits<gid_t>::max()) return number;
    return absl::InvalidArgumentError(absl::StrCat("'", text, "' is not the number of a group"));
  }
  const group* entry = getgrnam(text.c_str());
  if (entry == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("there is no group '", text, "'"));
  }
  return static_cast<int64_t>(entry->gr_gid);
}

// nullopt: "none".
absl::StatusOr<std::optional<int>> ParseCompression(const std::string& text) {
  if (text == "none") return std::nullopt;
  if (text == "zstd") return kUsualLevel;
  absl::string_view level = text;
  int number = 0;
  if (absl::ConsumePrefix(&level, "zstd:") && absl::SimpleAtoi(level, &number) &&
      number >= kLowestLevel && number <= kHighestLevel) {
    return number;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "'", text, "' is none of none, zstd, zstd:", kLowestLevel, " to zstd:", kHighestLevel));
}

absl::StatusOr<size_t> ParseThreads(const std::string& text) {
  size_t number = 0;
  if (absl::SimpleAtoi(text, &number) && number >= 1 && number <= kMostCompressorThreads) {
    return number;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("'", text, "' is not a number from 1 to ", kMostCompressorThreads));
}

absl::StatusOr<bool> ParseSeal(const std::string& text) {
  if (text == "sha256") return true;
  return absl::InvalidArgumentError(absl::StrCat("'", text, "' is no seal; there is sha256"));
}

absl::StatusOr<std::string> ParseCommand(const std::string& text) {
  if (!text.empty()) return text;
  return absl::InvalidArgumentError("'' is no command");
}

// "5%" of the file system, or a size.
absl::Status ParseMinFree(const std::string& text, RetentionLimits* limits) {
  absl::string_view rest = text;
  if (absl::ConsumeSuffix(&rest, "%")) {
    double percent = 0;
    if (!absl::SimpleAtod(rest, &percent) || !(percent > 0 && percent < 100)) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", text, "' is not a part of the disk between 0% and 100%"));
    }
    limits->min_free_fraction = percent / 100;
    limits->min_free_bytes.reset();
    return absl::OkStatus();
  }
  DM_ASSIGN_OR_RETURN(const int64_t bytes, ParseSize(text));
  limits->min_free_bytes = bytes;
  limits->min_free_fraction.reset();
  return absl::OkStatus();
}

}  // namespace

CaptureCommand::CaptureCommand(CLI::App* app)
    : command_(app->add_subcommand("capture", "Capture the DNS of an interface into pcap files")) {
  command_->add_option("interface", options_.interface, "the interface ('dns-monitor interfaces')")
      ->type_name("IF")
      ->required();
  AddFiles();
  AddRetention();
  AddSelection();
  AddEngine();
  AddPrivileges();
  AddBeginAndEnd();
  AddConfig();
  command_->footer(
      "TIME is 30s, 5m, 1h, 1d, 1h30m; SIZE is 64K, 64M, 1G, 1GiB (powers of 1024).\n"
      "SIGHUP begins a new file; SIGINT and SIGTERM end the capture without loss.\n\n"
      "Examples:\n"
      "  dns-monitor capture eth0 -d /var/lib/dns --max-age 30d --min-free 5%\n"
      "  dns-monitor capture lo -w - | tshark -r -");
}

void CaptureCommand::AddConfig() {
  command_
      ->add_option(
          "--config", config_paths_,
          "take options that are not given here from lines such as 'max-age = 30d'; may be "
          "given again, the last FILE comes first; -FILE: if it exists")
      ->type_name("FILE")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group("Settings");
}

void CaptureCommand::AddFiles() {
  CLI::App* app = command_;
  app->add_option("-d,--directory", options_.directory,
                  "write IF.YYYYmmdd_HHMM.pcap there, as .pcap.part until finished")
      ->type_name("DIR")
      ->group("Files");
  app->add_option("-w,--write", stream_, "- instead of -d: one pcap stream to standard output")
      ->type_name("-")
      ->group("Files");
  AddParsed(
      app, "--rotate", "TIME", "begin a new file each TIME, on the clock (1d: at midnight)",
      [](const std::string& text) { return ParseDuration(text); },
      [this](int64_t ns) { options_.rotate = absl::Nanoseconds(ns); })
      ->group("Files");
  app->add_flag("--utc", options_.utc, "clock and names in UTC instead of local time")
      ->group("Files");
  AddParsed(
      app, "--rotate-size", "SIZE", "also begin a new file at this size",
      [](const std::string& text) { return ParseSize(text); },
      [this](int64_t bytes) { options_.max_segment_bytes = bytes; })
      ->group("Files");
  AddParsed(app, "--compress", "KIND", "write .pcap.zst instead: zstd, or zstd:LEVEL (1 to 19; 3)",
            ParseCompression, [this](std::optional<int> level) { compression_level_ = level; })
      ->group("Files");
  AddParsed(app, "--compress-threads", "N", "beside the writer's own (1)", ParseThreads,
            [this](size_t threads) { compression_threads_ = threads; })
      ->group("Files");
  AddParsed(app, "--mode", "MODE", "permissions of the files (0640)", ParseMode,
            [this](uint32_t mode) { options_.mode = mode; })
      ->group("Files");
  AddParsed(app, "--group", "GROUP", "group of the files", ParseGroup, [this](int64_t group) {
    options_.group = group;
  })->group("Files");
  AddParsed(app, "-z,--on-finished", "CMD",
            "run 'CMD FILE' for each finished file, without privileges", ParseCommand,
            [this](const std::string& command) { options_.on_finished = command; })
      ->group("Files");
  AddParsed(app, "--seal", "KIND",
            "sha256: write FILE.sha256 beside each finished file, for 'sha256sum -c'", ParseSeal,
            [this](bool seal) { options_.seal = seal; })
      ->group("Files");
  app->add_flag("--nanosecond", options_.nanoseconds,
                "timestamps in nanoseconds (default: microseconds, which every reader knows)")
      ->group("Files");
}

void CaptureCommand::AddRetention() {
  AddParsed(
      command_, "--max-age", "TIME", "delete finished files whose last packet is older",
      [](const std::string& text) { return ParseDuration(text); },
      [this](int64_t ns) { options_.retention.max_age_ns = ns; })
      ->group("Retention (none unless given; oldest files of this interface first)");
  AddParsed(
      command_, "--max-size", "SIZE", "delete while finished files take more",
      [](const std::string& text) { return ParseSize(text); },
      [this](int64_t bytes) { options_.retention.max_size_bytes = bytes; })
      ->group("Retention (none unless given; oldest files of this interface first)");
  command_
      ->add_option_function<std::string>(
          "--min-free",
          [this](const std::string& text) {
            const absl::Status parsed = ParseMinFree(text, &options_.retention);
            if (!parsed.ok()) {
              throw CLI::ValidationError("--min-free", std::string(parsed.message()));
            }
          },
          "delete while less of the disk is free: a SIZE, or a part such as 5%; of all running "
          "captures with this option, the oldest file goes first")
      ->type_name("SIZE")
      ->group("Retention (none unless given; oldest files of this interface first)");
}

void CaptureCommand::AddSelection() {
  CLI::App* app = command_;
  app->add_option_function<std::vector<std::string>>(
         "--port",
         [this](const std::vector<std::string>& texts) {
           ports_.clear();
           for (const std::string& text : texts) {
             const absl::StatusOr<uint16_t> port = ParsePort(text);
             if (!port.ok())
               throw CLI::ValidationError("--port", std::string(port.status().message()));
             ports_.push_back(*port);
           }
         },
         "UDP and TCP port of DNS (53); may be given 16 times")
      ->type_name("PORT")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group("Packets");
  app->add_option("--filter", options_.tap.filter,
                  "of these, only what matches EXPR (pcap-filter(7))")
      ->type_name("EXPR")
      ->group("Packets");
  AddParsed(app, "-Q,--direction", "DIR", "in, out or inout (default)", ParseDirection,
            [this](Direction direction) { options_.tap.direction = direction; })
      ->group("Packets");
  app->add_flag_callback(
         "-p,--no-promiscuous-mode", [this] { options_.tap.promiscuous = false; },
         "leave the interface out of promiscuous mode")
      ->group("Packets");
  app->add_flag_callback(
         "--no-icmp-errors", [this] { options_.tap.icmp_errors = false; },
         "without the ICMP errors that quote a packet of these ports")
      ->group("Packets");
  AddParsed(app, "-s,--snaplen", "BYTES", "clip longer packets (262144)", ParseSnaplen,
            [this](uint32_t snaplen) { options_.tap.snaplen = snaplen; })
      ->group("Packets");
}

void CaptureCommand::AddEngine() {
  AddParsed(
      command_, "--hook", "HOOK",
      "where the filter meets the packets: socket (default), tcx (cheaper, above all for what "
      "is sent; Linux 6.6, cap_net_admin), or auto: tcx if it can be had",
      ParseHook, [this](Hook hook) { options_.tap.hook = hook; })
      ->group("Engine");
  AddParsed(command_, "--ring-size", "SIZE",
            "memory between kernel and process, of each CPU: a power of two from 1M to 256M (64M)",
            ParseRingSize, [this](uint64_t bytes) { options_.tap.ring_bytes = bytes; })
      ->group("Engine");
  AddParsed(
      command_, "--ring-memory", "SIZE",
      "of all rings; they are made smaller to fit (1G, or a sixteenth of the memory if less)",
      [](const std::string& text) { return ParseSize(text); },
      [this](int64_t bytes) { options_.tap.ring_memory_bytes = static_cast<uint64_t>(bytes); })
      ->group("Engine");
  AddParsed(
      command_, "--flush", "TIME", "a packet is in the file that long after, at most (1s)",
      [](const std::string& text) { return ParseDuration(text); },
      [this](int64_t ns) { options_.flush_ns = ns; })
      ->group("Engine");
}

void CaptureCommand::AddPrivileges() {
  AddParsed(command_, "--user", "USER",
            "become USER once all is open; DIR is made for it when missing (needs root)",
            FindAccount, [this](const Account& account) { options_.account = account; })
      ->group("Privileges (all are dropped once the capture is open)");
  command_
      ->add_flag_callback(
          "--no-sandbox", [this] { options_.sandbox = false; },
          "for debugging: keep them, and allow all system calls and files")
      ->group("Privileges (all are dropped once the capture is open)");
}

void CaptureCommand::AddBeginAndEnd() {
  command_
      ->add_flag("--wait", options_.wait,
                 "wait for an interface that does not exist yet, instead of failing")
      ->group("Begin and end");
  AddParsed(command_, "-c,--count", "N", "end after N packets", ParseCount, [this](uint64_t count) {
    options_.max_packets = count;
  })->group("Begin and end");
  AddParsed(
      command_, "--duration", "TIME", "end after TIME",
      [](const std::string& text) { return ParseDuration(text); },
      [this](int64_t ns) { options_.duration_ns = ns; })
      ->group("Begin and end");
}

absl::Status CaptureCommand::ReadSettings() {
  // What is set already stays, so the last file is the first to be read.
  for (auto path = config_paths_.rbegin(); path != config_paths_.rend(); ++path) {
    absl::string_view name = *path;
    const bool optional = absl::ConsumePrefix(&name, "-");
    absl::Status applied = ApplySettings(std::string(name), command_);
    if (!applied.ok() && !(optional && absl::IsNotFound(applied))) return applied;
  }
  return absl::OkStatus();
}

absl::Status CaptureCommand::CheckFile(const std::string& path) {
  DM_RETURN_IF_ERROR(ApplySettings(path, command_));
  absl::Status wrong = CheckOptions();
  if (wrong.ok() && !options_.tap.filter.empty()) wrong = CheckFilterSyntax(options_.tap.filter);
  if (wrong.ok()) return wrong;
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", wrong.message()));
}

absl::Status CaptureCommand::Check() const {
  DM_RETURN_IF_ERROR(CheckOptions());
  return CheckTarget();
}

absl::Status CaptureCommand::CheckTarget() const {
  if (!stream() && options_.directory.empty()) {
    return absl::InvalidArgumentError("where to? Give -d DIR, or -w - for a stream");
  }
  if (stream() && isatty(STDOUT_FILENO) != 0) {
    return absl::InvalidArgumentError(
        "-w - would write binary data to the terminal: pipe it, as in '| tshark -r -'");
  }
  if (stream() && (fcntl(STDOUT_FILENO, F_GETFL) & O_ACCMODE) == O_RDONLY) {
    return absl::InvalidArgumentError("-w - needs a standard output, and that is closed");
  }
  return absl::OkStatus();
}

absl::Status CaptureCommand::CheckOptions() const {
  if (!stream_.empty() && !stream()) {
    return absl::InvalidArgumentError(
        "-w takes only '-' (standard output); for files give a directory with -d");
  }
  if (stream() && !options_.directory.empty()) {
    return absl::InvalidArgumentError("give either -d DIR or -w -, not both");
  }
  for (const char* option :
       {"--rotate", "--rotate-size", "--utc", "--compress", "--mode", "--group", "--seal",
        "--on-finished", "--max-age", "--max-size", "--min-free"}) {
    if (!stream() || command_->count(option) == 0) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("a stream has no files: leave ", option, " out"));
  }
  if (!options_.sandbox && options_.account) {
    return absl::InvalidArgumentError("--no-sandbox keeps the user: leave --user out");
  }
  if (ports_.size() > CAPTURE_MAX_PORTS) {
    return absl::InvalidArgumentError(
        absl::StrCat("--port may be given ", CAPTURE_MAX_PORTS, " times at most"));
  }
  absl::Status period = RotationSchedule::Create(options_.rotate, absl::UTCTimeZone()).status();
  if (period.ok()) return period;
  return absl::InvalidArgumentError(absl::StrCat("--rotate: ", period.message()));
}

absl::Status CaptureCommand::Run() const {
  CaptureOptions options = options_;
  if (!ports_.empty()) options.tap.ports = ports_;
  if (compression_level_) {
    options.compression = {.level = *compression_level_, .threads = compression_threads_};
  }
  return RunCapture(options);
}

}  // namespace dns_monitor
