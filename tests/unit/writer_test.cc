#include "dns_monitor/writer/writer.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <csignal>
#include <cstddef>
#include <mutex>
#include <numeric>
#include <thread>

#include "dns_monitor/base/event_fd.h"
#include "support/capture_directory.h"
#include "support/fake_disk.h"
#include "support/heap_rings.h"
#include "support/log_capture.h"
#include "support/numbered_payload.h"
#include "support/pcap_content.h"
#include "support/steady_clock.h"

namespace dns_monitor {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int64_t kDeadlineNs = 60 * kNanosecondsPerSecond;
constexpr int64_t kHourNs = 3600 * kNanosecondsPerSecond;
constexpr uint64_t kSmallRing = 1 << 20;

// Until `condition` holds. False when it does not for far longer than it can take.
template <typename Condition>
bool Await(Condition condition) {
  const int64_t end_ns = SystemClock().BoottimeNs() + kDeadlineNs;
  while (!condition()) {
    if (SystemClock().BoottimeNs() > end_ns) return false;
    poll(nullptr, 0, 1);
  }
  return true;
}

bool IsReadable(int fd) {
  pollfd state{.fd = fd, .events = POLLIN, .revents = 0};
  return poll(&state, 1, 0) > 0;
}

size_t RecordBytes(size_t payload) {
  return CAPTURE_ALIGN_UP(sizeof(capture_record) + payload);
}

// Whether io_uring can be had here is the machine's; without, both rounds test the same.
class WriterTest : public testing::TestWithParam<bool> {
 protected:
  WriterTest() {
    signal(SIGPIPE, SIG_IGN);  // as capture does
    options_.allow_uring = GetParam();
    options_.segments.nanoseconds = true;
    options_.finisher.interface = "eth0";
    options_.finisher.zone = absl::UTCTimeZone();
    options_.finisher.on_opened = [this](const SegmentFacts&) { ++opened_; };
    options_.finisher.on_finished = [this](const SegmentFacts& facts) {
      const std::lock_guard lock(mutex_);
      finished_.push_back(facts);
    };
  }

  void MakeRings(int cpus, uint64_t ring_bytes = kSmallRing) {
    rings_ = std::make_unique<HeapRings>(cpus, ring_bytes);
  }
  void StartOn(Disk* disk, const Clock* clock = &SystemClock()) {
    auto writer = Writer::Create(options_, clock, &rings_->set(), disk);
    ASSERT_TRUE(writer.ok()) << writer.status();
    writer_ = *std::move(writer);
    const absl::Status started = writer_->Start();
    ASSERT_TRUE(started.ok()) << started;
  }
  void Start() { StartOn(directory_.disk()); }

  // Puts a numbered packet; waits for room in the ring.
  void Produce(int cpu, uint32_t number, size_t length) {
    while (!Producer(cpu).HasRoom(length)) std::this_thread::yield();
    EXPECT_TRUE(TryProduce(cpu, number, length));
  }
  // The same without waiting: false when there is no room, and then it is lost.
  bool TryProduce(int cpu, uint32_t number, size_t length) {
    return Producer(cpu).Packet([] { return SystemClock().BoottimeNs(); },
                                NumberedPayload({static_cast<uint32_t>(cpu), number}, length));
  }
  // Of the first CPU, on a clock that a test moves.
  bool ProduceAt(int64_t time_ns, uint32_t number, size_t length) {
    return Producer(0).PacketAt(static_cast<uint64_t>(time_ns),
                                NumberedPayload({0, number}, length));
  }
  HeapProducer Producer(int cpu) { return {*rings_, cpu}; }

  std::vector<SegmentFacts> Finished() const {
    const std::lock_guard lock(mutex_);
    return finished_;
  }

