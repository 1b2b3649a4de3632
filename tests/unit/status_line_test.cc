#include "src/capture/status_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dns_monitor {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

StatusSample Sample() {
  StatusSample sample;
  sample.written = 1'234'567;
  sample.lost = 8;
  sample.file = "eth0.20261123_2110.pcap";
  sample.file_bytes = 3 << 20;
  return sample;
}

TEST(StatusLine, TellsRatePacketsLossAndFile) {
  EXPECT_EQ(StatusLine::Format(Sample(), 15'000.4, 200),
            "15 000/s  1 234 567 packets  8 lost  eth0.20261123_2110.pcap  3.00 MiB");
}

TEST(StatusLine, NamesNoFileOfAStream) {
  StatusSample sample = Sample();
  sample.file.clear();
  EXPECT_EQ(StatusLine::Format(sample, 0, 200), "0/s  1 234 567 packets  8 lost");
}

TEST(StatusLine, SaysThatTheDiskFails) {
  StatusSample sample = Sample();
  EXPECT_THAT(StatusLine::Format(sample, 0, 200), Not(HasSubstr("DISK FAILING")));
  sample.failing = true;
  EXPECT_THAT(StatusLine::Format(sample, 0, 200), HasSubstr("DISK FAILING"));
}

TEST(StatusLine, IsNeverWiderThanTheTerminal) {
  const std::string whole = StatusLine::Format(Sample(), 1, 200);
  for (int columns = 0; columns < 200; ++columns) {
    const std::string line = StatusLine::Format(Sample(), 1, columns);
    EXPECT_EQ(line, whole.substr(0, static_cast<size_t>(columns)));
  }
}

TEST(StatusLine, IsNotShownWithoutATerminal) {
  testing::internal::CaptureStderr();
  {
    StatusLine line;
    line.Show(Sample());
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace dns_monitor
