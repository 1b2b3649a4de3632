#include "walk_frames.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/compress/frame_reader.h"

namespace dns_monitor {
namespace {

// More than a frame of ours takes, its content or the file.
constexpr int64_t kMostTornBytes = int64_t{4} << 20;

// Where the last byte that is not zero ends, from `from` on; `from` when all are.
absl::StatusOr<int64_t> EndOfData(const ReadAtFunction& read, int64_t from, int64_t end) {
  std::vector<char> chunk(1 << 20);
  int64_t last = from;
  while (from < end) {
    const auto wanted = static_cast<size_t>(std::min<int64_t>(end - from, 1 << 20));
    DM_ASSIGN_OR_RETURN(const size_t got, read(from, {chunk.data(), wanted}));
    if (got == 0) break;
    const size_t data = absl::string_view(chunk.data(), got).find_last_not_of('\0');
    if (data != absl::string_view::npos) last = from + static_cast<int64_t>(data) + 1;
    from += static_cast<int64_t>(got);
  }
  return last;
}

class FramesWalk {
 public:
  FramesWalk(const ReadAtFunction& read, int64_t stored_bytes)
      : read_(read), stored_bytes_(stored_bytes), reader_(read, stored_bytes) {}

  absl::StatusOr<WalkedFrames> Run(const std::function<bool()>& cancelled);

 private:
  absl::Status FindHeader();
  // That what lies behind the whole frames is what a crash leaves.
  absl::Status CheckEnd();
  absl::Status SplitRest();

  const ReadAtFunction& read_;
  const int64_t stored_bytes_;
  FrameReader reader_;
  WalkedFrames result_;
};

absl::StatusOr<WalkedFrames> FramesWalk::Run(const std::function<bool()>& cancelled) {
  DM_RETURN_IF_ERROR(FindHeader());
  if (!result_.has_header) return std::move(result_);
  const ReadAtFunction content = [this](int64_t offset, absl::Span<char> to) {
    return reader_.ReadAt(offset, to);
  };
  DM_ASSIGN_OR_RETURN(result_.walked, WalkRecords(content, kUnknownSize, cancelled));
  // It may have ended before the frames do.
  char byte = 0;
  DM_RETURN_IF_ERROR(reader_.ReadAt(kUnknownSize - 1, {&byte, 1}).status());
  DM_RETURN_IF_ERROR(CheckEnd());
  DM_RETURN_IF_ERROR(SplitRest());
  return std::move(result_);
}

absl::Status FramesWalk::FindHeader() {
  std::array<char, kPcapFirstRecord> bytes;
  DM_ASSIGN_OR_RETURN(const size_t got, reader_.ReadAt(0, absl::MakeSpan(bytes)));
  const absl::string_view header(bytes.data(), got);
  absl::Status status = ParsePcapFileHeader(header).status();
  result_.has_header = status.ok();
  if (status.ok()) return absl::OkStatus();
  if (got == bytes.size()) return status;
  // Not even a header: the first frame is torn, or was never written.
  DM_RETURN_IF_ERROR(CheckEnd());
  DM_ASSIGN_OR_RETURN(const int64_t end, EndOfData(read_, 0, stored_bytes_));
  if (end == 0 || reader_.end() == FramesEnd::kTruncated) return absl::OkStatus();
  return absl::InvalidArgumentError("it holds no frames of a pcap file");
}

absl::Status FramesWalk::CheckEnd() {
  const int64_t whole = reader_.end_of_whole_frames();
  DM_ASSIGN_OR_RETURN(const int64_t end, EndOfData(read_, whole, stored_bytes_));
  if (end - whole <= kMostTornBytes) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(
      reader_.damage().empty() ? absl::StrCat("no frame begins at byte ", whole) : reader_.damage(),
      ", and ", end - whole, " bytes are behind it"));
}

absl::Status FramesWalk::SplitRest() {
  result_.frames = reader_.whole_frames();
  int64_t frames_end = ContentBytes(result_.frames);
  while (frames_end > result_.walked.end) {
    frames_end -= result_.frames.back().content_bytes;
    result_.frames.pop_back();
  }
  const int64_t content_end = reader_.content_bytes();
  const int64_t rest = result_.walked.end - frames_end;
  if (rest > kMostTornBytes) {
    return absl::DataLossError("it has a frame that is larger than any of ours");
  }
  result_.cut_bytes = content_end - result_.walked.end;
  if (rest == 0) {
    result_.cut_bytes = stored_bytes_ - StoredBytes(result_.frames);
    return absl::OkStatus();
  }
  result_.rest.resize(static_cast<size_t>(rest));
  DM_ASSIGN_OR_RETURN(const size_t got,
                      reader_.ReadAt(frames_end, {result_.rest.data(), result_.rest.size()}));
  if (got == result_.rest.size()) return absl::OkStatus();
  return absl::DataLossError("it became shorter while it was read");
}

}  // namespace

absl::StatusOr<WalkedFrames> WalkFrames(const ReadAtFunction& read, int64_t stored_bytes,
                                        const std::function<bool()>& cancelled) {
  return FramesWalk(read, stored_bytes).Run(cancelled);
}

}  // namespace dns_monitor
