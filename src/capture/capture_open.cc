// Opening a capture: with the privileges, on the only thread there is.

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dns_monitor/archive/names.h"
#include "dns_monitor/base/event_fd.h"
#include "dns_monitor/base/file_lock.h"
#include "dns_monitor/base/log.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/base/system_disk.h"
#include "dns_monitor/base/units.h"
#include "dns_monitor/sandbox/sandbox.h"
#include "ledgers.h"
#include "running_capture.h"

namespace dns_monitor {
namespace {

constexpr char kSetcap[] = "cap_net_raw,cap_bpf,cap_perfmon";

std::string OwnPath() {
  std::error_code error;
  const std::filesystem::path path = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? "dns-monitor" : path.string();
}

}  // namespace

absl::Status Capture::PlanPrivileges() {
  DM_ASSIGN_OR_RETURN(privileges_, Privileges::Plan(options_.account, options_.group));
  const std::string missing = MissingCapabilities(options_.tap.hook);
  if (missing.empty()) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat("missing ", missing, ": run as root, or once: setcap ", kSetcap,
                   options_.tap.hook == Hook::kTcx ? ",cap_net_admin" : "", "+ep ", OwnPath()));
}

absl::Status Capture::Open() {
  DM_ASSIGN_OR_RETURN(interface_, FindInterface(options_.interface));
  if (!options_.stream()) DM_RETURN_IF_ERROR(OpenFiles());
  // While hardly anything is open that it could inherit.
  if (!options_.on_finished.empty()) DM_RETURN_IF_ERROR(StartCommandHelper());
  DM_RETURN_IF_ERROR(OpenTap());
  DM_RETURN_IF_ERROR(OpenLoop());
  DM_RETURN_IF_ERROR(OpenWriter());
  if (!options_.stream()) DM_RETURN_IF_ERROR(handover_.Keep(*tap_));
  DM_RETURN_IF_ERROR(DropPrivileges());
  // From here on: no privileges.
  return absl::OkStatus();
}

absl::Status Capture::DropPrivileges() {
  if (!options_.sandbox) {
    LogWarning("--no-sandbox: this process keeps its privileges, and may do all that its user may");
    return absl::OkStatus();
  }
  SandboxOptions sandbox{
      .directory = directory_, .registry = "", .attaches = tap_->hook() == Hook::kTcx};
  if (options_.retention.min_free()) sandbox.registry = kRegistryDirectory;
  return EnterSandbox(privileges_, sandbox);
}

// By whom it will be without privileges, so that what that one cannot do is told now, and the lock,
// the entry in the registry and all files are that one's.
absl::Status Capture::OpenFiles() {
  if (!options_.sandbox) return OpenDirectory();
  constexpr mode_t kDirectoryMode = 0750;
  constexpr mode_t kRegistryMode = 0755;
  DM_RETURN_IF_ERROR(privileges_.MakeDirectory(options_.directory, kDirectoryMode));
  // Without it, joining the others fails, and says so.
  if (options_.retention.min_free()) {
    privileges_.MakeDirectory(kRegistryDirectory, kRegistryMode).IgnoreError();
  }
  absl::Status opened = privileges_.Without([this] { return OpenDirectory(); });
  if (!absl::IsPermissionDenied(opened)) return opened;
  if (options_.account) {
    return absl::PermissionDeniedError(
        absl::StrCat(opened.message(), " (as the user ", options_.account->name, ")"));
  }
  if (geteuid() != 0) return opened;
  return absl::PermissionDeniedError(
      absl::StrCat(opened.message(),
                   " (root drops its privileges: give --user, or a directory in "
                   "which root may write without them)"));
}

