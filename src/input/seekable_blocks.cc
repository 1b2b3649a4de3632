// zstd with a table of its frames: threads decode groups of frames at once, and then, in their
// order, join what the border cut and look for the next one.
#include <algorithm>
#include <cstring>
#include <utility>

#include "block_turns.h"
#include "dns_monitor/base/read_at.h"
#include "dns_monitor/base/status.h"
#include "file_blocks_kinds.h"
#include "frame_group.h"
#include "index_pieces.h"

namespace dns_monitor {
namespace {

// Before the content of a block, for what the block before leaves: most records are shorter.
constexpr size_t kHeadroom = 64 << 10;

struct Group {
  size_t first_frame = 0;
  size_t frames = 0;
  int64_t stored_at = 0;
  int64_t content_at = 0;
  size_t stored_bytes = 0;
  size_t content_bytes = 0;
  size_t piece = 0;    // of the index, that it belongs to
  bool begins = true;  // that piece
  bool ends = true;
};

class SeekableBlocks : public FileBlocks {
 public:
  SeekableBlocks(BlockContext context, const CaptureStart& start, Fd fd,
                 std::vector<FrameSize> frames, IndexPieces pieces)
      : context_(std::move(context)),
        layout_(start.layout),
        fd_(std::move(fd)),
        frames_(std::move(frames)),
        pieces_(std::move(pieces)),
        walker_(start.layout) {
    MakeGroups();
  }

  absl::StatusOr<bool> Claim(RecordBlock* block, BlockTicket* ticket) override {
    if (next_ == groups_.size()) return false;
    const Group& group = groups_[next_];
    *ticket = {.piece = next_++, .unfinished = true};
    block->layout = layout_;
    block->last_of_file = next_ == groups_.size();
    context_.progress(block->last_of_file
                          ? context_.file->stored_bytes
                          : group.stored_at + static_cast<int64_t>(group.stored_bytes));
    return true;
  }

  absl::Status Finish(const BlockTicket& ticket, RecordBlock* block) override {
    const Group& group = groups_[ticket.piece];
    BlockMemory::Buffer buffer = context_.memory->Take(kHeadroom + group.content_bytes);
    const absl::StatusOr<DecodedGroup> decoded =
        Decode(group, {buffer.data.get() + kHeadroom, group.content_bytes});
    turns_.Wait(ticket.piece);
    absl::Status status = decoded.status();
    if (!status.ok()) {
      ended_ = true;
    } else if (!ended_) {
      Join(group, *decoded, std::move(buffer), block);
    }
    turns_.Pass();
    return status;
  }

  uint64_t stretches_skipped() const override { return pieces_.skipped; }

 private:
  void MakeGroups();
  void AddFrame(size_t frame, int64_t stored_at, int64_t content_at, size_t piece);
  absl::StatusOr<DecodedGroup> Decode(const Group& group, absl::Span<uint8_t> to);
  // In one's turn: makes whole records of the carry and what was decoded behind the headroom.
  void Join(const Group& group, const DecodedGroup& decoded, BlockMemory::Buffer buffer,
            RecordBlock* block);
  void Settle(const Group& group, const DecodedGroup& decoded, const WalkedRecords& walked,
              size_t left);

