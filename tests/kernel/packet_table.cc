#include "kernel/packet_table.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "absl/strings/str_cat.h"
#include "capture.skel.h"
#include "dns_monitor/base/clock.h"
#include "dns_monitor/ring/ring_set.h"
#include "src/tap/filter_object.h"
#include "src/tap/filter_program.h"
#include "support/ring_reader.h"

namespace dns_monitor::packet_table {
namespace {

// This thread stays on one CPU, so that one ring gets everything.
int PinToOneCpu() {
  const int cpu = sched_getcpu();
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<size_t>(cpu), &set);
  EXPECT_EQ(sched_setaffinity(0, sizeof(set), &set), 0);
  return cpu;
}

// How a program gets at the headers.
enum class Reading { kLoad, kByKernel, kInPlace };

// The filter, loaded, with a ring of the smallest size for the CPU of this thread.
class Classifier {
 public:
  Classifier(const Settings& settings, Reading reading) : cpu_(PinToOneCpu()), reading_(reading) {
    skeleton_ = OpenFilterObject(reading == Reading::kByKernel ? SocketReading::kByKernel
                                                               : SocketReading::kLoaded);
    Configure(settings);
    const int error = capture_bpf__load(skeleton_);
    loaded_ = error == 0;
    EXPECT_EQ(error, 0) << "needs root";
    if (loaded_) MakeControl();
    if (loaded_ && settings.has_ring) MakeRing();
  }
  ~Classifier() { capture_bpf__destroy(skeleton_); }

  bool loaded() const { return loaded_; }
  RingSet& rings() { return *rings_; }

  // Shows the frame to the filter. What was counted, and what is in the ring.
  std::string Run(const Bytes& frame, std::vector<RingRecord>* records) {
    const FilterCounters before = rings_->Counters();
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
                .data_size_in = static_cast<uint32_t>(frame.size()), .repeat = 1);
    const int error = bpf_prog_test_run_opts(program_fd(), &options);
    if (error != 0) return absl::StrCat("the kernel refuses the run: ", strerror(-error));
    if (options.retval != static_cast<uint32_t>(-1)) return "the chain of classifiers ends here";
    *records = OfType(TakeRecords(*rings_, cpu_), CAPTURE_RECORD_PACKET);
    return Moved(before, rings_->Counters());
  }

 private:
  static constexpr uint32_t kRingBytes = CAPTURE_RING_MIN_BYTES;

  int program_fd() const {
    return bpf_program__fd(reading_ == Reading::kInPlace ? skeleton_->progs.capture_ingress
                                                         : skeleton_->progs.capture_classifier);
  }

  void Configure(const Settings& settings) {
    auto* constants = skeleton_->rodata;
    constants->ring_bytes = kRingBytes;
    constants->snaplen = settings.snaplen;
    std::transform(settings.ports.begin(), settings.ports.end(), constants->ports, htons);
    std::fill(constants->ports + settings.ports.size(), std::end(constants->ports), 0);
    constants->take_icmp_errors = settings.icmp_errors;
    constants->link_type = settings.link_type;
    constants->direction = settings.direction;
    const int cpus = libbpf_num_possible_cpus();
    bpf_map__set_max_entries(skeleton_->maps.control, ControlCells(cpus));
    bpf_map__set_max_entries(skeleton_->maps.rings, static_cast<uint32_t>(cpus));
    bpf_map__set_value_size(bpf_map__inner_map(skeleton_->maps.rings),
                            kRingBytes + CAPTURE_RING_SLACK_BYTES);
    bpf_program__set_autoload(skeleton_->progs.capture_entry, false);
    bpf_program__set_autoload(skeleton_->progs.capture_finish, false);
  }

  void MakeControl() {
    const int cpus = libbpf_num_possible_cpus();
    control_ =
        *MappedMap::Map(bpf_map__fd(skeleton_->maps.control),
                        size_t{ControlCells(cpus)} * CAPTURE_CELL_BYTES, PROT_READ | PROT_WRITE);
    auto* control = reinterpret_cast<capture_control*>(control_.data());
    FormatControl(control, cpus, kRingBytes, skeleton_->rodata->settings_generation, 0);
    rings_ = std::make_unique<RingSet>(control);
  }

  void MakeRing() {
    const uint32_t bytes = kRingBytes + CAPTURE_RING_SLACK_BYTES;
    LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
    ring_ =
        Fd(bpf_map_create(BPF_MAP_TYPE_ARRAY, "test_ring", sizeof(uint32_t), bytes, 1, &options));
    ring_memory_ = *MappedMap::Map(ring_.get(), bytes, PROT_READ);
    rings_->AddRing(cpu_, ring_memory_.data());
    const int fd = ring_.get();
    EXPECT_EQ(bpf_map_update_elem(bpf_map__fd(skeleton_->maps.rings), &cpu_, &fd, BPF_ANY), 0);
  }

  const int cpu_;
  const Reading reading_;
  bool loaded_ = false;
  capture_bpf* skeleton_ = nullptr;
  MappedMap control_;
  Fd ring_;
  MappedMap ring_memory_;
  std::unique_ptr<RingSet> rings_;
};

void RunRows(const Settings& settings, Reading reading, const std::vector<Row>& rows) {
  Classifier classifier(settings, reading);
  ASSERT_TRUE(classifier.loaded());
  uint64_t last_ns = 0;
  for (const Row& row : rows) {
    SCOPED_TRACE(row.description);
    std::vector<RingRecord> records;
    const auto before_ns = static_cast<uint64_t>(SystemClock().BoottimeNs());
    EXPECT_EQ(classifier.Run(row.frame, &records), row.expected);
    ExpectKept(row, settings.snaplen, records);
    for (const RingRecord& record : records) {
      EXPECT_GE(record.time_ns, std::max(before_ns, last_ns));
      EXPECT_LE(record.time_ns, static_cast<uint64_t>(SystemClock().BoottimeNs()));
      last_ns = record.time_ns;
    }
  }
  const FilterCounters all = classifier.rings().Counters();
  EXPECT_EQ(all.seen, rows.size());
  EXPECT_EQ(all.seen, all.not_dns + all.filtered_by_user + all.undecided_total() + all.matched);
}

}  // namespace

void RunTable(const Settings& settings, const std::vector<Row>& rows) {
  {
    SCOPED_TRACE("by loads");
    RunRows(settings, Reading::kLoad, rows);
  }
  {
    SCOPED_TRACE("by the kernel's types");
    RunRows(settings, Reading::kByKernel, rows);
  }
  SCOPED_TRACE("in place");
  RunRows(settings, Reading::kInPlace, rows);
}

}  // namespace dns_monitor::packet_table
