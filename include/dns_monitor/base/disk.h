// The seam through which a capture's directory and its files are touched, but for the writing of
// packets itself (writer/io_backend.h). Tests put a disk behind it that fails on demand.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "dns_monitor/base/fd.h"
#include "dns_monitor/base/file_lock.h"

namespace dns_monitor {

struct DirectoryEntry {
  std::string name;
  int64_t size_bytes = 0;       // of the content (st_size)
  int64_t allocated_bytes = 0;  // what deleting it gives back (st_blocks * 512)
  int64_t modified_ns = 0;      // CLOCK_REALTIME
};

struct DiskSpace {
  int64_t total_bytes = 0;      // f_blocks
  int64_t available_bytes = 0;  // to an unprivileged user (f_bavail)
  uint64_t filesystem_id = 0;   // equal for directories on one file system (st_dev)
};

enum class Caching { kDirect, kBuffered };  // O_DIRECT or through the page cache

// One directory of one file system, held open: all names are relative to it and never followed
// through a symbolic link. Methods may block for as long as the disk likes; they are never called
// from the writer thread. Thread-safe.
class Disk {
 public:
  virtual ~Disk() = default;

  // Creates `name` for reading and writing; AlreadyExists when there is one (O_EXCL).
  // InvalidArgument when the file system refuses kDirect (open(2), EINVAL).
  virtual absl::StatusOr<Fd> Create(const std::string& name, Caching caching) = 0;
  // Opens an existing regular file for writing.
  virtual absl::StatusOr<Fd> Open(const std::string& name, Caching caching) = 0;
  // Opens an existing regular file for reading. InvalidArgument for anything else: a
  // pipe is not waited for.
  virtual absl::StatusOr<Fd> OpenForReading(const std::string& name) = 0;
  // Reads until `to` is full or the file ends: fewer bytes than asked for mean its end.
  virtual absl::StatusOr<size_t> ReadAt(int fd, int64_t offset, absl::Span<char> to) = 0;
  // Writes all of `bytes`. After an error some of them may be in the file.
  virtual absl::Status WriteAt(int fd, int64_t offset, absl::string_view bytes) = 0;
  // Of the content, in bytes.
  virtual absl::StatusOr<int64_t> Size(int fd) = 0;
  // As TryLock of base/file_lock.h: false when another holds the lock.
  virtual absl::StatusOr<bool> TryLock(int fd, LockKind kind) = 0;
  // Sets the length, and gives back blocks that were preallocated behind it (ftruncate(2)).
  virtual absl::Status Truncate(int fd, int64_t length_bytes) = 0;
  // Sets permission bits, and the group unless `group` is -1. When the group is refused, the other
  // bits are set all the same.
  virtual absl::Status SetAccess(int fd, uint32_t mode, int64_t group) = 0;
  // Sets when the content was modified last; CLOCK_REALTIME. Any later write sets it anew.
  virtual absl::Status SetModified(int fd, int64_t time_ns) = 0;
  // fsync(2).
  virtual absl::Status SyncFile(int fd) = 0;
  // Renames a regular file without replacing: AlreadyExists when `to` exists (renameat2
  // RENAME_NOREPLACE), InvalidArgument when something else has taken the place of `from`.
  virtual absl::Status Rename(const std::string& from, const std::string& to) = 0;
  // Renames, in place of `to` when it exists: at each moment `to` is the one file or the other.
  virtual absl::Status Replace(const std::string& from, const std::string& to) = 0;
  // Whether `name` is that of the file behind `fd`: not once it was replaced or removed.
  virtual bool HasName(int fd, const std::string& name) = 0;
  // Whether the directory itself was removed: it takes no file any more, and one that is made under
  // its name is another.
  virtual bool IsRemoved() = 0;
  // Makes creations, renames and removals durable.
  virtual absl::Status SyncDirectory() = 0;
  virtual absl::Status Remove(const std::string& name) = 0;
  virtual bool Exists(const std::string& name) = 0;
  // Regular files only, unordered.
  virtual absl::StatusOr<std::vector<DirectoryEntry>> List() = 0;
  virtual absl::StatusOr<DiskSpace> Space() = 0;
};

}  // namespace dns_monitor
