#include "dns_monitor/base/system_disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/clock.h"
#include "dns_monitor/base/read_at.h"
#include "dns_monitor/base/retry.h"
#include "dns_monitor/base/status.h"

namespace dns_monitor {
namespace {

int CachingFlag(Caching caching) {
  return caching == Caching::kDirect ? O_DIRECT : 0;
}

class SystemDisk final : public Disk {
 public:
  SystemDisk(std::string path, Fd directory)
      : path_(std::move(path)), directory_(std::move(directory)) {}

  absl::StatusOr<Fd> Create(const std::string& name, Caching caching) override;
  absl::StatusOr<Fd> Open(const std::string& name, Caching caching) override;
  absl::StatusOr<Fd> OpenForReading(const std::string& name) override;
  absl::StatusOr<size_t> ReadAt(int fd, int64_t offset, absl::Span<char> to) override;
  absl::Status WriteAt(int fd, int64_t offset, absl::string_view bytes) override;
  absl::StatusOr<int64_t> Size(int fd) override;
  absl::StatusOr<bool> TryLock(int fd, LockKind kind) override;
  absl::Status Truncate(int fd, int64_t length_bytes) override;
  absl::Status SetAccess(int fd, uint32_t mode, int64_t group) override;
  absl::Status SetModified(int fd, int64_t time_ns) override;
  absl::Status SyncFile(int fd) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status Replace(const std::string& from, const std::string& to) override;
  bool HasName(int fd, const std::string& name) override;
  bool IsRemoved() override;
  absl::Status SyncDirectory() override;
  absl::Status Remove(const std::string& name) override;
  bool Exists(const std::string& name) override;
  absl::StatusOr<std::vector<DirectoryEntry>> List() override;
  absl::StatusOr<DiskSpace> Space() override;

 private:
  std::string Path(const std::string& name) const { return absl::StrCat(path_, "/", name); }
  // Names lead nowhere but into the directory itself.
  absl::Status CheckName(const std::string& name) const;
  // An existing regular file.
  absl::StatusOr<Fd> OpenRegular(const std::string& name, int flags) const;
  // `status` with the path in front.
  absl::Status InPath(const absl::Status& status) const {
    return absl::Status(status.code(), absl::StrCat("a file in ", path_, ": ", status.message()));
  }
  absl::Status RenameByLink(const std::string& from, const std::string& to);
  int Stat(const std::string& name, struct stat* info) const {
    return fstatat(directory_.get(), name.c_str(), info, AT_SYMLINK_NOFOLLOW);
  }

  const std::string path_;
  const Fd directory_;
};

absl::Status SystemDisk::CheckName(const std::string& name) const {
  if (!name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
      name.find('\0') == std::string::npos) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat("'", name, "' is no name of a file in ", path_));
}

absl::StatusOr<Fd> SystemDisk::Create(const std::string& name, Caching caching) {
  DM_RETURN_IF_ERROR(CheckName(name));
  const int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | CachingFlag(caching);
  Fd fd(Retry([&] { return openat(directory_.get(), name.c_str(), flags, 0600); }));
  if (fd.valid()) return fd;
  const int error = errno;
  struct stat info {};
  // The kernel finds out that a file system has no O_DIRECT only after it has made the file.
  if (error == EINVAL && caching == Caching::kDirect && Stat(name, &info) == 0 &&
      S_ISREG(info.st_mode) && info.st_size == 0) {
    unlinkat(directory_.get(), name.c_str(), 0);
  }
  return ErrnoError(absl::StrCat("cannot create ", Path(name)), error);
}

absl::StatusOr<Fd> SystemDisk::OpenRegular(const std::string& name, int flags) const {
  DM_RETURN_IF_ERROR(CheckName(name));
  struct stat info {};
  // Looked at first, since opening a device or a pipe may already do something.
  if (Stat(name, &info) != 0) return ErrnoError(absl::StrCat("cannot open ", Path(name)));
  Fd fd;
  if (S_ISREG(info.st_mode)) {
    // O_NONBLOCK: a pipe that has taken its place since then does not hold this up.
    const int all_flags = flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
    fd.Reset(Retry([&] { return openat(directory_.get(), name.c_str(), all_flags); }));
    if (!fd.valid() || fstat(fd.get(), &info) != 0) {
      return ErrnoError(absl::StrCat("cannot open ", Path(name)));
    }
  }
  if (!S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(Path(name), " is not a regular file"));
  }
  return fd;
}