  // Holds the finished files, in their order, against what was sent: `count` numbered packets of
  // each CPU, once, whole, and in order of time over all.
  void ExpectAllInFiles(const std::vector<uint32_t>& count) {
    std::vector<uint32_t> next(count.size());
    int64_t last_ns = 0;
    const std::vector<SegmentFacts> finished = Finished();
    EXPECT_THAT(directory_.Names(), SizeIs(finished.size()));
    for (const SegmentFacts& facts : finished) {
      const std::string name = facts.name.Pcap();
      const std::optional<std::string> bytes = directory_.Read(name);
      ASSERT_TRUE(bytes.has_value()) << name;
      EXPECT_EQ(facts.length_bytes, static_cast<int64_t>(bytes->size())) << name;
      ExpectNext(name, ParsePcap(*bytes), &next, &last_ns);
    }
    EXPECT_EQ(next, count);
  }
  static void ExpectNext(const std::string& name, const PcapContent& content,
                         std::vector<uint32_t>* next, int64_t* last_ns) {
    ASSERT_TRUE(content.has_header) << name;
    EXPECT_EQ(content.rest_bytes, 0u) << name;
    for (const PcapPacket& packet : content.packets) {
      const auto number = ReadNumberedPayload(packet.payload);
      ASSERT_TRUE(number.has_value()) << name << ": torn";
      ASSERT_LT(number->cpu, next->size());
      ASSERT_EQ(number->number, (*next)[number->cpu]) << name;
      ++(*next)[number->cpu];
      ASSERT_GE(packet.time_ns, *last_ns) << name;
      *last_ns = packet.time_ns;
    }
  }

  void ExpectStopsWell(uint64_t packets) {
    const WriterResult result = writer_->Stop();
    EXPECT_EQ(result.packets_written, packets);
    EXPECT_EQ(result.packets_lost, 0u);
    EXPECT_TRUE(result.status.ok()) << result.status;
    EXPECT_EQ(rings_->set().BytesInRings(), 0u);
  }

  // How many packets the files hold by now.
  size_t PacketsToSee() const {
    size_t packets = 0;
    for (const std::string& content : directory_.Contents()) {
      packets += ParsePcap(content).packets.size();
    }
    return packets;
  }

  LogCapture log_;
  CaptureDirectory directory_;
  WriterOptions options_;
  std::atomic<int> opened_{0};
  std::unique_ptr<HeapRings> rings_;
  std::unique_ptr<Writer> writer_;

