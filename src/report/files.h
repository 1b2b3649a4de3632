// The files of this folder that are part of the program.
#pragma once

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace dns_monitor::report {

struct EmbeddedFile {
  absl::string_view name;  // below src/report: "sql/leaks/08-rhythms.sql"
  absl::string_view text;
};

// By name. Defined by what cmake/EmbedFiles.cmake writes.
absl::Span<const EmbeddedFile> EmbeddedFiles();

}  // namespace dns_monitor::report