absl::StatusOr<Fd> SystemDisk::Open(const std::string& name, Caching caching) {
  return OpenRegular(name, O_RDWR | CachingFlag(caching));
}

absl::StatusOr<Fd> SystemDisk::OpenForReading(const std::string& name) {
  return OpenRegular(name, O_RDONLY);
}

absl::StatusOr<size_t> SystemDisk::ReadAt(int fd, int64_t offset, absl::Span<char> to) {
  absl::StatusOr<size_t> got = dns_monitor::ReadAt(fd, offset, to);
  return got.ok() ? got : InPath(got.status());
}

absl::Status SystemDisk::WriteAt(int fd, int64_t offset, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t done = Retry([&] { return pwrite(fd, bytes.data(), bytes.size(), offset); });
    if (done < 0) return ErrnoError(absl::StrCat("cannot write a file in ", path_));
    offset += done;
    bytes.remove_prefix(static_cast<size_t>(done));
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> SystemDisk::Size(int fd) {
  struct stat info {};
  if (fstat(fd, &info) == 0) return info.st_size;
  return ErrnoError(absl::StrCat("cannot tell the size of a file in ", path_));
}

absl::StatusOr<bool> SystemDisk::TryLock(int fd, LockKind kind) {
  absl::StatusOr<bool> locked = dns_monitor::TryLock(fd, kind);
  return locked.ok() ? locked : InPath(locked.status());
}

absl::Status SystemDisk::Truncate(int fd, int64_t length_bytes) {
  if (Retry([&] { return ftruncate(fd, length_bytes); }) == 0) return absl::OkStatus();
  return ErrnoError(absl::StrCat("cannot set the length of a file in ", path_));
}

absl::Status SystemDisk::SetAccess(int fd, uint32_t mode, int64_t group) {
  // The group first: the old one never gets the new permissions.
  absl::Status status;
  if (group >= 0 && fchown(fd, static_cast<uid_t>(-1), static_cast<gid_t>(group)) != 0) {
    status = ErrnoError(absl::StrCat("cannot set the group of a file in ", path_));
    mode &= ~uint32_t{S_IRWXG};
  }
  if (fchmod(fd, mode) != 0) {
    status.Update(ErrnoError(absl::StrCat("cannot set the permissions of a file in ", path_)));
  }
  return status;
}

absl::Status SystemDisk::SetModified(int fd, int64_t time_ns) {
  // Rounded down, also before 1970: tv_nsec is never negative.
  int64_t seconds = time_ns / kNanosecondsPerSecond;
  if (time_ns % kNanosecondsPerSecond < 0) --seconds;
  const timespec times[] = {
      {.tv_sec = 0, .tv_nsec = UTIME_OMIT},
      {.tv_sec = seconds, .tv_nsec = time_ns - seconds * kNanosecondsPerSecond}};
  if (futimens(fd, times) == 0) return absl::OkStatus();
  return ErrnoError(absl::StrCat("cannot set the time of a file in ", path_));
}

absl::Status SystemDisk::SyncFile(int fd) {
  if (Retry([&] { return fsync(fd); }) == 0) return absl::OkStatus();
  return ErrnoError(absl::StrCat("cannot sync a file in ", path_));
}

absl::Status SystemDisk::Rename(const std::string& from, const std::string& to) {
  DM_RETURN_IF_ERROR(CheckName(from));
  DM_RETURN_IF_ERROR(CheckName(to));
  struct stat info {};
  if (Stat(from, &info) == 0 && !S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(Path(from), " is not a regular file"));
  }
  const int dir = directory_.get();
  if (renameat2(dir, from.c_str(), dir, to.c_str(), RENAME_NOREPLACE) == 0) {
    return absl::OkStatus();
  }
  if (errno == EINVAL || errno == ENOSYS) return RenameByLink(from, to);
  return ErrnoError(absl::StrCat("cannot rename ", Path(from), " to ", to));
}

// NFS and others refuse RENAME_NOREPLACE; link(2) does not replace anywhere.
absl::Status SystemDisk::RenameByLink(const std::string& from, const std::string& to) {
  const int dir = directory_.get();
  if (linkat(dir, from.c_str(), dir, to.c_str(), 0) != 0) {
    return ErrnoError(absl::StrCat("cannot rename ", Path(from), " to ", to));
  }
  if (unlinkat(dir, from.c_str(), 0) == 0) return absl::OkStatus();
  const int error = errno;
  unlinkat(dir, to.c_str(), 0);  // one name, as before
  return ErrnoError(absl::StrCat("cannot rename ", Path(from), " to ", to), error);
}

