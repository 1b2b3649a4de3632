// The rings of one capture as the process sees them: mapped memory, and how it may be touched.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "bpf/capture_abi.h"

namespace dns_monitor {

// All reading and writing of words that the filter writes or reads at the same time goes through
// these. Acquire: what was written before the other side's store is visible after the load.
inline uint64_t LoadAcquire(const __u64* word) {
  return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}
inline uint32_t LoadAcquire(const __u32* word) {
  return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}
inline uint64_t LoadRelaxed(const __u64* word) {
  return __atomic_load_n(word, __ATOMIC_RELAXED);
}
inline void StoreRelease(__u64* word, uint64_t value) {
  __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

// What the filter has counted, of one CPU or of all. The balance (ARCHITECTURE.md):
// seen = not_dns + filtered_by_user + sum(undecided) + matched.
struct FilterCounters {
  uint64_t seen = 0;
  uint64_t not_dns = 0;
  uint64_t filtered_by_user = 0;
  uint64_t undecided[CAPTURE_UNDECIDED_COUNT] = {};
  uint64_t matched = 0;
  uint64_t clipped = 0;
  uint64_t lost[CAPTURE_LOST_COUNT] = {};

  uint64_t undecided_total() const;
  uint64_t lost_total() const;
  FilterCounters& operator+=(const FilterCounters& other);
  FilterCounters& operator-=(const FilterCounters& other);
};

// "ring full", "truncated" …: as summaries and ledgers name the causes.
const char* UndecidedCauseName(int cause);
const char* LostCauseName(int cause);

// Views over the control map and the rings; owns neither. One thread consumes; AddRing may be
// called by another thread meanwhile, once for each CPU.
class RingSet {
 public:
  // `control` is the mapped control map, filled in (FormatControl). Outlives this.
  explicit RingSet(capture_control* control);

  capture_control* control() const { return reinterpret_cast<capture_control*>(cells_); }
  int cpu_count() const { return cpu_count_; }
  uint64_t ring_bytes() const { return ring_bytes_; }
  capture_cpu* cpu(int index) const { return cells_ + 1 + index; }

  // Makes the ring of a CPU known to the consumer. `data` holds ring_bytes + slack.
  void AddRing(int cpu, const std::byte* data);
  // nullptr when that CPU has no ring.
  const std::byte* data(int cpu) const { return data_[cpu].load(std::memory_order_acquire); }

  // Each CPU's are read between two packets, so they balance. A CPU that is kept within the filter
  // (a virtual one that was taken off its core) is waited for some 10 us; then the packet that it
  // is at does not count as seen yet, though perhaps as matched.
  FilterCounters Counters() const;
  // What the filter counts from now on when a ring is full. Any thread; the last word wins.
  void SetFullCause(capture_lost cause);
  // Bytes between tail and head over all rings: what waits to be written.
  uint64_t BytesInRings() const;

  // Memory of the control map for one of kCommitCopies copies of the commit record: of
  // kCommitFixedBytes, and 8 for each CPU.
  std::byte* commit_copy(uint32_t copy) const { return commits_ + copy * commit_stride_; }
  // They are elsewhere.
  void SetCommitCopies(std::byte* first, size_t stride) {
    commits_ = first;
    commit_stride_ = stride;
  }

 private:
  capture_cpu* cells_;
  int cpu_count_;
  uint64_t ring_bytes_;
  std::byte* commits_;
  size_t commit_stride_;
  std::unique_ptr<std::atomic<const std::byte*>[]> data_;
};

// The commit record's memory (writer/commit_log.h).
inline constexpr uint32_t kCommitCopies = 2;
inline constexpr uint32_t kCommitFixedBytes = 32 << 10;

// Of one copy of the commit record.
size_t CommitBytes(int cpu_count);
// Cells of the control map for this many CPUs, the commit records included.
uint32_t ControlCells(int cpu_count);
// Whether rings that another process has made are laid out as this one would; else in which way
// they are not.
absl::Status CheckControl(const capture_control& control, int cpu_count, uint64_t ring_bytes,
                          uint32_t link_type);
// Fills in cell 0 of zeroed memory, and what each CPU's block needs before the filter runs.
void FormatControl(capture_control* control, int cpu_count, uint64_t ring_bytes,
                   uint32_t settings_generation, int64_t tai_offset_ns);

}  // namespace dns_monitor
