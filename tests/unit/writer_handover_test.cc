// One writer goes on in the rings of another.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <thread>

#include "dns_monitor/recovery/salvage.h"
#include "dns_monitor/writer/commit_log.h"
#include "support/fake_disk.h"
#include "support/steady_clock.h"
#include "support/writer_fixture.h"

namespace dns_monitor {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr size_t kPacketBytes = 200;

class WriterHandoverTest : public WriterTest {
 protected:
  WriterHandoverTest() {
    options_.flush_ns = kNanosecondsPerMillisecond;
    options_.settings.filter = "udp";
  }

  // As the filter does: each packet is counted, then put.
  void Put(int cpu, uint32_t number) {
    while (!Producer(cpu).HasRoom(kPacketBytes)) std::this_thread::yield();
    capture_cpu* counters = rings_->cpu(cpu);
    RING_STORE(&counters->busy, 1u);
    RING_STORE(&counters->seen, counters->seen + 1);
    RING_STORE(&counters->matched, counters->matched + 1);
    EXPECT_TRUE(TryProduce(cpu, number, kPacketBytes));
    RING_STORE(&counters->busy, 0u);
  }
  void Put(int cpu, uint32_t from, uint32_t to) {
    for (uint32_t number = from; number < to; ++number) Put(cpu, number);
  }
  // Until everything is in a file, and committed.
  void AwaitCommitted() {
    ASSERT_TRUE(Await([this] {
      for (int cpu = 0; cpu < rings_->set().cpu_count(); ++cpu) {
        const capture_cpu* ring = rings_->cpu(cpu);
        if (LoadAcquire(&ring->tail) != LoadAcquire(&ring->head)) return false;
      }
      return true;
    }));
  }
  // What the next process finds.
  Succession TakeOver() {
    std::optional<Succession> before = dns_monitor::TakeOver(&rings_->set());
    EXPECT_TRUE(before.has_value());
    return std::move(before).value_or(Succession{});
  }
  // The next process. Its clock and disk are the first one's.
  void GoOn(const Succession& before) {
    options_.before = before;
    Start();
  }

  // What is committed, as a process that ended now would leave it. Only while the writer has
  // nothing to do (AwaitCommitted).
  std::vector<std::string> Commits() {
    std::vector<std::string> commits;
    for (uint32_t copy = 0; copy < kCommitCopies; ++copy) {
      commits.emplace_back(reinterpret_cast<const char*>(rings_->set().commit_copy(copy)),
                           sizeof(CommitRecord) + 8 * rings_->set().cpu_count());
    }
    return commits;
  }
  void Restore(const std::vector<std::string>& commits) {
    for (uint32_t copy = 0; copy < kCommitCopies; ++copy) {
      std::memcpy(rings_->set().commit_copy(copy), commits[copy].data(), commits[copy].size());
    }
  }
  // The process has ended when these were committed: its segment has not got its name.
  void CrashedAt(const std::vector<std::string>& commits) {
    writer_->Stop();
    writer_.reset();
    const std::string path = directory_.path() + "/" + Finished().back().name.Pcap();
    ASSERT_EQ(rename(path.c_str(), (path + ".part").c_str()), 0) << path;
    Restore(commits);
  }
  // Finishes the parts as the next process does; returns how many became segments.
  static size_t SalvageParts(Disk& disk, const Succession& before) {
    SalvageOptions options;
    options.committed = [&](const SegmentName& name) -> std::optional<CommittedPart> {
      for (const CommittedSegment& segment : before.segments) {
        if (name.Part() != segment.part) continue;
        return CommittedPart{.inode = segment.inode, .length_bytes = segment.length_bytes};
      }
      return std::nullopt;
    };
    size_t finished = 0;
    Salvage(disk, FindLeftovers(disk, "eth0").value(), options, [&](const SalvagedPart& part) {
      EXPECT_TRUE(part.error.ok()) << part.error;
      EXPECT_TRUE(part.committed) << part.part;
      if (part.action == SalvageAction::kFinished) ++finished;
    });
    return finished;
  }

