// Reads the content of a file of zstd frames as if it were a file, and tells how it ends.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "dns_monitor/base/read_at.h"
#include "dns_monitor/compress/seek_table.h"

struct ZSTD_DCtx_s;

namespace dns_monitor {

enum class FramesEnd {
  kNotYet,     // not all is read
  kClean,      // behind a frame
  kTruncated,  // within one
  kNoFrame,    // something else stands where a frame should begin
  kDamaged,    // a frame is not what its checksum or its blocks say
};

// Whoever wrote the frames. Keeps a few MiB, more only for frames with large windows (refused above
// zstd's own limit of 128 MiB). One thread.
class FrameReader {
 public:
  // `read`: the file as it is, of which `stored_bytes` count.
  FrameReader(ReadAtFunction read, int64_t stored_bytes);
  ~FrameReader();
  FrameReader(FrameReader&&) noexcept;
  FrameReader& operator=(FrameReader&&) noexcept;

  // Of the content, as ReadAtFunction: fewer bytes than asked for where it ends, in whichever way
  // (end()). Forward it decodes each frame once; what lies before the last 2 MiB or so that were
  // decoded, it reads anew from the front. The errors of `read`.
  absl::StatusOr<size_t> ReadAt(int64_t offset, absl::Span<char> to);

  FramesEnd end() const { return end_; }
  // What is wrong, after kDamaged.
  const std::string& damage() const { return damage_; }
  // So far, but for skippable ones, which have no content.
  const std::vector<FrameSize>& whole_frames() const { return frames_; }
  // Behind the last one, skippable ones included.
  int64_t end_of_whole_frames() const { return whole_end_; }
  // What was decoded, that of a frame that has not ended included.
  int64_t content_bytes() const { return content_end_; }

 private:
  struct FreeContext {
    void operator()(ZSTD_DCtx_s* context) const;
  };

  void Restart();
  // Decodes some more. False when there is nothing more (end()).
  absl::StatusOr<bool> DecodeMore();
  // Makes stored bytes available, if there are any.
  absl::Status FillInput();
  bool BeginsFrame();
  void EndFrame();

  ReadAtFunction read_;
  int64_t stored_bytes_;
  std::unique_ptr<ZSTD_DCtx_s, FreeContext> context_;
  std::vector<char> input_;
  size_t input_from_ = 0;  // in input_: not decoded yet
  size_t input_to_ = 0;
  int64_t stored_at_ = 0;  // of input_[input_from_]
  bool within_ = false;    // a frame
  bool skippable_ = false;
  int64_t frame_content_ = 0;  // where it begins
  std::vector<char> window_;   // the last of what was decoded
  int64_t content_end_ = 0;
  FramesEnd end_ = FramesEnd::kNotYet;
  std::string damage_;
  std::vector<FrameSize> frames_;
  int64_t whole_end_ = 0;
};

}  // namespace dns_monitor
