#include "dns_monitor/enrich/registered_domain.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"

namespace dns_monitor {
namespace {

TEST(RegisteredDomainTest, IsTheSuffixAndTheLabelBeforeIt) {
  EXPECT_EQ(RegisteredDomain("www.example.com."), "example.com.");
  EXPECT_EQ(RegisteredDomain("example.com."), "example.com.");
  EXPECT_EQ(RegisteredDomain("a.b.c.example.co.uk."), "example.co.uk.");
  EXPECT_EQ(RegisteredDomain("_dmarc.example.com."), "example.com.");
}

TEST(RegisteredDomainTest, KeepsTheFinalDotAsItIs) {
  EXPECT_EQ(RegisteredDomain("www.example.com"), "example.com");
  EXPECT_EQ(RegisteredDomain("WWW.Example.com"), "example.com");
  EXPECT_EQ(RegisteredDomain("WWW.Example.com."), "example.com.");
}

TEST(RegisteredDomainTest, KnowsWildcardsAndExceptions) {
  EXPECT_EQ(RegisteredDomain("a.b.c.ck."), "b.c.ck.");  // *.ck
  EXPECT_EQ(RegisteredDomain("a.www.ck."), "www.ck.");  // !www.ck
  EXPECT_EQ(RegisteredDomain("b.compute.amazonaws.com.cn."), "b.compute.amazonaws.com.cn.");
  EXPECT_EQ(RegisteredDomain("x.a.b.compute.amazonaws.com.cn."), "a.b.compute.amazonaws.com.cn.");
}

TEST(RegisteredDomainTest, TakesTheLastLabelForASuffixThatIsNotListed) {
  EXPECT_EQ(RegisteredDomain("printer.office.nosuchtld."), "office.nosuchtld.");
  EXPECT_EQ(RegisteredDomain("nosuchtld."), "nosuchtld.");
}

TEST(RegisteredDomainTest, KnowsSuffixesOfOtherScripts) {
  EXPECT_EQ(RegisteredDomain("www.example.xn--p1ai."), "example.xn--p1ai.");
  EXPECT_EQ(RegisteredDomain("a.example.xn--55qx5d.cn."), "example.xn--55qx5d.cn.");
}

TEST(RegisteredDomainTest, LeavesSuffixesAndTheRootAsTheyAre) {
  EXPECT_EQ(RegisteredDomain("com."), "com.");
  EXPECT_EQ(RegisteredDomain("Co.UK."), "co.uk.");
  EXPECT_EQ(RegisteredDomain("."), ".");
  EXPECT_EQ(RegisteredDomain(""), "");
}

TEST(RegisteredDomainTest, PointsIntoANameThatIsInLowerCase) {
  const std::string name = "www.example.com.";
  EXPECT_EQ(RegisteredDomain(name).data(), name.data() + 4);
}

TEST(RegisteredDomainTest, EndsNoLabelAtAnEscapedDot) {
  EXPECT_EQ(RegisteredDomain("x.first\\.last.example.com."), "example.com.");
  EXPECT_EQ(RegisteredDomain("x.a\\.b.com."), "a\\.b.com.");
  EXPECT_EQ(RegisteredDomain("x.a\\\\.com."), "a\\\\.com.");  // an escaped backslash
}

TEST(RegisteredDomainTest, TakesWhatIsNoName) {
  const std::string long_name = absl::StrCat(std::string(2000, 'A'), ".com.");
  EXPECT_EQ(RegisteredDomain(long_name), long_name);
  EXPECT_EQ(RegisteredDomain(".."), "..");
  EXPECT_EQ(RegisteredDomain("\xff.example.com."), "example.com.");
  const std::string with_nul("a\0b.example.com.", 16);
  EXPECT_EQ(RegisteredDomain(with_nul).substr(0, 1), "a");
}

TEST(RegisteredDomainTest, FindsItBelowAnyNumberOfLabels) {
  std::string name = "example.co.uk.";
  for (int i = 0; i < 120; ++i) {
    EXPECT_EQ(RegisteredDomain(name), "example.co.uk.") << name;
    name.insert(0, "a.");
  }
  EXPECT_EQ(RegisteredDomain(absl::StrCat(std::string(63, 'a'), ".", std::string(63, 'b'), ".",
                                          std::string(63, 'c'), ".com.")),
            absl::StrCat(std::string(63, 'c'), ".com."));
}

TEST(RegisteredDomainTest, SaysTheSameInEveryThread) {
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([thread] {
      // More names than are remembered, twice.
      for (int i = 0; i < 10'000; ++i) {
        const std::string domain = absl::StrCat("d", i % 5000, "-", thread, ".co.uk.");
        ASSERT_EQ(RegisteredDomain(absl::StrCat("www.", domain)), domain);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace dns_monitor
