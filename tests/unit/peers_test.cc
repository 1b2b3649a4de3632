#include "dns_monitor/retention/peers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "dns_monitor/archive/names.h"
#include "dns_monitor/base/file_lock.h"
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
  // "…/b: eth0 eth1"
  static std::vector<std::string> ListOf(Peers& peers) {
    std::vector<std::string> list;
    for (const PeerDirectory& directory : peers.Directories()) {
      list.push_back(absl::StrCat(directory.path, ": ", absl::StrJoin(directory.interfaces, " ")));
    }
    std::sort(list.begin(), list.end());
    return list;
  }
  // Of the entry of a capture into `directory`, behind the interface.
  static std::string Suffix(const std::string& directory) {
    struct stat info {};
    stat(directory.c_str(), &info);
    return absl::StrFormat(".%x.%d.capture", info.st_dev, info.st_ino);
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
  EXPECT_THAT(ListOf(*a), IsEmpty());
  const auto b = Join("b", "eth1");
  const auto c = Join("c", "eth0");
  EXPECT_THAT(ListOf(*a), ElementsAre(Path("b: eth1"), Path("c: eth0")));
  EXPECT_THAT(ListOf(*b), ElementsAre(Path("a: eth0"), Path("c: eth0")));
  EXPECT_THAT(ListOf(*c), ElementsAre(Path("a: eth0"), Path("b: eth1")));
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

TEST_F(PeersTest, ListADirectoryOnceAndNeverThemselves) {
  const auto eth0 = Join("a", "eth0");
  const auto eth1 = Join("a", "eth1");
  const auto b0 = Join("b", "eth0");
  const auto b1 = Join("b", "eth1");
  EXPECT_THAT(ListOf(*eth0), ElementsAre(Path("a: eth1"), Path("b: eth0 eth1")));
}

TEST_F(PeersTest, KnowInterfacesWithDots) {
  const auto a = Join("a", "eth0");
  const auto vlan = Join("a", "eth0.100");
  EXPECT_THAT(ListOf(*a), ElementsAre(Path("a: eth0.100")));
  EXPECT_THAT(ListOf(*vlan), ElementsAre(Path("a: eth0")));
}

TEST_F(PeersTest, DoNotTakeAnotherDirectoryForTheOneThatWasEntered) {
  const auto a = Join("a", "eth0");
  const auto b = Join("b", "eth1");
  std::filesystem::rename(Path("b"), Path("moved"));
  std::filesystem::create_directory(Path("b"));
  EXPECT_THAT(ListOf(*a), IsEmpty());
}

TEST_F(PeersTest, DoNotCountWhoHasNotEntered) {
  const auto a = Join("a", "eth0");
  const Fd lock = LockFile(Path("a"), LockName("eth1")).value();
  const auto without = JoinPeers("", Path("b"), "eth2");
  EXPECT_THAT(ListOf(*a), IsEmpty());
  EXPECT_THAT(ListOf(*without), IsEmpty());
}

TEST_F(PeersTest, KnowADirectoryThroughLinks) {
  std::filesystem::create_directory_symlink(Path("b"), Path("link"));
  const auto a = Join("a", "eth0");
  const auto b = Join("link", "eth1");
  EXPECT_THAT(ListOf(*a), ElementsAre(Path("b: eth1")));
  const auto also_b = Join("b", "eth2");
  EXPECT_THAT(ListOf(*b), ElementsAre(Path("a: eth0"), Path("b: eth2")));
}

TEST_F(PeersTest, AreGoneWhenTheirLockIs) {
  const auto a = Join("a", "eth0");
  auto b = Join("b", "eth1");
  b.reset();
  EXPECT_THAT(ListOf(*a), IsEmpty());
  b = Join("b", "eth1");
  EXPECT_THAT(ListOf(*a), ElementsAre(Path("b: eth1")));
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
  const std::string b = Suffix(Path("b"));
  const std::pair<std::string, std::string> files[] = {
      {"empty" + b, ""},
      {"unfinished" + b, Path("b")},
      {"relative" + b, "b\n"},
      {"long" + b, "/" + std::string(10'000, 'x') + "\n"},
      {"gone" + b, Path("none") + "\n"},
      {"elsewhere" + Suffix("/proc"), "/proc\n"},  // another file system
      {"another" + Suffix(Path("c")), Path("b") + "\n"},
      {b, Path("b") + "\n"},
      {"unnamed.capture", Path("b") + "\n"},
      {"other", Path("b") + "\n"},
  };
  for (const auto& [name, content] : files) {
    std::ofstream(Path("registry") + "/" + name) << content;
    locks.push_back(LockFile(Path("registry"), name).value());
  }
  ASSERT_EQ(mkfifo((Path("registry") + "/pipe.capture").c_str(), 0644), 0);
  EXPECT_THAT(ListOf(*a), IsEmpty());
}

TEST_F(PeersTest, TakeAnEntryAsItIsWritten) {
  const auto a = Join("a", "eth0");
  const std::string name = "eth7" + Suffix(Path("b"));
  std::ofstream(Path("registry") + "/" + name) << Path("b") << "\n";
  EXPECT_THAT(ListOf(*a), IsEmpty());  // nobody holds it
  const Fd lock = LockFile(Path("registry"), name).value();
  EXPECT_THAT(ListOf(*a), ElementsAre(Path("b: eth7")));
}

TEST_F(PeersTest, GoWithoutARegistryThatCannotBeMade) {
  std::ofstream(Path("file")) << "";
  const auto peers = JoinPeers(Path("file") + "/registry", Path("a"), "eth0");
  ASSERT_NE(peers, nullptr);
  EXPECT_THAT(peers->Directories(), IsEmpty());
  EXPECT_EQ(log_.Lines().size(), 1u);
  EXPECT_EQ(log_.Count("leave each other's files alone"), 1);
}

}  // namespace
}  // namespace dns_monitor
