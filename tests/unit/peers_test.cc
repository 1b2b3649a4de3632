#include "dns_monitor/retention/peers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "dns_monitor/archive/names.h"
#include "dns_monitor/base/system_disk.h"
#include "support/log_capture.h"

namespace dns_monitor {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class PeersTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/peers.XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = std::filesystem::canonical(pattern);
    for (const char* name : {"a", "b", "c"}) std::filesystem::create_directory(root_ / name);
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  std::string Path(const std::string& name) const { return root_ / name; }
  std::unique_ptr<Peers> Join(const std::string& directory, const std::string& interface) const {
    return JoinPeers(Path("registry"), Path(directory), interface);
  }
  static std::vector<std::string> PathsOf(Peers& peers) {
    std::vector<std::string> paths;
    for (const PeerDirectory& directory : peers.Directories()) paths.push_back(directory.path);
    std::sort(paths.begin(), paths.end());
    return paths;
  }
  std::vector<std::string> Entries() const {
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::directory_iterator(Path("registry"))) {
      paths.push_back(entry.path());
    }
    return paths;
  }

  std::filesystem::path root_;
  LogCapture log_;
};

TEST_F(PeersTest, FindEachOther) {
  const auto a = Join("a", "eth0");
  EXPECT_THAT(PathsOf(*a), IsEmpty());
  const auto b = Join("b", "eth1");
  const auto c = Join("c", "eth0");
  EXPECT_THAT(PathsOf(*a), ElementsAre(Path("b"), Path("c")));
  EXPECT_THAT(PathsOf(*b), ElementsAre(Path("a"), Path("c")));
  EXPECT_THAT(PathsOf(*c), ElementsAre(Path("a"), Path("b")));
  EXPECT_THAT(log_.Lines(), IsEmpty());
}

TEST_F(PeersTest, GiveTheirDisks) {
  const auto a = Join("a", "eth0");
  const auto b = Join("b", "eth1");
  std::ofstream(Path("b/file")) << "x";
  const auto directories = a->Directories();
  ASSERT_EQ(directories.size(), 1u);
  EXPECT_TRUE(directories[0].disk->Exists("file"));
}

TEST_F(PeersTest, CountADirectoryOnceAndNeverTheirOwn) {
  const auto eth0 = Join("a", "eth0");
  const auto eth1 = Join("a", "eth1");
  const auto b0 = Join("b", "eth0");
  const auto b1 = Join("b", "eth1");
  EXPECT_THAT(PathsOf(*eth0), ElementsAre(Path("b")));
}

TEST_F(PeersTest, KnowADirectoryThroughLinks) {
  std::filesystem::create_directory_symlink(Path("b"), Path("link"));
  const auto a = Join("a", "eth0");
  const auto b = Join("link", "eth1");
  EXPECT_THAT(PathsOf(*a), ElementsAre(Path("b")));
  const auto also_b = Join("b", "eth2");
  EXPECT_THAT(PathsOf(*b), ElementsAre(Path("a")));
}

TEST_F(PeersTest, AreGoneWhenTheirLockIs) {
  const auto a = Join("a", "eth0");
  auto b = Join("b", "eth1");
  b.reset();
  EXPECT_THAT(PathsOf(*a), IsEmpty());
  b = Join("b", "eth1");
  EXPECT_THAT(PathsOf(*a), ElementsAre(Path("b")));
  EXPECT_EQ(Entries().size(), 2u);
}

TEST_F(PeersTest, AreReadableByOtherUsers) {
  const auto a = Join("a", "eth0");
  struct stat info {};
  ASSERT_EQ(stat(Path("registry").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777u, 0755u);
  for (const std::string& entry : Entries()) {
    ASSERT_EQ(stat(entry.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777u, 0644u);
  }
}

TEST_F(PeersTest, IgnoreWhatIsNoEntry) {
  const auto a = Join("a", "eth0");
  std::vector<Fd> locks;
  const std::pair<const char*, std::string> files[] = {
      {"empty.capture", ""},
      {"unfinished.capture", Path("b")},
      {"relative.capture", "b\n"},
      {"long.capture", "/" + std::string(10'000, 'x') + "\n"},
      {"gone.capture", Path("none") + "\n"},
      {"elsewhere.capture", "/proc\n"},  // another file system
      {"other", Path("b") + "\n"},
  };
  for (const auto& [name, content] : files) {
    std::ofstream(Path("registry") + "/" + name) << content;
    locks.push_back(LockFile(Path("registry"), name).value());
  }
  ASSERT_EQ(mkfifo((Path("registry") + "/pipe.capture").c_str(), 0644), 0);
  EXPECT_THAT(PathsOf(*a), IsEmpty());
}

TEST_F(PeersTest, GoWithoutARegistryThatCannotBeMade) {
  std::ofstream(Path("file")) << "";
  const auto peers = JoinPeers(Path("file") + "/registry", Path("a"), "eth0");
  ASSERT_NE(peers, nullptr);
  EXPECT_THAT(peers->Directories(), IsEmpty());
  EXPECT_EQ(log_.Lines().size(), 1u);
  EXPECT_EQ(log_.Count("captures into other directories do not count"), 1);
  EXPECT_FALSE(peers->IsLive(Path("a"), "eth0"));
}

TEST_F(PeersTest, TellWhetherACaptureIsLive) {
  const auto a = Join("a", "eth0");
  EXPECT_FALSE(a->IsLive(Path("b"), "eth1"));
  Fd lock = LockFile(Path("b"), LockName("eth1")).value();
  EXPECT_TRUE(a->IsLive(Path("b"), "eth1"));
  EXPECT_FALSE(a->IsLive(Path("b"), "eth2"));
  EXPECT_FALSE(a->IsLive(Path("a"), "eth1"));
  lock.Reset();
  EXPECT_FALSE(a->IsLive(Path("b"), "eth1"));
}

TEST_F(PeersTest, DoNotHoldALockAfterTheQuestion) {
  const auto a = Join("a", "eth0");
  LockFile(Path("b"), LockName("eth1")).value().Reset();
  EXPECT_FALSE(a->IsLive(Path("b"), "eth1"));
  EXPECT_TRUE(LockFile(Path("b"), LockName("eth1")).ok());
}

}  // namespace
}  // namespace dns_monitor
