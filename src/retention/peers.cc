#include "dns_monitor/retention/peers.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "dns_monitor/base/file_lock.h"
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

// What the name of an entry has behind the interface.
std::string EntrySuffix(const DirectoryId& id) {
  return absl::StrFormat(".%x.%d%s", id.device, id.inode, kEntrySuffix);
}

// The directory that the live capture behind the entry `name` writes into.
std::optional<std::string> ReadEntry(int registry, const std::string& name) {
  // Nobody's pipe shall hold this up.
  const int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
  const Fd fd(openat(registry, name.c_str(), flags));
  if (!fd.valid() || !IsLocked(fd.get())) return std::nullopt;
  std::array<char, PATH_MAX + 1> content;
  const ssize_t size = pread(fd.get(), content.data(), content.size(), 0);
  absl::string_view path(content.data(), static_cast<size_t>(std::max<ssize_t>(size, 0)));
  // Without its end of line it is being written just now.
  if (!absl::ConsumeSuffix(&path, "\n") || !absl::StartsWith(path, "/")) return std::nullopt;
  return std::string(path);
}

class RegistryPeers final : public Peers {
 public:
  RegistryPeers(std::string registry, DirectoryId own, std::string own_name, Fd entry)
      : registry_(std::move(registry)),
        own_(own),
        own_name_(std::move(own_name)),
        entry_(std::move(entry)) {}

  std::vector<PeerDirectory> Directories() override;

 private:
  std::map<std::string, std::string> Entries() const;
  std::shared_ptr<Disk> Open(const std::string& path);

  const std::string registry_;
  const DirectoryId own_;
  const std::string own_name_;      // of our entry
  const Fd entry_;                  // locked
  std::set<std::string> unusable_;  // said once
};

// The names of the others' entries, and the paths in them.
std::map<std::string, std::string> RegistryPeers::Entries() const {
  std::map<std::string, std::string> entries;
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(opendir(registry_.c_str()), closedir);
  if (stream == nullptr) return entries;
  while (const dirent* entry = readdir(stream.get())) {
    if (!absl::EndsWith(entry->d_name, kEntrySuffix) || entry->d_name == own_name_) continue;
    if (auto path = ReadEntry(dirfd(stream.get()), entry->d_name)) entries[entry->d_name] = *path;
  }
  return entries;
}

std::shared_ptr<Disk> RegistryPeers::Open(const std::string& path) {
  auto disk = OpenSystemDisk(path);
  if (disk.ok()) {
    unusable_.erase(path);
    return *std::move(disk);
  }
  if (unusable_.insert(path).second) {
    LogWarning("another capture's segments do not count for free space: ", disk.status().message());
  }
  return nullptr;
}

std::vector<PeerDirectory> RegistryPeers::Directories() {
  std::map<DirectoryId, PeerDirectory> by_id;
  for (const auto& [name, path] : Entries()) {
    const auto id = IdOf(path);
    if (!id.ok() || id->device != own_.device) continue;
    // The name tells which directory was meant, should its path lead to another one by now.
    absl::string_view interface = name;
    if (!absl::ConsumeSuffix(&interface, EntrySuffix(*id)) || interface.empty()) continue;
    const auto [place, first] = by_id.try_emplace(*id);
    if (first) place->second = {path, Open(path), {}};
    place->second.interfaces.insert(std::string(interface));
  }
  std::vector<PeerDirectory> directories;
  for (auto& [id, directory] : by_id) {
    if (directory.disk != nullptr) directories.push_back(std::move(directory));
  }
  return directories;
}

// Who has not entered has no others.
class NoPeers final : public Peers {
 public:
  std::vector<PeerDirectory> Directories() override { return {}; }
};

// Makes the entry, locked. It is never removed, as another process may be waiting for its lock; the
// name is the same after each start, so there are not many.
absl::StatusOr<std::unique_ptr<Peers>> Enter(const std::string& registry,
                                             const std::string& directory,
                                             const std::string& interface) {
  DM_ASSIGN_OR_RETURN(const DirectoryId id, IdOf(directory));
  const std::unique_ptr<char, void (*)(void*)> path(realpath(directory.c_str(), nullptr), free);
  if (path == nullptr) return ErrnoError(directory);
  // Others may run as another user, so whatever the umask says, they can read.
  if (mkdir(registry.c_str(), 0755) == 0) {
    if (chmod(registry.c_str(), 0755) != 0) return ErrnoError(registry);
  } else if (errno != EEXIST) {
    return ErrnoError(absl::StrCat("cannot create ", registry));
  }
  const std::string name = absl::StrCat(interface, EntrySuffix(id));
  DM_ASSIGN_OR_RETURN(Fd fd, LockFile(registry, name));
  const std::string content = absl::StrCat(path.get(), "\n");
  if (ftruncate(fd.get(), 0) != 0 || fchmod(fd.get(), 0644) != 0 ||
      pwrite(fd.get(), content.data(), content.size(), 0) != static_cast<ssize_t>(content.size())) {
    return ErrnoError(absl::StrCat("cannot write ", registry, "/", name));
  }
  return std::make_unique<RegistryPeers>(registry, id, name, std::move(fd));
}

}  // namespace

std::unique_ptr<Peers> JoinPeers(const std::string& registry, const std::string& directory,
                                 const std::string& interface) {
  if (registry.empty()) return std::make_unique<NoPeers>();
  absl::StatusOr<std::unique_ptr<Peers>> peers = Enter(registry, directory, interface);
  if (peers.ok()) return *std::move(peers);
  LogWarning("for free space, this capture and others leave each other's files alone: ",
             peers.status().message());
  return std::make_unique<NoPeers>();
}

}  // namespace dns_monitor
