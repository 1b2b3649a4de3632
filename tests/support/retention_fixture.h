// The fixture of retention's tests: segments on a disk, a clock and peers that a test sets.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "dns_monitor/retention/retention.h"
#include "support/fake_clock.h"
#include "support/fake_disk.h"
#include "support/files_of.h"
#include "support/log_capture.h"

namespace dns_monitor {

inline constexpr int64_t kSecond = kNanosecondsPerSecond;
inline constexpr int64_t kHour = 3600 * kSecond;
inline constexpr int64_t kInterval = Retention::kIntervalNs;
inline constexpr int64_t kKiB = 1024;
inline constexpr int64_t kMiB = 1024 * kKiB;

using CaptureId = std::pair<std::string, std::string>;  // directory, interface

// The captures with a limit on free space, as a test has put them here.
struct FakeRegistry {
  std::set<CaptureId> live;
  std::map<std::string, std::shared_ptr<FakeDisk>> disks;  // by directory
};

// What one of them sees of it.
class FakePeers final : public Peers {
 public:
  FakePeers(const FakeRegistry& registry, CaptureId own)
      : registry_(registry), own_(std::move(own)) {}

  std::vector<PeerDirectory> Directories() override {
    std::vector<PeerDirectory> directories;
    for (const auto& [directory, interface] : registry_.live) {
      if (CaptureId(directory, interface) == own_) continue;
      if (directories.empty() || directories.back().path != directory) {
        directories.push_back({directory, registry_.disks.at(directory), {}});
      }
      directories.back().interfaces.insert(interface);
    }
    return directories;
  }

 private:
  const FakeRegistry& registry_;
  const CaptureId own_;
};

// Captures of eth0 and others into /a, on a disk in memory. Each segment is an hour long, of 1 MiB,
// and named by how many hours before the test it began.
class RetentionTest : public testing::Test {
 protected:
  // The name of the segment of `interface` that began so many hours before the test did.
  SegmentName Name(int hours_ago, const std::string& interface = "eth0") const {
    const absl::Time start = absl::FromUnixNanos(begin_ns_ - hours_ago * kHour);
    return {interface, absl::CivilSecond(absl::ToCivilMinute(start, zone_)), false, 0};
  }
  std::string Pcap(int hours_ago, const std::string& interface = "eth0") const {
    return Name(hours_ago, interface).Pcap();
  }
  // An hour long, so that it was finished an hour after its start.
  void AddFile(FakeDisk& disk, const std::string& name, int hours_ago, int64_t size_bytes = kMiB) {
    disk.AddFile(name, size_bytes, begin_ns_ - (hours_ago - 1) * kHour);
  }
  void AddSegment(int hours_ago, const std::string& interface = "eth0") {
    AddFile(disk_, Pcap(hours_ago, interface), hours_ago);
  }
  void SetFree(int64_t bytes) { SetFreeOf(disk_, bytes); }
  void SetFreeOf(FakeDisk& disk, int64_t bytes) { disk.SetSpace({1024 * kMiB, bytes, 1}); }
  std::vector<std::string> Files() const { return FilesOf(disk_); }
  bool Has(int hours_ago, const std::string& interface = "eth0") {
    return disk_.Exists(Pcap(hours_ago, interface));
  }

  Retention Make(RetentionLimits limits, const std::string& interface = "eth0") {
    return Make(limits, interface, "/a", disk_);
  }
  Retention Make(RetentionLimits limits, const std::string& interface, const std::string& directory,
                 FakeDisk& disk) {
    peers_.push_back(std::make_unique<FakePeers>(registry_, CaptureId(directory, interface)));
    return Retention({directory, interface, zone_, limits}, disk, *peers_.back(), clock_);
  }
  RetentionLimits Age(int64_t hours) const {
    RetentionLimits limits;
    limits.max_age_ns = hours * kHour;
    return limits;
  }
  RetentionLimits Size(int64_t bytes) const {
    RetentionLimits limits;
    limits.max_size_bytes = bytes;
    return limits;
  }
  RetentionLimits Free(int64_t bytes) const {
    RetentionLimits limits;
    limits.min_free_bytes = bytes;
    return limits;
  }
  // Late enough for any retry.
  void EnforceLater(Retention& retention) {
    clock_.Advance(kInterval);
    retention.Enforce();
  }

  absl::TimeZone zone_ = absl::FixedTimeZone(5 * 3600 + 45 * 60);
  FakeClock clock_;
  const int64_t begin_ns_ = clock_.RealtimeNs();
  FakeDisk disk_;
  FakeRegistry registry_;
  std::vector<std::unique_ptr<FakePeers>> peers_;
  LogCapture log_;
};

}  // namespace dns_monitor
