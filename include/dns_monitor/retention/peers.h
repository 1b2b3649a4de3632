// The other captures whose files fill the same file system.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dns_monitor/base/disk.h"

namespace dns_monitor {

struct PeerDirectory {
  std::string path;
  std::shared_ptr<Disk> disk;
};

// One thread at a time.
class Peers {
 public:
  virtual ~Peers() = default;
  // The directories, but our own, into which live captures write on the file system of our own.
  virtual std::vector<PeerDirectory> Directories() = 0;
  // Whether a process captures `interface` into `directory`. True when that cannot be told.
  virtual bool IsLive(const std::string& directory, const std::string& interface) = 0;
};

inline constexpr char kRegistryDirectory[] = "/run/dns-monitor";

// Enters the capture of `interface` into `directory` in the registry, a directory with one file a
// capture ("eth0.DEVICE.INODE.capture", the device and inode of `directory`) that holds the path
// and is locked while the process lives; an unlocked one is stale and says nothing. Makes the
// registry when there is none. When that fails, the log says so and only `directory` itself counts.
// With an empty `registry` none is used, and nothing is said.
// To be called while the process may still write there, and after it took the lock of its capture.
std::unique_ptr<Peers> JoinPeers(const std::string& registry, const std::string& directory,
                                 const std::string& interface);

}  // namespace dns_monitor
