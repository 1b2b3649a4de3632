// The other captures whose files fill the same file system.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "dns_monitor/base/disk.h"

namespace dns_monitor {

// What of a directory may be deleted for free space: the segments of these interfaces.
struct PeerDirectory {
  std::string path;  // absolute and without links
  std::shared_ptr<Disk> disk;
  std::set<std::string> interfaces;
};

// One thread at a time.
class Peers {
 public:
  virtual ~Peers() = default;
  // Where the other live captures write that have entered the registry, as far as that is on the
  // file system of our own. Our own directory is among them when it is also another one's.
  virtual std::vector<PeerDirectory> Directories() = 0;
};

inline constexpr char kRegistryDirectory[] = "/run/dns-monitor";

// Enters the capture of `interface` into `directory` in the registry, a directory with one file a
// capture ("eth0.DEVICE.INODE.capture", the device and inode of `directory`) that holds the path
// and is locked while the process lives; an unlocked one is stale and says nothing. Makes the
// registry when there is none. When that fails, the log says so, and this capture and the others
// leave each other's files alone; so they do with an empty `registry`, and nothing is said.
// Only captures with a limit on free space enter: files of the others are nobody's to delete.
// To be called while the process may still write there, and after it took the lock of its capture.
std::unique_ptr<Peers> JoinPeers(const std::string& registry, const std::string& directory,
                                 const std::string& interface);

}  // namespace dns_monitor
