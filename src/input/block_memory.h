// Memory for blocks that are not mapped: kept when a block goes, for the next one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace dns_monitor {

// Thread-safe. Fresh memory costs a page fault each 4 KiB, as much as the walk over the records in
// it; so buffers of up to `kept_bytes` are used again, as many as were in use at once.
class BlockMemory : public std::enable_shared_from_this<BlockMemory> {
 public:
  explicit BlockMemory(size_t kept_bytes) : kept_bytes_(kept_bytes) {}

  struct Buffer {
    std::shared_ptr<uint8_t> data;  // comes back here when the last copy goes
    size_t size = 0;
  };
  // At least `size` bytes, of any content.
  Buffer Take(size_t size);

 private:
  struct Piece {
    std::unique_ptr<uint8_t[]> data;
    size_t size = 0;
  };
  void Return(Piece piece);

  const size_t kept_bytes_;
  std::mutex mutex_;
  std::vector<Piece> free_;
};

}  // namespace dns_monitor
