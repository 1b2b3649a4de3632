#include "plan_paths.h"

#include <dirent.h>
#include <glob.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "dns_monitor/archive/names.h"
#include "dns_monitor/base/status.h"

namespace dns_monitor {
namespace {

constexpr absl::string_view kEndings[] = {".pcapng", ".cap", ".gz", ".zst", ".xz", ".lz4"};

// tcpdump -C writes x.pcap, x.pcap1, x.pcap2.
absl::string_view WithoutNumber(absl::string_view name) {
  while (!name.empty() && absl::ascii_isdigit(static_cast<unsigned char>(name.back()))) {
    name.remove_suffix(1);
  }
  return name;
}

// Whether a file of a directory is read that was not named itself.
bool IsCaptureName(absl::string_view name) {
  if (const std::optional<ParsedName> parsed = ParseName(name)) {
    return parsed->kind == FileKind::kSegment || parsed->kind == FileKind::kPart;
  }
  if (absl::StartsWith(name, ".")) return false;
  return absl::EndsWithIgnoreCase(WithoutNumber(name), ".pcap") ||
         std::any_of(std::begin(kEndings), std::end(kEndings), [&](absl::string_view ending) {
           return absl::EndsWithIgnoreCase(name, ending);
         });
}

// What the shell brings along when it expands a pattern.
bool GoesAlong(absl::string_view name) {
  const std::optional<ParsedName> parsed = ParseName(name);
  return parsed && (parsed->kind == FileKind::kLedger || parsed->kind == FileKind::kSeal);
}

std::string Join(const std::string& directory, absl::string_view name) {
  return absl::StrCat(directory, absl::EndsWith(directory, "/") ? "" : "/", name);
}

class Finder {
 public:
  Finder(const InputOptions& options, std::vector<std::string>* notes)
      : options_(options), notes_(notes) {}

  absl::StatusOr<std::vector<FoundFile>> Run() {
    for (const std::string& path : options_.paths) DM_RETURN_IF_ERROR(AddNamed(path));
    return std::move(found_);
  }

 private:
  absl::Status AddNamed(const std::string& path);
  absl::Status AddPath(const std::string& path, bool listed);
  absl::Status AddPattern(const std::string& pattern);
  absl::Status AddDirectory(const std::string& path);
  void AddFile(const std::string& path, const struct stat& info, bool listed);

  absl::Status Refuse(absl::Status status) {
    if (!options_.skip_unreadable) return status;
    notes_->emplace_back(status.message());
    return absl::OkStatus();
  }

  const InputOptions& options_;
  std::vector<std::string>* const notes_;
  std::vector<FoundFile> found_;
  std::set<std::pair<dev_t, ino_t>> known_;
  bool standard_input_ = false;
};

absl::Status Finder::AddNamed(const std::string& path) {
  if (path == "-") {
    if (std::exchange(standard_input_, true)) {
      return absl::InvalidArgumentError("-: standard input can be read once only");
    }
    found_.push_back({.path = path, .standard_input = true, .regular = false});
    return absl::OkStatus();
  }
  struct stat info {};
  if (stat(path.c_str(), &info) != 0 && errno == ENOENT &&
      path.find_first_of("*?[") != std::string::npos) {
    return AddPattern(path);
  }
  return AddPath(path, /*listed=*/false);
}

absl::Status Finder::AddPath(const std::string& path, bool listed) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return Refuse(ErrnoError(path));
  if (S_ISDIR(info.st_mode)) return AddDirectory(path);
  if (!S_ISREG(info.st_mode) && !S_ISFIFO(info.st_mode) && !S_ISCHR(info.st_mode)) {
    return Refuse(absl::InvalidArgumentError(
        absl::StrCat(path, ": neither a file nor a directory nor a pipe")));
  }
  AddFile(path, info, listed);
  return absl::OkStatus();
}

absl::Status Finder::AddPattern(const std::string& pattern) {
  glob_t matches{};
  const int result = glob(pattern.c_str(), /*flags=*/0, /*errfunc=*/nullptr, &matches);
  const std::unique_ptr<glob_t, decltype(&globfree)> owner(&matches, globfree);
  if (result == GLOB_NOMATCH) {
    return Refuse(absl::NotFoundError(absl::StrCat(pattern, ": nothing matches")));
  }
  if (result != 0) return Refuse(ErrnoError(pattern));
  for (size_t i = 0; i < matches.gl_pathc; ++i) {
    DM_RETURN_IF_ERROR(AddPath(matches.gl_pathv[i], /*listed=*/true));
  }
  return absl::OkStatus();
}

absl::Status Finder::AddDirectory(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(path.c_str()), closedir);
  if (directory == nullptr) return Refuse(ErrnoError(path));
  std::set<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(directory.get())) {
    if (IsCaptureName(entry->d_name)) names.insert(entry->d_name);
    errno = 0;
  }
  if (errno != 0) return Refuse(ErrnoError(path));
  bool any = false;
  for (const std::string& name : names) {
    // It got its name while we looked.
    if (absl::EndsWith(name, kPartSuffix) &&
        names.count(name.substr(0, name.size() - kPartSuffix.size())) > 0) {
      continue;
    }
    struct stat info {};
    if (fstatat(dirfd(directory.get()), name.c_str(), &info, 0) != 0 || !S_ISREG(info.st_mode)) {
      continue;  // gone meanwhile, or no file
    }
    AddFile(Join(path, name), info, /*listed=*/true);
    any = true;
  }
  if (any) return absl::OkStatus();
  return Refuse(absl::NotFoundError(absl::StrCat(path, ": no capture is in this directory")));
}

void Finder::AddFile(const std::string& path, const struct stat& info, bool listed) {
  FoundFile file{.path = path,
                 .listed = listed,
                 .regular = S_ISREG(info.st_mode),
                 .device = info.st_dev,
                 .inode = info.st_ino,
                 .size_bytes = S_ISREG(info.st_mode) ? info.st_size : 0};
  if (GoesAlong(file.name())) return;
  if (known_.emplace(info.st_dev, info.st_ino).second) found_.push_back(std::move(file));
}

}  // namespace

absl::string_view FoundFile::name() const {
  return absl::string_view(path).substr(path.rfind('/') + 1);  // npos + 1: 0
}

absl::StatusOr<std::vector<FoundFile>> FindFiles(const InputOptions& options,
                                                 std::vector<std::string>* notes) {
  return Finder(options, notes).Run();
}

}  // namespace dns_monitor
