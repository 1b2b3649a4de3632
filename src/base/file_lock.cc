#include "dns_monitor/base/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <chrono>
#include <thread>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/retry.h"
#include "dns_monitor/base/status.h"

namespace dns_monitor {

absl::StatusOr<bool> TryLock(int fd, LockKind kind) {
  const int operation = (kind == LockKind::kShared ? LOCK_SH : LOCK_EX) | LOCK_NB;
  if (Retry([&] { return flock(fd, operation); }) == 0) return true;
  if (errno == EWOULDBLOCK) return false;
  return ErrnoError("cannot lock");
}

absl::StatusOr<bool> TryLockRepeatedly(const std::function<absl::StatusOr<bool>()>& try_lock,
                                       int attempts, const std::function<void()>& wait) {
  for (int attempt = 1; true; ++attempt) {
    absl::StatusOr<bool> locked = try_lock();
    if (!locked.ok() || *locked || attempt >= attempts) return locked;
    wait();
  }
}

bool IsLocked(int fd) {
  const absl::StatusOr<bool> locked = TryLock(fd, LockKind::kShared);
  if (!locked.ok() || !*locked) return true;
  flock(fd, LOCK_UN);
  return false;
}

absl::StatusOr<Fd> LockFile(const std::string& path, const std::string& name) {
  const std::string file = absl::StrCat(path, "/", name);
  const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
  Fd fd(Retry([&] { return open(file.c_str(), flags, 0600); }));
  if (!fd.valid()) return ErrnoError(absl::StrCat("cannot open the lock ", file));
  // Whoever only asks whether a lock is held (IsLocked) holds it himself for a moment, and an
  // exiting process lets go of its locks one by one: neither may refuse a start.
  constexpr int kAttempts = 6;
  constexpr auto kPause = std::chrono::milliseconds(20);
  const absl::StatusOr<bool> locked =
      TryLockRepeatedly([&] { return TryLock(fd.get(), LockKind::kExclusive); }, kAttempts,
                        [&] { std::this_thread::sleep_for(kPause); });
  if (!locked.ok()) {
    return absl::Status(locked.status().code(),
                        absl::StrCat(locked.status().message(), " (", file, ")"));
  }
  if (*locked) return fd;
  return absl::FailedPreconditionError(absl::StrCat("another process holds the lock ", file));
}

}  // namespace dns_monitor
