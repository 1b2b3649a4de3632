// What the helper runs, with what, and what its end does; real processes, which report into files.
#include "dns_monitor/command/command_helper.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "dns_monitor/base/fd.h"
#include "support/log_capture.h"

namespace dns_monitor {
namespace {

using ::testing::Contains;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

SegmentName Name(int minute) {
  return {"eth0", absl::CivilSecond(2026, 11, 23, 21, minute, 0), false, 0};
}

class CommandHelperTest : public testing::Test {
 protected:
  CommandHelperTest() {
    signal(SIGCHLD, SIG_IGN);  // as a capture does
    std::string pattern = testing::TempDir() + "/command.XXXXXX";
    root_ = std::filesystem::canonical(mkdtemp(pattern.data()));
    std::filesystem::create_directory(root_ / "captures");
  }
  ~CommandHelperTest() override {
    helper_.reset();
    std::filesystem::remove_all(root_);
    signal(SIGCHLD, SIG_DFL);
  }

  std::string Path(const std::string& name) const { return (root_ / name).string(); }
  std::string File(int minute) const { return Path("captures/" + Name(minute).Pcap()); }
  // A script of /bin/sh; $out is a file for what it finds.
  std::string Script(const std::string& body) {
    std::string path = Path("script");
    std::ofstream(path) << "#!/bin/sh\nout=" << Path("out") << "\n" << body << "\n";
    chmod(path.c_str(), 0755);
    return path;
  }
  absl::Status TryStart(const std::string& command) {
    auto helper = CommandHelper::Start({.command = command,
                                        .directory = Path("captures"),
                                        .interface = "eth0",
                                        .account = std::nullopt},
                                       *Privileges::Plan(std::nullopt, -1));
    if (!helper.ok()) return helper.status();
    helper_ = *std::move(helper);
    return absl::OkStatus();
  }
  void Start(const std::string& body) { ASSERT_EQ(TryStart(Script(body)), absl::OkStatus()); }
  // Until the helper has ended, or `condition` holds.
  template <typename Condition>
  void Follow(Condition condition) {
    while (!helper_->ended() && !condition()) {
      pollfd readable{.fd = helper_->fd(), .events = POLLIN, .revents = 0};
      poll(&readable, 1, -1);
      helper_->OnReadable();
    }
  }
  void FollowToTheEnd() {
    helper_->Finish();
    Follow([] { return false; });
  }
  std::string Content(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(Path(name)).rdbuf();
    return text.str();
  }
  std::string Out() const { return Content("out"); }
  std::vector<std::string> OutLines() const {
    return absl::StrSplit(Out(), '\n', absl::SkipEmpty());
  }

