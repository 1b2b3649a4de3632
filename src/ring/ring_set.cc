#include "dns_monitor/ring/ring_set.h"

#include <cstring>

#include "absl/strings/str_cat.h"

namespace dns_monitor {
namespace {

uint32_t CommitCells(int cpu_count) {
  const auto bytes = static_cast<uint32_t>(CommitBytes(cpu_count));
  return (bytes + CAPTURE_CELL_BYTES - 1) / CAPTURE_CELL_BYTES;
}

// Cell 0.
void FormatLayout(capture_control* control, int cpu_count, uint64_t ring_bytes,
                  uint32_t settings_generation) {
  *control = capture_control{
      .magic = CAPTURE_MAGIC,
      .abi_version = CAPTURE_ABI_VERSION,
      .cell_bytes = CAPTURE_CELL_BYTES,
      .cpu_first_cell = 1,
      .cpu_count = static_cast<uint32_t>(cpu_count),
      .head_offset = offsetof(capture_cpu, head),
      .tail_offset = offsetof(capture_cpu, tail),
      .in_flight_offset = offsetof(capture_cpu, in_flight),
      .record_align = CAPTURE_RECORD_ALIGN,
      .ring_bytes = ring_bytes,
      .ring_slack_bytes = CAPTURE_RING_SLACK_BYTES,
      .commit_first_cell = 1 + static_cast<uint32_t>(cpu_count),
      .commit_cells = CommitCells(cpu_count),
      .commit_copies = kCommitCopies,
      .settings_generation = settings_generation,
      .link_type = 0,
      .reserved = {},
  };
}

template <size_t kCount>
uint64_t Sum(const uint64_t (&values)[kCount]) {
  uint64_t sum = 0;
  for (const uint64_t value : values) sum += value;
  return sum;
}

// Each load comes before those behind it.
FilterCounters Read(const capture_cpu& cpu) {
  const uint64_t nested = LoadAcquire(&cpu.nested);
  FilterCounters counters;
  counters.seen = LoadAcquire(&cpu.seen) + nested;
  counters.not_dns = LoadAcquire(&cpu.not_dns);
  counters.filtered_by_user = LoadAcquire(&cpu.filtered_by_user);
  counters.matched = LoadAcquire(&cpu.matched);
  counters.clipped = LoadAcquire(&cpu.clipped);
  for (int cause = 0; cause < CAPTURE_UNDECIDED_COUNT; ++cause) {
    counters.undecided[cause] = LoadAcquire(&cpu.undecided[cause]);
  }
  counters.undecided[CAPTURE_UNDECIDED_NESTED] += nested;
  for (int cause = 0; cause < CAPTURE_LOST_COUNT; ++cause) {
    counters.lost[cause] = LoadAcquire(&cpu.lost[cause]);
  }
  return counters;
}

// The filter sets `busy`, counts the packet as seen, then under its verdict, and clears `busy`. So
// nothing else has moved while `busy` was clear and `seen` has not.
FilterCounters ReadBetweenPackets(const capture_cpu& cpu) {
  constexpr int kAttempts = 300;
  FilterCounters counters;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const uint64_t seen = LoadAcquire(&cpu.seen);
    const bool busy = LoadAcquire(&cpu.busy) != 0;
    counters = Read(cpu);
    if (!busy && LoadRelaxed(&cpu.seen) == seen) return counters;
  }
  counters.seen =
      counters.not_dns + counters.filtered_by_user + counters.undecided_total() + counters.matched;
  return counters;
}

}  // namespace

uint64_t FilterCounters::undecided_total() const {
  return Sum(undecided);
}
uint64_t FilterCounters::lost_total() const {
  return Sum(lost);
}

const char* UndecidedCauseName(int cause) {
  switch (static_cast<capture_undecided>(cause)) {
    case CAPTURE_UNDECIDED_TRUNCATED:
      return "truncated headers";
    case CAPTURE_UNDECIDED_MALFORMED:
      return "malformed headers";
    case CAPTURE_UNDECIDED_VLAN_DEPTH:
      return "too many VLAN tags";
    case CAPTURE_UNDECIDED_EXTENSIONS:
      return "too many IPv6 extension headers";
    case CAPTURE_UNDECIDED_FRAGMENT:
      return "fragments without their first";
    case CAPTURE_UNDECIDED_ICMP_QUOTE:
      return "ICMP errors that quote too little";
    case CAPTURE_UNDECIDED_NESTED:
      return "nested in another packet";
    case CAPTURE_UNDECIDED_COUNT:
      break;
  }
  return "unknown";
}

