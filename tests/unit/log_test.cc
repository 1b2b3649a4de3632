#include "dns_monitor/base/log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "dns_monitor/base/fd.h"

namespace dns_monitor {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::SizeIs;

// What `body`, in a process of its own, writes to standard error. Whether that is the journal is
// looked at once a process, so each test has its own.
template <typename Body>
std::string StderrOf(Body body) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return "no pipe";
  Fd read_end(ends[0]);
  Fd write_end(ends[1]);
  const pid_t child = fork();
  if (child == 0) {
    dup2(write_end.get(), STDERR_FILENO);
    body();
    _exit(0);
  }
  write_end.Reset();
  std::string text;
  char chunk[4096];
  for (ssize_t got = 0; (got = read(read_end.get(), chunk, sizeof(chunk))) > 0;) {
    text.append(chunk, static_cast<size_t>(got));
  }
  int state = 0;
  EXPECT_EQ(waitpid(child, &state, 0), child);
  EXPECT_EQ(state, 0);
  return text;
}

// Sets JOURNAL_STREAM as systemd does, but for `shift` added to the inode.
void PretendJournal(unsigned long shift) {
  struct stat info {};
  fstat(STDERR_FILENO, &info);
  setenv("JOURNAL_STREAM", absl::StrCat(info.st_dev, ":", info.st_ino + shift).c_str(), 1);
}

TEST(Log, SaysWhoSpeaksWhenAPersonReads) {
  EXPECT_EQ(StderrOf([] {
              unsetenv("JOURNAL_STREAM");
              LogInfo("writing ", 3, " files");
              LogWarning("careful");
              LogError("broken");
            }),
            "dns-monitor: writing 3 files\ndns-monitor: careful\ndns-monitor: broken\n");
}

TEST(Log, GivesPrioritiesToTheJournal) {
  EXPECT_EQ(StderrOf([] {
              PretendJournal(0);
              LogInfo("a");
              LogWarning("c");
              LogError("d");
            }),
            "<6>a\n<4>c\n<3>d\n");
}

TEST(Log, KnowsWhenTheJournalIsSomewhereElse) {
  EXPECT_EQ(StderrOf([] {
              PretendJournal(1);
              LogInfo("a");
            }),
            "dns-monitor: a\n");
}

TEST(Log, EscapesWhatWouldSteerATerminal) {
  EXPECT_EQ(StderrOf([] {
              unsetenv("JOURNAL_STREAM");
              LogInfo("a\x1b[2Jb\r\nc\td\x7f", absl::string_view("\0e", 2));
            }),
            "dns-monitor: a\\x1b[2Jb\\x0d\\x0ac\\x09d\\x7f\\x00e\n");
}

TEST(Log, LeavesOtherTextAlone) {
  EXPECT_EQ(StderrOf([] {
              unsetenv("JOURNAL_STREAM");
              LogInfo("Zürich \\ %s \"x\"");
              LogInfo("");
            }),
            "dns-monitor: Zürich \\ %s \"x\"\ndns-monitor: \n");
}

TEST(Log, WritesWholeLinesFromSeveralThreads) {
  constexpr int kThreads = 4;
  constexpr int kLines = 100;
  const std::string text = StderrOf([] {
    unsetenv("JOURNAL_STREAM");
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([] {
        for (int line = 0; line < kLines; ++line) LogInfo("0123456789");
      });
    }
    for (std::thread& thread : threads) thread.join();
  });
  const std::vector<std::string> lines = absl::StrSplit(text, '\n', absl::SkipEmpty());
  EXPECT_THAT(lines, SizeIs(kThreads * kLines));
  EXPECT_THAT(lines, Each("dns-monitor: 0123456789"));
}

TEST(LogThread, WritesEverythingInOrder) {
  EXPECT_EQ(StderrOf([] {
              unsetenv("JOURNAL_STREAM");
              LogInfo("before");
              {
                const LogThread thread;
                LogInfo("a");
                LogText("b\nc\n");
                LogWarning("d");
              }
              LogInfo("after");
            }),
            "dns-monitor: before\ndns-monitor: a\nb\nc\ndns-monitor: d\ndns-monitor: after\n");
}

// Whoever logs goes on while nobody reads; what did not fit is told afterwards.
TEST(LogThread, WaitsForNobody) {
  constexpr int kLines = 3 * LogThread::kMaxLines;
  const std::string text = StderrOf([] {
    unsetenv("JOURNAL_STREAM");
    const int reader = dup(STDERR_FILENO);
    // Standard error is a full pipe that is emptied only once all has been logged.
    int stalled[2];
    if (pipe(stalled) != 0) _exit(1);
    dup2(stalled[1], STDERR_FILENO);
    close(stalled[1]);
    fcntl(STDERR_FILENO, F_SETPIPE_SZ, 4096);
    std::thread copy;
    {
      const LogThread thread;
      for (int line = 0; line < kLines; ++line) LogInfo("line ", line);
      copy = std::thread([&] {
        char chunk[4096];
        for (ssize_t got = 0; (got = read(stalled[0], chunk, sizeof(chunk))) > 0;) {
          if (write(reader, chunk, static_cast<size_t>(got)) != got) _exit(1);
        }
      });
    }
    close(STDERR_FILENO);
    copy.join();
  });
  const std::vector<std::string> lines = absl::StrSplit(text, '\n', absl::SkipEmpty());
  ASSERT_GT(lines.size(), size_t{LogThread::kMaxLines});
  ASSERT_LT(lines.size(), size_t{kLines});
  const size_t told = lines.size() - 1;
  for (size_t line = 0; line < told; ++line) {
    EXPECT_EQ(lines[line], absl::StrCat("dns-monitor: line ", line));
  }
  EXPECT_EQ(lines[told], absl::StrCat("dns-monitor: ", kLines - told,
                                      " lines were not logged: standard error did not take them"));
}

// Also the process ends, though its last lines find nobody.
TEST(LogThread, IsGivenUpAtTheEnd) {
  EXPECT_EQ(StderrOf([] {
              int stalled[2];
              if (pipe(stalled) != 0) _exit(1);
              dup2(stalled[1], STDERR_FILENO);
              fcntl(STDERR_FILENO, F_SETPIPE_SZ, 4096);
              {
                const LogThread thread;
                for (int line = 0; line < 1000; ++line) LogInfo("nobody reads this");
              }
              LogInfo("nor this");
            }),
            "");
}

TEST(Log, GoesToASinkInTests) {
  std::vector<std::pair<Severity, std::string>> lines;
  SetLogSink([&lines](Severity severity, absl::string_view text) {
    lines.emplace_back(severity, std::string(text));
  });
  LogWarning("a\n");
  SetLogSink({});
  EXPECT_THAT(lines, ElementsAre(std::pair(Severity::kWarning, std::string("a\n"))));
}

}  // namespace
}  // namespace dns_monitor
