// Rings that another process has made, and that no filter writes into any more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "dns_monitor/base/descriptor_store.h"
#include "dns_monitor/ring/ring_set.h"
#include "dns_monitor/tap/mapped_map.h"

namespace dns_monitor {

// May be of another size, or of another version of bpf/capture_abi.h. What of a version is frozen
// tells where heads and tails are, and all versions have the same records. Counters and commits are
// read as well where the version is this one's or an earlier one.
class OldRings {
 public:
  // `maps`: "control", and "ring.N" for each CPU that has one; borrowed until this returns.
  static absl::StatusOr<std::unique_ptr<OldRings>> Open(const std::map<std::string, int>& maps,
                                                        uint32_t link_type);

  // Once no CPU is within a filter that writes into them: takes heads and counters as they are now.
  // What is committed from here on goes to where the next process finds it.
  void Freeze();
  // After Freeze.
  RingSet* rings() { return rings_.get(); }
  // Of the oldest record that is there (CLOCK_BOOTTIME); nullopt: there is none.
  std::optional<int64_t> OldestNs() const;
  // They were read to their ends: gives their memory back. What they counted stays in rings().
  void GiveBack();
  // Whether counters and commits are known.
  bool known() const { return known_; }
  // Of the maps.
  uint32_t version() const;

 private:
  struct alignas(64) Cell {
    std::byte bytes[CAPTURE_CELL_BYTES];
  };

  OldRings() = default;
  const capture_control& layout() const {
    return *reinterpret_cast<const capture_control*>(control_.data());
  }
  std::byte* CellAt(uint32_t index) const {
    return control_.data() + size_t{index} * layout().cell_bytes;
  }
  size_t CommitStride() const { return size_t{layout().commit_cells} * layout().cell_bytes; }
  absl::Status CheckLayout(size_t control_bytes, uint32_t link_type);
  void CopyBlock(int cpu, capture_cpu* to) const;
  // Where the counters are not known: what the rings themselves tell.
  void CountRecords(int cpu, capture_cpu* block) const;

  MappedMap control_;
  std::vector<MappedMap> ring_maps_;  // by CPU
  bool known_ = false;
  std::unique_ptr<Cell[]> cells_;  // as this version has them
  std::unique_ptr<RingSet> rings_;
};

}  // namespace dns_monitor
