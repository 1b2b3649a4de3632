// Compressed data for tests, made by the libraries that it is to be read with.
#pragma once

#include <gtest/gtest.h>
#include <lz4frame.h>
#include <lzma.h>
#include <zlib.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/frames.h"

namespace dns_monitor {

inline std::string Gzip(const std::string& content) {
  z_stream stream{};
  constexpr int kGzip = 16;
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, kGzip + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string made(deflateBound(&stream, content.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(made.data());
  stream.avail_out = static_cast<uInt>(made.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  made.resize(made.size() - stream.avail_out);
  deflateEnd(&stream);
  return made;
}

inline std::string Xz(const std::string& content) {
  std::string made(lzma_stream_buffer_bound(content.size()), '\0');
  size_t size = 0;
  EXPECT_EQ(lzma_easy_buffer_encode(
                0, LZMA_CHECK_CRC32, nullptr, reinterpret_cast<const uint8_t*>(content.data()),
                content.size(), reinterpret_cast<uint8_t*>(made.data()), &size, made.size()),
            LZMA_OK);
  made.resize(size);
  return made;
}

inline std::string Lz4(const std::string& content) {
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
  std::string made(LZ4F_compressFrameBound(content.size(), &preferences), '\0');
  made.resize(
      LZ4F_compressFrame(made.data(), made.size(), content.data(), content.size(), &preferences));
  return made;
}

// Frames of so many bytes each, and the table of them; without it, when `table` is false.
inline std::string Seekable(const std::string& content, size_t frame_bytes, bool table = true) {
  std::string made;
  std::vector<FrameSize> frames;
  for (size_t at = 0; at < content.size(); at += frame_bytes) {
    const std::string part = content.substr(at, frame_bytes);
    const std::string frame = ZstdFrame(part);
    made += frame;
    frames.push_back({.stored_bytes = static_cast<uint32_t>(frame.size()),
                      .content_bytes = static_cast<uint32_t>(part.size())});
  }
  return table ? made + FormatSeekTable(frames) : made;
}

}  // namespace dns_monitor
