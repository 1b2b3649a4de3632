// Opens a capture, whatever it is stored in, and looks at how it begins.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "capture_start.h"
#include "content_stream.h"
#include "dns_monitor/base/fd.h"
#include "dns_monitor/input/plan.h"

namespace dns_monitor {

struct OpenedCapture {
  Fd fd;
  bool regular = false;  // a file of its own, that can be read at any offset
  int64_t stored_bytes = 0;
  ContentStream content;      // behind `head`
  std::vector<uint8_t> head;  // the first bytes of the content
  // None: it ended early (ParseCaptureStart); `head` is all that there is.
  std::optional<CaptureStart> start = std::nullopt;
};

// The error of the system, with the path; InvalidArgument, with it, for what is no capture or a
// directory. A part that has got its name meanwhile is opened under that. Waits for a pipe, unless
// `cancel_fd` (-1: none) is raised.
absl::StatusOr<OpenedCapture> OpenCapture(const PlannedFile& file, int cancel_fd);

// `status` with "PATH: " before its message.
absl::Status Locate(const std::string& path, const absl::Status& status);

}  // namespace dns_monitor