  std::filesystem::path root_;
  LogCapture log_;
  std::unique_ptr<CommandHelper> helper_;
};

TEST_F(CommandHelperTest, RunsForEachNameInOrder) {
  Start("echo \"$# $1\" >>$out");
  for (const int minute : {1, 2, 3}) helper_->Tell(Name(minute));
  FollowToTheEnd();
  EXPECT_THAT(OutLines(), ElementsAre("1 " + File(1), "1 " + File(2), "1 " + File(3)));
  EXPECT_EQ(helper_->unfinished(), 0u);
  EXPECT_THAT(log_.Lines(), IsEmpty());
}

TEST_F(CommandHelperTest, RunsOneAtATime) {
  Start("mkdir \"$out.running\" || echo overlap >>$out; rmdir \"$out.running\"");
  for (int minute = 0; minute < 20; ++minute) helper_->Tell(Name(minute));
  FollowToTheEnd();
  EXPECT_EQ(Out(), "");
}

TEST_F(CommandHelperTest, EndsWithoutHavingBeenToldAnything) {
  Start("echo run >>$out");
  FollowToTheEnd();
  EXPECT_EQ(Out(), "");
  EXPECT_THAT(log_.Lines(), IsEmpty());
}

TEST_F(CommandHelperTest, GivesTheCommandNothingOfOurs) {
  const int open_here = open("/dev/null", O_RDONLY);  // without O_CLOEXEC
  const sighandler_t before = signal(SIGUSR1, SIG_IGN);
  setenv("NOTIFY_SOCKET", "/run/notify", 1);
  setenv("KEPT", "as it is", 1);
  Start(
      "cat /proc/self/status >>$out; echo \"cwd $PWD\" >>$out; env >>$out; "
      "echo \"sid $(cut -d' ' -f6 /proc/$$/stat)\" >>$out; "
      "exec ls -l /proc/self/fd >$out.fds");
  helper_->Tell(Name(1));
  FollowToTheEnd();
  unsetenv("NOTIFY_SOCKET");
  unsetenv("KEPT");
  signal(SIGUSR1, before);
  close(open_here);
  const std::vector<std::string> lines = OutLines();
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapAmb"}) {
    EXPECT_THAT(lines, Contains(absl::StrCat(set, ":\t0000000000000000")));
  }
  EXPECT_THAT(lines, Contains("NoNewPrivs:\t1"));
  EXPECT_THAT(lines, Contains("SigIgn:\t0000000000000000"));
  EXPECT_THAT(lines, Contains("SigBlk:\t0000000000000000"));
  EXPECT_THAT(lines, Contains("cwd " + Path("captures")));
  EXPECT_THAT(lines, Contains("KEPT=as it is"));
  EXPECT_THAT(lines, Not(Contains(HasSubstr("NOTIFY_SOCKET"))));
  EXPECT_THAT(lines, Not(Contains(absl::StrCat("sid ", getsid(0)))));
  const std::string descriptors = Content("out.fds");
  EXPECT_THAT(descriptors, HasSubstr(" 0 -> /dev/null\n"));
  // The three, and the directory that ls reads.
  EXPECT_THAT(descriptors, ContainsRegex(" 3 -> /proc/[0-9]*/fd\n"));
  EXPECT_EQ(std::vector<std::string>(absl::StrSplit(descriptors, " -> ")).size(), 4u + 1)
      << descriptors;
}

TEST_F(CommandHelperTest, IsNiceAndSaysWhereItIs) {
  Start("nice >>$out");
  helper_->Tell(Name(1));
  FollowToTheEnd();
  EXPECT_THAT(OutLines(), ElementsAre("19"));
}

TEST_F(CommandHelperTest, LogsFailuresAndGoesOn) {
  Start("case $1 in *_2101.pcap) exit 3;; *_2102.pcap) kill -SEGV $$;; esac; echo $1 >>$out");
  for (const int minute : {1, 2, 3}) helper_->Tell(Name(minute));
  FollowToTheEnd();
  const std::string script = Path("script");
  EXPECT_THAT(log_.Lines(),
              ElementsAre(absl::StrCat(script, " ", Name(1).Pcap(), ": exit status 3"),
                          absl::StrCat(script, " ", Name(2).Pcap(), ": ended by SIGSEGV")));
  EXPECT_THAT(OutLines(), ElementsAre(File(3)));
}

TEST_F(CommandHelperTest, LogsACommandThatHasGone) {
  Start("exit 0");
  std::filesystem::remove(Path("script"));
  helper_->Tell(Name(1));
  FollowToTheEnd();
  EXPECT_THAT(log_.Lines(), ElementsAre(HasSubstr(": exit status 127")));
}

TEST_F(CommandHelperTest, TakesNoNamesButThoseOfItsSegments) {
  Start("echo $1 >>$out");
  SegmentName other = Name(1);
  other.interface = "eth1";
  helper_->Tell(other);
  other.interface = "../../eth0";
  helper_->Tell(other);
  helper_->Tell(Name(2));
  FollowToTheEnd();
  EXPECT_THAT(OutLines(), ElementsAre(File(2)));
  EXPECT_EQ(log_.Count("is no segment of this capture"), 2);
}

TEST_F(CommandHelperTest, IsRefusedWithoutTheProgram) {
  for (const char* command : {"no-such-program", "/no/such/program", "/", "gzip -9", "a\nb"}) {
    const absl::Status status = TryStart(command);
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_TRUE(absl::StartsWith(status.message(), "--on-finished: ")) << status;
  }
}

// The command waits until the test lets it go, by a pipe in the file system.
class HeldCommandTest : public CommandHelperTest {
 protected:
  HeldCommandTest() {
    mkfifo(Path("hold").c_str(), 0600);
    hold_.Reset(open(Path("hold").c_str(), O_RDWR | O_CLOEXEC));
  }
  // Whoever reads finds its end, and whoever comes later no pipe: nothing is left running.
  ~HeldCommandTest() override { std::filesystem::remove(Path("hold")); }

