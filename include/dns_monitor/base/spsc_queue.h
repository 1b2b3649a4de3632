// A bounded queue between exactly two threads, without locks.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <optional>

namespace dns_monitor {

// One thread calls Push, one other calls Pop; neither waits, neither allocates. What the producer
// wrote before Push is visible to the consumer after the Pop that returns it.
template <typename T, size_t kCapacity>
class SpscQueue {
  static_assert((kCapacity & (kCapacity - 1)) == 0, "a power of two");

 public:
  // False when the queue is full; nothing was stored then.
  bool Push(T value) {
    const size_t head = head_.load(std::memory_order_relaxed);
    if (head - tail_.load(std::memory_order_acquire) == kCapacity) return false;
    slots_[head % kCapacity] = std::move(value);
    head_.store(head + 1, std::memory_order_release);
    return true;
  }

  std::optional<T> Pop() {
    const size_t tail = tail_.load(std::memory_order_relaxed);
    if (tail == head_.load(std::memory_order_acquire)) return std::nullopt;
    std::optional<T> value(std::move(slots_[tail % kCapacity]));
    tail_.store(tail + 1, std::memory_order_release);
    return value;
  }

 private:
  // On lines of their own: each is written by one side only.
  alignas(64) std::atomic<size_t> head_{0};
  alignas(64) std::atomic<size_t> tail_{0};
  alignas(64) std::array<T, kCapacity> slots_{};
};

}  // namespace dns_monitor
