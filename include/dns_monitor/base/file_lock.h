// Locks on files: the one place that asks the kernel for them (flock(2)).
//
// A lock belongs to the open file description: it ends when the last descriptor of it is closed and
// the last operation under way on it, io_uring's included, is complete; not before, whatever became
// of the process.
#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "dns_monitor/base/fd.h"

namespace dns_monitor {

// Shared ones go with each other, an exclusive one with none.
enum class LockKind { kShared, kExclusive };

// Takes the lock on `fd`, at once or not at all: false when another description holds one that does
// not go with it. An error when the kernel or the file system refuses. Thread-safe.
absl::StatusOr<bool> TryLock(int fd, LockKind kind);

// Asks `try_lock` up to `attempts` times, with a call of `wait` between two: false when it was
// still false the last time. The first error ends it.
absl::StatusOr<bool> TryLockRepeatedly(const std::function<absl::StatusOr<bool>()>& try_lock,
                                       int attempts, const std::function<void()>& wait);

// Whether another description holds a lock on `fd`, or that cannot be told. Asks by taking a shared
// lock for a moment: those who ask do not mistake each other for a holder, and LockFile waits
// longer than this takes.
bool IsLocked(int fd);

// Takes the lock file `name` in the directory `path` (created when missing, never removed, so that
// two processes cannot hold two files of one name). FailedPrecondition when another process holds
// it. The lock ends with the descriptor.
absl::StatusOr<Fd> LockFile(const std::string& path, const std::string& name);

}  // namespace dns_monitor
