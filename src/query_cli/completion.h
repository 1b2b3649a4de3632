// What Tab offers.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "dns_monitor/query/engine.h"

namespace dns_monitor {

// Keywords, tables, columns and functions. Thread-safe.
class Completion {
 public:
  explicit Completion(const Engine& engine);

  // The words that begin with `word`, in any case, in order: where the statement up to there,
  // `before`, ends with FROM or JOIN, the tables, else none for an empty one.
  std::vector<std::string> Find(absl::string_view before, absl::string_view word) const;

 private:
  std::vector<std::string> tables_;     // what stands behind FROM: these,
  std::vector<std::string> functions_;  // and read_TABLE
  std::vector<std::string> words_;
};

}  // namespace dns_monitor