absl::Status Capture::OpenDirectory() {
  DM_ASSIGN_OR_RETURN(disk_, OpenSystemDisk(options_.directory));
  std::error_code error;
  directory_ = std::filesystem::canonical(options_.directory, error).string();
  if (error) return ErrnoError(options_.directory, error.value());
  absl::StatusOr<Fd> lock = LockFile(directory_, LockName(interface_.name));
  if (absl::IsFailedPrecondition(lock.status())) {
    return absl::FailedPreconditionError(absl::StrCat("another process captures ", interface_.name,
                                                      " into ", directory_, " already"));
  }
  DM_RETURN_IF_ERROR(lock.status());
  lock_ = *std::move(lock);
  DM_RETURN_IF_ERROR(CheckGroup());
  // Now, before there is a part of our own.
  DM_ASSIGN_OR_RETURN(leftovers_, FindLeftovers(*disk_, interface_.name));
  if (options_.seal) {
    sealer_ = std::make_unique<Sealer>(
        *disk_, SealerOptions{.interface = interface_.name,
                              .mode = options_.mode,
                              .group = options_.group,
                              .on_done = [this](const auto& name) { RunCommandFor(name); }});
  }
  if (!options_.retention.any()) return absl::OkStatus();
  DM_RETURN_IF_ERROR(CheckLimits(options_.retention, disk_->Space()));
  // Who watches the free space watches it together with the others that do.
  peers_ = JoinPeers(options_.retention.min_free() ? kRegistryDirectory : "", directory_,
                     interface_.name);
  retention_ = std::make_unique<RetentionWorker>(RetentionConfig{.directory = directory_,
                                                                 .interface = interface_.name,
                                                                 .zone = Zone(),
                                                                 .limits = options_.retention},
                                                 *disk_, *peers_);
  return absl::OkStatus();
}

absl::Status Capture::StartCommandHelper() {
  const CommandOptions helper{.command = options_.on_finished,
                              .directory = directory_,
                              .interface = interface_.name,
                              .account = options_.account};
  DM_ASSIGN_OR_RETURN(commands_, CommandHelper::Start(helper, privileges_));
  return absl::OkStatus();
}

// Now, and not when the first file is finished.
absl::Status Capture::CheckGroup() {
  if (options_.group < 0) return absl::OkStatus();
  if (fchown(lock_.get(), -1, static_cast<gid_t>(options_.group)) == 0) return absl::OkStatus();
  const int error = errno;
  if (error != EPERM) return ErrnoError("--group", error);
  return absl::PermissionDeniedError(
      absl::StrCat("--group: files cannot be given to group ", options_.group,
                   ": this user is no member of it, and has no CAP_CHOWN"));
}

absl::Status Capture::OpenTap() {
  TapOptions tap_options = options_.tap;
  tap_options.interface = interface_;
  const NamedDescriptors none;
  DM_ASSIGN_OR_RETURN(
      tap_, Tap::Open(std::move(tap_options), options_.stream() ? none : handover_.kept()));
  handover_.TakeOver(*tap_);
  if (tap_->ring_bytes() < options_.tap.ring_bytes) {
    LogWarning("rings of ", FormatSize(static_cast<int64_t>(options_.tap.ring_bytes)),
               " would take more memory than --ring-memory allows: each has ",
               FormatSize(static_cast<int64_t>(tap_->ring_bytes())));
  }
  DM_ASSIGN_OR_RETURN(link_watch_,
                      LinkWatch::Create(interface_, tap_.get(), &clock_, &gaps_, [this] {
                        handover_.KeepNew(*tap_);
                        handover_.ForgetOld(*tap_);
                      }));
  return absl::OkStatus();
}

absl::Status Capture::OpenLoop() {
  done_fd_ = MakeEventFd();
  if (!done_fd_.valid()) return ErrnoError("eventfd");
  DM_RETURN_IF_ERROR(loop_.Open());
  DM_RETURN_IF_ERROR(loop_.AddSignals({SIGINT, SIGTERM, SIGHUP}, [this](int signal) {
    if (signal == SIGHUP) {
      OnHangup();
    } else {
      ended_by_signal_ = true;
      loop_.Quit();
    }
  }));
  DM_RETURN_IF_ERROR(AddTimers());
  DM_RETURN_IF_ERROR(loop_.AddReadable(link_watch_->fd(), [this] { link_watch_->OnReadable(); }));
  if (commands_ != nullptr) DM_RETURN_IF_ERROR(OpenClosingLoop());
  return loop_.AddReadable(done_fd_.get(), [this] { loop_.Quit(); });
}

