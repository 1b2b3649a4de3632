// What must hold for the reader of compressed files, whatever a file holds.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "dns_monitor/compress/frame_reader.h"

namespace dns_monitor {
namespace {

// Zeros and the like decode to any length.
constexpr size_t kMostContent = 1 << 20;

void Require(bool condition) {
  if (!condition) abort();
}

ReadAtFunction Source(const std::string& file) {
  return [&file](int64_t offset, absl::Span<char> to) -> absl::StatusOr<size_t> {
    if (offset >= static_cast<int64_t>(file.size())) return 0;
    return file.copy(to.data(), to.size(), static_cast<size_t>(offset));
  };
}

std::string Read(FrameReader* reader, size_t piece) {
  std::string content;
  std::string buffer(piece, '\0');
  while (content.size() < kMostContent) {
    const auto got =
        reader->ReadAt(static_cast<int64_t>(content.size()), {buffer.data(), buffer.size()});
    Require(got.ok() && *got <= piece);
    content.append(buffer, 0, *got);
    if (*got < piece) {
      Require(reader->end() != FramesEnd::kNotYet);
      break;
    }
  }
  return content;
}

void Check(const std::string& file) {
  const auto size = static_cast<int64_t>(file.size());
  FrameReader reader(Source(file), size);
  const std::string content = Read(&reader, 64 << 10);
  Require((reader.end() == FramesEnd::kDamaged) == !reader.damage().empty());
  Require(reader.end_of_whole_frames() <= size);
  Require(StoredBytes(reader.whole_frames()) <= reader.end_of_whole_frames());
  Require(ContentBytes(reader.whole_frames()) <= reader.content_bytes());

  FrameReader slow(Source(file), size);
  const std::string same = Read(&slow, 777);
  Require(same.compare(0, kMostContent, content, 0, kMostContent) == 0);

  const auto table = ReadSeekTable(Source(file), size);
  if (table.ok()) Require(StoredBytes(*table) <= size);
}

}  // namespace
}  // namespace dns_monitor

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  dns_monitor::Check(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
