#include "dns_monitor/base/file_lock.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace dns_monitor {
namespace {

using absl::StatusCode;
using ::testing::HasSubstr;

class FileLockTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/file_lock.XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    path_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(path_); }

  std::string Path(const std::string& name) const { return path_ + "/" + name; }
  Fd Open(const std::string& name) const {
    Fd fd(open(Path(name).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    EXPECT_TRUE(fd.valid()) << name;
    return fd;
  }
  static bool Takes(const Fd& fd, LockKind kind) {
    const absl::StatusOr<bool> locked = TryLock(fd.get(), kind);
    EXPECT_TRUE(locked.ok()) << locked.status();
    return locked.value_or(false);
  }

  std::string path_;
};

TEST_F(FileLockTest, SharedOnesGoTogetherAndExclusiveOnesWithNone) {
  const Fd first = Open("a");
  Fd second = Open("a");
  EXPECT_TRUE(Takes(first, LockKind::kShared));
  EXPECT_TRUE(Takes(second, LockKind::kShared));
  EXPECT_FALSE(Takes(first, LockKind::kExclusive));
  second.Reset();
  EXPECT_TRUE(Takes(first, LockKind::kExclusive));
  EXPECT_FALSE(Takes(Open("a"), LockKind::kShared));
  EXPECT_TRUE(Takes(Open("b"), LockKind::kExclusive));
}

TEST_F(FileLockTest, LastsAsLongAsAnyDescriptorOfItsDescription) {
  Fd first = Open("a");
  Fd copy(dup(first.get()));
  EXPECT_TRUE(Takes(first, LockKind::kExclusive));
  first.Reset();
  EXPECT_FALSE(Takes(Open("a"), LockKind::kExclusive));
  copy.Reset();
  EXPECT_TRUE(Takes(Open("a"), LockKind::kExclusive));
}

TEST_F(FileLockTest, TellsFailureFromBeingHeld) {
  const absl::StatusOr<bool> locked = TryLock(-1, LockKind::kExclusive);
  EXPECT_FALSE(locked.ok());
  EXPECT_THAT(std::string(locked.status().message()), HasSubstr("Bad file descriptor"));
}

TEST_F(FileLockTest, IsAskedForSoManyTimes) {
  int asked = 0;
  int waited = 0;
  const auto free_at = [&](int attempt) {
    asked = waited = 0;
    return TryLockRepeatedly([&]() -> absl::StatusOr<bool> { return ++asked == attempt; }, 3,
                             [&] { ++waited; });
  };
  EXPECT_TRUE(free_at(1).value());
  EXPECT_EQ(waited, 0);
  EXPECT_TRUE(free_at(3).value());
  EXPECT_EQ(waited, 2);
  EXPECT_FALSE(free_at(4).value());
  EXPECT_EQ(asked, 3);
  EXPECT_EQ(waited, 2) << "not after the last time";
}

TEST_F(FileLockTest, IsNotAskedForAgainAfterAnError) {
  int asked = 0;
  const auto locked = TryLockRepeatedly(
      [&]() -> absl::StatusOr<bool> {
        ++asked;
        return absl::InternalError("refused");
      },
      3, [] { ADD_FAILURE() << "waits"; });
  EXPECT_EQ(locked.status().code(), StatusCode::kInternal);
  EXPECT_EQ(asked, 1);
}

TEST_F(FileLockTest, IsLockedTellsOfOthersAndHoldsNothingAfterwards) {
  Fd holder = Open("a");
  const Fd asking = Open("a");
  EXPECT_FALSE(IsLocked(asking.get()));
  EXPECT_TRUE(Takes(holder, LockKind::kExclusive));
  EXPECT_TRUE(IsLocked(asking.get()));
  holder.Reset();
  EXPECT_FALSE(IsLocked(asking.get()));
  EXPECT_TRUE(IsLocked(-1)) << "it cannot be told";
}

TEST_F(FileLockTest, LockFileLocksOnceAtATime) {
  auto lock = LockFile(path_, ".eth0.lock");
  ASSERT_TRUE(lock.ok()) << lock.status();
  const auto second = LockFile(path_, ".eth0.lock");
  EXPECT_EQ(second.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(Path(".eth0.lock")));
  EXPECT_TRUE(LockFile(path_, ".eth1.lock").ok());
  lock->Reset();
  EXPECT_TRUE(LockFile(path_, ".eth0.lock").ok());
  EXPECT_EQ(LockFile(Path("none"), "x").status().code(), StatusCode::kNotFound);
}

TEST_F(FileLockTest, LockFileNeverFollowsALink) {
  Open("target");
  ASSERT_EQ(symlink("target", Path(".eth0.lock").c_str()), 0);
  EXPECT_FALSE(LockFile(path_, ".eth0.lock").ok());
}

}  // namespace
}  // namespace dns_monitor
