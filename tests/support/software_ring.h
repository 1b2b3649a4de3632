// Rings in ordinary memory, filled by the same lines that run in the filter.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "dns_monitor/ring/ring_set.h"

#define RING_LOAD(pointer) __atomic_load_n(pointer, __ATOMIC_ACQUIRE)
#define RING_STORE(pointer, value) __atomic_store_n(pointer, value, __ATOMIC_RELEASE)
#define RING_EXCHANGE(pointer, value) \
  static_cast<void>(__atomic_exchange_n(pointer, value, __ATOMIC_SEQ_CST))
#include "bpf/ring_produce.h"

namespace dns_monitor {

// Control map and rings of `cpu_count` CPUs. Each ring has one producer at a time, of any thread;
// the consumer works through set().
class SoftwareRings {
 public:
  SoftwareRings(int cpu_count, uint64_t ring_bytes)
      : control_(Zeroed(size_t{ControlCells(cpu_count)} * CAPTURE_CELL_BYTES)) {
    FormatControl(control(), cpu_count, ring_bytes, 0, 0);
    set_ = std::make_unique<RingSet>(control());
    for (int cpu = 0; cpu < cpu_count; ++cpu) {
      data_.push_back(Zeroed(ring_bytes + CAPTURE_RING_SLACK_BYTES));
      set_->AddRing(cpu, data_.back().get());
    }
  }

  RingSet* set() { return set_.get(); }
  uint64_t head(int cpu) const { return LoadAcquire(&set_->cpu(cpu)->head); }
  uint64_t tail(int cpu) const { return LoadAcquire(&set_->cpu(cpu)->tail); }

  // Publishes a packet with the time that `now_ns()` gives once the CPU counts as being within the
  // filter. `wire_length` 0: as long as `payload`. False when there is no room; nothing changed.
  template <typename Now>
  bool PutPacket(int cpu, Now now_ns, absl::string_view payload, uint32_t wire_length = 0) {
    const auto length = static_cast<uint32_t>(payload.size());
    return Put(cpu, now_ns, CAPTURE_RECORD_PACKET, payload.data(), length,
               wire_length == 0 ? length : wire_length);
  }
  bool PutPacketAt(int cpu, int64_t time_ns, absl::string_view payload, uint32_t wire_length = 0) {
    return PutPacket(
        cpu, [time_ns] { return time_ns; }, payload, wire_length);
  }
  bool PutStepAt(int cpu, int64_t time_ns) {
    const capture_step step{.old_offset_ns = 0, .new_offset_ns = 1};
    return Put(
        cpu, [time_ns] { return time_ns; }, CAPTURE_RECORD_STEP, &step, sizeof(step), 0);
  }
  // As the filter does when there is no room: the next record tells of it.
  void Lose(int cpu, int64_t time_ns) {
    ring_count_full(set_->cpu(cpu), static_cast<uint64_t>(time_ns));
  }

 private:
  struct Free {
    void operator()(std::byte* memory) const { std::free(memory); }
  };
  using Memory = std::unique_ptr<std::byte, Free>;

  static Memory Zeroed(size_t bytes) {
    const size_t cells = (bytes + CAPTURE_CELL_BYTES - 1) / CAPTURE_CELL_BYTES;
    void* memory = std::aligned_alloc(CAPTURE_CELL_BYTES, cells * CAPTURE_CELL_BYTES);
    std::memset(memory, 0, cells * CAPTURE_CELL_BYTES);
    return Memory(static_cast<std::byte*>(memory));
  }

  capture_control* control() { return reinterpret_cast<capture_control*>(control_.get()); }
  capture_record* At(int cpu, uint64_t position) {
    std::byte* ring = data_[static_cast<size_t>(cpu)].get();
    return reinterpret_cast<capture_record*>(ring + (position & (set_->ring_bytes() - 1)));
  }

  template <typename Now>
  bool Put(int cpu_index, Now now_ns, uint32_t type, const void* payload, uint32_t length,
           uint32_t wire_length) {
    capture_cpu* cpu = set_->cpu(cpu_index);
    ring_enter(cpu);
    const uint64_t time_ns = ring_stamp(cpu, static_cast<uint64_t>(now_ns()));
    ring_reservation room{};
    const bool has_room = ring_reserve(cpu, set_->ring_bytes(), length, &room) != 0;
    if (has_room) {
      if (cpu->pending_count != 0) {
        ring_put_loss(At(cpu_index, room.head), time_ns, CAPTURE_LOST_RING_FULL, cpu->pending_count,
                      cpu->pending_from_ns, cpu->pending_to_ns);
        cpu->pending_count = 0;
      }
      capture_record* record = At(cpu_index, room.packet);
      ring_put_header(record, time_ns, type, length, wire_length);
      if (length > 0) std::memcpy(record + 1, payload, length);
      ring_publish(cpu, room.end);
    }
    ring_leave(cpu);
    return has_room;
  }

  Memory control_;
  std::vector<Memory> data_;
  std::unique_ptr<RingSet> set_;
};

}  // namespace dns_monitor
