#include <utility>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/read_at.h"
#include "dns_monitor/pcap/format.h"
#include "file_blocks_kinds.h"
#include "index_pieces.h"

namespace dns_monitor {
namespace {

// A file without a whole file header.
class NoBlocks : public FileBlocks {
 public:
  absl::StatusOr<bool> Claim(RecordBlock* /*block*/, BlockTicket* /*ticket*/) override {
    return false;
  }
};

void TellNoStart(const BlockContext& context, const OpenedCapture& opened) {
  const bool part = context.file->part;
  if (!opened.content.damage().empty()) {
    TellEnd(context, {},
            {.damage = opened.content.damage(), .ends_early = opened.content.ends_early()});
  } else if (!part) {
    context.note(opened.head.empty() ? "is empty" : "ends within its file header");
  }
}

// What the ledger says of the index is of this file, as far as its header tells.
bool HasIndex(const BlockContext& context, const OpenedCapture& opened) {
  const auto& ledger = context.file->ledger;
  const RecordLayout& layout = opened.start->layout;
  return ledger && !ledger->index.empty() && ledger->packets > 0 &&
         layout.format == CaptureFormat::kPcap && layout.header_bytes == sizeof(PcapRecordHeader) &&
         ledger->nanoseconds == (layout.unit_ns == 1) &&
         ledger->length_bytes == opened.stored_bytes;
}

std::unique_ptr<FileBlocks> MapFile(const BlockContext& context, const OpenedCapture& opened) {
  std::shared_ptr<FileMapping> mapping =
      FileMapping::Map(opened.fd.get(), static_cast<size_t>(opened.stored_bytes));
  if (mapping == nullptr) return nullptr;
  if (HasIndex(context, opened)) {
    if (auto blocks = MakeIndexedBlocks(context, *opened.start, mapping)) return blocks;
    context.note("the index of its ledger does not lead to records; it is passed over");
  }
  return MakeMappedBlocks(context, *opened.start, std::move(mapping));
}

// A frame is decoded as a whole: those that are very long are read piece by piece instead.
constexpr uint32_t kMostFrameBytes = 64 << 20;

std::unique_ptr<FileBlocks> UseSeekTable(const BlockContext& context, OpenedCapture* opened) {
  absl::StatusOr<std::vector<FrameSize>> frames =
      ReadSeekTable(ReadFrom(opened->fd.get()), opened->stored_bytes);
  if (!frames.ok() || frames->empty()) return nullptr;
  for (const FrameSize& frame : *frames) {
    if (frame.content_bytes > kMostFrameBytes || frame.stored_bytes > kMostFrameBytes) {
      return nullptr;
    }
  }
  if (ContentBytes(*frames) < static_cast<int64_t>(opened->head.size())) return nullptr;
  return MakeSeekableBlocks(context, *opened->start, std::move(opened->fd), *std::move(frames));
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileBlocks>> MakeFileBlocks(BlockContext context,
                                                           OpenedCapture opened) {
  if (!opened.start) {
    TellNoStart(context, opened);
    return std::make_unique<NoBlocks>();
  }
  const bool settled = opened.regular && !context.file->part;
  std::unique_ptr<FileBlocks> blocks;
  if (settled && opened.content.compression() == Compression::kNone) {
    blocks = MapFile(context, opened);
  } else if (settled && opened.content.compression() == Compression::kZstd) {
    blocks = UseSeekTable(context, &opened);
  }
  if (blocks != nullptr) return blocks;
  return MakeStreamBlocks(std::move(context), std::move(opened));
}

}  // namespace dns_monitor