  // How often each number is in a file.
  static std::vector<int> TimesInFiles(const std::vector<std::string>& files, uint32_t count) {
    std::vector<int> times(count);
    for (const std::string& bytes : files) {
      const PcapContent content = ParsePcap(bytes);
      EXPECT_EQ(content.rest_bytes, 0u);
      for (const PcapPacket& packet : content.packets) {
        const auto number = ReadNumberedPayload(packet.payload);
        EXPECT_TRUE(number && number->number < count);
        if (number && number->number < count) ++times[number->number];
      }
    }
    return times;
  }
  // Each balance its own, and one after the other; nothing is left in the end.
  static void ExpectBalanced(const std::vector<Balance>& balances, uint64_t packets) {
    uint64_t in_ring = 0;
    uint64_t written = 0;
    for (const Balance& balance : balances) {
      SCOPED_TRACE(&balance - balances.data());
      EXPECT_EQ(balance.in_ring_begin, in_ring);
      EXPECT_THAT(Balances(balance), IsEmpty());
      in_ring = balance.in_ring_end;
      written += balance.written;
    }
    EXPECT_EQ(in_ring, 0u);
    EXPECT_EQ(written, packets);
  }
  std::vector<Balance> FinishedBalances() {
    std::vector<Balance> balances;
    for (const SegmentFacts& facts : Finished()) balances.push_back(facts.balance);
    return balances;
  }
};

TEST_P(WriterHandoverTest, HandsOverWhatIsNotTaken) {
  MakeRings(2);
  Start();
  Put(0, 0, 100);
  Put(1, 0, 50);
  WriterResult result = writer_->Stop(Ending::kSameRings);
  EXPECT_TRUE(result.status.ok()) << result.status;
  EXPECT_EQ(result.packets_written, 150u);
  EXPECT_EQ(result.packets_lost, 0u);
  Put(0, 100, 130);  // while there is no process
  const Succession before = TakeOver();
  EXPECT_THAT(before.segments, IsEmpty()) << "all have their names";
  EXPECT_EQ(before.settings.filter, "udp");
  EXPECT_EQ(before.record.taken, 150u);
  GoOn(before);
  Put(1, 50, 60);
  ExpectStopsWell(40);
  ExpectAllInFiles({130, 60});
  ASSERT_THAT(Finished(), SizeIs(2));
  ExpectBalanced(FinishedBalances(), 190);
}

// With a filter that goes on meanwhile.
TEST_P(WriterHandoverTest, HandsOverAgainAndAgain) {
  constexpr uint32_t kPackets = 20'000;
  MakeRings(2);
  Start();
  std::atomic<uint32_t> produced{0};
  std::thread filter([&] {
    for (uint32_t number = 0; number < kPackets; ++number) {
      Put(static_cast<int>(number % 2), number / 2);
      produced = number + 1;
    }
  });
  constexpr uint32_t kProcesses = 8;
  for (uint32_t process = 1; process < kProcesses; ++process) {
    EXPECT_TRUE(Await([&] { return produced >= process * (kPackets / kProcesses); }));
    const WriterResult result = writer_->Stop(Ending::kSameRings);
    EXPECT_TRUE(result.status.ok()) << result.status;
    GoOn(TakeOver());
  }
  filter.join();
  EXPECT_TRUE(writer_->Stop().status.ok());
  ExpectAllInFiles({kPackets / 2, kPackets / 2});
  EXPECT_THAT(Finished(), SizeIs(kProcesses));
  ExpectBalanced(FinishedBalances(), kPackets);
}

TEST_P(WriterHandoverTest, LeavesInTheRingsWhatTheDiskDoesNotTake) {
  SteadyFakeClock clock;
  FakeDisk full;
  full.Fail(DiskOp::kCreate, "", absl::ResourceExhaustedError("No space left on device"));
  MakeRings(1);
  StartOn(&full, &clock);
  for (uint32_t number = 0; number < 100; ++number) {
    capture_cpu* counters = rings_->cpu(0);
    RING_STORE(&counters->seen, counters->seen + 1);
    RING_STORE(&counters->matched, counters->matched + 1);
    ASSERT_TRUE(ProduceAt(clock.BoottimeNs(), number, 100));
  }
  std::atomic<bool> over{false};
  WriterResult result;
  std::thread stopper([&] {
    result = writer_->Stop(Ending::kSameRings);
    over = true;
  });
  EXPECT_TRUE(Await([&] {
    clock.Advance(Writer::kPatienceNs / 4);
    return over.load();
  }));
  stopper.join();
  EXPECT_EQ(result.packets_written, 0u);
  EXPECT_EQ(result.packets_lost, 0u) << "the next process has them";
  EXPECT_EQ(log_.Count("what is not written stays in the rings"), 1);
  const Succession before = TakeOver();
  EXPECT_THAT(before.segments, IsEmpty());
  EXPECT_EQ(before.record.taken, 0u);
  options_.before = before;
  StartOn(directory_.disk(), &clock);
  EXPECT_TRUE(Await([&] {
    clock.Advance(kNanosecondsPerMillisecond);
    return LoadAcquire(&rings_->cpu(0)->tail) == LoadAcquire(&rings_->cpu(0)->head);
  }));
  ExpectStopsWell(100);
  ExpectAllInFiles({100});
  ExpectBalanced(FinishedBalances(), 100);
}

// What the first process has brought into its file since the last commit comes into another one.
TEST_P(WriterHandoverTest, TakesWhatWasNotCommittedOnceMore) {
  constexpr uint32_t kPackets = 100;
  for (const uint32_t committed : {1u, 40u, 99u, 100u}) {
    SCOPED_TRACE(committed);
    writer_.reset();
    MakeRings(1);
    options_.before.reset();
    Start();
    Put(0, 0, committed);
    AwaitCommitted();
    const std::vector<std::string> commits = Commits();
    Put(0, committed, kPackets);
    AwaitCommitted();
    CrashedAt(commits);
    const Succession before = TakeOver();
    ASSERT_THAT(before.segments, SizeIs(1));
    EXPECT_EQ(before.segments[0].packets, committed);
    EXPECT_EQ(before.record.from_ns, before.segments[0].to_ns);
    EXPECT_EQ(SalvageParts(*directory_.disk(), before), 1u);
    GoOn(before);
    ExpectStopsWell(kPackets - committed);
    EXPECT_THAT(TimesInFiles(directory_.Contents(), kPackets), testing::Each(1));
    ExpectBalanced({before.segments[0].balance, Finished().back().balance}, kPackets);
    for (const std::string& name : directory_.Names()) {
      std::filesystem::remove(directory_.path() + "/" + name);
    }
  }
}

// Whoever comes ends, too, before it has finished anything.
TEST_P(WriterHandoverTest, SurvivesCrashAfterCrash) {
  constexpr uint32_t kProcesses = 5;
  constexpr uint32_t kEach = 30;
  MakeRings(1);
  Start();
  Succession before;
  std::vector<Balance> balances;
  uint32_t next = 0;
  for (uint32_t process = 0; process < kProcesses; ++process) {
    SCOPED_TRACE(process);
    Put(0, next, next + kEach);
    next += kEach;
    AwaitCommitted();
    const std::vector<std::string> commits = Commits();
    Put(0, next, next + kEach);  // what it writes of that does not count
    next += kEach;
    AwaitCommitted();
    CrashedAt(commits);
    const int64_t begins_ns = before.record.from_ns;
    before = TakeOver();
    ASSERT_THAT(before.segments, SizeIs(process + 1));
    const CommittedSegment& newest = before.segments[0];
    EXPECT_EQ(newest.packets, process == 0 ? kEach : 2 * kEach);
    EXPECT_TRUE(process == 0 || newest.from_ns == begins_ns) << "time is left out";
    EXPECT_EQ(newest.to_ns, before.record.from_ns);
    balances.push_back(newest.balance);
    if (process + 1 < kProcesses) GoOn(before);
  }
  EXPECT_EQ(SalvageParts(*directory_.disk(), before), kProcesses);
  GoOn(before);
  ExpectStopsWell(kEach);
  EXPECT_THAT(TimesInFiles(directory_.Contents(), next), testing::Each(1));
  balances.push_back(Finished().back().balance);
  ExpectBalanced(balances, next);
}

TEST_P(WriterHandoverTest, FinishesWhatWasCompleteAndHadNoName) {
  constexpr uint32_t kPackets = 50;
  FakeDisk disk;
  std::atomic<bool> renaming{false};
  std::atomic<bool> may_rename{false};
  disk.SetHook([&](DiskOp op, const std::string&) {
    if (op != DiskOp::kRename) return;
    renaming = true;
    EXPECT_TRUE(Await([&] { return may_rename.load(); }));
  });
  MakeRings(1);
  StartOn(&disk);
  Put(0, 0, kPackets);
  std::thread stopper([this] { writer_->Stop(Ending::kSameRings); });
  EXPECT_TRUE(Await([&] { return renaming.load(); }));
  const std::vector<std::string> commits = Commits();
  may_rename = true;
  stopper.join();
  const SegmentFacts complete = Finished().back();
  ASSERT_TRUE(disk.Rename(complete.name.Pcap(), complete.name.Part()).ok());
  Restore(commits);
  Put(0, kPackets, kPackets + 5);
  const Succession before = TakeOver();
  ASSERT_THAT(before.segments, SizeIs(1));
  EXPECT_EQ(before.segments[0].state, CommitState::kComplete);
  EXPECT_EQ(before.segments[0].balance, complete.balance);
  EXPECT_EQ(before.segments[0].length_bytes, complete.length_bytes);
  EXPECT_EQ(before.begin.in_ring(), complete.balance.in_ring_end);
  EXPECT_EQ(SalvageParts(disk, before), 1u);
  options_.before = before;
  StartOn(&disk);
  writer_->OnInheritedDone(complete.name.Part());
  ExpectStopsWell(5);
  std::vector<std::string> contents;
  for (const std::string& name : disk.Names()) contents.push_back(disk.Content(name));
  EXPECT_THAT(TimesInFiles(contents, kPackets + 5), testing::Each(1));
  ExpectBalanced({complete.balance, Finished().back().balance}, kPackets + 5);
  EXPECT_THAT(TakeOver().segments, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Backends, WriterHandoverTest, testing::Bool(), BackendName);

}  // namespace
}  // namespace dns_monitor
