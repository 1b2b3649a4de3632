// What can only be read from the front, by one thread at a time: compressed data in one piece,
// pipes, and files that are being written.
#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "dns_monitor/base/status.h"
#include "file_blocks_kinds.h"
#include "zeros.h"

namespace dns_monitor {
namespace {

class StreamBlocks : public FileBlocks {
 public:
  StreamBlocks(BlockContext context, OpenedCapture opened)
      : context_(std::move(context)),
        opened_(std::move(opened)),
        walker_(opened_.start->layout),
        offset_(static_cast<int64_t>(opened_.start->header_bytes)),
        carry_(opened_.head.begin() + offset_, opened_.head.end()) {}

  absl::StatusOr<bool> Claim(RecordBlock* block, BlockTicket* /*ticket*/) override {
    if (ended_) return false;
    block->layout = opened_.start->layout;
    block->section = walker_.Section();
    Filling filling;
    Enlarge(std::max(context_.block_bytes, carry_.size() + 1), &filling);
    DM_RETURN_IF_ERROR(Fill(&filling));
    // A record that is longer than a block.
    while (filling.walked.bytes == 0 && filling.walked.end == WalkEnd::kNeedMore && !ended_) {
      Enlarge(2 * filling.room, &filling);
      DM_RETURN_IF_ERROR(Fill(&filling));
    }
    DM_RETURN_IF_ERROR(Give(filling, block));
    return true;
  }

 private:
  // A block on its way.
  struct Filling {
    BlockMemory::Buffer buffer;
    size_t room = 0;    // of the buffer
    size_t filled = 0;  // of the room
    WalkedRecords walked;
  };

  // Makes so much room, and keeps what there is: at first that is the carry.
  void Enlarge(size_t room, Filling* filling) {
    BlockMemory::Buffer buffer = context_.memory->Take(room);
    const bool first = filling->buffer.data == nullptr;
    const uint8_t* const from = first ? carry_.data() : filling->buffer.data.get();
    filling->filled = first ? carry_.size() : filling->filled;
    if (filling->filled > 0) memcpy(buffer.data.get(), from, filling->filled);
    filling->buffer = std::move(buffer);
    filling->room = room;
  }

  absl::Status Fill(Filling* filling) {
    const absl::Span<uint8_t> to(filling->buffer.data.get() + filling->filled,
                                 filling->room - filling->filled);
    DM_ASSIGN_OR_RETURN(const size_t got, opened_.content.Read(to));
    ended_ = got < to.size();
    filling->filled += got;
    filling->walked = walker_.Walk({filling->buffer.data.get(), filling->filled},
                                   std::numeric_limits<size_t>::max());
    return absl::OkStatus();
  }

  absl::Status Give(const Filling& filling, RecordBlock* block) {
    const WalkedRecords& walked = filling.walked;
    const absl::Span<const uint8_t> content(filling.buffer.data.get(), filling.filled);
    block->bytes = content.subspan(0, walked.bytes);
    block->memory = filling.buffer.data;
    offset_ += static_cast<int64_t>(walked.bytes);
    packets_ += walked.packets;
    carry_.assign(block->bytes.end(), content.end());
    ended_ = ended_ || walked.end != WalkEnd::kNeedMore;
    block->last_of_file = ended_;
    context_.progress(ended_ ? opened_.stored_bytes : opened_.content.stored_offset());
    if (!ended_) return absl::OkStatus();
    bool only_zeros = false;
    if (walked.end == WalkEnd::kZeros && !context_.file->part) {
      DM_ASSIGN_OR_RETURN(only_zeros, OnlyZerosFollow());
    }
    TellEnd(context_, opened_.start->layout,
            {.end = walked.end,
             .offset = offset_,
             .rest_bytes = static_cast<int64_t>(carry_.size()),
             .packets = packets_,
             .bad = walker_.bad(),
             .damage = opened_.content.damage(),
             .ends_early = opened_.content.ends_early(),
             .only_zeros = only_zeros});
    return absl::OkStatus();
  }

  // Reads on to the end of the content.
  absl::StatusOr<bool> OnlyZerosFollow() {
    BlockMemory::Buffer buffer = context_.memory->Take(context_.block_bytes);
    const absl::Span<uint8_t> to(buffer.data.get(), context_.block_bytes);
    bool zeros = IsZeros(carry_);
    for (size_t got = to.size(); zeros && got == to.size();) {
      DM_ASSIGN_OR_RETURN(got, opened_.content.Read(to));
      zeros = IsZeros(to.first(got));
    }
    return zeros;
  }

  const BlockContext context_;
  OpenedCapture opened_;
  RecordWalker walker_;
  int64_t offset_;  // in the content: of the next block
  uint64_t packets_ = 0;
  std::vector<uint8_t> carry_;  // what of the next block has been read
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<FileBlocks> MakeStreamBlocks(BlockContext context, OpenedCapture opened) {
  return std::make_unique<StreamBlocks>(std::move(context), std::move(opened));
}

}  // namespace dns_monitor
