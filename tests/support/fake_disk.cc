#include "support/fake_disk.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/read_at.h"
#include "dns_monitor/base/status.h"

namespace dns_monitor {
namespace {

// In the order of DiskOp.
constexpr absl::string_view kOpNames[] = {
    "Create",  "Open",          "OpenForReading", "ReadAt",      "WriteAt",  "Size",
    "TryLock", "Truncate",      "SetAccess",      "SetModified", "SyncFile", "Rename",
    "Replace", "SyncDirectory", "Remove",         "List",        "Space"};
static_assert(std::size(kOpNames) == static_cast<size_t>(DiskOp::kSpace) + 1);

absl::string_view OpName(DiskOp op) {
  return kOpNames[static_cast<size_t>(op)];
}

int64_t Blocks(int64_t size_bytes) {
  const int64_t block = FakeDisk::kBlockBytes;
  return (size_bytes + block - 1) / block * block;
}

}  // namespace

absl::Status FakeDisk::Enter(DiskOp op, const std::string& name) {
  std::function<void(DiskOp, const std::string&)> hook;
  {
    const std::lock_guard lock(mutex_);
    hook = hook_;
  }
  if (hook) hook(op, name);
  const std::lock_guard lock(mutex_);
  calls_.push_back(name.empty() ? std::string(OpName(op)) : absl::StrCat(OpName(op), " ", name));
  for (auto rule = failures_.rbegin(); rule != failures_.rend(); ++rule) {
    if (rule->op != op || (!rule->name.empty() && rule->name != name) || rule->times == 0) continue;
    if (rule->times > 0) --rule->times;
    return rule->status;
  }
  return absl::OkStatus();
}

std::string FakeDisk::NameOf(int fd) const {
  struct stat info {};
  if (fstat(fd, &info) != 0) return "?";
  const std::lock_guard lock(mutex_);
  for (const auto& [name, file] : files_) {
    if (file.memory.valid() && file.inode == info.st_ino) return name;
  }
  return "?";
}

int64_t FakeDisk::SizeOf(const File& file) {
  struct stat info {};
  if (!file.memory.valid() || fstat(file.memory.get(), &info) != 0) return file.size_bytes;
  return info.st_size;
}

absl::StatusOr<Fd> FakeDisk::Memory(const std::string& name, File* file) {
  if (!file->memory.valid()) {
    Fd memory(memfd_create(name.c_str(), MFD_CLOEXEC));
    struct stat info {};
    if (!memory.valid() || ftruncate(memory.get(), file->size_bytes) != 0 ||
        fstat(memory.get(), &info) != 0) {
      return ErrnoError("memfd_create");
    }
    file->inode = info.st_ino;
    file->memory = std::move(memory);
  }
  Fd copy(fcntl(file->memory.get(), F_DUPFD_CLOEXEC, 3));
  if (!copy.valid()) return ErrnoError("dup");
  return copy;
}

absl::StatusOr<Fd> FakeDisk::Create(const std::string& name, Caching caching) {
  DM_RETURN_IF_ERROR(Enter(DiskOp::kCreate, name));
  const std::lock_guard lock(mutex_);
  const auto [entry, made] = files_.try_emplace(name);
  if (!made) return absl::AlreadyExistsError(name);
  entry->second.caching = caching;
  return Memory(name, &entry->second);
}

absl::StatusOr<Fd> FakeDisk::Open(const std::string& name, Caching caching) {
  DM_RETURN_IF_ERROR(Enter(DiskOp::kOpen, name));
  return OpenKnown(name, caching);
}

absl::StatusOr<Fd> FakeDisk::OpenForReading(const std::string& name) {
  DM_RETURN_IF_ERROR(Enter(DiskOp::kOpenForReading, name));
  return OpenKnown(name, Caching::kBuffered);
}

absl::StatusOr<Fd> FakeDisk::OpenKnown(const std::string& name, Caching caching) {
  const std::lock_guard lock(mutex_);
  const auto entry = files_.find(name);
  if (entry == files_.end()) return absl::NotFoundError(name);
  entry->second.caching = caching;
  return Memory(name, &entry->second);
}

absl::StatusOr<size_t> FakeDisk::ReadAt(int fd, int64_t offset, absl::Span<char> to) {
  DM_RETURN_IF_ERROR(Enter(DiskOp::kReadAt, NameOf(fd)));
  return dns_monitor::ReadAt(fd, offset, to);
}

absl::Status FakeDisk::WriteAt(int fd, int64_t offset, absl::string_view bytes) {
  DM_RETURN_IF_ERROR(Enter(DiskOp::kWriteAt, NameOf(fd)));
  const ssize_t done = pwrite(fd, bytes.data(), bytes.size(), offset);
  return done == static_cast<ssize_t>(bytes.size()) ? absl::OkStatus() : ErrnoError("pwrite");
}

absl::StatusOr<int64_t> FakeDisk::Size(int fd) {
  DM_RETURN_IF_ERROR(Enter(DiskOp::kSize, NameOf(fd)));
  struct stat info {};
  if (fstat(fd, &info) != 0) return ErrnoError("fstat");
  return info.st_size;
}

absl::StatusOr<bool> FakeDisk::TryLock(int fd, LockKind) {
  const std::string name = NameOf(fd);
  DM_RETURN_IF_ERROR(Enter(DiskOp::kTryLock, name));
  const std::lock_guard lock(mutex_);
  const auto entry = files_.find(name);
  if (entry == files_.end()) return absl::NotFoundError(name);
  int& held_times = entry->second.held_times;
  if (held_times == 0) return true;
  if (held_times > 0) --held_times;
  return false;
}

absl::Status FakeDisk::Truncate(int fd, int64_t length_bytes) {
  DM_RETURN_IF_ERROR(Enter(DiskOp::kTruncate, NameOf(fd)));
  return ftruncate(fd, length_bytes) == 0 ? absl::OkStatus() : ErrnoError("ftruncate");
}

absl::Status FakeDisk::SetAccess(int fd, uint32_t mode, int64_t group) {
  const std::string name = NameOf(fd);
  DM_RETURN_IF_ERROR(Enter(DiskOp::kSetAccess, name));
  const std::lock_guard lock(mutex_);
  const auto entry = files_.find(name);
  if (entry == files_.end()) return absl::NotFoundError(name);
  entry->second.mode = mode;
  if (group >= 0) entry->second.group = group;
  return absl::OkStatus();
}

absl::Status FakeDisk::SetModified(int fd, int64_t time_ns) {
  const std::string name = NameOf(fd);
  DM_RETURN_IF_ERROR(Enter(DiskOp::kSetModified, name));
  SetModified(name, time_ns);
  return absl::OkStatus();
}

absl::Status FakeDisk::SyncFile(int fd) {
  return Enter(DiskOp::kSyncFile, NameOf(fd));
}

absl::Status FakeDisk::Rename(const std::string& from, const std::string& to) {
  DM_RETURN_IF_ERROR(Enter(DiskOp::kRename, from));
  const std::lock_guard lock(mutex_);
  if (files_.count(from) == 0) return absl::NotFoundError(from);
  if (files_.count(to) != 0) return absl::AlreadyExistsError(to);
  auto node = files_.extract(from);
  node.key() = to;
  files_.insert(std::move(node));
  return absl::OkStatus();
}

absl::Status FakeDisk::Replace(const std::string& from, const std::string& to) {
  DM_RETURN_IF_ERROR(Enter(DiskOp::kReplace, from));
  const std::lock_guard lock(mutex_);
  if (files_.count(from) == 0) return absl::NotFoundError(from);
  files_.erase(to);
  auto node = files_.extract(from);
  node.key() = to;
  files_.insert(std::move(node));
  return absl::OkStatus();
}

bool FakeDisk::HasName(int fd, const std::string& name) {
  return NameOf(fd) == name;
}

absl::Status FakeDisk::SyncDirectory() {
  return Enter(DiskOp::kSyncDirectory, "");
}

absl::Status FakeDisk::Remove(const std::string& name) {
  DM_RETURN_IF_ERROR(Enter(DiskOp::kRemove, name));
  const std::lock_guard lock(mutex_);
  const auto entry = files_.find(name);
  if (entry == files_.end()) return absl::NotFoundError(name);
  if (reclaims_) space_.available_bytes += Blocks(SizeOf(entry->second));
  files_.erase(entry);
  return absl::OkStatus();
}

bool FakeDisk::Exists(const std::string& name) {
  const std::lock_guard lock(mutex_);
  return files_.count(name) != 0;
}

absl::StatusOr<std::vector<DirectoryEntry>> FakeDisk::List() {
  DM_RETURN_IF_ERROR(Enter(DiskOp::kList, ""));
  const std::lock_guard lock(mutex_);
  std::vector<DirectoryEntry> entries;
  for (const auto& [name, file] : files_) {
    const int64_t size_bytes = SizeOf(file);
    entries.push_back({name, size_bytes, Blocks(size_bytes), file.modified_ns});
  }
  return entries;
}

absl::StatusOr<DiskSpace> FakeDisk::Space() {
  DM_RETURN_IF_ERROR(Enter(DiskOp::kSpace, ""));
  const std::lock_guard lock(mutex_);
  return space_;
}

void FakeDisk::AddFile(const std::string& name, int64_t size_bytes, int64_t modified_ns) {
  const std::lock_guard lock(mutex_);
  File file;
  file.size_bytes = size_bytes;
  file.modified_ns = modified_ns;
  files_.insert_or_assign(name, std::move(file));
}

void FakeDisk::AddContent(const std::string& name, const std::string& content) {
  AddFile(name, static_cast<int64_t>(content.size()));
  const std::lock_guard lock(mutex_);
  const absl::StatusOr<Fd> memory = Memory(name, &files_.at(name));
  const auto size = static_cast<ssize_t>(content.size());
  if (!memory.ok() || pwrite(memory->get(), content.data(), content.size(), 0) != size) abort();
}

void FakeDisk::DropFile(const std::string& name) {
  const std::lock_guard lock(mutex_);
  files_.erase(name);
}

void FakeDisk::SetModified(const std::string& name, int64_t modified_ns) {
  const std::lock_guard lock(mutex_);
  files_.at(name).modified_ns = modified_ns;
}

void FakeDisk::SetSpace(DiskSpace space) {
  const std::lock_guard lock(mutex_);
  space_ = space;
}

void FakeDisk::SetReclaims(bool reclaims) {
  const std::lock_guard lock(mutex_);
  reclaims_ = reclaims;
}

void FakeDisk::Fail(DiskOp op, const std::string& name, absl::Status status, int times) {
  const std::lock_guard lock(mutex_);
  failures_.push_back({op, name, std::move(status), times});
}

void FakeDisk::ClearFailures() {
  const std::lock_guard lock(mutex_);
  failures_.clear();
}

void FakeDisk::HoldLock(const std::string& name, int times) {
  const std::lock_guard lock(mutex_);
  files_.at(name).held_times = times;
}

void FakeDisk::SetHook(std::function<void(DiskOp, const std::string&)> hook) {
  const std::lock_guard lock(mutex_);
  hook_ = std::move(hook);
}

std::vector<std::string> FakeDisk::Calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

int FakeDisk::CountCalls(absl::string_view call) const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(std::count(calls_.begin(), calls_.end(), call));
}

void FakeDisk::ClearCalls() {
  const std::lock_guard lock(mutex_);
  calls_.clear();
}

std::vector<std::string> FakeDisk::Names() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, file] : files_) names.push_back(name);
  return names;
}

std::string FakeDisk::Content(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const File& file = files_.at(name);
  std::string content(static_cast<size_t>(SizeOf(file)), '\0');
  if (!file.memory.valid()) return content;
  const absl::StatusOr<size_t> done =
      dns_monitor::ReadAt(file.memory.get(), 0, absl::MakeSpan(content.data(), content.size()));
  content.resize(done.value_or(0));
  return content;
}

uint32_t FakeDisk::Mode(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  return files_.at(name).mode;
}

int64_t FakeDisk::Group(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  return files_.at(name).group;
}

int64_t FakeDisk::Modified(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  return files_.at(name).modified_ns;
}

Caching FakeDisk::CachingOf(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  return files_.at(name).caching;
}

}  // namespace dns_monitor