 private:
  mutable std::mutex mutex_;
  std::vector<SegmentFacts> finished_;
};

// --- Everything that went into a ring is in a file, once ---

TEST_P(WriterTest, MakesAFileAlsoOfNothing) {
  MakeRings(1);
  Start();
  ExpectStopsWell(0);
  ASSERT_THAT(Finished(), SizeIs(1));
  EXPECT_EQ(directory_.Read(Finished()[0].name.Pcap())->size(), sizeof(PcapFileHeader));
  EXPECT_EQ(directory_.Mode(Finished()[0].name.Pcap()), 0640u);
}

TEST_P(WriterTest, LosesNothingWhenAskedToRotate) {
  constexpr uint32_t kPackets = 20'000;
  MakeRings(2);
  Start();
  std::thread other([this] {
    for (uint32_t number = 0; number < kPackets; ++number) Produce(1, number, 12 + number % 200);
  });
  for (uint32_t number = 0; number < kPackets; ++number) {
    Produce(0, number, 12 + number % 1400);
    if (number % 4000 == 2000) writer_->RotateSoon();
  }
  other.join();
  ExpectStopsWell(2 * kPackets);
  EXPECT_GE(Finished().size(), 2u);
  EXPECT_LE(Finished().size(), 6u);
  EXPECT_EQ(writer_->status().packets_late.load(), 0u);
  ExpectAllInFiles({kPackets, kPackets});
}

TEST_P(WriterTest, LosesNothingWhenItRotatesBySize) {
  constexpr uint32_t kPackets = 6000;
  constexpr int64_t kLimit = 1'500'000;
  options_.segments.max_segment_bytes = kLimit;
  MakeRings(2);
  Start();
  std::thread other([this] {
    for (uint32_t number = 0; number < kPackets; ++number) Produce(1, number, 12 + number % 60);
  });
  for (uint32_t number = 0; number < kPackets; ++number) Produce(0, number, 1500);
  other.join();
  ExpectStopsWell(2 * kPackets);
  EXPECT_GE(Finished().size(), 6u);
  for (const SegmentFacts& facts : Finished()) EXPECT_LE(facts.length_bytes, kLimit);
  ExpectAllInFiles({kPackets, kPackets});
}

TEST_P(WriterTest, TakesTheLargestRecordsFromTheSmallestRing) {
  constexpr uint32_t kPackets = 150;
  MakeRings(1);
  Start();
  for (uint32_t number = 0; number < kPackets; ++number) {
    const size_t length = number % 3 == 0 ? CAPTURE_MAX_SNAPLEN : 12 + number * 1733 % 200'000;
    Produce(0, number, length);
  }
  ExpectStopsWell(kPackets);
  ExpectAllInFiles({kPackets});
}

TEST_P(WriterTest, DrainsTheRingsWhenItStops) {
  MakeRings(2, 4 * kSmallRing);
  uint32_t count = 0;
  Start();
  for (const int cpu : {0, 1}) {
    count = 0;
    while (Producer(cpu).HasRoom(150) && count < 15'000) Produce(cpu, count++, 150);
  }
  const WriterResult result = writer_->Stop();
  EXPECT_EQ(result.packets_lost, 0u);
  EXPECT_EQ(rings_->set().BytesInRings(), 0u);
  EXPECT_GT(result.packets_written, 15'000u);
}

TEST_P(WriterTest, TellsWhatTheRingHadNoRoomFor) {
  MakeRings(1);
  uint32_t count = 0;
  while (Producer(0).HasRoom(1000)) Produce(0, count++, 1000);
  for (int lost = 0; lost < 5; ++lost) EXPECT_FALSE(TryProduce(0, count, 1000));
  Start();
  Produce(0, count++, 1000);
  ExpectStopsWell(count);
  uint64_t told = 0;
  for (const SegmentFacts& facts : Finished()) told += facts.lost[CAPTURE_LOST_RING_FULL];
  EXPECT_EQ(told, 5u);
  ExpectAllInFiles({count});
}

TEST_P(WriterTest, TellsALossThatNoPacketCameAfter) {
  MakeRings(2);
  Start();
  Produce(0, 0, 100);
  for (int lost = 0; lost < 3; ++lost) Producer(0).Lose(SystemClock().BoottimeNs());
  Producer(1).Lose(SystemClock().BoottimeNs());
  ExpectStopsWell(1);
  ASSERT_THAT(Finished(), SizeIs(1));
  EXPECT_EQ(Finished()[0].lost[CAPTURE_LOST_RING_FULL], 4u);
}

// --- Order of what is told and what is done ---

// A reader that comes at any moment finds every packet that the ring has been told to forget,
// nothing torn, and no zeros.
TEST_P(WriterTest, MovesTailsOnlyBehindWhatIsInTheFiles) {
  constexpr uint32_t kPackets = 8000;
  const auto length_of = [](uint32_t number) { return 12 + number * 271 % 2500; };
  std::vector<uint64_t> record_end(1, 0);
  for (uint32_t number = 0; number < kPackets; ++number) {
    record_end.push_back(record_end.back() + RecordBytes(length_of(number)));
  }
  options_.flush_ns = 5 * kNanosecondsPerMillisecond;
  options_.segments.max_segment_bytes = 4 << 20;
  MakeRings(1);
  Start();
  std::atomic<bool> produced{false};
  std::atomic<uint32_t> looks{0};
  std::thread producer([&] {
    for (uint32_t number = 0; number < kPackets; ++number) {
      while (number / 250 > looks) std::this_thread::yield();  // looked at in between, often enough
      Produce(0, number, length_of(number));
    }
    produced = true;
  });
  for (bool last = false; !last; ++looks) {
    last = produced;
    const uint64_t tail = LoadAcquire(&rings_->cpu(0)->tail);  // before the files are looked at
    const auto safe =
        std::upper_bound(record_end.begin(), record_end.end(), tail) - record_end.begin() - 1;
    EXPECT_EQ(record_end[static_cast<size_t>(safe)], tail) << "at the border of a record";
    std::vector<bool> found(kPackets);
    for (const std::string& bytes : directory_.Contents()) {
      const PcapContent content = ParsePcap(bytes);
      EXPECT_LT(content.rest_bytes, sizeof(PcapRecordHeader) + 2600) << "a hole, or zeros";
      for (const PcapPacket& packet : content.packets) {
        const auto number = ReadNumberedPayload(packet.payload);
        if (!number) ADD_FAILURE() << "a torn packet";
        if (number) found[number->number] = true;
      }
    }
    EXPECT_GE(std::find(found.begin(), found.end(), false) - found.begin(), safe);
  }
  producer.join();
  ExpectStopsWell(kPackets);
  ExpectAllInFiles({kPackets});
}

TEST_P(WriterTest, ShowsPacketsWithoutWaitingForMore) {
  SteadyFakeClock clock;
  MakeRings(1);
  StartOn(directory_.disk(), &clock);
  for (uint32_t number = 0; number < 3; ++number) {
    ASSERT_TRUE(ProduceAt(clock.BoottimeNs(), number, 100));
    clock.Advance(options_.flush_ns);  // and not a moment more
    EXPECT_TRUE(Await([&] { return PacketsToSee() == number + 1; }));
    EXPECT_TRUE(Await([&] { return rings_->set().BytesInRings() == 0; }));
    EXPECT_EQ(writer_->status().packets_written.load(), number + 1);
  }
  ExpectStopsWell(3);
}

TEST_P(WriterTest, RotatesByTheClockWithoutPackets) {
  SteadyFakeClock clock;
  options_.segments.schedule =
      RotationSchedule::Create(absl::Hours(1), absl::UTCTimeZone()).value();
  MakeRings(1);
  StartOn(directory_.disk(), &clock);
  for (size_t hour = 1; hour <= 3; ++hour) {
    clock.Advance(kHourNs);
    EXPECT_TRUE(Await([&] { return Finished().size() == hour; }));
  }
  ExpectStopsWell(0);
  EXPECT_THAT(directory_.Names(),
              ElementsAre("eth0.20231114_2213.pcap", "eth0.20231114_2300.pcap",
                          "eth0.20231115_0000.pcap", "eth0.20231115_0100.pcap"));
}

TEST_P(WriterTest, WakesWhenTheDoorbellRings) {
  const Fd doorbell = MakeEventFd();
  std::atomic<int> cleared{0};
  options_.doorbell_fd = doorbell.get();
  options_.clear_doorbell = [&] {
    Clear(doorbell.get());
    ++cleared;
  };
  MakeRings(1);
  Start();
  Raise(doorbell.get());
  EXPECT_TRUE(Await([&] { return cleared > 0 && !IsReadable(doorbell.get()); }));
  ExpectStopsWell(0);
}

// --- The end by itself ---

TEST_P(WriterTest, EndsAfterSoManyPackets) {
  const Fd done = MakeEventFd();
  options_.done_fd = done.get();
  options_.segments.max_packets = 1000;
  options_.flush_ns = 20 * kNanosecondsPerMillisecond;
  MakeRings(1);
  Start();
  for (uint32_t number = 0; number < 999; ++number) Produce(0, number, 100);
  EXPECT_TRUE(Await([&] { return writer_->status().packets_written.load() == 999; }));
  EXPECT_FALSE(IsReadable(done.get()));
  for (uint32_t number = 999; number < 1500; ++number) Produce(0, number, 100);
  EXPECT_TRUE(Await([&] { return IsReadable(done.get()); }));
  EXPECT_TRUE(writer_->status().count_reached.load());
  const WriterResult result = writer_->Stop();
  EXPECT_EQ(result.packets_written, 1000u);
  EXPECT_EQ(result.packets_lost, 0u);
  EXPECT_EQ(rings_->set().BytesInRings(), 500 * RecordBytes(100));
  ExpectAllInFiles({1000});
}

// --- Streams ---

struct Pipe {
  explicit Pipe(int write_flags) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    read_end.Reset(ends[0]);
    write_end.Reset(ends[1]);
    EXPECT_GT(fcntl(ends[1], F_SETPIPE_SZ, 4096), 0);
    EXPECT_EQ(fcntl(ends[1], F_SETFL, write_flags), 0);
  }
  Fd read_end;
  Fd write_end;
};

TEST_P(WriterTest, StreamsIntoAPipe) {
  constexpr uint32_t kPackets = 3000;
  for (const int flags : {0, O_NONBLOCK}) {
    Pipe pipe(flags);
    std::string got;
    std::thread reader([&] {
      char chunk[3000];
      for (ssize_t length = 0; (length = read(pipe.read_end.get(), chunk, sizeof(chunk))) > 0;) {
        got.append(chunk, static_cast<size_t>(length));
      }
    });
    options_.stream_fd = pipe.write_end.Release();
    MakeRings(1);
    StartOn(nullptr);
    for (uint32_t number = 0; number < kPackets; ++number) Produce(0, number, 12 + number % 900);
    ExpectStopsWell(kPackets);
    writer_.reset();  // closes the pipe
    reader.join();
    std::vector<uint32_t> next(1);
    int64_t last_ns = 0;
    ExpectNext("the stream", ParsePcap(got), &next, &last_ns);
    EXPECT_EQ(next[0], kPackets);
  }
}

TEST_P(WriterTest, EndsWhenTheReaderOfTheStreamDoes) {
  Pipe pipe(0);
  const Fd done = MakeEventFd();
  options_.done_fd = done.get();
  options_.stream_fd = pipe.write_end.Release();
  options_.flush_ns = 4 * kNanosecondsPerMillisecond;
  MakeRings(1);
  StartOn(nullptr);
  Produce(0, 0, 100);
  char chunk[200];
  EXPECT_GT(read(pipe.read_end.get(), chunk, sizeof(chunk)), 0);
  EXPECT_FALSE(IsReadable(done.get()));
  pipe.read_end.Reset();
  Produce(0, 1, 100);
  EXPECT_TRUE(Await([&] { return IsReadable(done.get()); }));
  EXPECT_TRUE(writer_->status().stream_closed.load());
  EXPECT_FALSE(writer_->status().failing.load());
  const WriterResult result = writer_->Stop();
  EXPECT_EQ(result.packets_written + result.packets_lost, 2u);
  EXPECT_LE(result.packets_written, 1u);
  EXPECT_THAT(log_.Lines(), IsEmpty());
}

// A stream of which so many packets wait in rings and buffers, on a clock that tests move.
class SlowStreamTest : public WriterTest {
 protected:
  static constexpr size_t kLength = 1000;

  void StartWith(uint32_t packets) {
    options_.stream_fd = pipe_.write_end.Release();
    MakeRings(1, 8 * kSmallRing);
    for (uint32_t number = 0; number < packets; ++number) {
      ASSERT_TRUE(ProduceAt(clock_.BoottimeNs(), number, kLength));
    }
    StartOn(nullptr, &clock_);
  }
  // Stops the writer while time passes, in steps of `step_ns` a look. False when it does not end.
  bool StopWhileTimePasses(int64_t step_ns, WriterResult* result) {
    std::atomic<bool> stopped{false};
    std::thread stopper([&] {
      *result = writer_->Stop();
      stopped = true;
    });
    const bool ended = Await([&] {
      clock_.Advance(step_ns);
      return stopped.load();
    });
    if (!ended) pipe_.read_end.Reset();  // ends it all the same
    stopper.join();
    return ended;
  }

  SteadyFakeClock clock_;
  Pipe pipe_{0};
};

TEST_P(SlowStreamTest, IsGivenTimeAtTheEndWhileItMoves) {
  constexpr uint32_t kPackets = 3000;
  StartWith(kPackets);
  size_t got = 0;
  std::thread reader([&] {  // takes far longer than the patience for all of it
    std::string chunk(4096, '\0');
    for (ssize_t length = 0;
         (length = read(pipe_.read_end.get(), chunk.data(), chunk.size())) > 0;) {
      got += static_cast<size_t>(length);
      clock_.Advance(Writer::kPatienceNs / 500);
    }
  });
  WriterResult result;
  EXPECT_TRUE(StopWhileTimePasses(kNanosecondsPerMillisecond, &result));
  writer_.reset();  // closes the pipe
  reader.join();
  EXPECT_EQ(result.packets_lost, 0u);
  EXPECT_EQ(result.packets_written, kPackets);
  EXPECT_EQ(got, sizeof(PcapFileHeader) + kPackets * (sizeof(PcapRecordHeader) + kLength));
}

TEST_P(SlowStreamTest, IsGivenUpAtTheEndWhenItStandsStill) {
  StartWith(2000);
  WriterResult result;
  EXPECT_TRUE(StopWhileTimePasses(Writer::kPatienceNs / 10, &result));
  EXPECT_EQ(result.packets_written + result.packets_lost, 2000u);
  EXPECT_GT(result.packets_lost, 0u);
  EXPECT_EQ(log_.Count("giving up"), 1);
}

// --- A disk that does not do what it should ---

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

INSTANTIATE_TEST_SUITE_P(Backends, WriterTest, testing::Bool(),
                         [](const auto& param) { return param.param ? "Uring" : "Pwrite"; });

INSTANTIATE_TEST_SUITE_P(Backends, SlowStreamTest, testing::Bool(),
                         [](const auto& param) { return param.param ? "Uring" : "Pwrite"; });

// --- Backends ---

TEST(WriterBackend, IsWhatWasAskedFor) {
  LogCapture log;
  HeapRings rings(1, kSmallRing);
  WriterOptions options;
  options.allow_uring = false;
  options.stream_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
  auto writer = Writer::Create(options, &SystemClock(), &rings.set(), nullptr);
  ASSERT_TRUE(writer.ok()) << writer.status();
  EXPECT_STREQ((*writer)->backend_name(), "pwrite");
  EXPECT_THAT(log.Lines(), IsEmpty()) << "that is no fall-back";
}

// Makes io_uring_setup fail in this process as with kernel.io_uring_disabled.
bool RefuseUring() {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {static_cast<unsigned short>(std::size(code)), code};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

TEST(WriterBackend, IsPwriteWhereUringIsRefused) {
  const pid_t child = fork();
  if (child == 0) {
    if (!RefuseUring()) _exit(2);
    LogCapture log;
    HeapRings rings(1, kSmallRing);
    WriterOptions options;
    options.stream_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    auto writer = Writer::Create(options, &SystemClock(), &rings.set(), nullptr);
    const bool fell_back = writer.ok() && (*writer)->backend_name() == std::string("pwrite");
    _exit(fell_back && log.Lines().size() == 1 && log.Count("pwrite") == 1 ? 0 : 1);
  }
  int state = 0;
  ASSERT_EQ(waitpid(child, &state, 0), child);
  EXPECT_TRUE(WIFEXITED(state));
  EXPECT_EQ(WEXITSTATUS(state), 0);
}

}  // namespace
}  // namespace dns_monitor