absl::Status Capture::AddTimers() {
  DM_RETURN_IF_ERROR(loop_.AddTimer(kNanosecondsPerSecond, [this] { OnSecond(); }));
  if (options_.duration_ns > 0) {
    DM_RETURN_IF_ERROR(loop_.AddTimer(options_.duration_ns, [this] { loop_.Quit(); }));
  }
  if (!manager_.connected()) return absl::OkStatus();
  // For people who ask; the manager tells each change to all who listen to it.
  DM_RETURN_IF_ERROR(
      loop_.AddTimer(5 * kNanosecondsPerSecond, [this] { manager_.Status(status_line_->Text()); }));
  if (manager_.watchdog_ns() == 0) return absl::OkStatus();
  return loop_.AddTimer(manager_.watchdog_ns() / 2, [this] { TellAlive(); });
}

// Also what the last commands are waited with: once confined, this thread opens nothing.
absl::Status Capture::OpenClosingLoop() {
  const auto on_readable = [this] {
    commands_->OnReadable();
    if (commands_->ended()) closing_loop_.Quit();
  };
  DM_RETURN_IF_ERROR(loop_.AddReadable(commands_->fd(), on_readable));
  DM_RETURN_IF_ERROR(closing_loop_.Open());
  DM_RETURN_IF_ERROR(closing_loop_.AddReadable(commands_->fd(), on_readable));
  return closing_loop_.AddSignals({SIGINT, SIGTERM}, [this](int) { closing_loop_.Quit(); });
}

// Under a limit on the size of files (ulimit -f), the next segment begins in time.
int64_t Capture::MaxSegmentBytes() const {
  rlimit limit{};
  if (options_.stream() || getrlimit(RLIMIT_FSIZE, &limit) != 0 ||
      limit.rlim_cur >= static_cast<rlim_t>(options_.max_segment_bytes)) {
    return options_.max_segment_bytes;
  }
  const auto bytes = static_cast<int64_t>(limit.rlim_cur);
  LogWarning("files of this process may have ", FormatSize(bytes),
             " at most (ulimit -f): a new one begins at that size");
  return bytes;
}

absl::Status Capture::OpenWriter() {
  DM_ASSIGN_OR_RETURN(const LinkType link_type, LinkTypeOf(interface_));
  DM_ASSIGN_OR_RETURN(const RotationSchedule schedule,
                      RotationSchedule::Create(options_.rotate, Zone()));
  WriterOptions writer;
  writer.segments = {.link_type = link_type,
                     .snaplen = options_.tap.snaplen,
                     .nanoseconds = options_.nanoseconds,
                     .schedule = schedule,
                     .max_segment_bytes = MaxSegmentBytes(),
                     .max_packets = options_.max_packets};
  if (disk_ != nullptr) {
    DM_ASSIGN_OR_RETURN(
        KeeperOptions keeper,
        DescribeCapture(options_, interface_,
                        tap_->hook() == Hook::kTcx ? CapturedHook::kTcx : CapturedHook::kSocket,
                        &gaps_));
    keeper.await_recovery = [this] { AwaitRecovery(); };
    writer.settings = keeper.common.settings;
    keeper_ = std::make_unique<LedgerKeeper>(disk_.get(), std::move(keeper));
  }
  writer.finisher = {.interface = interface_.name,
                     .names_need_seconds = schedule.NamesNeedSeconds(),
                     .zone = Zone(),
                     .mode = options_.mode,
                     .group = options_.group,
                     .keeper = keeper_.get(),
                     .on_opened = [this](const SegmentFacts& facts) { OnOpened(facts); },
                     .on_finished = [this](const SegmentFacts& facts) { OnFinished(facts); }};
  writer.is_start = tap_->old_rings().empty();
  writer.before = handover_.before();
  writer.flush_ns = options_.flush_ns;
  writer.compression = options_.compression;
  if (options_.stream()) writer.stream_fd = STDOUT_FILENO;
  writer.doorbell_fd = tap_->doorbell_fd();
  writer.clear_doorbell = [this] { tap_->ClearDoorbell(); };
  writer.done_fd = done_fd_.get();
  writer_options_ = writer;
  DM_ASSIGN_OR_RETURN(writer_,
                      Writer::Create(std::move(writer), &clock_, tap_->rings(), disk_.get()));
  return absl::OkStatus();
}

}  // namespace dns_monitor
