#include "dns_monitor/base/descriptor_store.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cstdlib>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "dns_monitor/base/status.h"

namespace dns_monitor {
namespace {

constexpr int kFirstDescriptor = 3;  // SD_LISTEN_FDS_START
constexpr char kProbe[] = "held";

absl::string_view Variable(const char* name) {
  const char* value = getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

NamedDescriptors TakeStoredDescriptors() {
  NamedDescriptors descriptors;
  int count = 0;
  // They may be of a process that this one was started by.
  if (Variable("LISTEN_PID") == absl::StrCat(getpid()) &&
      absl::SimpleAtoi(Variable("LISTEN_FDS"), &count)) {
    const std::vector<std::string> names = absl::StrSplit(Variable("LISTEN_FDNAMES"), ':');
    for (int index = 0; index < count; ++index) {
      const int fd = kFirstDescriptor + index;
      if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) continue;
      const auto at = static_cast<size_t>(index);
      // Of several with one name the last one; without a name, nobody knows what it is.
      if (at < names.size() && !names[at].empty()) {
        descriptors[names[at]] = Fd(fd);
      } else {
        close(fd);
      }
    }
  }
  for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) unsetenv(name);
  return descriptors;
}

absl::Status DescriptorStore::Add(const std::map<std::string, int>& descriptors,
                                  const NamedDescriptors& kept) {
  if (!manager_.connected()) return absl::OkStatus();
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return ErrnoError("pipe");
  probe_ = Fd(ends[0]);
  const Fd given_end(ends[1]);
  for (const auto& [name, fd] : kept) names_.insert(name);
  AddNew(descriptors);
  if (!names_.insert(kProbe).second) manager_.Forget(kProbe);  // of the process before
  manager_.Store(kProbe, given_end.get());
  return absl::OkStatus();
}

void DescriptorStore::AddNew(const std::map<std::string, int>& descriptors) {
  for (const auto& [name, fd] : descriptors) {
    if (names_.insert(name).second) manager_.Store(name, fd);
  }
}

void DescriptorStore::ForgetAllBut(const std::map<std::string, int>& descriptors) {
  for (auto name = names_.begin(); name != names_.end();) {
    if (*name == kProbe || descriptors.count(*name) != 0) {
      ++name;
      continue;
    }
    manager_.Forget(*name);
    name = names_.erase(name);
  }
}

bool DescriptorStore::holds() const {
  if (!probe_.valid()) return false;
  pollfd other_end{.fd = probe_.get(), .events = POLLIN, .revents = 0};
  return poll(&other_end, 1, 0) == 0;
}

void DescriptorStore::Release() {
  for (const std::string& name : names_) manager_.Forget(name);
  names_.clear();
  probe_.Reset();
}

}  // namespace dns_monitor
