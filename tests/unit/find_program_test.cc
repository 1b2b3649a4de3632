#include "src/command/find_program.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"

namespace dns_monitor {
namespace {

using std::filesystem::path;

class FindProgramTest : public testing::Test {
 protected:
  FindProgramTest() {
    std::string pattern = testing::TempDir() + "/program.XXXXXX";
    root_ = std::filesystem::canonical(mkdtemp(pattern.data()));
    for (const char* place : {"first", "second"}) std::filesystem::create_directory(root_ / place);
    setenv("PATH", absl::StrCat(Path("first"), ":", Path("second")).c_str(), 1);
  }
  ~FindProgramTest() override {
    std::filesystem::current_path(cwd_);
    setenv("PATH", path_.c_str(), 1);
    std::filesystem::remove_all(root_);
  }

  std::string Path(const std::string& name) const { return (root_ / name).string(); }
  void Put(const std::string& name, mode_t mode) {
    std::ofstream(Path(name)) << "#!/bin/sh\n";
    chmod(Path(name).c_str(), mode);
  }

  const std::string path_ = getenv("PATH");
  const path cwd_ = std::filesystem::current_path();
  path root_;
};

TEST_F(FindProgramTest, TakesTheFirstInThePathThatCanBeRun) {
  std::filesystem::create_directory(root_ / "first" / "gzip");
  Put("second/gzip", 0755);
  EXPECT_EQ(*FindProgram("gzip"), Path("second/gzip"));
  std::filesystem::remove(root_ / "first" / "gzip");
  Put("first/gzip", 0644);
  EXPECT_EQ(*FindProgram("gzip"), Path("second/gzip"));
  chmod(Path("first/gzip").c_str(), 0755);
  EXPECT_EQ(*FindProgram("gzip"), Path("first/gzip"));
}

TEST_F(FindProgramTest, TakesPathsAsTheyAre) {
  Put("here", 0755);
  std::filesystem::current_path(root_ / "first");
  EXPECT_EQ(*FindProgram(Path("here")), Path("here"));
  ASSERT_TRUE(FindProgram("../here").ok());
  EXPECT_EQ(path(*FindProgram("../here")).lexically_normal(), Path("here"));
  EXPECT_TRUE(absl::IsNotFound(FindProgram("./here").status()));
}

TEST_F(FindProgramTest, LooksHereForAnEmptyPlace) {
  Put("here", 0755);
  std::filesystem::current_path(root_);
  setenv("PATH", absl::StrCat(Path("first"), ":").c_str(), 1);
  EXPECT_EQ(path(*FindProgram("here")).lexically_normal(), Path("here"));
}

TEST_F(FindProgramTest, LooksInTheUsualPlacesWithoutAPath) {
  unsetenv("PATH");
  EXPECT_TRUE(FindProgram("sh").ok());
}

TEST_F(FindProgramTest, SaysWhatIsMissing) {
  Put("first/data", 0644);
  EXPECT_EQ(FindProgram("gzipp").status().message(), "there is no program 'gzipp' in PATH");
  EXPECT_EQ(FindProgram("gzip -9").status().message(), "there is no program 'gzip -9' in PATH");
  EXPECT_TRUE(absl::IsNotFound(FindProgram("").status()));
  EXPECT_EQ(FindProgram("data").status().message(), "data: Permission denied");
  EXPECT_EQ(FindProgram(Path("first")).status().message(),
            absl::StrCat(Path("first"), ": Permission denied"));
  EXPECT_EQ(FindProgram("/no/such").status().message(), "/no/such: No such file or directory");
}

}  // namespace
}  // namespace dns_monitor
