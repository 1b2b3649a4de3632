#include "dns_monitor/base/descriptor_store.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/event_fd.h"
#include "support/in_child.h"
#include "support/manager_socket.h"

namespace dns_monitor {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kStore[] = "FDSTORE=1\nFDPOLL=0\nFDNAME=";
constexpr char kForget[] = "FDSTOREREMOVE=1\nFDNAME=";

class DescriptorStoreTest : public testing::Test {
 protected:
  void Connect() {
    manager_.Listen(manager_.Path());
    auto notifier = Notifier::Connect();
    ASSERT_TRUE(notifier.ok()) << notifier.status();
    notifier_ = *std::move(notifier);
  }
  // What the manager was told since, in order; it keeps the descriptors.
  std::vector<std::string> Told() {
    std::vector<std::string> told;
    while (std::optional<ManagerSocket::Message> message = manager_.Receive()) {
      told.push_back(message->text);
      const bool stores = message->text.rfind(kStore, 0) == 0;
      EXPECT_EQ(message->passed.valid(), stores) << message->text;
      if (stores) stored_[message->text.substr(strlen(kStore))] = std::move(message->passed);
    }
    return told;
  }
  static std::string Store(const std::string& name) { return kStore + name; }
  static std::string Forget(const std::string& name) { return kForget + name; }
  static Fd Any() { return MakeEventFd(); }
  static NamedDescriptors Kept(std::initializer_list<std::string> names) {
    NamedDescriptors kept;
    for (const std::string& name : names) kept[name] = Any();
    return kept;
  }

  ManagerSocket manager_;
  Notifier notifier_;
  DescriptorStore store_{&notifier_};
  NamedDescriptors stored_;  // by the manager
  const Fd socket_ = Any();
  const Fd control_ = Any();
  const std::map<std::string, int> given_ = {{"control", control_.get()},
                                             {"socket", socket_.get()}};
};

TEST_F(DescriptorStoreTest, KeepsNothingWithoutAManager) {
  EXPECT_TRUE(store_.Add(given_, {}).ok());
  EXPECT_FALSE(store_.holds());
  store_.Release();
}

TEST_F(DescriptorStoreTest, HoldsNothingBeforeItIsGiven) {
  Connect();
  EXPECT_FALSE(store_.holds());
  store_.Release();
  EXPECT_THAT(Told(), IsEmpty());
}

TEST_F(DescriptorStoreTest, GivesAllAndTheProbeLast) {
  Connect();
  ASSERT_TRUE(store_.Add(given_, {}).ok());
  EXPECT_THAT(Told(), ElementsAre(Store("control"), Store("socket"), Store("held")));
  for (const auto& [name, fd] : given_) {
    // What is written to the one is read from the other: all are one inode to fstat(2).
    uint64_t value = 7;
    ASSERT_EQ(write(fd, &value, sizeof(value)), static_cast<ssize_t>(sizeof(value)));
    value = 0;
    ASSERT_EQ(read(stored_[name].get(), &value, sizeof(value)),
              static_cast<ssize_t>(sizeof(value)));
    EXPECT_EQ(value, 7u) << name << " is another one";
  }
}

TEST_F(DescriptorStoreTest, IsHeldAsLongAsTheManagerHoldsTheProbe) {
  Connect();
  ASSERT_TRUE(store_.Add(given_, {}).ok());
  EXPECT_TRUE(store_.holds()) << "on its way";
  Told();
  EXPECT_TRUE(store_.holds());
  stored_.erase("control");
  stored_.erase("socket");
  EXPECT_TRUE(store_.holds());
  stored_.erase("held");
  EXPECT_FALSE(store_.holds());
}

TEST_F(DescriptorStoreTest, IsNotHeldByAManagerThatTakesNothing) {
  Connect();
  ASSERT_TRUE(store_.Add(given_, {}).ok());
  manager_.Receive();
  EXPECT_TRUE(store_.holds()) << "more are on their way";
  while (manager_.Receive()) continue;
  EXPECT_FALSE(store_.holds());
}

TEST_F(DescriptorStoreTest, IsNotHeldByAManagerThatIsGone) {
  Connect();
  ASSERT_TRUE(store_.Add(given_, {}).ok());
  manager_.Close();
  EXPECT_FALSE(store_.holds());
}

TEST_F(DescriptorStoreTest, ReleasesEach) {
  Connect();
  ASSERT_TRUE(store_.Add(given_, {}).ok());
  Told();
  store_.Release();
  EXPECT_FALSE(store_.holds());
  EXPECT_THAT(Told(), ElementsAre(Forget("control"), Forget("held"), Forget("socket")));
  store_.Release();
  EXPECT_THAT(Told(), IsEmpty());
}

TEST_F(DescriptorStoreTest, DoesNotGiveAgainWhatIsKept) {
  Connect();
  const NamedDescriptors kept = Kept({"control", "held", "ring1"});
  ASSERT_TRUE(store_.Add(given_, kept).ok());
  EXPECT_THAT(Told(), ElementsAre(Store("socket"), Forget("held"), Store("held")));
  EXPECT_TRUE(store_.holds());
}

TEST_F(DescriptorStoreTest, ForgetsWhatIsDoneWith) {
  Connect();
  const NamedDescriptors kept = Kept({"control", "held", "ring1", "ring2"});
  ASSERT_TRUE(store_.Add(given_, kept).ok());
  Told();
  store_.ForgetAllBut(given_);
  EXPECT_THAT(Told(), ElementsAre(Forget("ring1"), Forget("ring2")));
  EXPECT_TRUE(store_.holds());
  store_.ForgetAllBut(given_);
  EXPECT_THAT(Told(), IsEmpty());
  store_.Release();
  EXPECT_THAT(Told(), ElementsAre(Forget("control"), Forget("held"), Forget("socket")));
}

TEST_F(DescriptorStoreTest, ReleasesWhatWasKeptBefore) {
  Connect();
  ASSERT_TRUE(store_.Add(given_, Kept({"ring1"})).ok());
  Told();
  store_.Release();
  EXPECT_THAT(Told(),
              ElementsAre(Forget("control"), Forget("held"), Forget("ring1"), Forget("socket")));
}

// --- What the manager has kept ---

// Descriptors 3 and on, and the variables, as the manager gives them. In a child.
void BeGiven(int count, const char* names, const std::string& pid = absl::StrCat(getpid())) {
  for (int index = 0; index < count; ++index) {
    int ends[2];
    if (pipe(ends) != 0) _exit(EBADF);
    // The one at hand may be one of those.
    const int away = fcntl(ends[0], F_DUPFD, 100);
    if (dup2(away, 3 + index) < 0) _exit(EBADF);
    close(away);
  }
  setenv("LISTEN_PID", pid.c_str(), 1);
  setenv("LISTEN_FDS", absl::StrCat(count).c_str(), 1);
  if (names != nullptr) {
    setenv("LISTEN_FDNAMES", names, 1);
  } else {
    unsetenv("LISTEN_FDNAMES");
  }
}

bool AreUnset() {
  return getenv("LISTEN_PID") == nullptr && getenv("LISTEN_FDS") == nullptr &&
         getenv("LISTEN_FDNAMES") == nullptr;
}

bool IsOpen(int fd) {
  return fcntl(fd, F_GETFD) >= 0;
}

// "3 control, 5 socket": the names, and which descriptor each is.
std::string Described(const NamedDescriptors& descriptors) {
  std::map<int, std::string> by_number;
  for (const auto& [name, fd] : descriptors) by_number[fd.get()] = name;
  std::string text;
  for (const auto& [number, name] : by_number) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", number, " ", name);
  }
  return text;
}

