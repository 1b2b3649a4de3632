#include "block_memory.h"

#include <algorithm>
#include <utility>

namespace dns_monitor {

BlockMemory::Buffer BlockMemory::Take(size_t size) {
  Piece piece;
  {
    const std::lock_guard lock(mutex_);
    if (!free_.empty() && free_.back().size >= size) {
      piece = std::move(free_.back());
      free_.pop_back();
    }
  }
  if (piece.data == nullptr) {
    // All that are kept are of one size, so that any serves.
    piece.size = std::max(size, kept_bytes_);
    piece.data.reset(new uint8_t[piece.size]);
  }
  const size_t taken = piece.size;
  uint8_t* const data = piece.data.release();
  return {
      .data = std::shared_ptr<uint8_t>(data,
                                       [pool = shared_from_this(), taken](uint8_t* back) {
                                         pool->Return({std::unique_ptr<uint8_t[]>(back), taken});
                                       }),
      .size = taken};
}

void BlockMemory::Return(Piece piece) {
  if (piece.size != kept_bytes_) return;
  const std::lock_guard lock(mutex_);
  free_.push_back(std::move(piece));
}

}  // namespace dns_monitor