absl::Status SystemDisk::Replace(const std::string& from, const std::string& to) {
  DM_RETURN_IF_ERROR(CheckName(from));
  DM_RETURN_IF_ERROR(CheckName(to));
  const int dir = directory_.get();
  if (renameat(dir, from.c_str(), dir, to.c_str()) == 0) return absl::OkStatus();
  return ErrnoError(absl::StrCat("cannot rename ", Path(from), " to ", to));
}

bool SystemDisk::HasName(int fd, const std::string& name) {
  struct stat named {};
  struct stat open {};
  return CheckName(name).ok() && Stat(name, &named) == 0 && fstat(fd, &open) == 0 &&
         named.st_dev == open.st_dev && named.st_ino == open.st_ino;
}

bool SystemDisk::IsRemoved() {
  struct stat info {};
  return fstat(directory_.get(), &info) == 0 && info.st_nlink == 0;
}

absl::Status SystemDisk::SyncDirectory() {
  // EINVAL: the file system knows no sync of directories, so there is nothing to wait for.
  if (Retry([&] { return fsync(directory_.get()); }) == 0 || errno == EINVAL) {
    return absl::OkStatus();
  }
  return ErrnoError(absl::StrCat("cannot sync ", path_));
}

absl::Status SystemDisk::Remove(const std::string& name) {
  DM_RETURN_IF_ERROR(CheckName(name));
  if (unlinkat(directory_.get(), name.c_str(), 0) == 0) return absl::OkStatus();
  return ErrnoError(absl::StrCat("cannot remove ", Path(name)));
}

bool SystemDisk::Exists(const std::string& name) {
  struct stat info {};
  return CheckName(name).ok() && Stat(name, &info) == 0;
}

absl::StatusOr<std::vector<DirectoryEntry>> SystemDisk::List() {
  // A description of its own, because the position in a directory belongs to the description.
  Fd fd(openat(directory_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return ErrnoError(absl::StrCat("cannot list ", path_));
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(fdopendir(fd.get()), closedir);
  if (stream == nullptr) return ErrnoError(absl::StrCat("cannot list ", path_));
  fd.Release();  // closedir closes it
  std::vector<DirectoryEntry> entries;
  while (true) {
    errno = 0;
    const dirent* entry = readdir(stream.get());
    if (entry == nullptr) break;
    struct stat info {};
    // A file that is gone by now is not in the list.
    if (fstatat(dirfd(stream.get()), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (!S_ISREG(info.st_mode)) continue;
    entries.push_back({entry->d_name, info.st_size, info.st_blocks * 512,
                       info.st_mtim.tv_sec * kNanosecondsPerSecond + info.st_mtim.tv_nsec});
  }
  if (errno != 0) return ErrnoError(absl::StrCat("cannot list ", path_));
  return entries;
}

absl::StatusOr<DiskSpace> SystemDisk::Space() {
  struct statvfs space {};
  struct stat info {};
  if (Retry([&] { return fstatvfs(directory_.get(), &space); }) != 0 ||
      fstat(directory_.get(), &info) != 0) {
    return ErrnoError(absl::StrCat("cannot tell the free space of ", path_));
  }
  const auto unit = static_cast<int64_t>(space.f_frsize);
  return DiskSpace{static_cast<int64_t>(space.f_blocks) * unit,
                   static_cast<int64_t>(space.f_bavail) * unit, info.st_dev};
}

}  // namespace

absl::StatusOr<std::unique_ptr<Disk>> OpenSystemDisk(const std::string& path, DirectoryUse use) {
  Fd fd(Retry([&] { return open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (!fd.valid() && errno == ENOTDIR) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is not a directory"));
  }
  if (!fd.valid()) return ErrnoError(absl::StrCat("cannot open ", path));
  const bool writes = use == DirectoryUse::kReadAndWrite;
  if (faccessat(fd.get(), ".", (writes ? W_OK : R_OK) | X_OK, AT_EACCESS) != 0) {
    const absl::Status status =
        ErrnoError(absl::StrCat(writes ? "cannot write in " : "cannot read in ", path));
    return absl::PermissionDeniedError(status.message());
  }
  return std::make_unique<SystemDisk>(path, std::move(fd));
}

}  // namespace dns_monitor
