#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "dns_monitor/recovery/salvage.h"
#include "dns_monitor/writer/finisher.h"
#include "support/capture_directory.h"
#include "support/salvage_fixture.h"

namespace dns_monitor {
namespace {

using absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// --- Names ---

TEST_F(SalvageTest, TakesTheNextNameThatNobodyHas) {
  disk_.AddContent(Part(), File() + "torn");
  disk_.AddFile(Pcap(), 7);
  disk_.AddFile(Pcap("-1") + ".zst", 8);
  const SalvagedPart part = RunOne();
  EXPECT_EQ(part.part, Part());
  EXPECT_EQ(part.name.Pcap(), Pcap("-2"));
  EXPECT_EQ(disk_.Content(Pcap()).size(), 7u);
  EXPECT_EQ(disk_.Content(Pcap("-2")), File());
}

TEST_F(SalvageTest, KeepsTheOrderOfPartsOfOneMinute) {
  const PcapMaker maker;
  for (int ordinal = 0; ordinal < 12; ++ordinal) {
    const std::string suffix = ordinal == 0 ? "" : "-" + std::to_string(ordinal);
    disk_.AddContent(Part(suffix), maker.FileHeader() + maker.Make({.payload = suffix + "!"}));
  }
  disk_.AddFile(Pcap(), 7);
  int ordinal = 0;
  for (const SalvagedPart& part : Run()) EXPECT_EQ(part.name.ordinal, ++ordinal);
  EXPECT_EQ(ordinal, 12);
}

TEST_F(SalvageTest, TouchesNothingButPartsOfItsInterface) {
  const std::string others[] = {"eth0.100.20261123_2110.pcap.part",
                                "eth1.20261123_2110.pcap.part",
                                "xeth0.20261123_2110.pcap.part",
                                "eth0.20261123_2110.part",
                                "eth0.20261123_2110.pcap.part.bak",
                                "eth0.20261131_2110.pcap.part",
                                ".eth0.lock",
                                Pcap(),
                                Pcap() + ".json"};
  for (const std::string& name : others) disk_.AddContent(name, File() + "torn");
  EXPECT_THAT(Run(), IsEmpty());
  EXPECT_THAT(disk_.Calls(), ElementsAre("List"));
}

// --- Locks ---

TEST_F(SalvageTest, WaitsUntilTheLockIsFree) {
  disk_.AddContent(Part(), File());
  disk_.HoldLock(Part(), 2);
  EXPECT_EQ(RunOne().action, SalvageAction::kFinished);
  EXPECT_EQ(waits_, 2);
}

TEST_F(SalvageTest, LeavesAloneWhatAnotherProcessWrites) {
  disk_.AddContent(Part(), File() + "torn");
  disk_.AddContent(Part("-1"), File());
  disk_.HoldLock(Part());
  const std::vector<SalvagedPart> parts = Run();
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0].action, SalvageAction::kLeftAlone);
  EXPECT_EQ(parts[0].error.code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(disk_.Content(Part()), File() + "torn");
  EXPECT_EQ(waits_, 2) << "between three attempts";
  EXPECT_EQ(parts[1].action, SalvageAction::kFinished);
}

// --- Errors ---

struct Fault {
  DiskOp op;
  const char* name;
  bool finished;       // all the same
  bool again = false;  // it is tried again
};

class SalvageFaultTest : public SalvageTest, public testing::WithParamInterface<Fault> {};

TEST_P(SalvageFaultTest, IsToldAndDoesNotStopTheOthers) {
  const std::string content = File() + "torn";
  disk_.AddContent(Part(), content);
  disk_.AddContent(Part("-1"), content);
  const bool of_directory = GetParam().op == DiskOp::kSyncDirectory;
  disk_.Fail(GetParam().op, of_directory ? "" : Part(), absl::DataLossError("Input/output error"),
             GetParam().again ? 2 + options_.finish_waits : 1);
  const std::vector<SalvagedPart> parts = Run();
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0].error.code(), StatusCode::kDataLoss);
  EXPECT_EQ(parts[0].action,
            GetParam().finished ? SalvageAction::kFinished : SalvageAction::kLeftAlone);
  EXPECT_EQ(disk_.Exists(Part()), !GetParam().finished);
  EXPECT_EQ(disk_.Exists(Pcap()), GetParam().finished);
  EXPECT_TRUE(parts[1].error.ok()) << parts[1].error;
  EXPECT_EQ(disk_.Content(Pcap("-1")), File());

  if (!GetParam().finished) RunOne();  // once more, without the fault
  EXPECT_EQ(disk_.Content(Pcap()), File());
}

