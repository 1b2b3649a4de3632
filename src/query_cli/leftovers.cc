#include "leftovers.h"

#include <unistd.h>

#include <atomic>
#include <climits>
#include <cstring>

namespace dns_monitor {
namespace {

// A path that a handler can read at any time.
class KeptPath {
 public:
  void Set(const std::string& path) {
    set_ = false;
    if (path.empty() || path.size() >= sizeof(text_)) return;
    std::memcpy(text_, path.c_str(), path.size() + 1);
    set_ = true;
  }
  const char* get() const { return set_ ? text_ : nullptr; }

 private:
  char text_[PATH_MAX] = {};
  std::atomic<bool> set_ = false;
};
static_assert(std::atomic<bool>::is_always_lock_free);

KeptPath directory;
KeptPath file;

}  // namespace

void SetLeftoverDirectory(const std::string& path) {
  directory.Set(path);
}

void SetLeftoverFile(const std::string& path) {
  file.Set(path);
}

void RemoveLeftovers() {
  if (const char* const path = file.get()) unlink(path);
  if (const char* const path = directory.get()) rmdir(path);
}

}  // namespace dns_monitor
