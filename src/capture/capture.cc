#include "dns_monitor/capture/capture.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "absl/strings/str_cat.h"
#include "await_interface.h"
#include "dns_monitor/archive/names.h"
#include "dns_monitor/base/event_fd.h"
#include "dns_monitor/base/file_lock.h"
#include "dns_monitor/base/log.h"
#include "dns_monitor/base/notify.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/base/system_disk.h"
#include "dns_monitor/base/thread.h"
#include "dns_monitor/base/units.h"
#include "dns_monitor/command/command_helper.h"
#include "dns_monitor/recovery/recover.h"
#include "dns_monitor/retention/peers.h"
#include "dns_monitor/retention/worker.h"
#include "dns_monitor/sandbox/sandbox.h"
#include "dns_monitor/seal/seal.h"
#include "dns_monitor/seal/sealer.h"
#include "dns_monitor/writer/writer.h"
#include "event_loop.h"
#include "handover.h"
#include "ledgers.h"
#include "link_watch.h"
#include "status_line.h"
#include "summary.h"

namespace dns_monitor {
namespace {

// What the finisher's thread tells and the main thread shows.
class CurrentFile {
 public:
  void Set(std::string name) {
    const std::lock_guard lock(mutex_);
    name_ = std::move(name);
  }
  std::string Get() const {
    const std::lock_guard lock(mutex_);
    return name_;
  }

 private:
  mutable std::mutex mutex_;
  std::string name_;
};

constexpr char kSetcap[] = "cap_net_raw,cap_bpf,cap_perfmon+ep";

std::string OwnPath() {
  std::error_code error;
  const std::filesystem::path path = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? "dns-monitor" : path.string();
}

// A service whose manager cannot be told is ended by that; the log says why.
Notifier ConnectToManager() {
  absl::StatusOr<Notifier> manager = Notifier::Connect();
  if (manager.ok()) return *std::move(manager);
  LogWarning("the service manager cannot be told: ", manager.status().message());
  return {};
}

class Capture {
 public:
  Capture(const CaptureOptions& options, const Notifier& manager, NamedDescriptors kept)
      : options_(options), manager_(manager), handover_(&manager, std::move(kept)) {}
  ~Capture() {
    recovery_cancelled_ = true;
    AwaitRecovery();
  }

  // Whether it has the privileges that Open takes.
  absl::Status PlanPrivileges();
  absl::Status Open();
  absl::Status Start();
  absl::Status Run();
  // Detaches, drains, finishes, reports.
  absl::Status Close();

 private:
  absl::Status OpenFiles();
  absl::Status OpenDirectory();
  absl::Status StartCommandHelper();
  absl::Status CheckGroup();
  void RecoverLeftovers();
  void ForgetFinished();
  absl::Status ReadOldRings();
  void AwaitRecovery();
  absl::Status OpenTap();
  absl::Status OpenWriter();
  int64_t MaxSegmentBytes() const;
  absl::Status OpenLoop();
  absl::Status AddTimers();
  absl::Status OpenClosingLoop();
  void AwaitCommands();
  absl::Status DropPrivileges();
  absl::TimeZone Zone() const { return options_.utc ? absl::UTCTimeZone() : absl::LocalTimeZone(); }
  void TellBridge();
  void OnHangup();
  void OnSecond();
  void TellAlive();
  void FollowCpus();
  void FollowDisk();
  void FollowDirectory();
  void OnOpened(const SegmentFacts& facts);
  void OnFinished(const SegmentFacts& facts);
  // Of a segment that has its name, with its ledger: also of one that a crash left.
  void PassOn(FinishedSegment segment);
  // … and with its seal, if it gets one.
  void RunCommandFor(const SegmentName& name);

