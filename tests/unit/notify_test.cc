#include "dns_monitor/base/notify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/clock.h"

namespace dns_monitor {
namespace {

using absl::StatusCode;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

// Plays the service manager: a socket, and the variables that a service finds.
class NotifyTest : public testing::Test {
 protected:
  NotifyTest() {
    std::string pattern = testing::TempDir() + "/notify.XXXXXX";
    directory_ = mkdtemp(pattern.data());
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) unsetenv(name);
  }
  ~NotifyTest() override { std::filesystem::remove_all(directory_); }

  // Waits at `path`, whose first character is '@' for an abstract name.
  void Listen(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    memcpy(address.sun_path, path.data(), path.size());
    if (path[0] == '@') address.sun_path[0] = '\0';
    manager_ = Fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(bind(manager_.get(), reinterpret_cast<sockaddr*>(&address),
                   static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size())),
              0);
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  std::string Path() const { return directory_ + "/notify"; }

  std::string Received() {
    std::array<char, 4096> buffer;
    const ssize_t length = recv(manager_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    return length < 0 ? "nothing" : std::string(buffer.data(), static_cast<size_t>(length));
  }

  std::string directory_;
  Fd manager_;
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
  manager_.Reset();
  notifier->Ready();
  notifier->Alive();
}

}  // namespace
}  // namespace dns_monitor
