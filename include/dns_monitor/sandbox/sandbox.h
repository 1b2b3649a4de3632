// What is left to a capture once it is open: its directory, and the system calls of its threads.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "dns_monitor/sandbox/privileges.h"

namespace dns_monitor {

struct SandboxOptions {
  std::string directory;  // of the files; empty: none is touched any more
  // Of captures that share free space (retention/peers.h); empty: none. With it, the retention
  // thread may also list directories and delete files elsewhere on the file system of `directory`.
  std::string registry;
  // The main thread may attach the filter to an interface that has been made anew (tcx), and tell
  // the service manager.
  bool attaches = false;
};

// Drops all privileges, keeps the process to its directory (Landlock; the log says where the kernel
// has none), and lets each thread that StartThread makes from then on make no system calls but
// those of its kind, which is its name: "writer", "finisher", "recovery", "retention",
// "sealer", "compressor", "log" (src/sandbox/profile.cc). A thread of another kind ends the
// process. Called by the main thread while there is no other. FailedPrecondition when the kernel
// has no seccomp filters.
absl::Status EnterSandbox(const Privileges& privileges, const SandboxOptions& options);

// The same for the main thread itself, which cannot start threads from then on. After EnterSandbox.
absl::Status ConfineMainThread();

}  // namespace dns_monitor
