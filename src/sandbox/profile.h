// Which system calls a thread makes, by its kind (seccomp(2)).
#pragma once

#include <linux/filter.h>

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace dns_monitor {

inline constexpr absl::string_view kThreadKinds[] = {
    "main", "writer", "finisher", "retention", "recovery", "sealer", "compressor", "log"};

// The filter for a thread of this kind. What it does not list fails with ENOSYS, as on a kernel
// that has no such call: a C library that tries a newer one first goes on with what is listed, and
// the capture with it. What nobody but an attacker tries (execve, ptrace, bpf, becoming another
// user …) ends the process with SIGSYS: a thread that does is no longer ours. InvalidArgument for
// another kind.
// `attaches`: as SandboxOptions says.
absl::StatusOr<std::vector<sock_filter>> CompileProfile(absl::string_view kind, bool attaches);

// The calling thread keeps to the filter from now on. It has no_new_privs.
absl::Status Install(const std::vector<sock_filter>& filter);

}  // namespace dns_monitor
