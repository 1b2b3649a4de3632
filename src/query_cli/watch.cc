#include "watch.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "dns_monitor/base/clock.h"
#include "dns_monitor/base/log.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/base/units.h"
#include "leftovers.h"

namespace dns_monitor {
namespace {

constexpr int64_t kLookNs = 200 * kNanosecondsPerMillisecond;
constexpr int kExitInterrupted = 130;  // as a shell tells it: 128 + SIGINT
constexpr int kBarColumns = 30;

std::string Bar(const ReadProgress& progress) {
  const double part = std::min(
      1.0, static_cast<double>(progress.done_bytes) / static_cast<double>(progress.total_bytes));
  const int full = static_cast<int>(part * kBarColumns);
  return absl::StrFormat("[%s%s] %3d %% of %s", std::string(static_cast<size_t>(full), '#'),
                         std::string(static_cast<size_t>(kBarColumns - full), '.'),
                         static_cast<int>(part * 100),
                         FormatSize(static_cast<int64_t>(progress.total_bytes)));
}

}  // namespace

Watch::Watch() {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGINT);
  sigaddset(&signals_, SIGTERM);
  sigaddset(&signals_, SIGHUP);
  termios terminal;
  if (tcgetattr(STDIN_FILENO, &terminal) == 0) terminal_ = terminal;
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  thread_ = std::thread([this] { Run(); });
}

Watch::~Watch() {
  ended_ = true;
  pthread_kill(thread_.native_handle(), SIGHUP);
  thread_.join();
  pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
  SetLeftoverDirectory("");
  std::error_code ignored;
  if (!directory_.empty()) std::filesystem::remove_all(directory_, ignored);
}

absl::StatusOr<std::string> Watch::TemporaryDirectory() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (!directory_.empty()) return directory_;
  const char* const parent = std::getenv("TMPDIR");
  std::string path = absl::StrCat(parent != nullptr && *parent != '\0' ? parent : "/tmp",
                                  "/dns-monitor-query.XXXXXX");
  if (mkdtemp(path.data()) == nullptr) return ErrnoError(path);
  directory_ = path;
  SetLeftoverDirectory(path);
  return directory_;
}

// What destructors would do, of which none runs: others are at work.
void Watch::End() {
  if (terminal_) tcsetattr(STDIN_FILENO, TCSANOW, &*terminal_);
  // The engine may be making files there, so that what was empty is not.
  constexpr int kAttempts = 10;
  std::error_code error;
  for (int i = 0; i < kAttempts && !directory_.empty(); ++i) {
    std::filesystem::remove_all(directory_, error);
    if (!error) break;
  }
  RemoveLeftovers();
  _exit(kExitInterrupted);
}

void Watch::Follow(Engine* engine, const Captures* captures, bool progress) {
  std::lock_guard<std::mutex> lock(mutex_);
  engine_ = engine;
  captures_ = captures;
  progress_ = progress;
  since_ns_ = SystemClock().BoottimeNs();
  interrupted_ = false;
  if (engine != nullptr) engine->Resume();
  if (shown_) ShowStatus("");
  shown_ = false;
}

void Watch::Run() {
  while (!ended_) {
    const timespec wait = {.tv_sec = 0, .tv_nsec = kLookNs};
    const int signal = sigtimedwait(&signals_, nullptr, &wait);
    if (ended_) return;
    if (signal > 0) {
      OnSignal();
    } else {
      ShowProgress();
    }
  }
}

void Watch::OnSignal() {
  std::lock_guard<std::mutex> lock(mutex_);
  // With nothing to end but the process, or nobody who listens.
  if (engine_ == nullptr || interrupted_.exchange(true)) End();
  engine_->Interrupt();
}

void Watch::ShowProgress() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (!progress_ || captures_ == nullptr) return;
  if (SystemClock().BoottimeNs() - since_ns_ < kNanosecondsPerSecond) return;
  const ReadProgress progress = captures_->progress();
  if (progress.total_bytes == 0) return;
  ShowStatus(Bar(progress));
  shown_ = true;
}

}  // namespace dns_monitor