  const CaptureOptions options_;
  const Notifier& manager_;
  const Clock& clock_ = SystemClock();
  Privileges privileges_;
  std::unique_ptr<CommandHelper> commands_;  // outlives the threads that tell it of segments
  std::string directory_;                    // absolute
  std::unique_ptr<Disk> disk_;
  Fd lock_;
  std::unique_ptr<Peers> peers_;
  std::unique_ptr<RetentionWorker> retention_;
  std::unique_ptr<Sealer> sealer_;
  GapLog gaps_;
  std::unique_ptr<LedgerKeeper> keeper_;
  std::vector<SegmentName> leftovers_;  // of a capture that crashed
  std::thread recovery_thread_;
  std::once_flag recovery_joined_;
  std::atomic<bool> recovery_cancelled_{false};
  Interface interface_;
  std::unique_ptr<Tap> tap_;
  Handover handover_;
  BridgeEstimate bridge_;
  bool ended_by_signal_ = false;
  bool directory_removed_ = false;
  std::unique_ptr<LinkWatch> link_watch_;
  absl::Status cpu_trouble_;      // said last
  int cpus_without_ring_ = 0;     // said last
  int64_t stalled_since_ns_ = 0;  // said last
  int64_t watched_round_ns_ = 0;  // of the writer
  CurrentFile current_file_;
  WriterOptions writer_options_;
  std::unique_ptr<Writer> writer_;
  uint64_t written_from_old_ = 0;  // packets
  Fd done_fd_;
  EventLoop loop_;
  EventLoop closing_loop_;  // while the last commands run
  std::unique_ptr<StatusLine> status_line_;
};

absl::Status Capture::PlanPrivileges() {
  DM_ASSIGN_OR_RETURN(privileges_, Privileges::Plan(options_.account, options_.group));
  const std::string missing = MissingCapabilities();
  if (missing.empty()) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrCat(
      "missing ", missing, ": run as root, or once: setcap ", kSetcap, " ", OwnPath()));
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
  SandboxOptions sandbox{.directory = directory_, .registry = ""};
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

// Beside the capture that has just begun: what a crash left may be many GiB.
void Capture::RecoverLeftovers() {
  RecoveryOptions recovery;
  recovery.mode = options_.mode;
  recovery.group = options_.group;
  recovery.zone = Zone();
  recovery.write_ledger = [this](Ledger ledger) {
    return keeper_->WriteRecovered(std::move(ledger));
  };
  recovery.on_finished = [this](const SalvagedPart& part) {
    PassOn(
        {.name = part.name, .size_bytes = part.kept_bytes, .last_packet_ns = part.last_packet_ns});
  };
  recovery.known = [this](const SegmentName& name) { return handover_.Known(name); };
  recovery.on_gone = [this](const SalvagedPart& part) { writer_->OnInheritedDone(part.part); };
  recovery.cancelled = [this] { return recovery_cancelled_.load(); };
  Recover(*disk_, leftovers_, recovery);
}

// What the process before had still to finish when it committed last may have its name by now.
void Capture::ForgetFinished() {
  for (const CommittedSegment& segment : handover_.parts()) {
    const bool is_left = std::any_of(leftovers_.begin(), leftovers_.end(),
                                     [&](const auto& name) { return name.Part() == segment.part; });
    if (!is_left) writer_->OnInheritedDone(segment.part);
  }
}

// Any thread, any number of times.
void Capture::AwaitRecovery() {
  std::call_once(recovery_joined_, [this] {
    if (recovery_thread_.joinable()) recovery_thread_.join();
  });
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
  DM_ASSIGN_OR_RETURN(link_watch_, LinkWatch::Create(interface_, tap_.get(), &clock_, &gaps_));
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
    DM_ASSIGN_OR_RETURN(KeeperOptions keeper, DescribeCapture(options_, interface_, &gaps_));
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
  if (options_.stream()) writer.stream_fd = STDOUT_FILENO;
  writer.doorbell_fd = tap_->doorbell_fd();
  writer.clear_doorbell = [this] { tap_->ClearDoorbell(); };
  writer.done_fd = done_fd_.get();
  writer_options_ = writer;
  DM_ASSIGN_OR_RETURN(writer_,
                      Writer::Create(std::move(writer), &clock_, tap_->rings(), disk_.get()));
  return absl::OkStatus();
}

absl::Status Capture::Start() {
  // The tap first: when it cannot, no file is made. The rings hold what comes until the writer
  // takes it.
  writer_->BeginAt(clock_.BoottimeNs());
  bridge_.Sample(clock_.BoottimeNs(), *tap_->rings());
  DM_RETURN_IF_ERROR(tap_->Start());
  handover_.TakeOverOld(*tap_);
  if (keeper_ != nullptr && handover_.succeeds()) {
    keeper_->TakesOver(clock_.RealtimeNs() - (clock_.BoottimeNs() - tap_->replaced_at_ns()));
  }
  if (retention_ != nullptr) retention_->Start();
  if (sealer_ != nullptr) sealer_->Start();
  ForgetFinished();
  if (!leftovers_.empty()) {
    recovery_thread_ = StartThread("recovery", [this] { RecoverLeftovers(); });
  }
  DM_RETURN_IF_ERROR(ReadOldRings());
  // More than the commit record has room for.
  if (handover_.before() && handover_.before()->segments.size() > kInheritedCount) AwaitRecovery();
  handover_.ForgetOld(*tap_);
  writer_->Start(tap_->replaced_at_ns());
  // All threads are there, each with its own system calls.
  if (options_.sandbox) DM_RETURN_IF_ERROR(ConfineMainThread());
  LogInfo("capturing on ", interface_.name, " (", DescribeLinkType(interface_), "), rings of ",
          FormatSize(static_cast<int64_t>(tap_->ring_bytes())), " a CPU, ",
          writer_->backend_name());
  manager_.Status(absl::StrCat("capturing on ", interface_.name));
  manager_.Ready();
  return absl::OkStatus();
}

// Into files of their own, the oldest first; meanwhile the new ones hold what comes.
absl::Status Capture::ReadOldRings() {
  const std::vector<std::unique_ptr<OldRings>>& all = tap_->old_rings();
  for (size_t index = 0; index < all.size(); ++index) {
    WriterOptions options = writer_options_;
    options.before = handover_.before_old(index);
    options.segments.max_packets = std::numeric_limits<uint64_t>::max();
    options.doorbell_fd = options.done_fd = -1;
    DM_ASSIGN_OR_RETURN(
        const std::unique_ptr<Writer> writer,
        Writer::Create(std::move(options), &clock_, all[index]->rings(), disk_.get()));
    writer->BeginAt(all[index]->OldestNs().value_or(clock_.BoottimeNs()));
    writer->Start(std::numeric_limits<int64_t>::max());
    const WriterResult result = writer->Stop(Ending::kNewRings);
    DM_RETURN_IF_ERROR(result.status);
    written_from_old_ += result.packets_written;
    if (result.packets_lost == 0) continue;
    return absl::DataLossError(absl::StrCat(FormatCount(result.packets_lost),
                                            " packets of the process before cannot be written"));
  }
  // Of what is left of those there, nobody else knows.
  if (!all.empty()) AwaitRecovery();
  return absl::OkStatus();
}

absl::Status Capture::Run() {
  status_line_ = std::make_unique<StatusLine>();
  absl::Status status = loop_.Run();
  status_line_.reset();
  return status;
}

absl::Status Capture::Close() {
  manager_.Stopping();
  // Nobody can tell a restart from a stop: who stops the service makes the manager forget.
  const bool handed_over = (ended_by_signal_ || directory_removed_) && handover_.holds();
  if (handed_over) {
    TellBridge();
  } else {
    handover_.Release();
    tap_->Stop();  // from here on no record comes
  }
  recovery_cancelled_ = true;  // the rest at the next start
  AwaitRecovery();
  const WriterResult result = writer_->Stop(handed_over ? Ending::kSameRings : Ending::kForGood);
  if (sealer_ != nullptr) sealer_->Stop();
  if (retention_ != nullptr) retention_->Stop();
  const CaptureTotals totals{.filter = handover_.Counted(*tap_),
                             .written = result.packets_written + written_from_old_,
                             .late = writer_->status().packets_late.load(),
                             .lost_by_writer = result.packets_lost,
                             .stream = options_.stream(),
                             .handed_over = handed_over,
                             .reader_gone = writer_->status().stream_closed.load()};
  LogText(FormatSummary(totals));
  AwaitCommands();
  if (directory_removed_) {
    return absl::NotFoundError(absl::StrCat(
        directory_, " was removed, and the file that was being written with it: start again"));
  }
  DM_RETURN_IF_ERROR(result.status);
  // Who closes a stream wants no more; who asks for a number of packets, nothing behind them.
  if (totals.reader_gone || handed_over) return absl::OkStatus();
  uint64_t unwritten = totals.lost_by_writer;
  if (!writer_->status().count_reached.load()) unwritten += totals.in_ring();
  if (unwritten == 0) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat(FormatCount(unwritten), " packets could not be written at the end"));
}

void Capture::TellBridge() {
  bridge_.Sample(clock_.BoottimeNs(), *tap_->rings());
  const std::optional<int64_t> bridged_ns = bridge_.BridgedNs();
  LogInfo("the filter goes on for the next process: ",
          bridged_ns ? absl::StrCat("at the present rate the rings hold what comes in ",
                                    FormatDuration(*bridged_ns))
                     : "nothing comes at present");
}

void Capture::OnHangup() {
  manager_.Reloading();
  writer_->RotateSoon();
  manager_.Ready();
}

// Only while the writer's thread goes on: that alone is no sign of life that the main thread lives.
// Whether it went on since the last time, and not when, as a machine may be suspended in between.
void Capture::TellAlive() {
  const int64_t round_ns = writer_->status().round_began_ns.load();
  if (std::exchange(watched_round_ns_, round_ns) != round_ns) manager_.Alive();
}

// A service manager ends them with this process; and who captures by hand looks for what they make.
void Capture::AwaitCommands() {
  if (commands_ == nullptr) return;
  commands_->Finish();
  if (const size_t files = commands_->unfinished(); files > 0 && !commands_->ended()) {
    LogInfo("waiting until ", options_.on_finished, " has run for ", files,
            files == 1 ? " file" : " files", "; SIGINT or SIGTERM ends only the waiting");
  }
  closing_loop_.Run().IgnoreError();
}

void Capture::OnSecond() {
  FollowCpus();
  if (link_watch_->unsettled()) link_watch_->Look();
  bridge_.Sample(clock_.BoottimeNs(), *tap_->rings());
  const FilterCounters counters = handover_.Counted(*tap_);
  const WriterStatus& status = writer_->status();
  if (status.failing.load() && retention_ != nullptr) retention_->OnDiskFull();
  FollowDisk();
  FollowDirectory();
  status_line_->Show({.time_ns = clock_.BoottimeNs(),
                      .matched = counters.matched,
                      .written = status.packets_written.load() + written_from_old_,
                      .lost = counters.lost_total(),
                      .file = current_file_.Get(),
                      .file_bytes = status.segment_bytes.load(),
                      .failing = status.failing.load()});
}

// A disk that takes nothing and gives no answer. Where each write is waited for (pwrite), the
// writer stands still with it, and somebody else must say so.
void Capture::FollowDisk() {
  const WriterStatus& status = writer_->status();
  const int64_t now_ns = clock_.BoottimeNs();
  int64_t since_ns = status.stalled_since_ns.load();
  if (const int64_t round_ns = status.round_began_ns.load();
      round_ns != 0 && now_ns - round_ns > 2 * WriteQueue::kStalledNs) {
    since_ns = round_ns;
    tap_->rings()->SetFullCause(CAPTURE_LOST_DISK_STALLED);
  }
  const int64_t said_ns = std::exchange(stalled_since_ns_, since_ns);
  if (since_ns != 0 && said_ns == 0) {
    LogWarning(
        options_.stream() ? "the reader of the stream takes nothing" : "the disk takes nothing",
        "; the rings hold what comes");
  } else if (since_ns == 0 && said_ns != 0) {
    LogInfo(options_.stream() ? "the reader of the stream" : "the disk", " takes data again after ",
            FormatDuration(now_ns - said_ns));
  }
}

// One that is made anew is out of reach for a process that is confined to the one before. The next
// process makes its own; what lies in the rings waits for it where a service manager keeps them.
void Capture::FollowDirectory() {
  if (disk_ == nullptr || !disk_->IsRemoved()) return;
  directory_removed_ = true;
  loop_.Quit();
}

// Says each thing when it changes, not each second.
void Capture::FollowCpus() {
  const absl::StatusOr<int> without = tap_->CountCpusWithoutRing();
  const absl::Status before = std::exchange(cpu_trouble_, without.status());
  if (!without.ok()) {
    if (without.status() != before) LogError("online CPUs: ", without.status().message());
    return;
  }
  if (std::exchange(cpus_without_ring_, *without) < *without) {
    LogWarning(
        *without,
        *without == 1 ? " CPU came online without a ring" : " CPUs came online without a ring",
        ": at the start it was absent, or --ring-memory used up, and now that the privileges "
        "are dropped none can be made; what comes there is lost");
  }
}

void Capture::OnOpened(const SegmentFacts& facts) {
  current_file_.Set(facts.name.Part());
  LogInfo("writing ", facts.name.Part());
}

void Capture::OnFinished(const SegmentFacts& facts) {
  uint64_t lost = 0;
  for (const uint64_t count : facts.balance.lost) lost += count;
  LogInfo("finished ", facts.name.Pcap(), ": ", FormatCount(facts.packets), " packets, ",
          FormatSize(facts.length_bytes),
          lost > 0 ? absl::StrCat(", ", FormatCount(lost), " lost") : "");
  PassOn({.name = facts.name,
          .size_bytes = facts.length_bytes + facts.ledger_bytes,
          .last_packet_ns = facts.last_packet_ns});
}

void Capture::PassOn(FinishedSegment segment) {
  if (sealer_ != nullptr) {
    // As long as it will be.
    segment.size_bytes += static_cast<int64_t>(FormatSeal(segment.name.Pcap(), {}).size());
    sealer_->Add(segment.name);
  } else {
    RunCommandFor(segment.name);
  }
  if (retention_ != nullptr) retention_->OnSegmentFinished(std::move(segment));
}

void Capture::RunCommandFor(const SegmentName& name) {
  if (commands_ != nullptr) commands_->Tell(name);
}

}  // namespace