INSTANTIATE_TEST_SUITE_P(EachStep, SalvageFaultTest,
                         testing::Values(Fault{DiskOp::kOpen, "Open", false},
                                         Fault{DiskOp::kTryLock, "TryLock", false},
                                         Fault{DiskOp::kSize, "Size", false},
                                         Fault{DiskOp::kReadAt, "ReadAt", false},
                                         Fault{DiskOp::kTruncate, "Truncate", false, true},
                                         Fault{DiskOp::kSetAccess, "SetAccess", true},
                                         Fault{DiskOp::kSetModified, "SetModified", true},
                                         Fault{DiskOp::kSyncFile, "SyncFile", true},
                                         Fault{DiskOp::kRename, "Rename", false, true},
                                         Fault{DiskOp::kSyncDirectory, "SyncDirectory", true}),
                         [](const auto& param) { return std::string(param.param.name); });

TEST_F(SalvageTest, TriesAgainWhatTheDiskRefusesForAWhile) {
  for (const DiskOp op : {DiskOp::kTruncate, DiskOp::kRename}) {
    waits_ = 0;
    disk_.Fail(op, Part(), absl::PermissionDeniedError("Operation not permitted"), 3);
    ExpectKept(File() + "torn", File().size());
    EXPECT_EQ(waits_, 2) << "the second attempt is made at once";
  }
}

TEST_F(SalvageTest, LeavesAloneWhatItCannotReadToTheEnd) {
  const PcapMaker maker;
  std::string content = maker.FileHeader();
  while (content.size() < (3 << 20)) content += maker.Make({.payload = Payload(1000)});
  disk_.AddContent(Part(), content);
  const int reads = 6;
  for (int good = 0; good < reads; ++good) {
    int calls = 0;
    disk_.SetHook([&](DiskOp op, const std::string&) {
      if (op == DiskOp::kReadAt && calls++ == good) {
        disk_.Fail(DiskOp::kReadAt, Part(), absl::DataLossError("Input/output error"), 1);
      }
    });
    ExpectLeftAlone(RunOne(), content);
  }
  disk_.SetHook({});
  EXPECT_EQ(RunOne().action, SalvageAction::kFinished);
}

TEST_F(SalvageTest, TellsWhatItCannotRemove) {
  disk_.AddContent(Part(), "");
  disk_.Fail(DiskOp::kRemove, Part(), absl::PermissionDeniedError("Operation not permitted"));
  ExpectLeftAlone(RunOne(), "");
}

TEST_F(SalvageTest, TellsADirectoryThatCannotBeListed) {
  disk_.Fail(DiskOp::kList, "", absl::DataLossError("Input/output error"));
  EXPECT_EQ(FindLeftovers(disk_, "eth0").status().code(), StatusCode::kDataLoss);
}

// --- On a real disk ---

class SalvageOnDiskTest : public SalvageTest {
 protected:
  void Write(const std::string& name, const std::string& content) {
    const auto fd = directory_.disk()->Create(name, Caching::kBuffered);
    ASSERT_TRUE(fd.ok()) << fd.status();
    ASSERT_EQ(pwrite(fd->get(), content.data(), content.size(), 0),
              static_cast<ssize_t>(content.size()));
  }
  std::vector<SalvagedPart> RunOnDisk() {
    options_.group = -1;
    return SalvageTest::RunOnDisk(*directory_.disk());
  }

