// Errors travel as absl::Status; these make them from errno and pass them on.
#pragma once

#include <cerrno>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace dns_monitor {

// "WHAT: No space left on device", with the status code that fits `error` (an errno).
absl::Status ErrnoError(absl::string_view what, int error = errno);

}  // namespace dns_monitor

// Returns from the calling function when `expression` is not OK.
#define DM_RETURN_IF_ERROR(expression)                              \
  do {                                                              \
    if (absl::Status dm_status_ = (expression); !dm_status_.ok()) { \
      return dm_status_;                                            \
    }                                                               \
  } while (false)

#define DM_CONCAT_INNER(a, b) a##b
#define DM_CONCAT(a, b) DM_CONCAT_INNER(a, b)

// Declares `declaration` from a StatusOr, or returns its error from the calling function.
#define DM_ASSIGN_OR_RETURN(declaration, expression) \
  DM_ASSIGN_OR_RETURN_INNER(DM_CONCAT(dm_or_, __LINE__), declaration, expression)
#define DM_ASSIGN_OR_RETURN_INNER(name, declaration, expression) \
  auto name = (expression);                                      \
  if (!name.ok()) return name.status();                          \
  declaration = *std::move(name)
