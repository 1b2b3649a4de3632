#include "cut_capture.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <csignal>
#include <cstdint>
#include <cstring>

#include "leftovers.h"

namespace dns_monitor {
namespace {

constexpr int kExitFailed = 1;

// All of this runs in the signal's handler, with what signal-safety(7) allows.

uintptr_t ParseHex(const char** at) {
  uintptr_t value = 0;
  for (;; ++*at) {
    const char c = **at;
    if (c >= '0' && c <= '9') {
      value = value << 4 | static_cast<uintptr_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      value = value << 4 | static_cast<uintptr_t>(c - 'a' + 10);
    } else {
      return value;
    }
  }
}

// The path in a line of /proc/self/maps ("FROM-TO rw-p OFFSET DEVICE INODE   /PATH", proc(5)) if
// the address lies there, else null.
const char* PathOf(const char* line, uintptr_t address) {
  const uintptr_t from = ParseHex(&line);
  if (*line++ != '-') return nullptr;
  const uintptr_t to = ParseHex(&line);
  return address >= from && address < to ? std::strchr(line, '/') : nullptr;
}

// Writes ": PATH" of the file that is mapped there.
void TellFile(uintptr_t address) {
  const int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  char line[PATH_MAX + 128];
  size_t length = 0;
  char piece[4096];
  for (ssize_t got; (got = read(fd, piece, sizeof(piece))) > 0;) {
    for (ssize_t i = 0; i < got; ++i) {
      if (piece[i] != '\n') {
        const bool control = static_cast<unsigned char>(piece[i]) < ' ' || piece[i] == '\x7f';
        if (length + 1 < sizeof(line)) line[length++] = control ? '?' : piece[i];
        continue;
      }
      line[length] = '\0';
      length = 0;
      const char* const path = PathOf(line, address);
      if (path == nullptr) continue;
      [[maybe_unused]] ssize_t told = write(STDERR_FILENO, ": ", 2);
      told = write(STDERR_FILENO, path, std::strlen(path));
      return;
    }
  }
}

void TellCut(int /*signal*/, siginfo_t* info, void* /*context*/) {
  // Several threads may read that file.
  static std::atomic_flag told = ATOMIC_FLAG_INIT;
  while (told.test_and_set()) pause();
  constexpr char kText[] = "dns-monitor: a capture was cut while it was read";
  [[maybe_unused]] ssize_t written = write(STDERR_FILENO, kText, sizeof(kText) - 1);
  TellFile(reinterpret_cast<uintptr_t>(info->si_addr));
  written = write(STDERR_FILENO, "\n", 1);
  RemoveLeftovers();
  _exit(kExitFailed);
}

}  // namespace

void EndWhereACaptureIsCut() {
  struct sigaction action = {};
  action.sa_sigaction = TellCut;
  action.sa_flags = SA_SIGINFO;
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, nullptr);
}

}  // namespace dns_monitor
