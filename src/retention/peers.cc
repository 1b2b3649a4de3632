#include "dns_monitor/retention/peers.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "dns_monitor/archive/names.h"
#include "dns_monitor/base/log.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/base/system_disk.h"

namespace dns_monitor {
namespace {

constexpr absl::string_view kEntrySuffix = ".capture";

// The same for every path that leads to a directory.
struct DirectoryId {
  dev_t device = 0;
  ino_t inode = 0;
  bool operator<(const DirectoryId& other) const {
    return std::tie(device, inode) < std::tie(other.device, other.inode);
  }
};

absl::StatusOr<DirectoryId> IdOf(const std::string& directory) {
  struct stat info {};
  if (stat(directory.c_str(), &info) != 0) return ErrnoError(directory);
  return DirectoryId{info.st_dev, info.st_ino};
}

// Whether somebody holds the lock on `fd`. A shared lock is tried: those who ask do not mistake
// each other for an owner, and LockFile waits longer than this takes.
bool IsLocked(const Fd& fd) {
  if (flock(fd.get(), LOCK_SH | LOCK_NB) != 0) return true;
  flock(fd.get(), LOCK_UN);
  return false;
}

Fd OpenForReading(int directory, const std::string& name) {
  // Nobody's pipe shall hold this up.
  const int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
  return Fd(openat(directory, name.c_str(), flags));
}

// The directory that the live capture behind the entry `name` writes into.
std::optional<std::string> ReadEntry(int registry, const std::string& name) {
  const Fd fd = OpenForReading(registry, name);
  if (!fd.valid() || !IsLocked(fd)) return std::nullopt;
  std::array<char, PATH_MAX + 1> content;
  const ssize_t size = pread(fd.get(), content.data(), content.size(), 0);
  absl::string_view path(content.data(), static_cast<size_t>(std::max<ssize_t>(size, 0)));
  // Without its end of line it is being written just now.
  if (!absl::ConsumeSuffix(&path, "\n") || !absl::StartsWith(path, "/")) return std::nullopt;
  return std::string(path);
}

class RegistryPeers final : public Peers {
 public:
  // Without `entry`, the registry is not used.
  RegistryPeers(std::string registry, DirectoryId own, Fd entry)
      : registry_(std::move(registry)), own_(own), entry_(std::move(entry)) {}

  std::vector<PeerDirectory> Directories() override;
  bool IsLive(const std::string& directory, const std::string& interface) override;

 private:
  std::vector<std::string> Paths() const;

  const std::string registry_;
  const DirectoryId own_;
  const Fd entry_;                  // locked
  std::set<std::string> unusable_;  // said once
};

std::vector<std::string> RegistryPeers::Paths() const {
  std::vector<std::string> paths;
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(opendir(registry_.c_str()), closedir);
  if (stream == nullptr) return paths;
  while (const dirent* entry = readdir(stream.get())) {
    if (!absl::EndsWith(entry->d_name, kEntrySuffix)) continue;
    if (auto path = ReadEntry(dirfd(stream.get()), entry->d_name)) paths.push_back(*path);
  }
  return paths;
}

std::vector<PeerDirectory> RegistryPeers::Directories() {
  std::vector<PeerDirectory> directories;
  if (!entry_.valid()) return directories;
  std::set<DirectoryId> seen = {own_};
  for (const std::string& path : Paths()) {
    const auto id = IdOf(path);
    if (!id.ok() || id->device != own_.device || !seen.insert(*id).second) continue;
    auto disk = OpenSystemDisk(path);
    if (disk.ok()) {
      directories.push_back({path, *std::move(disk)});
      unusable_.erase(path);
    } else if (unusable_.insert(path).second) {
      LogWarning("another capture's segments do not count for free space: ",
                 disk.status().message());
    }
  }
  return directories;
}

bool RegistryPeers::IsLive(const std::string& directory, const std::string& interface) {
  const Fd fd = OpenForReading(AT_FDCWD, absl::StrCat(directory, "/", LockName(interface)));
  if (!fd.valid()) return errno != ENOENT;
  return IsLocked(fd);
}

// Makes the entry, locked. It is never removed, as another process may be waiting for its lock; the
// name is the same after each start, so there are not many.
absl::StatusOr<Fd> Enter(const std::string& registry, const std::string& directory,
                         const std::string& interface, const DirectoryId& id) {
  const std::unique_ptr<char, void (*)(void*)> path(realpath(directory.c_str(), nullptr), free);
  if (path == nullptr) return ErrnoError(directory);
  // Others may run as another user, so whatever the umask says, they can read.
  if (mkdir(registry.c_str(), 0755) == 0) {
    if (chmod(registry.c_str(), 0755) != 0) return ErrnoError(registry);
  } else if (errno != EEXIST) {
    return ErrnoError(absl::StrCat("cannot create ", registry));
  }
  const std::string name =
      absl::StrFormat("%s.%x.%d%s", interface, id.device, id.inode, kEntrySuffix);
  DM_ASSIGN_OR_RETURN(Fd fd, LockFile(registry, name));
  const std::string content = absl::StrCat(path.get(), "\n");
  if (ftruncate(fd.get(), 0) != 0 || fchmod(fd.get(), 0644) != 0 ||
      pwrite(fd.get(), content.data(), content.size(), 0) != static_cast<ssize_t>(content.size())) {
    return ErrnoError(absl::StrCat("cannot write ", registry, "/", name));
  }
  return fd;
}

}  // namespace

std::unique_ptr<Peers> JoinPeers(const std::string& registry, const std::string& directory,
                                 const std::string& interface) {
  const auto id = IdOf(directory);
  if (registry.empty()) {
    return std::make_unique<RegistryPeers>(registry, id.value_or(DirectoryId{}), Fd());
  }
  absl::StatusOr<Fd> entry =
      id.ok() ? Enter(registry, directory, interface, *id) : absl::StatusOr<Fd>(id.status());
  if (!entry.ok()) {
    LogWarning("captures into other directories do not count for free space: ",
               entry.status().message());
    entry = Fd();
  }
  return std::make_unique<RegistryPeers>(registry, id.value_or(DirectoryId{}), *std::move(entry));
}

}  // namespace dns_monitor
