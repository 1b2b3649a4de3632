#include "dns_monitor/capture/capture.h"

#include <signal.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "await_interface.h"
#include "dns_monitor/base/log.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/base/thread.h"
#include "dns_monitor/base/units.h"
#include "dns_monitor/sandbox/sandbox.h"
#include "running_capture.h"
#include "summary.h"

namespace dns_monitor {
namespace {

// A service whose manager cannot be told is ended by that; the log says why.
Notifier ConnectToManager() {
  absl::StatusOr<Notifier> manager = Notifier::Connect();
  if (manager.ok()) return *std::move(manager);
  LogWarning("the service manager cannot be told: ", manager.status().message());
  return {};
}

}  // namespace

absl::Status Capture::Start() {
  // The tap first: when it cannot, no file is made. The rings hold what comes until the writer
  // takes it.
  writer_->BeginAt(clock_.BoottimeNs());
  bridge_.Sample(clock_.BoottimeNs(), *tap_->rings());
  DM_RETURN_IF_ERROR(tap_->Start());
  handover_.KeepNew(*tap_);
  TellUnhooked();
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
  if (HasTooManyParts()) AwaitRecovery();
  handover_.ForgetOld(*tap_);
  writer_->Start(tap_->replaced_at_ns());
  // All threads are there, each with its own system calls.
  if (options_.sandbox) DM_RETURN_IF_ERROR(ConfineMainThread());
  LogInfo("capturing on ", interface_.name, " (", DescribeLinkType(interface_), "), rings of ",
          FormatSize(static_cast<int64_t>(tap_->ring_bytes())), " a CPU, ",
          tap_->hook() == Hook::kTcx ? "tcx, " : "", writer_->backend_name());
  manager_.Status(absl::StrCat("capturing on ", interface_.name));
  manager_.Ready();
  return absl::OkStatus();
}

// The filter of the process before was on another hook, and is here now.
void Capture::TellUnhooked() {
  const TimeSpan unhooked = tap_->unhooked();
  if (unhooked.to_ns == 0) return;
  const int64_t offset_ns = clock_.WallOffsetNs();
  gaps_.Add({.from_ns = unhooked.from_ns + offset_ns,
             .to_ns = unhooked.to_ns + offset_ns,
             .reason = GapReason::kHookChanged});
  LogWarning("the filter is on another hook than that of the process before: what came within ",
             FormatDuration(unhooked.to_ns - unhooked.from_ns), " was not seen");
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

// More of them than the commit record has room for.
bool Capture::HasTooManyParts() const {
  return handover_.before() && handover_.before()->segments.size() > kInheritedCount;
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
    keeper_->KeepRecovered();
    PassOn(
        {.name = part.name, .size_bytes = part.kept_bytes, .last_packet_ns = part.last_packet_ns});
  };
  recovery.known = [this](const SegmentName& name) { return handover_.Known(name); };
  recovery.on_gone = [this](const SalvagedPart& part) { writer_->OnInheritedDone(part.part); };
  // The rings fill while the start waits for it.
  if (HasTooManyParts() || !tap_->old_rings().empty()) recovery.finish_waits = 0;
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

void Capture::TellBridge() {
  bridge_.Sample(clock_.BoottimeNs(), *tap_->rings());
  const std::optional<int64_t> bridged_ns = bridge_.BridgedNs();
  LogInfo("the filter goes on for the next process: ",
          bridged_ns ? absl::StrCat("at the present rate the rings hold what comes in ",
                                    FormatDuration(*bridged_ns))
                     : "nothing comes at present");
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
