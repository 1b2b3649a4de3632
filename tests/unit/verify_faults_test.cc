// Disks that fail, files that go or change while they are looked at, and what is no file.
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "support/capture_directory.h"
#include "support/verify_fixture.h"

namespace dns_monitor {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

class VerifyFaultsTest : public VerifyTest {
 protected:
  VerifyFaultsTest() {
    for (const auto& [name, content] : chain_.files) disk_.AddContent(name, content);
  }
  FakeDisk disk_;
};

TEST_F(VerifyFaultsTest, TellsOfFilesThatCannotBeRead) {
  disk_.Fail(DiskOp::kReadAt, PcapName(1), absl::InternalError("a file in /d: Input/output error"));
  EXPECT_THAT(CheckOn(disk_), ElementsAre(PcapName(1) + " unreadable"));
  EXPECT_THAT(messages_, ElementsAre("cannot be read: Input/output error"));
  disk_.ClearFailures();
  disk_.Fail(DiskOp::kOpenForReading, PcapName(1),
             absl::PermissionDeniedError("cannot open /d/x: Permission denied"));
  EXPECT_THAT(CheckOn(disk_), ElementsAre(PcapName(1) + " unreadable"));
  disk_.Fail(DiskOp::kOpenForReading, LedgerName(1),
             absl::PermissionDeniedError("cannot open /d/y: Permission denied"));
  EXPECT_THAT(CheckOn(disk_),
              ElementsAre(LedgerName(1) + " ledger_unreadable", PcapName(1) + " unreadable"));
  disk_.ClearFailures();
  disk_.Fail(DiskOp::kList, "", absl::InternalError("cannot list /d: Input/output error"));
  EXPECT_THAT(CheckOn(disk_), ElementsAre(" unreadable"));
}

// Retention takes the oldest one away while it is at hand.
TEST_F(VerifyFaultsTest, NotesWhatGoesMeanwhile) {
  disk_.SetHook([&](DiskOp op, const std::string&) {
    if (op != DiskOp::kOpenForReading) return;
    disk_.DropFile(PcapName(0));
    disk_.DropFile(LedgerName(0));
  });
  EXPECT_THAT(CheckOn(disk_, /*problems=*/false), ElementsAre(PcapName(0) + " gone"));
  EXPECT_EQ(totals_.problems, 0);
}

// The listing saw the part, with or without the ledger.
TEST_F(VerifyFaultsTest, TakesASegmentThatIsFinishedMeanwhile) {
  const MadeSegment made = chain_.Make(3);
  chain_.Append(made);
  disk_.AddContent(PcapName(3) + ".part", made.pcap);
  EXPECT_THAT(CheckOn(disk_), IsEmpty());
  disk_.AddContent(LedgerName(3), chain_.files[LedgerName(3)]);
  EXPECT_THAT(CheckOn(disk_), IsEmpty());
  EXPECT_EQ(totals_.segments, 3);
}

TEST_F(VerifyFaultsTest, ReadsNoLedgerOfAnySize) {
  disk_.AddFile(LedgerName(1), int64_t{1} << 40);
  EXPECT_THAT(CheckOn(disk_), ElementsAre(LedgerName(1) + " ledger_unreadable"));
}

class VerifyPathsTest : public VerifyTest {
 protected:
  VerifyPathsTest() {
    for (const auto& [name, content] : chain_.files) Write(name, content);
  }
  std::string Path(const std::string& name) const { return directory_.path() + "/" + name; }
  void Write(const std::string& name, const std::string& content) const {
    std::ofstream(Path(name)) << content;
  }
  std::vector<std::string> CheckPaths(const std::vector<std::string>& paths) {
    std::vector<std::string> told;
    totals_ = VerifyPaths(paths, options_, [&](const Finding& finding) {
      told.push_back(absl::StrCat(finding.file, " ", NameOf(finding.kind)));
    });
    return told;
  }

  CaptureDirectory directory_;
};

TEST_F(VerifyPathsTest, TakesDirectoriesAndFiles) {
  const std::string& here = directory_.path();
  EXPECT_THAT(CheckPaths({here}), IsEmpty());
  EXPECT_EQ(totals_.segments, 3);
  EXPECT_THAT(CheckPaths({here, here + "/", Path(PcapName(1))}), IsEmpty());
  EXPECT_EQ(totals_.segments, 3);
  EXPECT_THAT(CheckPaths({Path(PcapName(1)), Path(LedgerName(1)), Path(PcapName(2))}), IsEmpty());
  EXPECT_EQ(totals_.segments, 2);
  EXPECT_THAT(CheckPaths({Path(PcapName(1) + ".part")}), ElementsAre());
  EXPECT_EQ(totals_.segments, 1);
}

TEST_F(VerifyPathsTest, TellsPathsAsTheyWereGiven) {
  Write(PcapName(1), "x");
  const std::string path = Path(PcapName(1));
  EXPECT_THAT(CheckPaths({directory_.path()}), ElementsAre(path + " not_pcap", path + " length"));
  EXPECT_THAT(CheckPaths({directory_.path() + "/"}), Contains(path + " length"));
  EXPECT_THAT(CheckPaths({path}), Contains(path + " length"));
  EXPECT_EQ(totals_.problems, 2);
}

TEST_F(VerifyPathsTest, TellsWhatCannotBeChecked) {
  Write("notes.txt", "x");
  const std::string missing = Path("none");
  EXPECT_THAT(CheckPaths({missing}), ElementsAre(missing + " unreadable"));
  EXPECT_THAT(CheckPaths({missing + "/" + PcapName(1)}), ElementsAre(missing + "/ unreadable"));
  EXPECT_THAT(CheckPaths({Path(PcapName(7))}), ElementsAre(Path(PcapName(7)) + " unreadable"));
  EXPECT_THAT(CheckPaths({Path("notes.txt")}), ElementsAre(Path("notes.txt") + " not_a_segment"));
  EXPECT_EQ(totals_.problems, 1);
}

// A link may lead anywhere, a pipe holds up whoever opens it.
TEST_F(VerifyPathsTest, FollowsNoLinks) {
  const std::string elsewhere = Path("elsewhere");
  ASSERT_EQ(rename(Path(PcapName(1)).c_str(), elsewhere.c_str()), 0);
  ASSERT_EQ(symlink(elsewhere.c_str(), Path(PcapName(1)).c_str()), 0);
  EXPECT_THAT(CheckPaths({directory_.path()}), ElementsAre(Path(PcapName(1)) + " unreadable"));
  ASSERT_EQ(unlink(Path(PcapName(1)).c_str()), 0);
  ASSERT_EQ(mkfifo(Path(PcapName(1)).c_str(), 0600), 0);
  EXPECT_THAT(CheckPaths({directory_.path()}), ElementsAre(Path(PcapName(1)) + " unreadable"));
  // That have no other file.
  ASSERT_EQ(symlink(elsewhere.c_str(), Path(PcapName(8)).c_str()), 0);
  EXPECT_EQ(CheckPaths({directory_.path()}).size(), 1);
}

TEST_F(VerifyPathsTest, ReadsWhereItCannotWrite) {
  ASSERT_EQ(chmod(directory_.path().c_str(), 0555), 0);
  EXPECT_THAT(CheckPaths({directory_.path()}), IsEmpty());
  ASSERT_EQ(chmod(directory_.path().c_str(), 0755), 0);
}

}  // namespace
}  // namespace dns_monitor
