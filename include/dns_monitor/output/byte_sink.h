// Where results go.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace dns_monitor {

// Takes bytes in order. Called by one thread, with pieces of some 100 KiB where there is as much.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  // All of `bytes`, or an error; then nothing more is written.
  virtual absl::Status Write(absl::string_view bytes) = 0;
};

// Writes to a file, a pipe or a terminal, which stays the caller's. Holds nothing back. The process
// ignores SIGPIPE, or the thread blocks it.
class FdSink : public ByteSink {
 public:
  explicit FdSink(int fd) : fd_(fd) {}
  // That of write(2). ReaderIsGone() when nobody will read any more.
  absl::Status Write(absl::string_view bytes) override;

 private:
  const int fd_;
};

// Whether that is why: `| head` has what it wanted, which is no failure of the query's.
bool ReaderIsGone(const absl::Status& status);

}  // namespace dns_monitor
