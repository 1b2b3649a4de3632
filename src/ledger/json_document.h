// JSON text to a document, more strictly than RFC 8259 asks for.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace dns_monitor {

// Refuses, with InvalidArgument: what is no JSON or no UTF-8 ("line 1, column 2: …"); keys that
// stand twice in an object, and more levels than any ledger has ("/path: …").
absl::StatusOr<nlohmann::json> ParseDocument(absl::string_view text);

// The JSON pointer of a member (RFC 6901).
std::string MemberPath(absl::string_view path, absl::string_view key);

}  // namespace dns_monitor
