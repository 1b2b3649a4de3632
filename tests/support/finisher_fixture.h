// The fixture of the finisher's tests: its thread, on a disk in memory.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "dns_monitor/base/event_fd.h"
#include "dns_monitor/writer/finisher.h"
#include "support/fake_disk.h"
#include "support/log_capture.h"

namespace dns_monitor {

inline constexpr int kWaitMs = 60'000;  // for the finisher's thread, at the most
inline constexpr char kName[] = "eth0.20261123_2110";

inline int64_t StartNs(int minute = 10) {
  return absl::ToUnixNanos(
      absl::FromCivil(absl::CivilSecond(2026, 11, 23, 21, minute, 0), absl::UTCTimeZone()));
}

class FinisherTest : public testing::Test {
 protected:
  FinisherTest() : answer_fd_(MakeEventFd()) {}

  FinisherOptions Options() {
    FinisherOptions options;
    options.interface = "eth0";
    options.zone = absl::UTCTimeZone();
    options.mode = 0604;
    options.group = 42;
    options.answer_fd = answer_fd_.get();
    options.on_opened = [this](const SegmentFacts& facts) {
      const std::lock_guard lock(mutex_);
      told_opened_.push_back(facts.name.Part());
    };
    options.on_finished = [this](const SegmentFacts& facts) {
      const std::lock_guard lock(mutex_);
      told_finished_.push_back(facts.name.Pcap());
    };
    return options;
  }
  void Start() { Start(Options()); }
  void Start(FinisherOptions options) {
    finisher_ = std::make_unique<Finisher>(&disk_, std::move(options));
    finisher_->Start();
  }

  // The next answer of that kind; nullptr, and a failure, when none comes.
  Segment* AwaitOpened() {
    return Await([this] { return finisher_->NextOpened(); });
  }
  Segment* AwaitFinished() {
    return Await([this] { return finisher_->NextFinished(); });
  }

  // A segment of that minute, asked for and opened.
  std::unique_ptr<Segment> Open(int minute = 10) {
    auto segment = std::make_unique<Segment>();
    segment->from_ns = StartNs(minute);
    finisher_->Open(segment.get());
    EXPECT_EQ(AwaitOpened(), segment.get());
    return segment;
  }
  // As Open, with content, of which all but the last `beyond` bytes are the segment's.
  std::unique_ptr<Segment> OpenAndFill(const std::string& content, size_t beyond = 0) {
    auto segment = Open();
    EXPECT_EQ(pwrite(segment->buffered.get(), content.data(), content.size(), 0),
              static_cast<ssize_t>(content.size()));
    segment->facts.length_bytes = static_cast<int64_t>(content.size() - beyond);
    return segment;
  }
  void Finish(Segment* segment) {
    finisher_->Finish(segment);
    EXPECT_EQ(AwaitFinished(), segment);
  }

  std::vector<std::string> ToldOpened() const {
    const std::lock_guard lock(mutex_);
    return told_opened_;
  }
  std::vector<std::string> ToldFinished() const {
    const std::lock_guard lock(mutex_);
    return told_finished_;
  }

  static std::string Part(const std::string& suffix = "") { return kName + suffix + ".pcap.part"; }
  static std::string Pcap(const std::string& suffix = "") { return kName + suffix + ".pcap"; }

  LogCapture log_;
  FakeDisk disk_;
  Fd answer_fd_;
  std::unique_ptr<Finisher> finisher_;

 private:
  template <typename Next>
  Segment* Await(Next next) {
    for (;;) {
      if (Segment* segment = next()) return segment;
      pollfd answer{.fd = answer_fd_.get(), .events = POLLIN, .revents = 0};
      if (poll(&answer, 1, kWaitMs) <= 0) {
        ADD_FAILURE() << "the finisher does not answer";
        return nullptr;
      }
      Clear(answer_fd_.get());
    }
  }

  mutable std::mutex mutex_;
  std::vector<std::string> told_opened_;
  std::vector<std::string> told_finished_;
};

class FinisherLedgerTest : public FinisherTest {
 protected:
  FinisherLedgerTest() {
    KeeperOptions keeper;
    keeper.common.interface = "eth0";
    keeper.read_interface = [this] {
      return InterfaceReading{.ifindex = 7, .counters = {.rx_packets = received_}};
    };
    keeper_ = std::make_unique<LedgerKeeper>(&disk_, std::move(keeper));
    FinisherOptions options = Options();
    options.keeper = keeper_.get();
    Start(std::move(options));
  }

  std::atomic<uint64_t> received_{5};
  std::unique_ptr<LedgerKeeper> keeper_;
};

}  // namespace dns_monitor
