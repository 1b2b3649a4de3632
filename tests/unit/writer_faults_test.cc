// The writer on a disk that does not do what it should.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "dns_monitor/writer/writer.h"
#include "support/fake_disk.h"
#include "support/steady_clock.h"
#include "support/writer_fixture.h"

namespace dns_monitor {
namespace {

TEST_P(WriterTest, WritesThroughTheCacheWhereDirectIsRefused) {
  FakeDisk disk;
  disk.Fail(DiskOp::kOpen, "", absl::InvalidArgumentError("Invalid argument"));
  options_.segments.max_segment_bytes = 1 << 20;
  MakeRings(1);
  StartOn(&disk);
  for (uint32_t number = 0; number < 4000; ++number) Produce(0, number, 1000);
  ExpectStopsWell(4000);
  EXPECT_GE(Finished().size(), 4u);
  EXPECT_EQ(log_.Count("page cache"), 1);
}

TEST_P(WriterTest, WaitsForADiskThatComesBack) {
  FakeDisk disk;
  disk.Fail(DiskOp::kCreate, "", absl::ResourceExhaustedError("No space left on device"), 2);
  MakeRings(1);
  StartOn(&disk);
  for (uint32_t number = 0; number < 2000; ++number) Produce(0, number, 1000);
  ExpectStopsWell(2000);
  EXPECT_EQ(log_.Count("No space left on device"), 1);
}

TEST_P(WriterTest, GivesUpAtTheEndOnADiskThatDoesNotComeBack) {
  SteadyFakeClock clock;
  FakeDisk disk;
  disk.Fail(DiskOp::kCreate, "", absl::ResourceExhaustedError("No space left on device"));
  MakeRings(1);
  StartOn(&disk, &clock);
  for (uint32_t number = 0; number < 100; ++number) {
    ASSERT_TRUE(ProduceAt(clock.BoottimeNs(), number, 100));
  }
  std::atomic<bool> stopped{false};
  WriterResult result;
  std::thread stopper([&] {
    result = writer_->Stop();
    stopped = true;
  });
  EXPECT_TRUE(Await([&] {
    clock.Advance(Writer::kPatienceNs / 4);
    return stopped.load();
  }));
  stopper.join();
  EXPECT_EQ(result.packets_written, 0u);
  EXPECT_EQ(result.packets_lost, 100u);
  EXPECT_EQ(result.status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(log_.Count("giving up on the disk"), 1);
  EXPECT_EQ(rings_->cpu(0)->tail, 0u) << "what is not written stays in the ring";
}

INSTANTIATE_TEST_SUITE_P(Backends, WriterTest, testing::Bool(), BackendName);

}  // namespace
}  // namespace dns_monitor
