// The fixture of salvage's tests: parts on a disk in memory.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dns_monitor/pcap/reader.h"
#include "dns_monitor/recovery/salvage.h"
#include "support/fake_disk.h"
#include "support/pcap_maker.h"

namespace dns_monitor {

class SalvageTest : public testing::Test {
 protected:
  SalvageTest() {
    options_.mode = 0604;
    options_.group = 42;
    options_.lock_attempts = 3;
    options_.finish_waits = 3;
    options_.wait = [this] { ++waits_; };
  }

  static std::string Pcap(const std::string& suffix = "") {
    return "eth0.20261123_2110" + suffix + ".pcap";
  }
  static std::string Part(const std::string& suffix = "") { return Pcap(suffix) + ".part"; }

  // One way of writing the same few records, of several lengths, none of which ends in a zero.
  static std::vector<std::string> Records(const PcapMaker& maker) {
    std::vector<std::string> records;
    for (const uint32_t size : {60, 1, 33, 300, 7}) {
      const auto number = static_cast<uint32_t>(records.size());
      records.push_back(
          maker.Make({.seconds = 1'700'000'000 + number, .payload = Payload(size, number)}));
    }
    return records;
  }
  static std::string File(const PcapMaker& maker = {}) {
    std::string file = maker.FileHeader();
    for (const std::string& record : Records(maker)) file += record;
    return file;
  }
  // Where the last whole record of the first `size` bytes of File ends; 0 without one.
  static size_t WholeRecords(size_t size, const PcapMaker& maker = {}) {
    size_t end = maker.FileHeader().size();
    size_t whole = 0;
    for (const std::string& record : Records(maker)) {
      end += record.size();
      if (end <= size) whole = end;
    }
    return whole;
  }

  // A file of `size` bytes with one record, which does not end in a zero.
  static std::string FileOf(size_t size, const PcapMaker& maker = {}) {
    const std::string header = maker.FileHeader();
    return header + maker.Make({.payload = Payload(size - header.size() - 16)});
  }

  std::vector<SalvagedPart> Run() { return RunOnDisk(disk_); }
  std::vector<SalvagedPart> RunOnDisk(Disk& disk) const {
    const auto leftovers = FindLeftovers(disk, "eth0");
    EXPECT_TRUE(leftovers.ok()) << leftovers.status();
    std::vector<SalvagedPart> parts;
    Salvage(disk, leftovers.value_or(std::vector<SegmentName>()), options_,
            [&](const SalvagedPart& part) { parts.push_back(part); });
    return parts;
  }
  // Of one part.
  SalvagedPart RunOne() {
    std::vector<SalvagedPart> parts = Run();
    EXPECT_EQ(parts.size(), 1u);
    return parts.empty() ? SalvagedPart() : parts[0];
  }
  SalvagedPart RunOn(const std::string& content) {
    disk_.AddContent(Part(), content);
    return RunOne();
  }
  // That `content` becomes a segment of its first `kept` bytes, or nothing when that is 0.
  void ExpectKept(const std::string& content, size_t kept) {
    const SalvagedPart part = RunOn(content);
    EXPECT_TRUE(part.error.ok()) << part.error;
    EXPECT_EQ(part.kept_bytes, static_cast<int64_t>(kept));
    EXPECT_EQ(part.cut_bytes, static_cast<int64_t>(content.size() - kept));
    if (kept == 0) {
      EXPECT_EQ(part.action, SalvageAction::kRemoved);
      EXPECT_TRUE(disk_.Names().empty());
    } else {
      EXPECT_EQ(part.action, SalvageAction::kFinished);
      ASSERT_EQ(disk_.Names(), std::vector<std::string>{Pcap()});
      EXPECT_EQ(disk_.Content(Pcap()), content.substr(0, kept));
    }
    disk_.DropFile(Pcap());
  }
  // That the part is there as it was.
  void ExpectLeftAlone(const SalvagedPart& part, const std::string& content) {
    EXPECT_EQ(part.action, SalvageAction::kLeftAlone);
    EXPECT_FALSE(part.error.ok());
    EXPECT_EQ(part.kept_bytes, static_cast<int64_t>(content.size()));
    EXPECT_EQ(part.cut_bytes, 0);
    EXPECT_TRUE(disk_.Exists(part.part));
    EXPECT_EQ(disk_.Content(part.part), content);
  }

  FakeDisk disk_;
  int waits_ = 0;
  SalvageOptions options_;
};

}  // namespace dns_monitor
