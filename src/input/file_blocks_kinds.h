// The kinds of FileBlocks (file_blocks.h); MakeFileBlocks chooses.
#pragma once

#include <memory>
#include <vector>

#include "dns_monitor/compress/seek_table.h"
#include "file_blocks.h"
#include "file_mapping.h"

namespace dns_monitor {

// Plain files that are mapped.
std::unique_ptr<FileBlocks> MakeMappedBlocks(BlockContext context, const CaptureStart& start,
                                             std::shared_ptr<FileMapping> mapping);
// The same by the index of the planned ledger. Null when it does not fit the file where it would be
// needed, to leave stretches out.
std::unique_ptr<FileBlocks> MakeIndexedBlocks(BlockContext context, const CaptureStart& start,
                                              std::shared_ptr<FileMapping> mapping);
// Frames of zstd, by their table; the index, if there is one, says what to leave out.
std::unique_ptr<FileBlocks> MakeSeekableBlocks(BlockContext context, const CaptureStart& start,
                                               Fd fd, std::vector<FrameSize> frames);
// All others, one block after the other.
std::unique_ptr<FileBlocks> MakeStreamBlocks(BlockContext context, OpenedCapture opened);

}  // namespace dns_monitor
