// What is looked after while a capture runs.

#include <utility>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/clock.h"
#include "dns_monitor/base/log.h"
#include "dns_monitor/base/units.h"
#include "dns_monitor/seal/seal.h"
#include "running_capture.h"

namespace dns_monitor {

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
                      .written = status.packets_readable.load() + written_from_old_,
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
          FormatSize(facts.file_bytes()),
          facts.name.compressed ? absl::StrCat(" of ", FormatSize(facts.length_bytes)) : "",
          lost > 0 ? absl::StrCat(", ", FormatCount(lost), " lost") : "");
  PassOn({.name = facts.name,
          .size_bytes = facts.file_bytes() + facts.ledger_bytes,
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

}  // namespace dns_monitor
