// Rings in ordinary memory, and what the filter does to them on one CPU: in one go, or step by step
// for tests that stop in between. The lines that move a ring are its own (bpf/ring_produce.h).
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "dns_monitor/ring/ring_set.h"

#define RING_LOAD(pointer) __atomic_load_n(pointer, __ATOMIC_ACQUIRE)
#define RING_STORE(pointer, value) __atomic_store_n(pointer, value, __ATOMIC_RELEASE)
#define RING_EXCHANGE(pointer, value) \
  static_cast<void>(__atomic_exchange_n(pointer, value, __ATOMIC_SEQ_CST))
#define RING_RELEASE(pointer, value) RING_STORE(pointer, value)
#include "bpf/ring_produce.h"

namespace dns_monitor {

// A control map and a ring for each CPU, all of zeros but for what FormatControl fills in.
class HeapRings {
 public:
  // With `with_rings` false the CPUs have none until AddRing.
  HeapRings(int cpu_count, uint64_t ring_bytes, bool with_rings = true)
      : ring_bytes_(ring_bytes),
        cells_(std::make_unique<Cell[]>(ControlCells(cpu_count))),
        memory_(static_cast<size_t>(cpu_count)) {
    auto* control = reinterpret_cast<capture_control*>(cells_.get());
    FormatControl(control, cpu_count, ring_bytes, /*settings_generation=*/1, /*tai_offset_ns=*/0);
    rings_ = std::make_unique<RingSet>(control);
    for (int cpu = 0; cpu < cpu_count; ++cpu) {
      memory_[cpu] = std::make_unique<Cell[]>(RingCells());
      if (with_rings) AddRing(cpu);
    }
  }

  RingSet& set() { return *rings_; }
  capture_cpu* cpu(int index) { return rings_->cpu(index); }
  std::byte* data(int cpu) { return reinterpret_cast<std::byte*>(memory_[cpu].get()); }
  uint64_t ring_bytes() const { return ring_bytes_; }

  void AddRing(int cpu) { rings_->AddRing(cpu, data(cpu)); }
  // While nobody reads or writes it: the ring looks as if `position` bytes had passed through it.
  void BeginAt(int cpu_index, uint64_t position) {
    cpu(cpu_index)->head = position;
    cpu(cpu_index)->tail = position;
  }

 private:
  struct alignas(64) Cell {
    std::byte bytes[CAPTURE_CELL_BYTES];
  };
  size_t RingCells() const {
    return static_cast<size_t>(ring_bytes_ + CAPTURE_RING_SLACK_BYTES) / CAPTURE_CELL_BYTES + 1;
  }

  const uint64_t ring_bytes_;
  std::unique_ptr<Cell[]> cells_;
  std::vector<std::unique_ptr<Cell[]>> memory_;
  std::unique_ptr<RingSet> rings_;
};

// What the filter does on one CPU (bpf/store.bpf.h, store_into). One thread.
class HeapProducer {
 public:
  HeapProducer(HeapRings& rings, int cpu)
      : cpu_(rings.cpu(cpu)), data_(rings.data(cpu)), ring_bytes_(rings.ring_bytes()) {}

  void Enter() { ring_enter(cpu_); }
  void Leave() { ring_leave(cpu_); }
  uint64_t Stamp(uint64_t now_ns) { return ring_stamp(cpu_, now_ns); }
  // Counts a packet as lost for want of room, to be told before the next record.
  void Lose(uint64_t time_ns) { ring_count_full(cpu_, time_ns); }
  // False when the ring is full: then it is lost. With `wire_length` 0 nothing was clipped.
  bool Put(uint64_t time_ns, uint32_t type, const void* payload, uint32_t length,
           uint32_t wire_length = 0) {
    ring_reservation room;
    if (!ring_reserve(cpu_, ring_bytes_, length, &room)) {
      Lose(time_ns);
      return false;
    }
    ring_tell_pending(cpu_, At(room.head), time_ns, &room);
    std::byte* record = At(room.packet);
    std::memcpy(record + sizeof(capture_record), payload, length);
    ring_put_header(reinterpret_cast<capture_record*>(record), time_ns, type, length,
                    wire_length == 0 ? length : wire_length);
    ring_publish(cpu_, room.end);
    return true;
  }

  // A packet from beginning to end, as the filter would: `now` is called where it takes the time.
  template <typename Now>
  bool Packet(Now now, absl::string_view payload) {
    Enter();
    const uint64_t time_ns = Stamp(now());
    const bool stored =
        Put(time_ns, CAPTURE_RECORD_PACKET, payload.data(), static_cast<uint32_t>(payload.size()));
    Leave();
    return stored;
  }
  bool PacketAt(uint64_t time_ns, absl::string_view payload) {
    return Packet([time_ns] { return time_ns; }, payload);
  }

  // Whether a packet of this length would find room now.
  bool HasRoom(size_t length) const {
    ring_reservation room;
    return ring_reserve(cpu_, ring_bytes_, static_cast<uint32_t>(length), &room) != 0;
  }

 private:
  std::byte* At(uint64_t position) { return data_ + (position & (ring_bytes_ - 1)); }

  capture_cpu* cpu_;
  std::byte* data_;
  uint64_t ring_bytes_;
};

}  // namespace dns_monitor
