#include "dns_monitor/compress/frame_reader.h"

#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "dns_monitor/base/status.h"
#include "little_endian.h"

namespace dns_monitor {
namespace {

constexpr size_t kInputBytes = 256 << 10;
// What a reader of records asks for at a time, and what it may go back by, twice over.
constexpr size_t kKeptBytes = 2 << 20;
constexpr size_t kStepBytes = 256 << 10;
constexpr size_t kMagicBytes = 4;

bool IsSkippable(uint32_t magic) {
  return (magic & ZSTD_MAGIC_SKIPPABLE_MASK) == ZSTD_MAGIC_SKIPPABLE_START;
}

}  // namespace

void FrameReader::FreeContext::operator()(ZSTD_DCtx_s* context) const {
  ZSTD_freeDCtx(context);
}

FrameReader::FrameReader(ReadAtFunction read, int64_t stored_bytes)
    : read_(std::move(read)),
      stored_bytes_(stored_bytes),
      context_(ZSTD_createDCtx()),
      input_(kInputBytes) {
  if (context_ == nullptr) throw std::bad_alloc();
  window_.reserve(kKeptBytes + kStepBytes);
}
FrameReader::~FrameReader() = default;
FrameReader::FrameReader(FrameReader&&) noexcept = default;
FrameReader& FrameReader::operator=(FrameReader&&) noexcept = default;

void FrameReader::Restart() {
  ZSTD_DCtx_reset(context_.get(), ZSTD_reset_session_only);
  input_from_ = input_to_ = 0;
  stored_at_ = whole_end_ = content_end_ = frame_content_ = 0;
  within_ = false;
  window_.clear();
  frames_.clear();
  end_ = FramesEnd::kNotYet;
  damage_.clear();
}

absl::StatusOr<size_t> FrameReader::ReadAt(int64_t offset, absl::Span<char> to) {
  if (offset < content_end_ - static_cast<int64_t>(window_.size())) Restart();
  size_t got = 0;
  for (;;) {
    const int64_t at = offset + static_cast<int64_t>(got);
    const int64_t window_from = content_end_ - static_cast<int64_t>(window_.size());
    if (at >= window_from && at < content_end_) {
      const size_t bytes = std::min(to.size() - got, static_cast<size_t>(content_end_ - at));
      std::memcpy(to.data() + got, window_.data() + (at - window_from), bytes);
      got += bytes;
    }
    if (got == to.size()) return got;
    DM_ASSIGN_OR_RETURN(const bool more, DecodeMore());
    if (!more) return got;
  }
}

absl::Status FrameReader::FillInput() {
  if (input_to_ - input_from_ >= kMagicBytes) return absl::OkStatus();
  std::memmove(input_.data(), input_.data() + input_from_, input_to_ - input_from_);
  input_to_ -= std::exchange(input_from_, 0);
  const int64_t from = stored_at_ + static_cast<int64_t>(input_to_);
  const auto wanted = static_cast<size_t>(
      std::min(static_cast<int64_t>(input_.size() - input_to_), stored_bytes_ - from));
  if (wanted == 0) return absl::OkStatus();
  DM_ASSIGN_OR_RETURN(const size_t got, read_(from, {input_.data() + input_to_, wanted}));
  input_to_ += got;
  if (got < wanted) stored_bytes_ = from + static_cast<int64_t>(got);
  return absl::OkStatus();
}

// Whether the input stands at one; end() tells otherwise.
bool FrameReader::BeginsFrame() {
  const size_t available = input_to_ - input_from_;
  if (available == 0) {
    end_ = FramesEnd::kClean;
    return false;
  }
  const absl::string_view input(input_.data() + input_from_, available);
  const uint32_t magic = available < kMagicBytes ? 0 : LittleEndian32(input);
  skippable_ = IsSkippable(magic);
  if (magic == ZSTD_MAGICNUMBER || skippable_) return within_ = true;
  std::string beginning;
  AppendLittleEndian(ZSTD_MAGICNUMBER, kMagicBytes, &beginning);
  const bool torn = available < kMagicBytes && absl::StartsWith(beginning, input);
  end_ = torn ? FramesEnd::kTruncated : FramesEnd::kNoFrame;
  return false;
}

void FrameReader::EndFrame() {
  within_ = false;
  if (!skippable_) {
    frames_.push_back({.stored_bytes = static_cast<uint32_t>(stored_at_ - whole_end_),
                       .content_bytes = static_cast<uint32_t>(content_end_ - frame_content_)});
  }
  frame_content_ = content_end_;
  whole_end_ = stored_at_;
}

absl::StatusOr<bool> FrameReader::DecodeMore() {
  if (end_ != FramesEnd::kNotYet) return false;
  DM_RETURN_IF_ERROR(FillInput());
  if (!within_ && !BeginsFrame()) return false;
  if (window_.size() >= kKeptBytes) {
    window_.erase(window_.begin(), window_.begin() + (kKeptBytes / 2));
  }
  const size_t before = window_.size();
  window_.resize(before + kStepBytes);
  ZSTD_inBuffer in{input_.data() + input_from_, input_to_ - input_from_, 0};
  ZSTD_outBuffer out{window_.data() + before, kStepBytes, 0};
  const size_t left = ZSTD_decompressStream(context_.get(), &out, &in);
  window_.resize(before + out.pos);
  content_end_ += static_cast<int64_t>(out.pos);
  input_from_ += in.pos;
  stored_at_ += static_cast<int64_t>(in.pos);
  if (ZSTD_isError(left) != 0) {
    end_ = FramesEnd::kDamaged;
    damage_ =
        absl::StrCat("the frame at byte ", whole_end_, " is damaged: ", ZSTD_getErrorName(left));
    return out.pos > 0;
  }
  if (left == 0) {
    EndFrame();
  } else if (in.pos == 0 && out.pos == 0) {
    // It wants more than there is.
    end_ = FramesEnd::kTruncated;
    return false;
  }
  return true;
}

}  // namespace dns_monitor
