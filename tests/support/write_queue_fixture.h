// The fixture of the write queue's tests: an assembler, a disk and an observer in one.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "dns_monitor/writer/write_queue.h"
#include "support/fake_clock.h"
#include "support/fake_io_backend.h"
#include "support/log_capture.h"

namespace dns_monitor {

inline constexpr size_t kBlock = kDirectAlignBytes;

inline char PatternByte(size_t position) {
  return static_cast<char>(position * 131 + (position >> 8) * 17 + (position >> 16) * 7);
}

// Plays the assembler: appends a known pattern, and holds after every answer of the disk that each
// file is a prefix of what was appended to it, and that no checkpoint promises more than that.
class WriteQueueTest : public testing::Test, protected WriteObserver {
 protected:
  struct Target {
    Segment segment;
    FakeFile* file = nullptr;
    std::string appended;
    uint64_t begins_at = 0;  // bytes appended to all segments before
    bool written = false;
  };

  WriteQueueTest() {
    disk_.on_change = [this](const FakeFile& file, size_t from, size_t to) {
      const Target* target = TargetOf(file);
      ASSERT_LE(to, target->appended.size()) << "bytes that nobody appended";
      ASSERT_EQ(file.bytes.compare(from, to - from, target->appended, from, to - from), 0)
          << "wrong bytes in " << from << " to " << to;
    };
  }

  Target* BeginSegment(bool direct = true, bool opened = true) {
    Target* target = &targets_.emplace_back();
    target->file = disk_.Attach(&target->segment, direct);
    target->segment.opened = opened;
    target->begins_at = total_;
    buffer_ = pool_.Take(&target->segment, 0);
    return target;
  }
  Target* BeginStream() {
    Target* target = BeginSegment(/*direct=*/false);
    target->segment.stream = true;
    return target;
  }

  // Seals buffers as they fill, as the assembler does. False when there is no free one.
  bool Append(size_t bytes) {
    while (bytes > 0) {
      if (buffer_->room() == 0) {
        if (pool_.available() == 0) return false;
        const int64_t next = buffer_->file_offset + static_cast<int64_t>(kBufferBytes);
        Segment* segment = buffer_->segment;
        SealBuffer(/*ends_segment=*/false);
        buffer_ = pool_.Take(segment, next);
      }
      std::string& appended = Current()->appended;
      const size_t now = std::min(bytes, buffer_->room());
      for (size_t index = 0; index < now; ++index) {
        const char byte = PatternByte(appended.size());
        buffer_->data[buffer_->used++] = static_cast<std::byte>(byte);
        appended.push_back(byte);
      }
      total_ += now;
      bytes -= now;
    }
    return true;
  }
  void EndSegment() { SealBuffer(/*ends_segment=*/true); }

  bool Flush() {
    Checkpoint safe;
    safe.segment = buffer_->segment;
    safe.packets = total_;
    safe.length_bytes = static_cast<int64_t>(Current()->appended.size());
    safe.tails = {total_};
    return queue_.Flush(buffer_, safe);
  }

  // Lets the disk answer, and time pass, until nothing is left to do.
  void Settle() {
    disk_.StopHolding();
    for (int round = 0; round < 10'000 && !queue_.idle(); ++round) {
      queue_.Pump();
      const int64_t wait_ns = queue_.retry_at_ns() - clock_.BoottimeNs();
      if (wait_ns > 0) clock_.Advance(wait_ns);
    }
    EXPECT_TRUE(queue_.idle());
  }
  void ExpectAllWritten() {
    for (const Target& target : targets_) {
      EXPECT_EQ(target.file->bytes.size(), target.appended.size());
      EXPECT_TRUE(target.file->bytes == target.appended);
    }
    EXPECT_EQ(pool_.available(), kBufferCount - (buffer_ != nullptr ? 1 : 0));
  }

  Target* Current() { return TargetOf(buffer_->segment); }
  uint64_t last_checkpoint() const {
    return checkpoints_.empty() ? 0 : checkpoints_.back().packets;
  }

  FakeClock clock_;
  BufferPool pool_{1};
  FakeIoBackend disk_;
  WriteQueue queue_{&disk_, &clock_, &pool_, this};
  LogCapture log_;
  Buffer* buffer_ = nullptr;
  uint64_t total_ = 0;  // bytes appended; the checkpoints count them as packets
  std::deque<Target> targets_;
  std::vector<Checkpoint> checkpoints_;
  std::vector<const Segment*> written_;

 private:
  Target* TargetOf(const Segment* segment) {
    for (Target& target : targets_) {
      if (&target.segment == segment) return &target;
    }
    return nullptr;
  }
  const Target* TargetOf(const FakeFile& file) const {
    for (const Target& target : targets_) {
      if (target.file == &file) return &target;
    }
    return nullptr;
  }

  void SealBuffer(bool ends_segment) {
    buffer_->ends_segment = ends_segment;
    buffer_->sealed = {.segment = buffer_->segment,
                       .packets = total_,
                       .length_bytes = static_cast<int64_t>(Current()->appended.size()),
                       .tails = {total_}};
    queue_.Seal(std::exchange(buffer_, nullptr));
  }

  void OnCheckpoint(const Checkpoint& checkpoint) override {
    if (!checkpoints_.empty()) {
      EXPECT_GE(checkpoint.packets, last_checkpoint()) << "a checkpoint went back";
    }
    EXPECT_THAT(checkpoint.tails, testing::ElementsAre(checkpoint.packets));
    for (const Target& target : targets_) {
      if (checkpoint.packets <= target.begins_at) continue;
      const size_t covered =
          std::min<size_t>(checkpoint.packets - target.begins_at, target.appended.size());
      EXPECT_GE(target.file->bytes.size(), covered) << "told before it was in the file";
    }
    checkpoints_.push_back(checkpoint);
  }
  void OnSegmentWritten(Segment* segment) override {
    Target* target = TargetOf(segment);
    EXPECT_TRUE(target->file->bytes == target->appended) << "told before its last byte";
    EXPECT_FALSE(target->written) << "told twice";
    target->written = true;
    EXPECT_EQ(last_checkpoint(), target->begins_at + target->appended.size());
    written_.push_back(segment);
  }
};

}  // namespace dns_monitor