  const BlockContext context_;
  const RecordLayout layout_;
  const Fd fd_;
  const std::vector<FrameSize> frames_;
  const IndexPieces pieces_;
  std::vector<Group> groups_;
  size_t next_ = 0;
  FrameGroups decoders_;
  BlockTurns turns_;
  // In one's turn:
  RecordWalker walker_;
  std::vector<uint8_t> carry_;  // what of the next block the one before had
  int64_t offset_ = 0;          // in the content: where that begins
  uint64_t packets_ = 0;
  bool ended_ = false;
};

// The frames that the pieces lie in, each piece for itself.
void SeekableBlocks::MakeGroups() {
  size_t piece = 0;
  int64_t stored_at = 0;
  int64_t content_at = 0;
  for (size_t frame = 0; frame < frames_.size(); ++frame) {
    const int64_t end = content_at + frames_[frame].content_bytes;
    while (piece < pieces_.pieces.size() && pieces_.pieces[piece].begin < end) {
      AddFrame(frame, stored_at, content_at, piece);
      if (pieces_.pieces[piece].end > end) break;
      ++piece;
    }
    stored_at += frames_[frame].stored_bytes;
    content_at = end;
  }
}

void SeekableBlocks::AddFrame(size_t frame, int64_t stored_at, int64_t content_at, size_t piece) {
  const FrameSize& size = frames_[frame];
  Group* const last = groups_.empty() ? nullptr : &groups_.back();
  const bool same_piece = last != nullptr && last->piece == piece;
  if (same_piece && last->content_bytes + size.content_bytes <= context_.block_bytes) {
    ++last->frames;
    last->stored_bytes += size.stored_bytes;
    last->content_bytes += size.content_bytes;
    return;
  }
  if (same_piece) last->ends = false;
  groups_.push_back({.first_frame = frame,
                     .frames = 1,
                     .stored_at = stored_at,
                     .content_at = content_at,
                     .stored_bytes = size.stored_bytes,
                     .content_bytes = size.content_bytes,
                     .piece = piece,
                     .begins = !same_piece});
}

absl::StatusOr<DecodedGroup> SeekableBlocks::Decode(const Group& group, absl::Span<uint8_t> to) {
  const BlockMemory::Buffer stored = context_.memory->Take(group.stored_bytes);
  const absl::StatusOr<size_t> got = ReadAt(
      fd_.get(), group.stored_at, {reinterpret_cast<char*>(stored.data.get()), group.stored_bytes});
  if (!got.ok()) return Locate(context_.file->shown, got.status());
  return decoders_.Decode(absl::MakeConstSpan(frames_).subspan(group.first_frame, group.frames),
                          {stored.data.get(), *got}, group.stored_at, to);
}

void SeekableBlocks::Join(const Group& group, const DecodedGroup& decoded,
                          BlockMemory::Buffer buffer, RecordBlock* block) {
  const IndexPiece& piece = pieces_.pieces[group.piece];
  size_t skipped = 0;  // what of the frames lies before the piece
  if (group.begins) {
    carry_.clear();
    offset_ = piece.begin;
    packets_ = piece.packets_before;
    skipped = std::min(static_cast<size_t>(piece.begin - group.content_at), decoded.made);
  }
  if (carry_.size() > kHeadroom) {
    BlockMemory::Buffer larger = context_.memory->Take(carry_.size() + decoded.made);
    memcpy(larger.data.get() + carry_.size(), buffer.data.get() + kHeadroom, decoded.made);
    buffer = std::move(larger);
  }
  const size_t content_at = std::max(kHeadroom, carry_.size()) + skipped;
  const size_t from = content_at - carry_.size();
  if (!carry_.empty()) memcpy(buffer.data.get() + from, carry_.data(), carry_.size());
  const absl::Span<const uint8_t> bytes(buffer.data.get() + from,
                                        carry_.size() + decoded.made - skipped);
  block->section = walker_.Section();
  const WalkedRecords walked =
      walker_.Walk(bytes, static_cast<size_t>(std::max<int64_t>(piece.end - offset_, 0)));
  block->bytes = bytes.subspan(0, walked.bytes);
  block->memory = std::move(buffer.data);
  offset_ += static_cast<int64_t>(walked.bytes);
  packets_ += walked.packets;
  carry_.assign(block->bytes.end(), bytes.end());
  Settle(group, decoded, walked, carry_.size());
}

void SeekableBlocks::Settle(const Group& group, const DecodedGroup& decoded,
                            const WalkedRecords& walked, size_t left) {
  const bool broken =
      !decoded.damage.empty() || walked.end == WalkEnd::kZeros || walked.end == WalkEnd::kBad;
  const bool cut = group.ends && offset_ < pieces_.pieces[group.piece].end;
  if (!broken && !cut) return;
  ended_ = true;
  TellEnd(context_, layout_,
          {.end = walked.end,
           .offset = offset_,
           .rest_bytes = static_cast<int64_t>(left),
           .packets = packets_,
           .bad = walker_.bad(),
           .damage = decoded.damage});
}

}  // namespace

std::unique_ptr<FileBlocks> MakeSeekableBlocks(BlockContext context, const CaptureStart& start,
                                               Fd fd, std::vector<FrameSize> frames) {
  const auto& ledger = context.file->ledger;
  const int64_t content_bytes = ContentBytes(frames);
  IndexPieces pieces;
  if (ledger && !ledger->index.empty() && !context.range.IsOpen() &&
      ledger->length_bytes == content_bytes) {
    pieces = MakePieces(*ledger, context.range, content_bytes);
  } else {
    pieces.pieces.push_back(
        {.begin = static_cast<int64_t>(start.header_bytes), .end = content_bytes});
  }
  return std::make_unique<SeekableBlocks>(std::move(context), start, std::move(fd),
                                          std::move(frames), std::move(pieces));
}

}  // namespace dns_monitor
