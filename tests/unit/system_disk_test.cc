#include "dns_monitor/base/system_disk.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace dns_monitor {
namespace {

using absl::StatusCode;
using ::testing::HasSubstr;

// What `body` returns in a process of its own, or -1.
template <typename Body>
int InChild(Body body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int state = 0;
  if (child < 0 || waitpid(child, &state, 0) != child || !WIFEXITED(state)) return -1;
  return WEXITSTATUS(state);
}

class SystemDiskTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/system_disk.XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    path_ = pattern;
    auto disk = OpenSystemDisk(path_);
    ASSERT_TRUE(disk.ok()) << disk.status();
    disk_ = *std::move(disk);
  }
  void TearDown() override { std::filesystem::remove_all(path_); }

  std::string Path(const std::string& name) const { return path_ + "/" + name; }
  void Write(const std::string& name, const std::string& content) const {
    std::ofstream(Path(name)) << content;
  }
  std::string Read(const std::string& name) const {
    std::ifstream file(Path(name));
    return {std::istreambuf_iterator<char>(file), {}};
  }
  struct stat Stat(const std::string& name) const {
    struct stat info {};
    EXPECT_EQ(lstat(Path(name).c_str(), &info), 0) << name;
    return info;
  }

  std::string path_;
  std::unique_ptr<Disk> disk_;
};

TEST_F(SystemDiskTest, OpensOnlyDirectories) {
  EXPECT_EQ(OpenSystemDisk(Path("none")).status().code(), StatusCode::kNotFound);
  Write("file", "");
  EXPECT_EQ(OpenSystemDisk(Path("file")).status().code(), StatusCode::kInvalidArgument);
}

// What opening `path` comes to for somebody who is not root.
StatusCode OpenAsNobody(const std::string& path, DirectoryUse use) {
  return static_cast<StatusCode>(InChild([&] {
    constexpr uid_t kNobody = 65534;
    if (geteuid() == 0 && setuid(kNobody) != 0) return -1;
    return static_cast<int>(OpenSystemDisk(path, use).status().code());
  }));
}

TEST_F(SystemDiskTest, RefusesDirectoriesThatDoNotAllowTheirUse) {
  ASSERT_EQ(chmod(path_.c_str(), 0555), 0);
  EXPECT_EQ(OpenAsNobody(path_, DirectoryUse::kReadAndWrite), StatusCode::kPermissionDenied);
  EXPECT_EQ(OpenAsNobody(path_, DirectoryUse::kReadOnly), StatusCode::kOk);
  // Names could be listed, but nothing opened.
  ASSERT_EQ(chmod(path_.c_str(), 0444), 0);
  EXPECT_EQ(OpenAsNobody(path_, DirectoryUse::kReadOnly), StatusCode::kPermissionDenied);
}