  void StartHeld() { Start(absl::StrCat("echo \"$PPID $1\" >>$out; read line <", Path("hold"))); }
  void Release() { EXPECT_EQ(write(hold_.get(), "go\n", 3), 3); }
  pid_t AwaitHelperPid() {
    std::vector<std::string> lines;
    while ((lines = OutLines()).empty()) sched_yield();
    pid_t pid = 0;
    EXPECT_TRUE(absl::SimpleAtoi(lines[0].substr(0, lines[0].find(' ')), &pid));
    return pid;
  }

  Fd hold_;
};

TEST_F(HeldCommandTest, WaitsForNobodyAndKeepsOnlySoMuch) {
  StartHeld();
  helper_->Tell(Name(0));
  const pid_t helper = AwaitHelperPid();
  SegmentName name = Name(1);
  int told = 1;
  for (; log_.Lines().empty(); ++told) {
    name.ordinal = told;
    helper_->Tell(name);
  }
  EXPECT_THAT(log_.Lines(),
              ElementsAre(HasSubstr("is not run for " + name.Pcap() + ": too many wait for it")));
  EXPECT_EQ(helper_->unfinished(), static_cast<size_t>(told - 1));
  EXPECT_GT(told, 1000);
  EXPECT_LT(told, 20000);
  kill(helper, SIGKILL);  // which had much to do yet
}

TEST_F(HeldCommandTest, EndsOnlyWhenAllIsDone) {
  StartHeld();
  for (const int minute : {1, 2}) helper_->Tell(Name(minute));
  AwaitHelperPid();
  helper_->Finish();
  EXPECT_EQ(helper_->unfinished(), 2u);
  Release();
  Follow([this] { return helper_->unfinished() == 1; });
  EXPECT_FALSE(helper_->ended());
  Release();
  FollowToTheEnd();
  EXPECT_EQ(helper_->unfinished(), 0u);
  EXPECT_THAT(log_.Lines(), IsEmpty());
}

TEST_F(HeldCommandTest, OutlivesSignalsThatEndTheCapture) {
  StartHeld();
  for (const int minute : {1, 2}) helper_->Tell(Name(minute));
  const pid_t helper = AwaitHelperPid();
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) kill(helper, number);
  Release();
  Release();
  FollowToTheEnd();
  EXPECT_EQ(OutLines().size(), 2u);
  EXPECT_THAT(log_.Lines(), IsEmpty());
}

TEST_F(HeldCommandTest, RunsWhatItWasToldWhenTheCaptureHasDied) {
  StartHeld();
  for (const int minute : {1, 2}) helper_->Tell(Name(minute));
  AwaitHelperPid();
  helper_.reset();
  Release();
  Release();
  while (OutLines().size() < 2) sched_yield();
  EXPECT_THAT(Out(), HasSubstr(File(2)));
}

TEST_F(HeldCommandTest, SaysThatItHasDied) {
  StartHeld();
  for (const int minute : {1, 2}) helper_->Tell(Name(minute));
  kill(AwaitHelperPid(), SIGKILL);
  Follow([] { return false; });
  EXPECT_TRUE(helper_->ended());
  EXPECT_THAT(log_.Lines(),
              ElementsAre(HasSubstr("the helper of --on-finished has died: " + Path("script") +
                                    " is not run any more, and not for 2 files before")));
  helper_->Tell(Name(3));
  helper_->Finish();
  helper_->OnReadable();
  EXPECT_EQ(log_.Lines().size(), 1u);
}

}  // namespace
}  // namespace dns_monitor
