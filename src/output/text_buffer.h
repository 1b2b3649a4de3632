// Text that grows at its end.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>

#include "absl/strings/string_view.h"

namespace dns_monitor::output {

// Whoever writes asks for room, writes there, and tells how far. One thread.
class TextBuffer {
 public:
  // Behind the room that was asked for there is always as much more, whose content does not matter:
  // so that copying may go in steps.
  static constexpr size_t kSlackBytes = 16;

  explicit TextBuffer(size_t bytes = 4096) { Grow(bytes); }

  // Where the next bytes belong; valid until the next call.
  char* Room(size_t bytes) {
    if (static_cast<size_t>(end_ - at_) < bytes) Grow(bytes);
    return at_;
  }
  // The text ends before `end`, which lies in that room.
  void EndAt(char* end) { at_ = end; }
  void Append(absl::string_view text) {
    char* const to = Room(text.size());
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
    at_ = to + text.size();
  }
  void Append(size_t count, char filler) {
    std::memset(Room(count), filler, count);
    at_ += count;
  }
  // Without what stands behind the first `bytes`.
  void Truncate(size_t bytes) { at_ = data_.get() + bytes; }

  size_t size() const { return static_cast<size_t>(at_ - data_.get()); }
  absl::string_view view() const { return {data_.get(), size()}; }

 private:
  void Grow(size_t bytes) {
    const size_t used = data_ == nullptr ? 0 : size();
    const size_t room = std::max(used + bytes, 2 * used);
    auto data = std::make_unique_for_overwrite<char[]>(room + kSlackBytes);
    if (used > 0) std::memcpy(data.get(), data_.get(), used);
    data_ = std::move(data);
    at_ = data_.get() + used;
    end_ = data_.get() + room;
  }

  std::unique_ptr<char[]> data_;
  char* at_ = nullptr;
  char* end_ = nullptr;
};

}  // namespace dns_monitor::output
