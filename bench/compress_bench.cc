// What compression saves and costs: frames of generated DNS, as the compressor's workers make them.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "dns_monitor/compress/frame_encoder.h"
#include "dns_monitor/writer/compressor.h"
#include "messages.h"

namespace dns_monitor::bench {
namespace {

struct Traffic {
  std::string bytes;
  uint64_t messages = 0;
  double entropy_bytes = 0;  // in all

  Traffic() {
    Messages messages_made;
    messages_made.Append(100'000, &bytes);
    messages = messages_made.messages();
    entropy_bytes = messages_made.entropy_bits() / 8;
  }
  static const Traffic& Get() {
    static const Traffic traffic;
    return traffic;
  }
};

absl::Span<const std::byte> AsBytes(const std::string& text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

// per_packet: CPU of a message; ratio: of the bytes in the file to those of the pcap file.
// entropy_ratio: what the messages tell anew, and chance in their checksums not counted, to the
// same.
void Report(benchmark::State& state, size_t stored_bytes) {
  const Traffic& traffic = Traffic::Get();
  const auto bytes = static_cast<double>(traffic.bytes.size());
  const auto messages = static_cast<double>(traffic.messages);
  state.counters["ratio"] = static_cast<double>(stored_bytes) / bytes;
  state.counters["entropy_ratio"] = traffic.entropy_bytes / bytes;
  state.counters["bytes_each"] = bytes / messages;
  state.counters["per_packet"] = benchmark::Counter(
      messages, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void CompressFrames(benchmark::State& state) {
  const auto level = static_cast<int>(state.range(0));
  const absl::Span<const std::byte> content = AsBytes(Traffic::Get().bytes);
  FrameEncoder encoder;
  std::vector<std::byte> room(FrameEncoder::Bound(kFrameBytes));
  size_t stored = 0;
  for (auto _ : state) {
    stored = 0;
    for (size_t at = 0; at < content.size(); at += kFrameBytes) {
      stored += encoder.Encode(level, content.subspan(at, kFrameBytes), absl::MakeSpan(room));
    }
  }
  Report(state, stored);
}
BENCHMARK(CompressFrames)
    ->ArgName("level")
    ->Arg(kStoredLevel)
    ->Arg(1)
    ->Arg(3)
    ->Arg(6)
    ->Arg(9)
    ->Arg(12)
    ->Arg(19)
    ->Unit(benchmark::kMillisecond);

// A frame that is flushed each second, at so many packets a second.
void CompressFlushed(benchmark::State& state) {
  const Traffic& traffic = Traffic::Get();
  const absl::Span<const std::byte> content = AsBytes(traffic.bytes);
  const size_t piece = content.size() / traffic.messages * static_cast<size_t>(state.range(0));
  FrameEncoder encoder;
  std::vector<std::byte> room(FrameEncoder::Bound(kFrameBytes));
  size_t stored = 0;
  for (auto _ : state) {
    stored = 0;
    for (size_t at = 0; at < content.size(); at += kFrameBytes) {
      const absl::Span<const std::byte> frame = content.subspan(at, kFrameBytes);
      size_t from = 0;
      for (; from + piece < frame.size(); from += piece) {
        stored += encoder.Flush(kUsualLevel, frame.subspan(from, piece), absl::MakeSpan(room));
      }
      stored += encoder.End(frame.subspan(from), absl::MakeSpan(room));
    }
  }
  Report(state, stored);
}
BENCHMARK(CompressFlushed)->ArgName("packets")->Arg(100)->Arg(1000)->Unit(benchmark::kMillisecond);

// Ceiling: the whole as one frame, which nobody could read a part of.
void CeilingOneFrame(benchmark::State& state) {
  const absl::Span<const std::byte> content = AsBytes(Traffic::Get().bytes);
  FrameEncoder encoder;
  std::vector<std::byte> room(FrameEncoder::Bound(content.size()));
  size_t stored = 0;
  for (auto _ : state) stored = encoder.Encode(kUsualLevel, content, absl::MakeSpan(room));
  Report(state, stored);
}
BENCHMARK(CeilingOneFrame)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace dns_monitor::bench

BENCHMARK_MAIN();
