// The figures that every benchmark prints beside its time.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>

namespace dns_monitor::bench {

// bytes_per_second, and the time of one packet (printed with its unit: 5.2ns).
inline void Report(benchmark::State& state, uint64_t packets, uint64_t bytes) {
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes));
  state.counters["per_packet"] = benchmark::Counter(
      static_cast<double>(packets),
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

}  // namespace dns_monitor::bench
