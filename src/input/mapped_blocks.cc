// Plain files in memory, without an index: the claiming thread looks for the border of its block.
#include <utility>

#include "file_blocks_kinds.h"
#include "zeros.h"

namespace dns_monitor {
namespace {

class MappedBlocks : public FileBlocks {
 public:
  MappedBlocks(BlockContext context, const CaptureStart& start,
               std::shared_ptr<FileMapping> mapping)
      : context_(std::move(context)),
        layout_(start.layout),
        mapping_(std::move(mapping)),
        walker_(start.layout),
        at_(start.header_bytes) {}

  absl::StatusOr<bool> Claim(RecordBlock* block, BlockTicket* /*ticket*/) override {
    if (ended_) return false;
    const absl::Span<const uint8_t> rest = mapping_->bytes().subspan(at_);
    // The disk goes on while this block is worked at.
    mapping_->Expect(at_ + context_.block_bytes, context_.block_bytes);
    mapping_->Prepare(at_, context_.block_bytes);
    block->layout = layout_;
    block->section = walker_.Section();
    const WalkedRecords walked = walker_.Walk(rest, context_.block_bytes);
    block->bytes = rest.subspan(0, walked.bytes);
    block->memory = mapping_->Hold(block->bytes);
    at_ += walked.bytes;
    packets_ += walked.packets;
    const size_t left = rest.size() - walked.bytes;
    ended_ = walked.end != WalkEnd::kLimit || left == 0;
    block->last_of_file = ended_;
    context_.progress(static_cast<int64_t>(ended_ ? mapping_->bytes().size() : at_));
    if (ended_) Tell(walked, left);
    return true;
  }

 private:
  void Tell(const WalkedRecords& walked, size_t left) const {
    TellEnd(context_, layout_,
            {.end = walked.end,
             .offset = static_cast<int64_t>(at_),
             .rest_bytes = static_cast<int64_t>(left),
             .packets = packets_,
             .bad = walker_.bad(),
             .only_zeros = IsZeros(mapping_->bytes().subspan(at_))});
  }

  const BlockContext context_;
  const RecordLayout layout_;
  const std::shared_ptr<FileMapping> mapping_;
  RecordWalker walker_;
  size_t at_;
  uint64_t packets_ = 0;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<FileBlocks> MakeMappedBlocks(BlockContext context, const CaptureStart& start,
                                             std::shared_ptr<FileMapping> mapping) {
  return std::make_unique<MappedBlocks>(std::move(context), start, std::move(mapping));
}

}  // namespace dns_monitor