absl::Status RunCapture(const CaptureOptions& options) {
  // A reader of the stream that goes away is told by EPIPE.
  signal(SIGPIPE, SIG_IGN);
  // A limit on the size of files is told by EFBIG.
  signal(SIGXFSZ, SIG_IGN);
  // The helper of --on-finished is the only child, and nobody waits for it.
  signal(SIGCHLD, SIG_IGN);
  std::optional<LogThread> log_thread;  // outlives the capture
  NamedDescriptors kept = TakeStoredDescriptors();
  const Notifier manager = ConnectToManager();
  Capture capture(options, manager, std::move(kept));
  DM_RETURN_IF_ERROR(capture.PlanPrivileges());
  if (options.wait) {
    // With the privileges, as opening takes them, and it is then that there is something to open.
    DM_ASSIGN_OR_RETURN(const bool there, AwaitInterface(options.interface, manager));
    if (!there) return absl::OkStatus();
  }
  DM_RETURN_IF_ERROR(capture.Open());
  // Only now, because threads inherit what was dropped; but before any packet comes, because none
  // may wait for standard error.
  log_thread.emplace();
  DM_RETURN_IF_ERROR(capture.Start());
  absl::Status status = capture.Run();
  status.Update(capture.Close());
  return status;
}

}  // namespace dns_monitor
