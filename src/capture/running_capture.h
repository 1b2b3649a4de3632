// A capture while it runs: opening (capture_open.cc), its life (capture.cc), and what the main
// thread looks after meanwhile (capture_follow.cc).
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "dns_monitor/base/disk.h"
#include "dns_monitor/base/notify.h"
#include "dns_monitor/capture/capture.h"
#include "dns_monitor/command/command_helper.h"
#include "dns_monitor/recovery/recover.h"
#include "dns_monitor/retention/peers.h"
#include "dns_monitor/retention/worker.h"
#include "dns_monitor/seal/sealer.h"
#include "dns_monitor/writer/writer.h"
#include "event_loop.h"
#include "handover.h"
#include "link_watch.h"
#include "status_line.h"

namespace dns_monitor {

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
  bool HasTooManyParts() const;
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
  void TellUnhooked();
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

}  // namespace dns_monitor
