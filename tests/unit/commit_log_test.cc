#include "dns_monitor/writer/commit_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "dns_monitor/base/clock.h"
#include "support/heap_rings.h"

namespace dns_monitor {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int64_t kMinuteNs = 60 * kNanosecondsPerSecond;
constexpr int64_t kWallOffsetNs = 1'000'000;  // CLOCK_REALTIME - CLOCK_BOOTTIME
constexpr size_t kSlot = 3;

SegmentName Name(int minute) {
  return {.interface = "eth0", .start = absl::CivilSecond(2026, 11, 23, 21, minute, 0)};
}

LedgerSettings SomeSettings() {
  return {.ports = {53, 853},
          .filter = "host 192.0.2.1",
          .direction = CapturedDirection::kOut,
          .promiscuous = true,
          .icmp_errors = true,
          .snaplen = 1500,
          .nanoseconds = true,
          .hook = CapturedHook::kTcx};
}

Segment OfMinute(int minute) {
  Segment segment;
  segment.facts.name = Name(minute);
  segment.inode = 100 + static_cast<uint64_t>(minute);
  segment.from_ns = minute * kMinuteNs;
  segment.to_ns = segment.from_ns + kMinuteNs;
  return segment;
}

// Plays the writer, and the filter on the first of two CPUs.
class CommitLogTest : public testing::Test {
 protected:
  // Heads behind all tails that are committed here.
  CommitLogTest() {
    settings_ = SomeSettings();
    for (int cpu = 0; cpu < 2; ++cpu) rings_.cpu(cpu)->head = CAPTURE_RING_MIN_BYTES / 2;
  }

  RingSet& rings() { return rings_.set(); }
  // A process begins: with nothing, or where another has ended.
  void Start(const Succession* before = nullptr) {
    log_ = std::make_unique<CommitLog>(&rings(), settings_, before);
    packets_ = 0;
    log_->Begin(before == nullptr ? 0 : before->record.from_ns, At(0));
  }
  // The process ends without another word, and the next one reads what it has left.
  Succession Crash() {
    log_.reset();
    std::optional<Succession> succession = TakeOver(&rings());
    EXPECT_TRUE(succession.has_value());
    return std::move(succession).value_or(Succession{});
  }
  void Match(uint64_t packets) {
    rings_.cpu(0)->seen += packets + 1;
    rings_.cpu(0)->not_dns += 1;
    rings_.cpu(0)->matched += packets;
  }
  // Where the books stand when all that was written is what this process was told to.
  AccountMark Books(uint64_t taken) { return {.filter = rings().Counters(), .taken = taken}; }
  // Behind so many packets of the segment, the last of which came at this boot time.
  Checkpoint At(uint64_t packets, int64_t last_ns = 0) {
    return {.packets = packets_ + packets,
            .length_bytes = static_cast<int64_t>(24 + 1000 * packets),
            .stored_bytes = static_cast<int64_t>(24 + 100 * packets),
            .tails = {64 * (packets_ + packets), 32 * (packets_ + packets)},
            .last_time_ns = static_cast<uint64_t>(last_ns),
            .wall_offset_ns = kWallOffsetNs,
            .tai_offset_ns = 37,
            .stepped_at_ns = 5,
            .segment_packets = packets,
            .segment_clipped = 2,
            .segment_late = 1};
  }
  // As a process that ended while it wrote the copy that is the newest now.
  void TearNewest() { StoreSequence(NewestCopy(), 0); }
  uint32_t NewestCopy() { return Sequence(0) > Sequence(1) ? 0 : 1; }
  uint64_t Sequence(uint32_t copy) {
    uint64_t sequence;
    std::memcpy(&sequence, rings().commit_copy(copy) + offsetof(CommitRecord, sequence),
                sizeof(sequence));
    return sequence;
  }
  void StoreSequence(uint32_t copy, uint64_t sequence) {
    std::memcpy(rings().commit_copy(copy) + offsetof(CommitRecord, sequence), &sequence,
                sizeof(sequence));
  }
  static std::vector<std::string> Parts(const Succession& succession) {
    std::vector<std::string> parts;
    for (const CommittedSegment& segment : succession.segments) parts.emplace_back(segment.part);
    return parts;
  }

