// The assembler with everything below it: queue, finisher, and a directory in memory.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "dns_monitor/base/event_fd.h"
#include "dns_monitor/ledger/keeper.h"
#include "dns_monitor/writer/assembler.h"
#include "support/fake_clock.h"
#include "support/fake_disk.h"
#include "support/heap_rings.h"
#include "support/log_capture.h"
#include "support/pcap_content.h"

namespace dns_monitor {

// A finished segment, as it was told and as it lies on the disk.
struct FinishedFile {
  SegmentFacts facts;
  int64_t from_ns = 0;
  int64_t to_ns = 0;
  std::string bytes;
  PcapContent content;  // of bytes
};

// Plays the writer's thread for a test that holds the clock. Records are handed over directly, or
// by its ring.
class SegmentRig : private WriteObserver {
 public:
  static constexpr int64_t kWaitMs = 60'000;  // for the finisher's thread, at the most

  // The clock shows `start` when the first segment begins. With ledgers, each file has one beside
  // it.
  SegmentRig(SegmentOptions options, absl::Time start, int64_t tai_offset_ns = 0,
             bool with_ledgers = false)
      : answer_fd_(MakeEventFd()),
        zone_(options.schedule ? options.schedule->zone() : absl::UTCTimeZone()) {
    clock_.SetRealtimeNs(absl::ToUnixNanos(start));
    clock_.SetTaiOffsetNs(tai_offset_ns);
    FinisherOptions finisher;
    finisher.interface = "eth0";
    finisher.names_need_seconds = options.schedule && options.schedule->NamesNeedSeconds();
    finisher.zone = zone_;
    finisher.answer_fd = answer_fd_.get();
    if (with_ledgers) {
      KeeperOptions keeper;
      keeper.common.interface = finisher.interface;
      keeper_ = std::make_unique<LedgerKeeper>(&disk_, std::move(keeper));
      finisher.keeper = keeper_.get();
    }
    finisher_ = std::make_unique<Finisher>(&disk_, std::move(finisher));
    finisher_->Start();
    backend_ = MakePwriteBackend();
    queue_ = std::make_unique<WriteQueue>(backend_.get(), &clock_, &pool_,
                                          static_cast<WriteObserver*>(this));
    assembler_ = std::make_unique<Assembler>(options, &clock_, &rings_.set(), &pool_, queue_.get());
    assembler_->set_finisher(finisher_.get());
    assembler_->Begin(clock_.RealtimeNs(), clock_.WallOffsetNs(), cursors_);
  }

  Assembler& assembler() { return *assembler_; }
  FakeClock& clock() { return clock_; }
  FakeDisk& disk() { return disk_; }
  LogCapture& log() { return log_; }
  BufferPool& pool() { return pool_; }
  // What the filter would count: seen and matched follow Offer.
  capture_cpu& counters() { return *rings_.cpu(0); }
  const std::vector<Checkpoint>& checkpoints() const { return checkpoints_; }
  // As the merger's: where reading stands.
  uint64_t& cursor() { return cursors_[0]; }

  absl::Time Now() const { return absl::FromUnixNanos(clock_.RealtimeNs()); }
  int64_t ToBoot(absl::Time time) const {
    return absl::ToUnixNanos(time) - clock_.RealtimeNs() + clock_.BoottimeNs();
  }

  // A packet whose record was made at this boot time; the rings stand behind it when it was taken.
  bool Offer(int64_t boot_ns, absl::string_view payload, uint32_t wire_length = 0) {
    const auto length = static_cast<uint32_t>(payload.size());
    const RecordView record{.time_ns = static_cast<uint64_t>(boot_ns),
                            .length = length,
                            .wire_length = wire_length == 0 ? length : wire_length,
                            .payload = reinterpret_cast<const std::byte*>(payload.data())};
    if (!assembler_->OnPacket(record)) return false;
    ++rings_.cpu(0)->seen;
    ++rings_.cpu(0)->matched;
    cursors_[0] += CAPTURE_ALIGN_UP(sizeof(capture_record) + length);
    return true;
  }
  // As Offer, and waits for room as the writer does.
  void Put(int64_t boot_ns, absl::string_view payload, uint32_t wire_length = 0) {
    while (!Offer(boot_ns, payload, wire_length)) AwaitAnswers();
  }
  void PutAt(absl::Time time, absl::string_view payload) { Put(ToBoot(time), payload); }
  void PutNow(absl::string_view payload) { Put(clock_.BoottimeNs(), payload); }