  CaptureDirectory directory_;
};

TEST_F(SalvageOnDiskTest, TakesInWhatIsWrittenUntilTheLockIsFree) {
  const std::string file = File();
  const std::string early = file.substr(0, 100);
  Write(Part(), early);
  // As the kernel holds what a process that died has written in part.
  auto dying = directory_.disk()->Open(Part(), Caching::kBuffered);
  ASSERT_TRUE(directory_.disk()->TryLock(dying->get(), LockKind::kShared).value());
  options_.wait = [&] {
    const ssize_t rest = static_cast<ssize_t>(file.size() - early.size());
    EXPECT_EQ(pwrite(dying->get(), &file[early.size()], static_cast<size_t>(rest), 100), rest);
    dying->Reset();
  };
  const std::vector<SalvagedPart> parts = RunOnDisk();
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_TRUE(parts[0].error.ok()) << parts[0].error;
  EXPECT_EQ(directory_.Read(Pcap()), file);
  EXPECT_EQ(directory_.Mode(Pcap()), 0604u);
  EXPECT_THAT(directory_.Names(), ElementsAre(Pcap()));
}

TEST_F(SalvageOnDiskTest, LeavesAloneWhatACaptureHasOpenByEitherDescriptor) {
  Segment segment;
  FinisherOptions options;
  options.interface = "eth0";
  Finisher finisher(directory_.disk(), options);
  finisher.Start();
  finisher.Open(&segment);
  ASSERT_TRUE(finisher.Stop().ok());
  for (Fd* last : {&segment.buffered, &segment.direct}) {
    if (!last->valid()) continue;  // the file system refuses O_DIRECT
    const std::vector<SalvagedPart> parts = RunOnDisk();
    ASSERT_EQ(parts.size(), 1u);
    EXPECT_EQ(parts[0].error.code(), StatusCode::kFailedPrecondition);
    last->Reset();
  }
  EXPECT_EQ(RunOnDisk()[0].action, SalvageAction::kRemoved) << "nothing was written";
}

TEST_F(SalvageOnDiskTest, RefusesWhatHasTakenAPartsPlaceMeanwhile) {
  Write(Part(), File());
  Write(Part("-1"), File());
  Write(Part("-2"), File());
  Write("target", File() + "torn");
  auto dying = directory_.disk()->Open(Part(), Caching::kBuffered);
  ASSERT_TRUE(directory_.disk()->TryLock(dying->get(), LockKind::kShared).value());
  options_.wait = [&] {  // all parts are listed by now
    const std::string path = directory_.path() + "/";
    for (const char* suffix : {"-1", "-2"}) std::filesystem::remove(path + Part(suffix));
    std::filesystem::create_symlink("target", path + Part("-1"));
    ASSERT_EQ(mkfifo((path + Part("-2")).c_str(), 0600), 0);
    dying->Reset();
  };
  const std::vector<SalvagedPart> parts = RunOnDisk();
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[0].action, SalvageAction::kFinished);
  for (const size_t refused : {1, 2}) {
    EXPECT_EQ(parts[refused].action, SalvageAction::kLeftAlone);
    EXPECT_EQ(parts[refused].error.code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(Describe(parts[refused]), HasSubstr("is not a regular file"));
  }
  EXPECT_EQ(directory_.Read("target"), File() + "torn");
  EXPECT_THAT(directory_.Names(), ElementsAre(Part("-1"), Part("-2"), Pcap(), "target"));
}

TEST_F(SalvageOnDiskTest, NeverFollowsALink) {
  Write("target", File() + "torn");
  std::filesystem::create_symlink("target", directory_.path() + "/" + Part());
  EXPECT_THAT(RunOnDisk(), IsEmpty());
  EXPECT_EQ(directory_.Read("target"), File() + "torn");
  EXPECT_THAT(directory_.Names(), ElementsAre(Part(), "target"));
}

}  // namespace
}  // namespace dns_monitor
