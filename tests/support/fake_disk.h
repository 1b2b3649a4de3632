// A directory in memory that fails, blocks and runs full on demand.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "dns_monitor/base/disk.h"

namespace dns_monitor {

// Each is called as the method.
enum class DiskOp {
  kCreate,
  kOpen,
  kOpenForReading,
  kReadAt,
  kWriteAt,
  kSize,
  kTryLock,
  kTruncate,
  kSetAccess,
  kSetModified,
  kSyncFile,
  kRename,
  kReplace,
  kSyncDirectory,
  kRemove,
  kList,
  kSpace,
};

// Files that were created or opened are memory files (memfd_create(2)), so their descriptors can be
// written by any means but O_DIRECT, for which Caching is only recorded. Thread-safe.
class FakeDisk : public Disk {
 public:
  static constexpr int64_t kBlockBytes = 4096;

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
  bool IsRemoved() override { return false; }
  absl::Status SyncDirectory() override;
  absl::Status Remove(const std::string& name) override;
  bool Exists(const std::string& name) override;
  absl::StatusOr<std::vector<DirectoryEntry>> List() override;
  absl::StatusOr<DiskSpace> Space() override;

  // Puts a file there without a call; it takes no memory, whatever its size.
  void AddFile(const std::string& name, int64_t size_bytes, int64_t modified_ns = 0);
  // … with this content.
  void AddContent(const std::string& name, const std::string& content);
  // Takes it away as somebody else would.
  void DropFile(const std::string& name);
  void SetModified(const std::string& name, int64_t modified_ns);

  // What Space() says. Remove adds to `available_bytes` what the file took, unless reclaiming is
  // off, as on a file system that frees blocks later.
  void SetSpace(DiskSpace space);
  void SetReclaims(bool reclaims);

  // From now on `op` on `name` (any, when it is empty) fails, `times` times; for ever when
  // negative. The last rule that fits wins.
  void Fail(DiskOp op, const std::string& name, absl::Status status, int times = -1);
  void ClearFailures();
  // Another process holds a lock on `name` when this is asked for one, so many times; for ever when
  // negative.
  void HoldLock(const std::string& name, int times = -1);
  // Called before each operation, outside all locks: it may block.
  void SetHook(std::function<void(DiskOp, const std::string&)> hook);

  // "Create eth0.20261123_2110.pcap.part", in the order of the calls, failed ones too.
  std::vector<std::string> Calls() const;
  int CountCalls(absl::string_view call) const;
  void ClearCalls();
  // Sorted.
  std::vector<std::string> Names() const;
  std::string Content(const std::string& name) const;
  // What SetAccess said last: permission bits, 0600 before; and the group, -1 before.
  uint32_t Mode(const std::string& name) const;
  int64_t Group(const std::string& name) const;
  int64_t Modified(const std::string& name) const;
  Caching CachingOf(const std::string& name) const;

 private:
  struct File {
    Fd memory;               // none until it was created or opened
    uint64_t inode = 0;      // of `memory`
    int64_t size_bytes = 0;  // while there is no memory
    int64_t modified_ns = 0;
    uint32_t mode = 0600;
    int64_t group = -1;
    int held_times = 0;  // HoldLock
    Caching caching = Caching::kBuffered;
  };
  struct Failure {
    DiskOp op;
    std::string name;
    absl::Status status;
    int times;
  };

  absl::Status Enter(DiskOp op, const std::string& name);
  absl::StatusOr<Fd> OpenKnown(const std::string& name, Caching caching);
  std::string NameOf(int fd) const;
  static int64_t SizeOf(const File& file);
  static absl::StatusOr<Fd> Memory(const std::string& name, File* file);

  mutable std::mutex mutex_;
  std::map<std::string, File> files_;
  std::vector<Failure> failures_;
  std::function<void(DiskOp, const std::string&)> hook_;
  std::vector<std::string> calls_;
  DiskSpace space_{int64_t{1} << 40, int64_t{1} << 39, 1};
  bool reclaims_ = true;
};

}  // namespace dns_monitor