  HeapRings rings_{2, CAPTURE_RING_MIN_BYTES};
  LedgerSettings settings_;
  std::unique_ptr<CommitLog> log_;
  uint64_t packets_ = 0;  // of this process, in segments before the one at hand
};

TEST_F(CommitLogTest, GoesOnFromNothingWhereNothingIsCommitted) {
  rings_.cpu(0)->tail = 640;
  EXPECT_FALSE(TakeOver(&rings()).has_value());
  EXPECT_EQ(rings_.cpu(0)->tail, 640u);
}

TEST_F(CommitLogTest, DoesNotGoOnWhereTheRingsCannotStand) {
  log_ = std::make_unique<CommitLog>(&rings(), settings_, nullptr);
  Checkpoint mark = At(0);
  mark.tails = {640, 0};
  log_->Begin(1000, mark);
  for (const uint64_t head : {uint64_t{632}, 640 + CAPTURE_RING_MIN_BYTES + uint64_t{8}}) {
    rings_.cpu(0)->head = head;
    EXPECT_FALSE(TakeOver(&rings()).has_value()) << head;
    EXPECT_EQ(rings_.cpu(0)->tail, 0u);
  }
  rings_.cpu(0)->head = 640 + CAPTURE_RING_MIN_BYTES;
  EXPECT_TRUE(TakeOver(&rings()).has_value());
}

TEST_F(CommitLogTest, BeginsWithAllThatTheRingsHold) {
  Match(3);
  log_ = std::make_unique<CommitLog>(&rings(), settings_, nullptr);
  Checkpoint mark = At(0, 17);
  mark.tails = {128, 256};
  log_->Begin(1000, mark);
  rings_.cpu(0)->tail = rings_.cpu(1)->tail = 999;
  const Succession before = Crash();
  EXPECT_THAT(before.segments, IsEmpty());
  EXPECT_EQ(rings_.cpu(0)->tail, 128u);
  EXPECT_EQ(rings_.cpu(1)->tail, 256u);
  EXPECT_EQ(before.record.from_ns, 1000);
  EXPECT_EQ(before.record.last_time_ns, 17u);
  EXPECT_EQ(before.record.wall_offset_ns, kWallOffsetNs);
  EXPECT_EQ(before.record.tai_offset_ns, 37);
  EXPECT_EQ(before.record.stepped_at_ns, 5);
  EXPECT_EQ(before.record.taken, 0u);
  EXPECT_EQ(before.begin.taken, 0u);
  // As the first segment's books do: what came before the writer began is yet to be told.
  EXPECT_EQ(before.begin.filter.seen, 0u);
  EXPECT_EQ(before.begin.in_ring(), 0u);
}

TEST_F(CommitLogTest, CountsNothingOfASegmentThatIsOnlyOpened) {
  Start();
  log_->OnOpened(kSlot, OfMinute(7));
  Match(5);
  const Succession before = Crash();
  ASSERT_THAT(before.segments, SizeIs(1));
  EXPECT_EQ(before.segments[0].state, CommitState::kOpened);
  EXPECT_EQ(std::string(before.segments[0].part), Name(7).Part());
  EXPECT_EQ(before.segments[0].inode, 107u);
  EXPECT_EQ(before.segments[0].length_bytes, 0);
  EXPECT_EQ(before.begin.filter.matched, 0u) << "whoever comes writes and tells all of them";
  EXPECT_EQ(before.record.from_ns, 0);
}

TEST_F(CommitLogTest, ClosesTheSegmentThatWasBeingWritten) {
  Match(4);
  Start();
  const AccountMark begun = Books(0);
  Segment segment = OfMinute(7);
  segment.facts.interface_begin = InterfaceCounters{.rx_packets = 9};
  log_->OnOpened(kSlot, segment);
  Match(6);
  rings_.cpu(1)->lost[CAPTURE_LOST_COPY] = 1;
  const int64_t last_ns = 7 * kMinuteNs + 10;
  log_->OnCheckpoint(kSlot, segment, begun, At(5, last_ns));
  rings_.cpu(0)->tail = rings_.cpu(1)->tail = 0;  // it did not come so far
  Match(2);                                       // while no process is there
  const Succession before = Crash();
  EXPECT_EQ(rings_.cpu(0)->tail, 5 * 64u);
  EXPECT_EQ(rings_.cpu(1)->tail, 5 * 32u);
  ASSERT_THAT(before.segments, SizeIs(1));
  const CommittedSegment& closed = before.segments[0];
  EXPECT_EQ(closed.state, CommitState::kComplete);
  EXPECT_EQ(closed.inode, 107u);
  EXPECT_EQ(closed.length_bytes, 524);
  EXPECT_EQ(closed.packets, 5u);
  EXPECT_EQ(closed.from_ns, segment.from_ns);
  EXPECT_EQ(closed.to_ns, last_ns + kWallOffsetNs + 1) << "behind the last packet";
  EXPECT_EQ(closed.has_interface_begin, 1u);
  EXPECT_EQ(closed.interface_begin.rx_packets, 9u);
  Balance balance;
  balance.seen = 10;  // Match(6) and Match(2), with one more each
  balance.not_dns = 2;
  balance.matched = 8;
  balance.written = 5;
  balance.lost[CAPTURE_LOST_COPY] = 1;
  balance.in_ring_begin = 4;
  balance.in_ring_end = 6;  // 4 + 8 - 5 - 1
  balance.clipped = 2;
  balance.late = 1;
  EXPECT_EQ(closed.balance, balance);
  EXPECT_THAT(Balances(closed.balance), IsEmpty());
  // Whoever comes begins where that has ended.
  EXPECT_EQ(before.begin.in_ring(), 6u);
  EXPECT_EQ(before.record.border.in_ring(), 6u);
  EXPECT_EQ(before.record.taken, 5u);
  EXPECT_EQ(before.record.from_ns, closed.to_ns);
  EXPECT_EQ(before.record.last_time_ns, static_cast<uint64_t>(last_ns));
  EXPECT_EQ(before.record.segments[kSlot].state, CommitState::kNone);
}

TEST_F(CommitLogTest, ClosesItAtItsBorderAtTheLatest) {
  Start();
  const Segment segment = OfMinute(7);
  log_->OnOpened(kSlot, segment);
  log_->OnCheckpoint(kSlot, segment, {}, At(1, segment.to_ns));  // the clock was set meanwhile
  EXPECT_EQ(Crash().segments[0].to_ns, segment.to_ns);
}

// A late packet is older than the border at which its segment begins.
TEST_F(CommitLogTest, ClosesNoSegmentBeforeItBegins) {
  Start();
  const Segment segment = OfMinute(7);
  log_->OnOpened(kSlot, segment);
  log_->OnCheckpoint(kSlot, segment, {}, At(1, segment.from_ns - 2 * kWallOffsetNs));
  const Succession before = Crash();
  EXPECT_EQ(before.segments[0].to_ns, segment.from_ns);
  EXPECT_EQ(before.record.from_ns, segment.from_ns);
}

TEST_F(CommitLogTest, LeavesASegmentWithoutPacketsToWhoeverComes) {
  Start();
  Match(4);
  const AccountMark begun = Books(0);
  const Segment segment = OfMinute(7);
  log_->OnOpened(kSlot, segment);
  Match(6);
  log_->OnCheckpoint(kSlot, segment, begun, At(0));
  const Succession before = Crash();
  ASSERT_THAT(before.segments, SizeIs(1));
  EXPECT_EQ(before.segments[0].state, CommitState::kOpened);
  EXPECT_EQ(before.segments[0].length_bytes, 0);
  EXPECT_EQ(before.begin.in_ring(), 4u);
  EXPECT_EQ(before.begin.filter.matched, 4u);
  EXPECT_EQ(before.record.border.filter.matched, 4u);
  EXPECT_EQ(before.record.from_ns, segment.from_ns);
}

TEST_F(CommitLogTest, KeepsTheBooksOfACompleteSegment) {
  Start();
  Segment segment = OfMinute(7);
  log_->OnOpened(kSlot, segment);
  Match(5);
  log_->OnCheckpoint(kSlot, segment, {}, At(3, 7 * kMinuteNs));
  const AccountMark ended = Books(3);
  segment.facts.balance = BalanceBetween({}, ended);
  segment.facts.damage = std::string(100, 'd');
  log_->OnComplete(kSlot, segment, ended);
  log_->OnOpened(kSlot + 1, OfMinute(8));
  Match(50);
  const Succession before = Crash();
  ASSERT_THAT(Parts(before), ElementsAre(Name(7).Part(), Name(8).Part()));
  const CommittedSegment& complete = before.segments[0];
  EXPECT_EQ(complete.state, CommitState::kComplete);
  EXPECT_EQ(complete.balance, segment.facts.balance);
  EXPECT_EQ(complete.length_bytes, 324);
  EXPECT_EQ(complete.to_ns, segment.to_ns) << "up to the border, and not to the last packet";
  EXPECT_EQ(std::string(complete.damage), std::string(63, 'd'));
  EXPECT_EQ(before.segments[1].state, CommitState::kOpened);
  EXPECT_EQ(before.begin.in_ring(), 2u);
  EXPECT_EQ(before.begin.filter.matched, 5u);
  EXPECT_EQ(before.record.from_ns, segment.to_ns);
  EXPECT_EQ(before.record.taken, 3u);
}

TEST_F(CommitLogTest, ForgetsWhatHasItsName) {
  Start();
  log_->OnOpened(0, OfMinute(7));
  log_->OnOpened(1, OfMinute(8));
  log_->OnGone(0);
  EXPECT_THAT(Parts(Crash()), ElementsAre(Name(8).Part()));
}

// --- Two copies ---

TEST_F(CommitLogTest, TakesTheNewestOfTheTwoCopies) {
  Start();
  const Segment segment = OfMinute(7);
  log_->OnOpened(kSlot, segment);
  for (uint64_t packets = 1; packets < 6; ++packets) {
    log_->OnCheckpoint(kSlot, segment, {}, At(packets, 7 * kMinuteNs));
    const std::optional<Succession> before = TakeOver(&rings());
    ASSERT_TRUE(before.has_value());
    EXPECT_EQ(before->segments[0].packets, packets);
    EXPECT_EQ(before->record.taken, packets);
    EXPECT_EQ(rings_.cpu(0)->tail, 64 * packets);
  }
}

TEST_F(CommitLogTest, TakesTheOtherCopyWhereOneIsTorn) {
  Start();
  const Segment segment = OfMinute(7);
  log_->OnOpened(kSlot, segment);
  for (uint64_t packets = 1; packets < 4; ++packets) {
    log_->OnCheckpoint(kSlot, segment, {}, At(packets, 7 * kMinuteNs));
  }
  const uint32_t torn = NewestCopy();
  TearNewest();
  std::memset(rings().commit_copy(torn) + sizeof(uint64_t), 0xff, sizeof(CommitRecord) - 8);
  const Succession before = Crash();
  EXPECT_EQ(before.segments[0].packets, 2u);
  EXPECT_EQ(before.record.taken, 2u);
  EXPECT_EQ(rings_.cpu(0)->tail, 2 * 64u);
  EXPECT_EQ(rings_.cpu(1)->tail, 2 * 32u);
}

TEST_F(CommitLogTest, GoesOnFromNothingWhereTheOnlyCopyIsTorn) {
  Start();
  TearNewest();
  EXPECT_FALSE(TakeOver(&rings()).has_value());
}

// Whoever comes may end as soon as it has begun to write.
TEST_F(CommitLogTest, OverwritesWhatCountsLast) {
  for (const int commits : {1, 2}) {
    Start();
    for (int commit = 0; commit < commits; ++commit) log_->OnOpened(0, OfMinute(7 + commit));
    const Succession before = Crash();
    const uint32_t counts = NewestCopy();
    const uint64_t sequence = Sequence(counts);
    Start(&before);
    EXPECT_EQ(Sequence(counts), sequence);
    EXPECT_EQ(NewestCopy(), 1 - counts);
    TearNewest();
    EXPECT_EQ(Parts(Crash()), Parts(before));
    StoreSequence(0, 0);
    StoreSequence(1, 0);
  }
}

// --- What a ledger tells ---

TEST_F(CommitLogTest, SumsUpLossesByCause) {
  Start();
  Segment segment = OfMinute(7);
  log_->OnOpened(kSlot, segment);
  segment.facts.losses = {
      {.cause = LossCause::kRingFull, .cpu = 1, .count = 3, .from_ns = 50, .to_ns = 60},
      {.cause = LossCause::kCopy, .count = 1, .from_ns = 5, .to_ns = 5},
      {.cause = LossCause::kRingFull, .count = 4, .from_ns = 40, .to_ns = 55, .merged = 2},
      {.cause = LossCause::kRingFull, .count = 100, .from_ns = 1, .to_ns = 99}};
  Checkpoint mark = At(1, 7 * kMinuteNs);
  mark.losses = 3;  // the last one came later
  log_->OnCheckpoint(kSlot, segment, {}, mark);
  const Loss copy{.cause = LossCause::kCopy, .count = 1, .from_ns = 5, .to_ns = 5};
  EXPECT_THAT(
      TakeOver(&rings())->segments[0].Losses(),
      ElementsAre(
          Loss{.cause = LossCause::kRingFull, .count = 7, .from_ns = 40, .to_ns = 60, .merged = 3},
          copy));
  log_->OnComplete(kSlot, segment, {});
  EXPECT_THAT(
      Crash().segments[0].Losses(),
      ElementsAre(
          Loss{.cause = LossCause::kRingFull, .count = 107, .from_ns = 1, .to_ns = 99, .merged = 4},
          copy));
}

TEST_F(CommitLogTest, KeepsTheFirstGaps) {
  Start();
  Segment segment = OfMinute(7);
  log_->OnOpened(kSlot, segment);
  for (int64_t number = 0; number < 12; ++number) {
    segment.facts.gaps.push_back(
        {.from_ns = number, .to_ns = number + 1, .reason = GapReason::kStalled});
  }
  segment.facts.gaps[1] = {
      .from_ns = 1, .to_ns = 2, .reason = GapReason::kClockStep, .step_ns = -7};
  Checkpoint mark = At(1, 7 * kMinuteNs);
  mark.gaps = 2;
  log_->OnCheckpoint(kSlot, segment, {}, mark);
  EXPECT_EQ(TakeOver(&rings())->segments[0].Gaps(),
            std::vector<Gap>(segment.facts.gaps.begin(), segment.facts.gaps.begin() + 2));
  log_->OnComplete(kSlot, segment, {});
  EXPECT_EQ(Crash().segments[0].Gaps(),
            std::vector<Gap>(segment.facts.gaps.begin(), segment.facts.gaps.begin() + 8));
}

TEST_F(CommitLogTest, KeepsTheSettings) {
  Start();
  EXPECT_EQ(Crash().settings, settings_);
  for (const bool flag : {false, true}) {
    settings_ = {.ports = std::vector<uint16_t>(CAPTURE_MAX_PORTS, 65535),
                 .filter = "",
                 .promiscuous = flag,
                 .icmp_errors = !flag,
                 .snaplen = CAPTURE_MAX_SNAPLEN,
                 .nanoseconds = flag};
    Start();
    log_->Flush();
    const std::optional<Succession> before = TakeOver(&rings());
    EXPECT_EQ(before->settings, settings_);
    StoreSequence(0, 0);
    StoreSequence(1, 0);
  }
}

TEST_F(CommitLogTest, CutsAFilterThatIsLong) {
  const auto committed = [&](const std::string& filter) {
    settings_.filter = filter;
    StoreSequence(0, 0);
    StoreSequence(1, 0);
    Start();
    return Crash().settings.filter;
  };
  EXPECT_EQ(committed(std::string(1023, 'f')), std::string(1023, 'f'));
  for (const size_t length : {1024u, 5000u}) {
    EXPECT_EQ(committed(std::string(length, 'f')), std::string(1020, 'f') + "...");
  }
  // Not within a character.
  const std::string wide(1019, 'f');
  EXPECT_EQ(committed(wide + "\u00e9" + wide), wide + "...");
}

// --- What earlier processes left ---

TEST_F(CommitLogTest, KeepsWhatWasLeftUntilItIsDone) {
  Start();
  log_->OnOpened(0, OfMinute(7));
  log_->OnOpened(1, OfMinute(8));
  const Succession first = Crash();
  Start(&first);
  log_->OnOpened(0, OfMinute(9));
  const Succession second = Crash();
  EXPECT_THAT(Parts(second), ElementsAre(Name(9).Part(), Name(7).Part(), Name(8).Part()));
  EXPECT_GT(second.segments[0].number, second.segments[2].number) << "of the later process";
  EXPECT_GT(second.segments[2].number, second.segments[1].number);
  Start(&second);
  log_->OnInheritedDone(Name(7).Part());
  log_->OnInheritedDone("eth0.20261123_2159.pcap.part");  // of none
  log_->Flush();
  EXPECT_THAT(Parts(*TakeOver(&rings())), ElementsAre(Name(9).Part(), Name(8).Part()));
  log_->OnInheritedDone(Name(9).Part());
  log_->OnInheritedDone(Name(8).Part());
  log_->OnOpened(0, OfMinute(9));  // another file of this name
  EXPECT_THAT(Parts(Crash()), ElementsAre(Name(9).Part()));
}

TEST_F(CommitLogTest, KeepsTheEndOfASegmentOverSeveralProcesses) {
  Start();
  const Segment segment = OfMinute(7);
  log_->OnOpened(0, segment);
  Match(9);
  log_->OnCheckpoint(0, segment, {}, At(5, 7 * kMinuteNs));
  Succession before = Crash();
  const Balance balance = before.segments[0].balance;
  for (int process = 0; process < 4; ++process) {
    Match(1);
    Start(&before);
    before = Crash();
    ASSERT_THAT(before.segments, SizeIs(1));
    EXPECT_EQ(before.segments[0].state, CommitState::kComplete);
    EXPECT_EQ(before.segments[0].balance, balance);
    EXPECT_EQ(before.segments[0].length_bytes, 524);
    EXPECT_EQ(before.begin.in_ring(), 4u) << "the books of nobody were closed since";
  }
}

TEST_F(CommitLogTest, GoesOnCountingOverSeveralProcesses) {
  Start();
  uint64_t taken = 0;
  Succession before;
  for (int process = 0; process < 4; ++process) {
    SCOPED_TRACE(process);
    Match(7);
    const Segment segment = OfMinute(10 + process);
    log_->OnOpened(0, segment);
    log_->OnCheckpoint(0, segment, before.begin, At(5, (10 + process) * kMinuteNs));
    const uint64_t in_ring = before.begin.in_ring();
    before = Crash();
    taken += 5;
    EXPECT_EQ(before.record.taken, taken);
    EXPECT_EQ(before.segments[0].balance.written, 5u);
    EXPECT_EQ(before.segments[0].balance.in_ring_begin, in_ring);
    EXPECT_EQ(before.segments[0].balance.in_ring_end, in_ring + 2);
    Start(&before);
    log_->OnInheritedDone(segment.facts.name.Part());
  }
}

// All that one process can have open, over and over, without any being finished.
TEST_F(CommitLogTest, KeepsOnlySoMany) {
  Succession before;
  Start();
  for (int process = 0; process < 4; ++process) {
    for (size_t slot = 0; slot < kSegmentCount; ++slot) {
      log_->OnOpened(
          slot, OfMinute(process * static_cast<int>(kSegmentCount + 1) + static_cast<int>(slot)));
    }
    before = Crash();
    const size_t most = kSegmentCount * static_cast<size_t>(process + 1);
    EXPECT_THAT(before.segments, SizeIs(std::min(most, kSegmentCount + kInheritedCount)));
    Start(&before);
  }
  std::vector<std::string> newest = Parts(before);
  newest.resize(kInheritedCount);
  EXPECT_EQ(Parts(Crash()), newest) << "the older ones are the first to be finished";
}

}  // namespace
}  // namespace dns_monitor
