// A ledger's index against the records of its file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dns_monitor/ledger/ledger.h"

namespace dns_monitor {

// One pass over the records, in the order of the file. One thread at a time.
class IndexCheck {
 public:
  // Of a file that is as long as `ledger` says, which outlives this.
  explicit IndexCheck(const Ledger& ledger);

  // Whether the entries follow each other from 0 to the file's end; otherwise they say nothing
  // about the file, and Finish tells how they lie.
  bool continuous() const { return stretch_bytes_ > 0; }
  // Of each entry but the last, which may be shorter.
  int64_t stretch_bytes() const { return stretch_bytes_; }

  void OnRecord(int64_t offset, int64_t time_ns);

  // What is wrong, in one sentence; nullopt: nothing.
  std::optional<std::string> Finish();
  // The same of the checksums; `found` has those of the file's stretches.
  std::optional<std::string> CompareChecksums(const std::vector<IndexEntry>& found) const;

 private:
  void Compare();  // the entry that is at hand with what was found
  void Note(const std::string& what);

  const Ledger& ledger_;
  int64_t stretch_bytes_ = 0;
  size_t at_ = 0;      // the entry at hand
  IndexEntry found_;   // of its records
  size_t wrong_ = 0;   // entries
  std::string first_;  // what is wrong with the first of these
};

}  // namespace dns_monitor