const char* LostCauseName(int cause) {
  switch (static_cast<capture_lost>(cause)) {
    case CAPTURE_LOST_RING_FULL:
      return "ring full";
    case CAPTURE_LOST_NO_RING:
      return "CPU without a ring";
    case CAPTURE_LOST_COPY:
      return "frame could not be read";
    case CAPTURE_LOST_DISK_FULL:
      return "disk full";
    case CAPTURE_LOST_DISK_STALLED:
      return "disk stalled";
    case CAPTURE_LOST_DISK_ERROR:
      return "disk failing";
    case CAPTURE_LOST_COUNT:
      break;
  }
  return "unknown";
}

FilterCounters& FilterCounters::operator+=(const FilterCounters& other) {
  seen += other.seen;
  not_dns += other.not_dns;
  filtered_by_user += other.filtered_by_user;
  matched += other.matched;
  clipped += other.clipped;
  for (int cause = 0; cause < CAPTURE_UNDECIDED_COUNT; ++cause) {
    undecided[cause] += other.undecided[cause];
  }
  for (int cause = 0; cause < CAPTURE_LOST_COUNT; ++cause) lost[cause] += other.lost[cause];
  return *this;
}

FilterCounters& FilterCounters::operator-=(const FilterCounters& other) {
  seen -= other.seen;
  not_dns -= other.not_dns;
  filtered_by_user -= other.filtered_by_user;
  matched -= other.matched;
  clipped -= other.clipped;
  for (int cause = 0; cause < CAPTURE_UNDECIDED_COUNT; ++cause) {
    undecided[cause] -= other.undecided[cause];
  }
  for (int cause = 0; cause < CAPTURE_LOST_COUNT; ++cause) lost[cause] -= other.lost[cause];
  return *this;
}

RingSet::RingSet(capture_control* control)
    : cells_(reinterpret_cast<capture_cpu*>(control)),
      cpu_count_(static_cast<int>(control->cpu_count)),
      ring_bytes_(control->ring_bytes),
      commits_(reinterpret_cast<std::byte*>(cells_) +
               size_t{control->commit_first_cell} * CAPTURE_CELL_BYTES),
      commit_stride_(size_t{control->commit_cells} * CAPTURE_CELL_BYTES),
      data_(std::make_unique<std::atomic<const std::byte*>[]>(control->cpu_count)) {}

void RingSet::AddRing(int cpu, const std::byte* data) {
  data_[cpu].store(data, std::memory_order_release);
}

FilterCounters RingSet::Counters() const {
  FilterCounters sum;
  for (int index = 0; index < cpu_count_; ++index) sum += ReadBetweenPackets(*cpu(index));
  return sum;
}

void RingSet::SetFullCause(capture_lost cause) {
  for (int index = 0; index < cpu_count_; ++index) {
    __atomic_store_n(&cpu(index)->full_cause, static_cast<uint32_t>(cause), __ATOMIC_RELAXED);
  }
}

uint64_t RingSet::BytesInRings() const {
  uint64_t bytes = 0;
  for (int index = 0; index < cpu_count_; ++index) {
    const uint64_t tail = LoadRelaxed(&cpu(index)->tail);
    bytes += LoadRelaxed(&cpu(index)->head) - tail;
  }
  return bytes;
}

size_t CommitBytes(int cpu_count) {
  return kCommitFixedBytes + static_cast<size_t>(cpu_count) * sizeof(uint64_t);
}

uint32_t ControlCells(int cpu_count) {
  return 1 + static_cast<uint32_t>(cpu_count) + kCommitCopies * CommitCells(cpu_count);
}

absl::Status CheckControl(const capture_control& control, int cpu_count, uint64_t ring_bytes,
                          uint32_t link_type) {
  if (control.magic != CAPTURE_MAGIC) return absl::InvalidArgumentError("the control map is none");
  if (control.abi_version != CAPTURE_ABI_VERSION) {
    return absl::FailedPreconditionError(absl::StrCat("their layout has version ",
                                                      control.abi_version, ", and not ",
                                                      uint32_t{CAPTURE_ABI_VERSION}));
  }
  if (control.ring_bytes != ring_bytes) {
    return absl::FailedPreconditionError("they are to have another size");
  }
  capture_control own;
  FormatLayout(&own, cpu_count, ring_bytes, control.settings_generation);
  own.link_type = link_type;
  if (std::memcmp(&own, &control, sizeof(own)) == 0) return absl::OkStatus();
  return absl::FailedPreconditionError("another number of CPUs, or another link type");
}

void FormatControl(capture_control* control, int cpu_count, uint64_t ring_bytes,
                   uint32_t settings_generation, int64_t tai_offset_ns) {
  FormatLayout(control, cpu_count, ring_bytes, settings_generation);
  auto* cells = reinterpret_cast<capture_cpu*>(control);
  for (int index = 0; index < cpu_count; ++index) {
    cells[1 + index].tai_offset_ns = tai_offset_ns;
    cells[1 + index].settings_generation = settings_generation;
  }
}

}  // namespace dns_monitor
