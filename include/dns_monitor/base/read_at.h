// Reading at an offset, which no position of a descriptor is moved by.
#pragma once

#include <cstdint>
#include <functional>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace dns_monitor {

// Reads until `to` is full or the file ends: fewer bytes than asked for mean its end. Thread-safe.
absl::StatusOr<size_t> ReadAt(int fd, int64_t offset, absl::Span<char> to);

// The same of a source that it knows: a descriptor, a file on a Disk, memory.
using ReadAtFunction = std::function<absl::StatusOr<size_t>(int64_t offset, absl::Span<char> to)>;

// `fd` as a source; it stays the caller's.
ReadAtFunction ReadFrom(int fd);

}  // namespace dns_monitor