TEST_F(SystemDiskTest, CreatesOnceAndForItsOwnerOnly) {
  const auto fd = disk_->Create("a", Caching::kBuffered);
  ASSERT_TRUE(fd.ok()) << fd.status();
  EXPECT_EQ(write(fd->get(), "x", 1), 1);
  EXPECT_EQ(Stat("a").st_mode & 07777u, 0600u);
  EXPECT_NE(fcntl(fd->get(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_EQ(disk_->Create("a", Caching::kBuffered).status().code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(disk_->Create("a", Caching::kDirect).status().code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(Read("a"), "x");
}

TEST_F(SystemDiskTest, LeavesNothingBehindWhereDirectIsRefused) {
  const auto fd = disk_->Create("a", Caching::kDirect);
  if (fd.ok()) {
    EXPECT_NE(fcntl(fd->get(), F_GETFL) & O_DIRECT, 0);
  } else {
    EXPECT_EQ(fd.status().code(), StatusCode::kInvalidArgument) << fd.status();
    EXPECT_FALSE(disk_->Exists("a"));
    EXPECT_TRUE(disk_->Create("a", Caching::kBuffered).ok());
  }
}

TEST_F(SystemDiskTest, OpensRegularFilesForWriting) {
  Write("a", "abc");
  const auto fd = disk_->Open("a", Caching::kBuffered);
  ASSERT_TRUE(fd.ok()) << fd.status();
  EXPECT_EQ(pwrite(fd->get(), "X", 1, 1), 1);
  EXPECT_EQ(Read("a"), "aXc");
  EXPECT_EQ(disk_->Open("none", Caching::kBuffered).status().code(), StatusCode::kNotFound);
}

TEST_F(SystemDiskTest, OpensRegularFilesForReading) {
  Write("a", "abc");
  const auto fd = disk_->OpenForReading("a");
  ASSERT_TRUE(fd.ok()) << fd.status();
  EXPECT_EQ(fcntl(fd->get(), F_GETFL) & O_ACCMODE, O_RDONLY);
  EXPECT_NE(fcntl(fd->get(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_EQ(disk_->Size(fd->get()).value(), 3);
  EXPECT_EQ(disk_->OpenForReading("none").status().code(), StatusCode::kNotFound);
}

TEST_F(SystemDiskTest, ReadsUpToTheEnd) {
  Write("a", "abcdef");
  const auto fd = disk_->OpenForReading("a");
  ASSERT_TRUE(fd.ok()) << fd.status();
  const auto read = [&](int64_t offset, size_t size) {
    std::string bytes(size, '?');
    const auto got = disk_->ReadAt(fd->get(), offset, absl::MakeSpan(bytes.data(), size));
    EXPECT_TRUE(got.ok()) << got.status();
    bytes.resize(got.value_or(0));
    return bytes;
  };
  EXPECT_EQ(read(1, 3), "bcd");
  EXPECT_EQ(read(4, 3), "ef");
  EXPECT_EQ(read(6, 3), "");
  EXPECT_EQ(read(100, 3), "");
  EXPECT_EQ(read(0, 0), "");
}

TEST_F(SystemDiskTest, TellsWhoseLockItIs) {
  Write("a", "");
  auto holder = disk_->OpenForReading("a");
  const auto other = disk_->Open("a", Caching::kBuffered);
  ASSERT_TRUE(holder.ok() && other.ok());
  EXPECT_TRUE(disk_->TryLock(holder->get(), LockKind::kShared).value());
  EXPECT_FALSE(disk_->TryLock(other->get(), LockKind::kExclusive).value());
  holder->Reset();
  EXPECT_TRUE(disk_->TryLock(other->get(), LockKind::kExclusive).value());
}

TEST_F(SystemDiskTest, NeverFollowsLinksOrOpensOtherThings) {
  Write("target", "abc");
  ASSERT_EQ(symlink("target", Path("link").c_str()), 0);
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  ASSERT_EQ(mkdir(Path("directory").c_str(), 0700), 0);
  for (const char* name : {"link", "pipe", "directory"}) {
    EXPECT_EQ(disk_->Open(name, Caching::kBuffered).status().code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(disk_->OpenForReading(name).status().code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(disk_->Create(name, Caching::kBuffered).status().code(), StatusCode::kAlreadyExists);
  }
  EXPECT_TRUE(disk_->Remove("link").ok());
  EXPECT_EQ(Read("target"), "abc");
}

TEST_F(SystemDiskTest, StaysInItsDirectory) {
  Write("a", "");
  for (const char* name : {"", ".", "..", "../a", "x/a", "/tmp/a"}) {
    EXPECT_EQ(disk_->Create(name, Caching::kBuffered).status().code(),
              StatusCode::kInvalidArgument);
    EXPECT_EQ(disk_->Open(name, Caching::kBuffered).status().code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(disk_->OpenForReading(name).status().code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(disk_->Remove(name).code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(disk_->Rename("a", name).code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(disk_->Rename(name, "b").code(), StatusCode::kInvalidArgument);
    EXPECT_FALSE(disk_->Exists(name));
  }
}

TEST_F(SystemDiskTest, SetsLengthAndGivesBackPreallocatedBlocks) {
  const auto fd = disk_->Create("a", Caching::kBuffered);
  ASSERT_TRUE(fd.ok());
  ASSERT_EQ(write(fd->get(), "abcdef", 6), 6);
  const bool preallocated = fallocate(fd->get(), FALLOC_FL_KEEP_SIZE, 0, 1 << 20) == 0;
  if (preallocated) {
    EXPECT_GE(Stat("a").st_blocks * 512, 1 << 20);
  }
  EXPECT_TRUE(disk_->Truncate(fd->get(), 6).ok());
  EXPECT_TRUE(disk_->SyncFile(fd->get()).ok());
  EXPECT_LT(Stat("a").st_blocks * 512, 1 << 20);
  EXPECT_TRUE(disk_->Truncate(fd->get(), 3).ok());
  EXPECT_EQ(Read("a"), "abc");
}

TEST_F(SystemDiskTest, SetsPermissionsAndGroup) {
  const auto fd = disk_->Create("a", Caching::kBuffered);
  ASSERT_TRUE(fd.ok());
  EXPECT_TRUE(disk_->SetAccess(fd->get(), 0640, getgid()).ok());
  EXPECT_EQ(Stat("a").st_mode & 07777u, 0640u);
  EXPECT_EQ(Stat("a").st_gid, getgid());
  EXPECT_TRUE(disk_->SetAccess(fd->get(), 0600, -1).ok());
  EXPECT_EQ(Stat("a").st_mode & 07777u, 0600u);
}

TEST_F(SystemDiskTest, TellsBadDescriptors) {
  EXPECT_FALSE(disk_->Truncate(-1, 0).ok());
  EXPECT_FALSE(disk_->SetAccess(-1, 0600, -1).ok());
  EXPECT_FALSE(disk_->SyncFile(-1).ok());
  EXPECT_FALSE(disk_->Size(-1).ok());
  EXPECT_FALSE(disk_->TryLock(-1, LockKind::kExclusive).ok());
  char byte = 0;
  EXPECT_FALSE(disk_->ReadAt(-1, 0, absl::MakeSpan(&byte, 1)).ok());
}

void CheckRename(Disk& disk, const std::string& path) {
  std::ofstream(path + "/a") << "A";
  std::ofstream(path + "/b") << "B";
  EXPECT_EQ(disk.Rename("a", "b").code(), StatusCode::kAlreadyExists);
  EXPECT_TRUE(disk.Exists("a"));
  const absl::Status renamed = disk.Rename("a", "c");
  EXPECT_TRUE(renamed.ok()) << renamed;
  EXPECT_FALSE(disk.Exists("a"));
  EXPECT_TRUE(disk.Exists("b"));
  EXPECT_TRUE(disk.Exists("c"));
  EXPECT_EQ(disk.Rename("a", "d").code(), StatusCode::kNotFound);
}

TEST_F(SystemDiskTest, RenamesNothingButFiles) {
  ASSERT_EQ(symlink("/etc/passwd", Path("link").c_str()), 0);
  ASSERT_EQ(mkdir(Path("directory").c_str(), 0700), 0);
  for (const char* name : {"link", "directory"}) {
    EXPECT_EQ(disk_->Rename(name, "new").code(), StatusCode::kInvalidArgument) << name;
  }
  EXPECT_FALSE(disk_->Exists("new"));
}

TEST_F(SystemDiskTest, RenamesWithoutReplacing) {
  CheckRename(*disk_, path_);
}

// Makes renameat2 fail in this process as on a file system that does not know its flags.
bool RefuseRenameFlags() {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_renameat2, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {static_cast<unsigned short>(std::size(code)), code};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

TEST_F(SystemDiskTest, RenamesWithoutReplacingWhereTheFlagIsRefused) {
  EXPECT_EQ(InChild([&] {
              if (!RefuseRenameFlags()) return 2;
              CheckRename(*disk_, path_);
              return HasFailure() ? 1 : 0;
            }),
            0);
  EXPECT_EQ(Read("c"), "A");
  EXPECT_EQ(Stat("c").st_nlink, 1u);
}

TEST_F(SystemDiskTest, Removes) {
  Write("a", "");
  EXPECT_TRUE(disk_->Exists("a"));
  EXPECT_TRUE(disk_->Remove("a").ok());
  EXPECT_FALSE(disk_->Exists("a"));
  const absl::Status again = disk_->Remove("a");
  EXPECT_EQ(again.code(), StatusCode::kNotFound);
  EXPECT_THAT(std::string(again.message()), HasSubstr(Path("a")));
  EXPECT_TRUE(disk_->SyncDirectory().ok());
}

TEST_F(SystemDiskTest, WritesAtAnOffset) {
  Write("a", "0123456789");
  const auto fd = disk_->Open("a", Caching::kBuffered);
  ASSERT_TRUE(fd.ok()) << fd.status();
  EXPECT_TRUE(disk_->WriteAt(fd->get(), 8, "abcd").ok());
  EXPECT_TRUE(disk_->WriteAt(fd->get(), 0, "").ok());
  EXPECT_EQ(Read("a"), "01234567abcd");
  const auto readable = disk_->OpenForReading("a");
  const absl::Status refused = disk_->WriteAt(readable->get(), 0, "x");
  EXPECT_FALSE(refused.ok());
  EXPECT_THAT(std::string(refused.message()), HasSubstr(path_));
}

TEST_F(SystemDiskTest, SetsTheTimeOfModification) {
  Write("a", "x");
  const auto fd = disk_->Open("a", Caching::kBuffered);
  for (const int64_t time_ns : {1'700'000'000'123'456'789, int64_t{0}, int64_t{-1}}) {
    EXPECT_TRUE(disk_->SetModified(fd->get(), time_ns).ok());
    EXPECT_EQ(disk_->List()->front().modified_ns, time_ns);
  }
  EXPECT_FALSE(disk_->SetModified(-1, 0).ok());
}

TEST_F(SystemDiskTest, ReplacesAFileByAnother) {
  Write("a", "old");
  Write("b", "new");
  const auto old = disk_->Open("a", Caching::kBuffered);
  const auto fresh = disk_->Open("b", Caching::kBuffered);
  EXPECT_TRUE(disk_->HasName(old->get(), "a"));
  EXPECT_TRUE(disk_->Replace("b", "a").ok());
  EXPECT_EQ(Read("a"), "new");
  EXPECT_FALSE(disk_->Exists("b"));
  EXPECT_FALSE(disk_->HasName(old->get(), "a"));
  EXPECT_TRUE(disk_->HasName(fresh->get(), "a"));
  EXPECT_FALSE(disk_->HasName(fresh->get(), "b"));
  EXPECT_TRUE(disk_->Replace("a", "c").ok());  // of none
  EXPECT_EQ(Read("c"), "new");
  EXPECT_EQ(disk_->Replace("a", "c").code(), StatusCode::kNotFound);
  EXPECT_EQ(disk_->Replace("c", "../c").code(), StatusCode::kInvalidArgument);
}

TEST_F(SystemDiskTest, ListsRegularFiles) {
  Write("a", std::string(5000, 'x'));
  ASSERT_EQ(symlink("a", Path("link").c_str()), 0);
  ASSERT_EQ(mkdir(Path("directory").c_str(), 0700), 0);
  for (int round = 0; round < 2; ++round) {  // the second from the beginning again
    const auto entries = disk_->List();
    ASSERT_TRUE(entries.ok()) << entries.status();
    ASSERT_EQ(entries->size(), 1u);
    const DirectoryEntry& entry = entries->front();
    const struct stat info = Stat("a");
    EXPECT_EQ(entry.name, "a");
    EXPECT_EQ(entry.size_bytes, 5000);
    EXPECT_EQ(entry.allocated_bytes, info.st_blocks * 512);
    EXPECT_EQ(entry.modified_ns, info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec);
  }
}

TEST_F(SystemDiskTest, TellsItsSpace) {
  const auto space = disk_->Space();
  ASSERT_TRUE(space.ok()) << space.status();
  EXPECT_GT(space->total_bytes, 0);
  EXPECT_GE(space->available_bytes, 0);
  EXPECT_LE(space->available_bytes, space->total_bytes);
  EXPECT_EQ(space->filesystem_id, Stat(".").st_dev);
}

}  // namespace
}  // namespace dns_monitor
