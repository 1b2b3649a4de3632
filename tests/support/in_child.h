// What becomes of something in a process of its own, which it may ruin.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <string>

#include "absl/strings/str_cat.h"

namespace dns_monitor {

// Runs `body` in a child. "done" when it returned 0, the name of the error when it returned an
// errno ("EACCES"), the name of the signal when one ended it ("SYS").
inline std::string InChild(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int state = 0;
  if (child < 0 || waitpid(child, &state, 0) != child) return "no child";
  if (WIFSIGNALED(state)) return sigabbrev_np(WTERMSIG(state));
  const int error = WEXITSTATUS(state);
  return error == 0 ? "done" : strerrorname_np(error);
}

// For system calls that return -1 and set errno.
inline int ErrorOf(long result) {
  return result < 0 ? errno : 0;
}

}  // namespace dns_monitor
