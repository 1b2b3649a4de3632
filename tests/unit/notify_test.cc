#include "dns_monitor/base/notify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/clock.h"
#include "support/manager_socket.h"

namespace dns_monitor {
namespace {

using absl::StatusCode;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class NotifyTest : public testing::Test {
 protected:
  void Listen(const std::string& path) { manager_.Listen(path); }
  std::string Path() const { return manager_.Path(); }
  std::string Received() { return manager_.Received(); }

  ManagerSocket manager_;
};

TEST_F(NotifyTest, TellsNobodyWithoutAManager) {
  const auto notifier = Notifier::Connect();
  ASSERT_TRUE(notifier.ok());
  EXPECT_FALSE(notifier->connected());
  EXPECT_EQ(notifier->watchdog_ns(), 0);
  notifier->Ready();
  Notifier().Status("unheard");
}

TEST_F(NotifyTest, TellsTheManagerAtAPath) {
  Listen(Path());
  const auto notifier = Notifier::Connect();
  ASSERT_TRUE(notifier.ok()) << notifier.status();
  EXPECT_EQ(Received(), "nothing");
  notifier->Ready();
  EXPECT_EQ(Received(), "READY=1");
  notifier->Status("capturing on lo");
  EXPECT_EQ(Received(), "STATUS=capturing on lo");
  notifier->Alive();
  EXPECT_EQ(Received(), "WATCHDOG=1");
  notifier->Stopping();
  EXPECT_EQ(Received(), "STOPPING=1");
}

TEST_F(NotifyTest, TellsTheManagerAtAnAbstractName) {
  Listen(absl::StrCat("@dns-monitor-notify-test-", getpid()));
  const auto notifier = Notifier::Connect();
  ASSERT_TRUE(notifier.ok()) << notifier.status();
  notifier->Ready();
  EXPECT_EQ(Received(), "READY=1");
}

TEST_F(NotifyTest, StampsAReload) {
  Listen(Path());
  const int64_t before_us =
      (SystemClock().BoottimeNs() - SystemClock().SuspendedNs()) / kNanosecondsPerMicrosecond;
  Notifier::Connect()->Reloading();
  const std::string message = Received();
  ASSERT_THAT(message, MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[0-9]+"));
  // A second is more than what the two clocks may be read apart.
  EXPECT_GE(std::stoll(message.substr(message.rfind('=') + 1)), before_us - 1'000'000);
}

TEST_F(NotifyTest, GivesDescriptorsToBeKeptAndForgotten) {
  Notifier().Store("ring0", STDIN_FILENO);  // nobody hears it
  Listen(Path());
  const auto notifier = Notifier::Connect();
  ASSERT_TRUE(notifier.ok()) << notifier.status();
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const Fd given(ends[0]);
  const Fd other(ends[1]);
  notifier->Store("ring0", given.get());
  const auto message = manager_.Receive();
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(message->text, "FDSTORE=1\nFDPOLL=0\nFDNAME=ring0");
  struct stat sent {};
  struct stat passed {};
  ASSERT_EQ(fstat(given.get(), &sent), 0);
  ASSERT_EQ(fstat(message->passed.get(), &passed), 0);
  EXPECT_EQ(passed.st_ino, sent.st_ino);
  notifier->Forget("ring0");
  const auto forget = manager_.Receive();
  ASSERT_TRUE(forget.has_value());
  EXPECT_EQ(forget->text, "FDSTOREREMOVE=1\nFDNAME=ring0");
  EXPECT_FALSE(forget->passed.valid());
}

TEST_F(NotifyTest, ReadsTheWatchdogsPeriod) {
  Listen(Path());
  EXPECT_EQ(Notifier::Connect()->watchdog_ns(), 0);
  setenv("WATCHDOG_USEC", "30000000", 1);
  EXPECT_EQ(Notifier::Connect()->watchdog_ns(), 30 * kNanosecondsPerSecond);
  setenv("WATCHDOG_PID", absl::StrCat(getpid()).c_str(), 1);
  EXPECT_EQ(Notifier::Connect()->watchdog_ns(), 30 * kNanosecondsPerSecond);
  setenv("WATCHDOG_PID", "1", 1);
  EXPECT_EQ(Notifier::Connect()->watchdog_ns(), 0);
  unsetenv("WATCHDOG_PID");
  for (const char* period : {"", "soon", "-1", "9223372036854775807"}) {
    setenv("WATCHDOG_USEC", period, 1);
    EXPECT_EQ(Notifier::Connect()->watchdog_ns(), 0) << period;
  }
}

TEST_F(NotifyTest, RefusesWhatIsNoAddress) {
  for (const std::string& path :
       {std::string("notify"), std::string("vsock:2:1"), "/" + std::string(200, 'x')}) {
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
    const absl::Status status = Notifier::Connect().status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(status.message(), HasSubstr(path));
  }
}

TEST_F(NotifyTest, SaysThatNobodyListens) {
  setenv("NOTIFY_SOCKET", Path().c_str(), 1);
  const absl::Status status = Notifier::Connect().status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("NOTIFY_SOCKET: " + Path()));
}

TEST_F(NotifyTest, DoesNotMindAManagerThatIsGone) {
  Listen(Path());
  const auto notifier = Notifier::Connect();
  manager_.Close();
  notifier->Ready();
  notifier->Alive();
}

}  // namespace
}  // namespace dns_monitor
