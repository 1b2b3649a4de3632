#include "dns_monitor/input/block_source.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/event_fd.h"
#include "dns_monitor/base/status.h"
#include "file_blocks.h"
#include "open_capture.h"

namespace dns_monitor {
namespace {

// Files one after the other: the lock is held while a block is claimed, and not while it is made,
// as far as the file allows that.
class FilesSource : public BlockSource {
 public:
  FilesSource(const InputPlan& plan, BlockOptions options, Fd cancelled)
      : plan_(plan),
        options_(std::move(options)),
        memory_(std::make_shared<BlockMemory>(options_.block_bytes + kSpareBytes)),
        cancel_fd_(std::move(cancelled)) {
    for (const PlannedFile& file : plan.files) total_ += AsUnsigned(file.stored_bytes);
  }

  absl::StatusOr<bool> Next(RecordBlock* block) override;

  void Cancel() override {
    over_ = true;
    Raise(cancel_fd_.get());
  }
  uint64_t bytes_done() const override { return done_; }
  uint64_t bytes_total() const override { return total_; }
  BlockStats stats() const override {
    return {.blocks = blocks_, .bytes = bytes_, .stretches_skipped = skipped_};
  }

 private:
  // Beside a block's content: what the one before left (seekable_blocks.cc).
  static constexpr size_t kSpareBytes = 64 << 10;

  static uint64_t AsUnsigned(int64_t bytes) {
    return static_cast<uint64_t>(std::max<int64_t>(bytes, 0));
  }

  // Under the lock. False when there is no file any more.
  absl::StatusOr<bool> OpenNext();
  absl::StatusOr<bool> Claim(RecordBlock* block, BlockTicket* ticket);
  void Number(RecordBlock* block);
  void CloseCurrent();
  BlockContext ContextOf(const PlannedFile& file);

  void Note(const std::string& text) {
    if (!options_.on_note) return;
    const std::lock_guard lock(note_mutex_);
    options_.on_note(text);
  }
  // The error comes behind all blocks that are claimed by then: what is good is given.
  void TellDamage(const std::string& text) {
    if (options_.skip_unreadable) return Note(text + kNotRead);
    const std::lock_guard lock(note_mutex_);
    if (!damage_.ok()) return;
    damage_ = absl::DataLossError(absl::StrCat(text, " (--skip-unreadable reads up to there)"));
    over_ = true;
  }
  absl::Status Damage() {
    const std::lock_guard lock(note_mutex_);
    return damage_;
  }
  // OK when an error is only a note, as skip_unreadable has it.
  absl::Status Refuse(const absl::Status& status) {
    if (absl::IsCancelled(status) || !options_.skip_unreadable) {
      over_ = true;
      return status;
    }
    Note(std::string(status.message()));
    return absl::OkStatus();
  }

  const InputPlan& plan_;
  const BlockOptions options_;
  const std::shared_ptr<BlockMemory> memory_;
  const Fd cancel_fd_;
  uint64_t total_ = 0;
  std::atomic<bool> over_ = false;
  std::atomic<uint64_t> done_ = 0;
  std::atomic<uint64_t> blocks_ = 0;
  std::atomic<uint64_t> bytes_ = 0;
  std::atomic<uint64_t> skipped_ = 0;
  std::mutex note_mutex_;
  absl::Status damage_;  // under it

  std::mutex mutex_;  // all below
  uint32_t next_file_ = 0;
  std::shared_ptr<FileBlocks> current_;  // of the file before next_file_
  bool first_ = true;                    // of its blocks
  uint64_t done_before_ = 0;             // in the files before that
  uint64_t ordinal_ = 0;
};

BlockContext FilesSource::ContextOf(const PlannedFile& file) {
  BlockContext context;
  context.file = &file;
  context.block_bytes = options_.block_bytes;
  context.range = options_.range;
  context.memory = memory_;
  context.note = [this, &file](const std::string& text) {
    Note(absl::StrCat(file.shown, ": ", text));
  };
  context.damaged = [this, &file](const std::string& text) {
    TellDamage(absl::StrCat(file.shown, ": ", text));
  };
  context.progress = [this, &file, before = done_before_](int64_t bytes) {
    done_ = before + std::min(AsUnsigned(bytes), AsUnsigned(file.stored_bytes));
  };
  return context;
}

absl::StatusOr<bool> FilesSource::OpenNext() {
  while (next_file_ < plan_.files.size()) {
    const PlannedFile& file = plan_.files[next_file_++];
    absl::StatusOr<OpenedCapture> opened = OpenCapture(file, cancel_fd_.get());
    if (opened.ok()) {
      DM_ASSIGN_OR_RETURN(current_, MakeFileBlocks(ContextOf(file), *std::move(opened)));
      first_ = true;
      return true;
    }
    // Retention may be faster than the query.
    if (file.listed && absl::IsNotFound(opened.status())) {
      Note(absl::StrCat(opened.status().message(), " (it was there before)"));
    } else {
      DM_RETURN_IF_ERROR(Refuse(opened.status()));
    }
    CloseCurrent();
  }
  return false;
}

void FilesSource::CloseCurrent() {
  done_before_ += AsUnsigned(plan_.files[next_file_ - 1].stored_bytes);
  done_ = done_before_;
  current_ = nullptr;
}

absl::StatusOr<bool> FilesSource::Claim(RecordBlock* block, BlockTicket* ticket) {
  if (over_) return false;
  if (current_ == nullptr) {
    DM_ASSIGN_OR_RETURN(const bool more, OpenNext());
    if (!more) return false;
  }
  const absl::StatusOr<bool> claimed = current_->Claim(block, ticket);
  if (!claimed.ok()) {
    const PlannedFile& file = plan_.files[next_file_ - 1];
    DM_RETURN_IF_ERROR(Refuse(Locate(file.shown, claimed.status())));
    *block = {};
  }
  // A file without any block, or that could be read no further, still has a last one.
  if (!claimed.ok() || !*claimed) block->last_of_file = true;
  Number(block);
  return true;
}

void FilesSource::Number(RecordBlock* block) {
  block->file_number = next_file_ - 1;
  block->file = &plan_.files[block->file_number];
  block->ordinal = ordinal_++;
  // Before anyone can learn that there are no others (BlockStats).
  blocks_ = ordinal_;
  block->first_of_file = std::exchange(first_, false);
  if (block->first_of_file) skipped_ += current_->stretches_skipped();
}

absl::StatusOr<bool> FilesSource::Next(RecordBlock* block) {
  *block = {};
  BlockTicket ticket;
  std::shared_ptr<FileBlocks> maker;
  {
    const std::lock_guard lock(mutex_);
    const absl::StatusOr<bool> claimed = Claim(block, &ticket);
    if (absl::IsCancelled(claimed.status())) return false;
    if (!claimed.ok()) return claimed;
    if (!*claimed) {
      DM_RETURN_IF_ERROR(Damage());
      return false;
    }
    maker = current_;
    if (block->last_of_file) CloseCurrent();
  }
  if (ticket.unfinished) {
    if (absl::Status status = maker->Finish(ticket, block); !status.ok()) {
      DM_RETURN_IF_ERROR(Refuse(status));
    }
  }
  bytes_ += block->bytes.size();
  return true;
}

}  // namespace

absl::StatusOr<std::unique_ptr<BlockSource>> BlockSource::Open(const InputPlan& plan,
                                                               BlockOptions options) {
  Fd cancelled = MakeEventFd();
  if (!cancelled.valid()) return ErrnoError("no descriptor to wait with");
  return std::make_unique<FilesSource>(plan, std::move(options), std::move(cancelled));
}

}  // namespace dns_monitor
