// The writer on a disk that refuses to write a file any further, though there is room.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <numeric>
#include <thread>

#include "dns_monitor/writer/writer.h"
#include "support/writer_fixture.h"

namespace dns_monitor {
namespace {

using ::testing::Each;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr rlim_t kMiB = 1 << 20;
constexpr size_t kPacketBytes = 1000;

// The kernel refuses with EFBIG what lies behind `bytes` of any file of this process
// (setrlimit(2)): an error of one file, as a bad block is, and like that one not for want of room.
class FileLimit {
 public:
  explicit FileLimit(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &before_);
    signal(SIGXFSZ, SIG_IGN);  // as capture does
    Set(bytes);
  }
  ~FileLimit() { setrlimit(RLIMIT_FSIZE, &before_); }
  FileLimit(const FileLimit&) = delete;
  FileLimit& operator=(const FileLimit&) = delete;

  void Set(rlim_t bytes) const {
    const rlimit limit{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  void Lift() const { Set(before_.rlim_cur); }

 private:
  rlimit before_{};
};

class WriterDamageTest : public WriterTest {
 protected:
  // The filter counts each packet before it tries the ring.
  bool Offer(int cpu, uint32_t number) {
    capture_cpu* counters = rings_->cpu(cpu);
    RING_STORE(&counters->seen, counters->seen + 1);
    RING_STORE(&counters->matched, counters->matched + 1);
    return TryProduce(cpu, number, kPacketBytes);
  }
  void Put(int cpu, uint32_t number) {
    while (!Producer(cpu).HasRoom(kPacketBytes)) std::this_thread::yield();
    EXPECT_TRUE(Offer(cpu, number));
  }
  uint64_t LossesTold() const {
    const std::vector<SegmentFacts> finished = Finished();
    return std::accumulate(finished.begin(), finished.end(), uint64_t{0},
                           [](uint64_t sum, const SegmentFacts& facts) {
                             for (const Loss& loss : facts.losses) sum += loss.count;
                             return sum;
                           });
  }
  // Each ledger's own, and one after the other.
  void ExpectBalanced() const {
    uint64_t in_ring = 0;
    for (const SegmentFacts& facts : Finished()) {
      EXPECT_EQ(facts.balance.written, facts.packets) << facts.name.Pcap();
      EXPECT_EQ(facts.balance.in_ring_begin, in_ring) << facts.name.Pcap();
      EXPECT_THAT(Balances(facts.balance), IsEmpty()) << facts.name.Pcap();
      in_ring = facts.balance.in_ring_end;
    }
    EXPECT_EQ(in_ring, 0u);
  }
};

TEST_P(WriterDamageTest, GoesOnInAnotherFileAndLosesNothing) {
  constexpr uint32_t kPackets = 20'000;
  const FileLimit limit(6 * kMiB);
  MakeRings(2, 16 * kMiB);
  Start();
  for (uint32_t number = 0; number < kPackets; ++number) Put(number % 2, number / 2);
  ExpectStopsWell(kPackets);
  ExpectAllInFiles({kPackets / 2, kPackets / 2});
  ExpectBalanced();
  const std::vector<SegmentFacts> finished = Finished();
  ASSERT_GE(finished.size(), 4u);
  EXPECT_THAT(log_.Count("damaged: write: File too large"), finished.size() - 1);
  for (size_t index = 0; index < finished.size(); ++index) {
    const SegmentFacts& facts = finished[index];
    SCOPED_TRACE(facts.name.Pcap());
    EXPECT_LE(facts.length_bytes, static_cast<int64_t>(6 * kMiB));
    const bool last = index + 1 == finished.size();
    EXPECT_EQ(facts.damage, last ? "" : "write: File too large");
    EXPECT_THAT(facts.index, SizeIs(last ? 1 : 0)) << "whole stretches of what is damaged";
  }
}

TEST_P(WriterDamageTest, LeavesNoFileOfAttemptsThatBringNothing) {
  const FileLimit limit(0);
  MakeRings(1);
  Start();
  uint32_t stored = 0;
  while (Offer(0, stored)) ++stored;
  const uint64_t lost = 1 + 50;
  for (int more = 0; more < 50; ++more) EXPECT_FALSE(Offer(0, stored));
  EXPECT_TRUE(Await([this] { return opened_ > 3; }));
  writer_->RotateSoon();
  const int before = opened_;
  EXPECT_TRUE(Await([this, before] { return opened_ > before + 2; }));
  EXPECT_TRUE(writer_->status().failing);
  EXPECT_EQ(LoadRelaxed(&rings_->cpu(0)->tail), 0u) << "all is still in the ring";
  limit.Lift();
  Put(0, stored);
  ExpectStopsWell(stored + 1);
  ExpectAllInFiles({stored + 1});
  ExpectBalanced();
  EXPECT_EQ(LossesTold(), lost);
  EXPECT_THAT(Finished(), Each(Field(&SegmentFacts::damage, IsEmpty())));
  EXPECT_THAT(Finished().front().name.Pcap(), Not(HasSubstr("-"))) << "its ordinal was free again";
  EXPECT_EQ(log_.Count("cannot write"), 1);
  EXPECT_EQ(log_.Count("writing again"), 1);
}

INSTANTIATE_TEST_SUITE_P(Backends, WriterDamageTest, testing::Bool(), BackendName);

}  // namespace
}  // namespace dns_monitor
