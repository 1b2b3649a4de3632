#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "src/report/html.h"
#include "src/report/sparkline.h"
#include "src/report/wrap.h"

namespace dns_monitor::report {
namespace {

TEST(Sparkline, GoesFromNothingToTheGreatest) {
  EXPECT_EQ(Sparkline({0, 1, 2, 3, 4, 5, 6, 7}), "▁▂▃▄▅▆▇█");
  EXPECT_EQ(Sparkline({7000, 0, 1}), "█▁▂");
}

TEST(Sparkline, HasABlockForWhateverComes) {
  EXPECT_EQ(Sparkline({}), "");
  EXPECT_EQ(Sparkline({0, 0}), "▁▁");
  EXPECT_EQ(Sparkline({-3, NAN, 1e300}), "▁▁█");
}

TEST(EscapeHtml, LeavesNoMarkup) {
  EXPECT_EQ(EscapeHtml("<script>alert(\"1\" & '2')</script>"),
            "&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;");
  EXPECT_EQ(EscapeHtml("bücher.example."), "bücher.example.");
  EXPECT_EQ(EscapeHtml(absl::string_view("a\0b\x1b\x7f\n", 6)), "a\ufffdb\ufffd\ufffd\n");
}

TEST(Wrapped, BreaksAtBlanks) {
  EXPECT_EQ(Wrapped("one two three four", 9), "one two\nthree\nfour\n");
  EXPECT_EQ(Wrapped("one two three four", 13), "one two three\nfour\n");
  EXPECT_EQ(Wrapped("a word-that-is-long b", 5), "a\nword-that-is-long\nb\n");
  EXPECT_EQ(Wrapped("ÄÖÜ ßé", 6), "ÄÖÜ ßé\n");
  EXPECT_EQ(Wrapped("", 10), "");
}

}  // namespace
}  // namespace dns_monitor::report
