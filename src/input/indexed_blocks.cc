// Plain files in memory, with an index: threads look at their blocks at once, each from where the
// index says that a record begins, and hand over where it ended. Where the two differ, the index is
// wrong, and the border that was handed over counts.
#include <utility>

#include "block_turns.h"
#include "dns_monitor/input/record_cursor.h"
#include "file_blocks_kinds.h"
#include "index_pieces.h"
#include "zeros.h"

namespace dns_monitor {
namespace {

class IndexedBlocks : public FileBlocks {
 public:
  IndexedBlocks(BlockContext context, const CaptureStart& start,
                std::shared_ptr<FileMapping> mapping, IndexPieces pieces)
      : context_(std::move(context)),
        layout_(start.layout),
        mapping_(std::move(mapping)),
        pieces_(std::move(pieces)) {}

  absl::StatusOr<bool> Claim(RecordBlock* block, BlockTicket* ticket) override {
    if (next_ == pieces_.pieces.size()) return false;
    *ticket = {.piece = next_++, .unfinished = true};
    block->layout = layout_;
    block->last_of_file = next_ == pieces_.pieces.size();
    const IndexPiece& piece = pieces_.pieces[ticket->piece];
    if (!block->last_of_file) {
      const IndexPiece& after = pieces_.pieces[next_];
      mapping_->Expect(static_cast<size_t>(after.begin),
                       static_cast<size_t>(after.end - after.begin));
    }
    context_.progress(block->last_of_file ? static_cast<int64_t>(mapping_->bytes().size())
                                          : piece.end);
    return true;
  }

  absl::Status Finish(const BlockTicket& ticket, RecordBlock* block) override {
    const IndexPiece& piece = pieces_.pieces[ticket.piece];
    auto begin = static_cast<size_t>(piece.begin);
    const auto end = static_cast<size_t>(piece.end);
    mapping_->Prepare(begin, end - begin);
    RecordWalker walker(layout_);
    WalkedRecords walked = walker.Walk(mapping_->bytes().subspan(begin), end - begin);
    turns_.Wait(ticket.piece);
    if (!piece.follows) {
      border_ = begin;
      packets_ = piece.packets_before;
    }
    if (border_ != begin || ended_) {
      begin = border_;
      walked = {.end = WalkEnd::kLimit};
      if (!ended_ && begin < end) {
        walked = walker.Walk(mapping_->bytes().subspan(begin), end - begin);
      }
    }
    border_ = begin + walked.bytes;
    packets_ += walked.packets;
    Settle(walked, walker, end);
    turns_.Pass();
    block->bytes = mapping_->bytes().subspan(begin, walked.bytes);
    block->memory = mapping_->Hold(block->bytes);
    return absl::OkStatus();
  }

  uint64_t stretches_skipped() const override { return pieces_.skipped; }

 private:
  // In one's turn: what is to be said of where the walk ended.
  void Settle(const WalkedRecords& walked, const RecordWalker& walker, size_t end) {
    if (ended_) return;
    const size_t left = mapping_->bytes().size() - border_;
    if (walked.end != WalkEnd::kLimit || left == 0) {
      ended_ = true;
      TellEnd(context_, layout_,
              {.end = walked.end,
               .offset = static_cast<int64_t>(border_),
               .rest_bytes = static_cast<int64_t>(left),
               .packets = packets_,
               .bad = walker.bad(),
               .only_zeros = IsZeros(mapping_->bytes().subspan(border_))});
    }
    const bool differs = border_ != end && walked.end == WalkEnd::kLimit;
    if (differs && !told_) {
      told_ = true;
      context_.note("the index of its ledger does not lead to records; it is passed over");
    }
  }

  const BlockContext context_;
  const RecordLayout layout_;
  const std::shared_ptr<FileMapping> mapping_;
  const IndexPieces pieces_;
  size_t next_ = 0;
  BlockTurns turns_;
  // In one's turn:
  size_t border_ = 0;  // behind the last record
  uint64_t packets_ = 0;
  bool ended_ = false;
  bool told_ = false;
};

// Whether records of this time begin there.
bool LeadsToRecords(const IndexPiece& piece, const RecordLayout& layout,
                    absl::Span<const uint8_t> file) {
  constexpr size_t kFewRecords = 1024;  // bytes, in which they begin
  if (piece.begin >= static_cast<int64_t>(file.size())) return false;
  const absl::Span<const uint8_t> bytes = file.subspan(static_cast<size_t>(piece.begin));
  const WalkedRecords walked = RecordWalker(layout).Walk(bytes, kFewRecords);
  if (walked.packets == 0) return false;
  if (walked.end != WalkEnd::kLimit && walked.bytes != bytes.size()) return false;
  RecordBlock block;
  block.bytes = bytes.subspan(0, walked.bytes);
  block.layout = layout;
  CapturedRecord record;
  return RecordCursor(block).Next(&record) && piece.first_ns <= record.time_ns &&
         record.time_ns <= piece.last_ns;
}

}  // namespace

std::unique_ptr<FileBlocks> MakeIndexedBlocks(BlockContext context, const CaptureStart& start,
                                              std::shared_ptr<FileMapping> mapping) {
  IndexPieces pieces =
      MakePieces(*context.file->ledger, context.range, static_cast<int64_t>(context.block_bytes));
  for (const IndexPiece& piece : pieces.pieces) {
    if (!piece.follows && !LeadsToRecords(piece, start.layout, mapping->bytes())) return nullptr;
  }
  return std::make_unique<IndexedBlocks>(std::move(context), start, std::move(mapping),
                                         std::move(pieces));
}

}  // namespace dns_monitor