  // What is to be taken by Drain.
  HeapProducer Producer() { return {rings_, 0}; }
  // The writer's way: all that is in the ring, through the merge, or up to the limit of packets.
  void Drain() {
    merger_.ObserveAll();
    assembler_->set_cursors(merger_.cursors());
    Retry([this] {
      return assembler_->DrainFrom(&merger_) == DrainResult::kDrained ||
             assembler_->limit_reached();
    });
    StoreRelease(&rings_.cpu(0)->tail, merger_.cursors()[0]);
  }

  // What the writer does each round, besides taking records.
  void FollowClock() {
    Retry([this] {
      return assembler_->SetWallOffset(clock_.WallOffsetNs(), clock_.BoottimeNs()) &&
             assembler_->AdvanceTo(clock_.BoottimeNs());
    });
  }
  void AdvanceTo(absl::Time time) {
    clock_.Advance(absl::ToUnixNanos(time) - clock_.RealtimeNs());
    FollowClock();
  }
  void RotateNow() {
    Retry([this] { return assembler_->RotateAt(clock_.BoottimeNs()); });
  }

  // Ends the last segment; returns all of them, in the order in which they were finished.
  const std::deque<FinishedFile>& Finish() {
    assembler_->End();
    while (!queue_->idle() || finished_.size() < written_count_) {
      if (!AwaitAnswers()) break;
    }
    EXPECT_TRUE(finisher_->Stop().ok());
    for (FinishedFile& file : finished_) {
      file.bytes = disk_.Content(file.facts.name.Pcap());
      file.content = ParsePcap(file.bytes);
    }
    return finished_;
  }

  // Takes the finisher's answers; waits for one first when there is none. False after kWaitMs.
  bool AwaitAnswers() {
    queue_->Pump();
    if (TakeAnswers()) return true;
    pollfd answer{.fd = answer_fd_.get(), .events = POLLIN, .revents = 0};
    if (poll(&answer, 1, kWaitMs) <= 0) {
      ADD_FAILURE() << "the finisher does not answer";
      return false;
    }
    Clear(answer_fd_.get());
    TakeAnswers();
    return true;
  }

 private:
  template <typename Call>
  void Retry(Call call) {
    while (!call()) {
      if (!AwaitAnswers()) return;
    }
  }

  bool TakeAnswers() {
    bool any = false;
    while (Segment* segment = finisher_->NextOpened()) {
      segment->opened = true;
      any = true;
    }
    while (Segment* segment = finisher_->NextFinished()) {
      finished_.push_back({.facts = segment->facts,
                           .from_ns = segment->from_ns,
                           .to_ns = segment->to_ns,
                           .bytes = {},
                           .content = {}});
      assembler_->Reuse(segment);
      any = true;
    }
    queue_->Pump();
    return any;
  }

  void OnCheckpoint(const Checkpoint& checkpoint) override { checkpoints_.push_back(checkpoint); }
  void OnSegmentWritten(Segment* segment) override {
    ++written_count_;
    finisher_->Finish(segment);
  }

  LogCapture log_;
  FakeClock clock_;
  FakeDisk disk_;
  Fd answer_fd_;
  absl::TimeZone zone_;
  HeapRings rings_{1, CAPTURE_RING_MIN_BYTES};
  Merger merger_{rings_.set()};
  BufferPool pool_{1};
  std::vector<uint64_t> cursors_{0};
  std::unique_ptr<IoBackend> backend_;
  std::unique_ptr<LedgerKeeper> keeper_;
  std::unique_ptr<Finisher> finisher_;
  std::unique_ptr<WriteQueue> queue_;
  std::unique_ptr<Assembler> assembler_;
  std::deque<FinishedFile> finished_;
  std::vector<Checkpoint> checkpoints_;
  size_t written_count_ = 0;
};

}  // namespace dns_monitor
