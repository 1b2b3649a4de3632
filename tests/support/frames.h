// Content for frames, and files of frames, for the tests of what makes and reads them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "dns_monitor/base/read_at.h"
#include "dns_monitor/compress/frame_encoder.h"
#include "dns_monitor/compress/frame_reader.h"

namespace dns_monitor {

inline absl::Span<const std::byte> AsBytes(const std::string& text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

// Text that compresses about as packets do: lines that repeat, and numbers that do not.
inline std::string Content(size_t bytes, uint32_t seed = 1) {
  std::minstd_rand random(seed);
  std::string content;
  while (content.size() < bytes) {
    absl::StrAppend(&content, "query ", random(), ".example.org A from 192.0.2.", random() % 250);
  }
  content.resize(bytes);
  return content;
}

inline std::string Noise(size_t bytes, uint32_t seed = 1) {
  std::mt19937 random(seed);
  std::string noise(bytes, '\0');
  for (char& byte : noise) byte = static_cast<char>(random());
  return noise;
}

inline std::string ZstdFrame(const std::string& content, int level = kUsualLevel) {
  std::string frame(FrameEncoder::Bound(content.size()), '\0');
  const absl::Span<std::byte> to(reinterpret_cast<std::byte*>(frame.data()), frame.size());
  frame.resize(FrameEncoder().Encode(level, AsBytes(content), to));
  return frame;
}

// `file` outlives it.
inline ReadAtFunction ReadFromString(const std::string& file) {
  return [&file](int64_t offset, absl::Span<char> to) -> absl::StatusOr<size_t> {
    const auto at = std::min(static_cast<size_t>(offset), file.size());
    return file.copy(to.data(), to.size(), at);
  };
}

// All that it gives, in pieces of this size.
inline std::string ReadAll(FrameReader* reader, size_t piece = 1000) {
  std::string content;
  std::string buffer(piece, '\0');
  for (;;) {
    const absl::StatusOr<size_t> got =
        reader->ReadAt(static_cast<int64_t>(content.size()), {buffer.data(), piece});
    if (!got.ok()) return got.status().ToString();
    content.append(buffer, 0, *got);
    if (*got < piece) return content;
  }
}

}  // namespace dns_monitor
