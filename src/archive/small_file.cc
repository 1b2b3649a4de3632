#include "dns_monitor/archive/small_file.h"

#include "absl/strings/str_cat.h"
#include "dns_monitor/archive/names.h"
#include "dns_monitor/base/status.h"

namespace dns_monitor {
namespace {

absl::Status WriteSynced(Disk& disk, int fd, absl::string_view bytes) {
  DM_RETURN_IF_ERROR(disk.WriteAt(fd, 0, bytes));
  return disk.SyncFile(fd);
}

}  // namespace

absl::StatusOr<std::string> ReadSmallFile(Disk& disk, const std::string& name) {
  DM_ASSIGN_OR_RETURN(const Fd fd, disk.OpenForReading(name));
  return ReadSmallFile(disk, fd.get());
}

absl::StatusOr<std::string> ReadSmallFile(Disk& disk, int fd) {
  DM_ASSIGN_OR_RETURN(const int64_t size_bytes, disk.Size(fd));
  if (size_bytes > kMostSmallFileBytes) {
    return absl::OutOfRangeError(
        absl::StrCat("has ", size_bytes, " bytes, of at most ", kMostSmallFileBytes));
  }
  std::string bytes(static_cast<size_t>(size_bytes), '\0');
  DM_ASSIGN_OR_RETURN(const size_t got,
                      disk.ReadAt(fd, 0, absl::MakeSpan(bytes.data(), bytes.size())));
  bytes.resize(got);
  return bytes;
}

absl::Status ReplaceSmallFile(Disk& disk, const std::string& name, absl::string_view bytes,
                              uint32_t mode, int64_t group) {
  const std::string fresh = absl::StrCat(name, kNewSuffix);
  absl::StatusOr<Fd> fd = disk.Create(fresh, Caching::kBuffered);
  if (absl::IsAlreadyExists(fd.status())) {
    DM_RETURN_IF_ERROR(disk.Remove(fresh));
    fd = disk.Create(fresh, Caching::kBuffered);
  }
  DM_RETURN_IF_ERROR(fd.status());
  absl::Status access = disk.SetAccess(fd->get(), mode, group);
  absl::Status status = WriteSynced(disk, fd->get(), bytes);
  if (status.ok()) status = disk.Replace(fresh, name);
  if (!status.ok()) {
    disk.Remove(fresh).IgnoreError();
    return status;
  }
  DM_RETURN_IF_ERROR(disk.SyncDirectory());
  return access;
}

}  // namespace dns_monitor
