#include "small_file.h"

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/status.h"

namespace dns_monitor {

absl::StatusOr<std::string> ReadSmallFile(Disk& disk, const std::string& name, int64_t most_bytes) {
  DM_ASSIGN_OR_RETURN(const Fd fd, disk.OpenForReading(name));
  DM_ASSIGN_OR_RETURN(const int64_t size, disk.Size(fd.get()));
  if (size > most_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("it has ", size, " bytes, and none has more than ", most_bytes));
  }
  std::string bytes(static_cast<size_t>(size), '\0');
  DM_ASSIGN_OR_RETURN(const size_t got,
                      disk.ReadAt(fd.get(), 0, absl::MakeSpan(bytes.data(), bytes.size())));
  bytes.resize(got);
  return bytes;
}

}  // namespace dns_monitor
