// A real directory for one test, and what a stranger finds in it at any moment.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dns_monitor/base/fd.h"
#include "dns_monitor/base/system_disk.h"

namespace dns_monitor {

// Removed with everything in it at the end. Reading is for any thread.
class CaptureDirectory {
 public:
  CaptureDirectory() : path_(testing::TempDir() + "/capture.XXXXXX") {
    EXPECT_NE(mkdtemp(path_.data()), nullptr) << path_;
    auto disk = OpenSystemDisk(path_);
    EXPECT_TRUE(disk.ok()) << disk.status();
    if (disk.ok()) disk_ = *std::move(disk);
  }
  ~CaptureDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  CaptureDirectory(const CaptureDirectory&) = delete;
  CaptureDirectory& operator=(const CaptureDirectory&) = delete;

  Disk* disk() { return disk_.get(); }
  const std::string& path() const { return path_; }

  // Sorted.
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  // nullopt when there is no such file (any more).
  std::optional<std::string> Read(const std::string& name) const {
    const Fd fd(open((path_ + "/" + name).c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid()) return std::nullopt;
    std::string content;
    std::string chunk(1 << 20, '\0');
    for (ssize_t got = 0; (got = read(fd.get(), chunk.data(), chunk.size())) > 0;) {
      content.append(chunk, 0, static_cast<size_t>(got));
    }
    return content;
  }
  // All files as they are at one moment or another from now on; again when one was renamed away.
  std::vector<std::string> Contents() const {
    for (;;) {
      std::vector<std::string> contents;
      bool whole = true;
      for (const std::string& name : Names()) {
        std::optional<std::string> content = Read(name);
        whole = whole && content.has_value();
        contents.push_back(std::move(content).value_or(""));
      }
      if (whole) return contents;
    }
  }
  uint32_t Mode(const std::string& name) const {
    struct stat info {};
    EXPECT_EQ(stat((path_ + "/" + name).c_str(), &info), 0) << name;
    return info.st_mode & 07777;
  }

 private:
  std::string path_;
  std::unique_ptr<Disk> disk_;
};

}  // namespace dns_monitor