// That a child which is given these takes `expected`, and that no variable is left.
std::string TakenInChild(
    const std::function<void()>& be_given, const std::string& expected,
    const std::function<bool()>& also = [] { return true; }) {
  return InChild([&] {
    be_given();
    const NamedDescriptors taken = TakeStoredDescriptors();
    if (Described(taken) != expected) {
      fprintf(stderr, "taken: %s\n", Described(taken).c_str());
      return EINVAL;
    }
    if (!AreUnset()) return EEXIST;
    return also() ? 0 : EBADF;
  });
}

TEST(TakeStoredDescriptors, TakesThemByName) {
  EXPECT_EQ(TakenInChild([] { BeGiven(3, "control:ring0:socket"); }, "3 control, 4 ring0, 5 socket",
                         [] { return fcntl(4, F_GETFD) == FD_CLOEXEC; }),
            "done");
}

TEST(TakeStoredDescriptors, TakesNothingWhereThereIsNothing) {
  EXPECT_EQ(TakenInChild(
                [] {
                  for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) {
                    unsetenv(name);
                  }
                },
                ""),
            "done");
}

TEST(TakeStoredDescriptors, LeavesThoseOfAnotherProcessAlone) {
  EXPECT_EQ(TakenInChild([] { BeGiven(2, "control:socket", absl::StrCat(getppid())); }, "",
                         [] { return IsOpen(3) && IsOpen(4); }),
            "done");
  EXPECT_EQ(TakenInChild([] { BeGiven(2, "control:socket", ""); }, "",
                         [] { return IsOpen(3) && IsOpen(4); }),
            "done");
}

TEST(TakeStoredDescriptors, ClosesWhatHasNoName) {
  EXPECT_EQ(TakenInChild([] { BeGiven(3, "control"); }, "3 control",
                         [] { return !IsOpen(4) && !IsOpen(5); }),
            "done");
  EXPECT_EQ(TakenInChild([] { BeGiven(3, "control::socket"); }, "3 control, 5 socket",
                         [] { return !IsOpen(4); }),
            "done");
  for (const char* none : {"", static_cast<const char*>(nullptr)}) {
    EXPECT_EQ(
        TakenInChild([none] { BeGiven(2, none); }, "", [] { return !IsOpen(3) && !IsOpen(4); }),
        "done");
  }
}

TEST(TakeStoredDescriptors, TakesTheLastOfOneName) {
  EXPECT_EQ(TakenInChild([] { BeGiven(2, "held:held"); }, "4 held", [] { return !IsOpen(3); }),
            "done");
}

TEST(TakeStoredDescriptors, TakesNoneThatIsNotThere) {
  EXPECT_EQ(TakenInChild(
                [] {
                  BeGiven(3, "control:ring0:socket");
                  close(4);
                },
                "3 control, 5 socket"),
            "done");
  for (const char* count : {"", "two", "-1"}) {
    EXPECT_EQ(TakenInChild(
                  [count] {
                    BeGiven(2, "control:socket");
                    setenv("LISTEN_FDS", count, 1);
                  },
                  ""),
              "done");
  }
}

}  // namespace
}  // namespace dns_monitor
