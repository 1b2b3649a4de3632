#include "dns_monitor/tap/old_rings.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/status.h"
#include "kept_maps.h"

namespace dns_monitor {
namespace {

bool IsPowerOfTwo(uint64_t value) {
  return value != 0 && (value & (value - 1)) == 0;
}

}  // namespace

absl::StatusOr<std::unique_ptr<OldRings>> OldRings::Open(const std::map<std::string, int>& maps,
                                                         uint32_t link_type) {
  const auto control = maps.find(kControlName);
  if (control == maps.end()) return absl::NotFoundError("no control map was kept");
  std::unique_ptr<OldRings> old(new OldRings);
  DM_ASSIGN_OR_RETURN(old->control_, MappedMap::MapArray(control->second, PROT_READ | PROT_WRITE));
  DM_RETURN_IF_ERROR(old->CheckLayout(old->control_.bytes(), link_type));
  const capture_control& layout = old->layout();
  old->ring_maps_.resize(layout.cpu_count);
  for (uint32_t cpu = 0; cpu < layout.cpu_count; ++cpu) {
    const auto ring = maps.find(RingName(static_cast<int>(cpu)));
    if (ring == maps.end()) continue;
    DM_ASSIGN_OR_RETURN(old->ring_maps_[cpu], MappedMap::MapArray(ring->second, PROT_READ));
    if (old->ring_maps_[cpu].bytes() < layout.ring_bytes + layout.ring_slack_bytes) {
      return absl::InvalidArgumentError("a ring is smaller than it should be");
    }
  }
  return old;
}

uint32_t OldRings::version() const {
  return layout().abi_version;
}

// The frozen part says where all is that is read from here on.
absl::Status OldRings::CheckLayout(size_t control_bytes, uint32_t link_type) {
  if (control_bytes < sizeof(capture_control) || layout().magic != CAPTURE_MAGIC) {
    return absl::InvalidArgumentError("the control map is none");
  }
  const capture_control& control = layout();
  const uint64_t cells =
      std::max(uint64_t{control.cpu_first_cell} + control.cpu_count,
               control.commit_first_cell + uint64_t{control.commit_copies} * control.commit_cells);
  const bool whole =
      cells * control.cell_bytes <= control_bytes &&
      control.head_offset + sizeof(uint64_t) <= control.cell_bytes &&
      control.tail_offset + sizeof(uint64_t) <= control.cell_bytes &&
      control.head_offset % sizeof(uint64_t) == 0 && control.tail_offset % sizeof(uint64_t) == 0 &&
      control.record_align == CAPTURE_RECORD_ALIGN && IsPowerOfTwo(control.ring_bytes) &&
      control.ring_bytes <= CAPTURE_RING_MAX_BYTES;
  if (!whole) return absl::InvalidArgumentError("the control map contradicts itself");
  known_ = control.abi_version <= CAPTURE_ABI_VERSION && control.commit_copies == kCommitCopies &&
           CommitStride() >= CommitBytes(static_cast<int>(control.cpu_count));
  if (known_ && control.link_type != link_type) {
    return absl::FailedPreconditionError("the interface had another link type");
  }
  return absl::OkStatus();
}

void OldRings::Freeze() {
  const capture_control& from = layout();
  const auto cpus = static_cast<int>(from.cpu_count);
  cells_ = std::make_unique<Cell[]>(ControlCells(cpus));
  auto* const control = reinterpret_cast<capture_control*>(cells_.get());
  FormatControl(control, cpus, from.ring_bytes, from.settings_generation, 0);
  rings_ = std::make_unique<RingSet>(control);
  if (known_) rings_->SetCommitCopies(CellAt(from.commit_first_cell), CommitStride());
  for (int cpu = 0; cpu < cpus; ++cpu) {
    CopyBlock(cpu, rings_->cpu(cpu));
    const MappedMap& ring = ring_maps_[static_cast<size_t>(cpu)];
    if (ring.data() != nullptr) rings_->AddRing(cpu, ring.data());
    if (!known_ && ring.data() != nullptr) CountRecords(cpu, rings_->cpu(cpu));
  }
}

void OldRings::GiveBack() {
  ring_maps_.clear();
  control_ = MappedMap();
}

void OldRings::CopyBlock(int cpu, capture_cpu* to) const {
  const std::byte* from = CellAt(layout().cpu_first_cell + static_cast<uint32_t>(cpu));
  if (known_) std::memcpy(to, from, std::min<size_t>(sizeof(*to), layout().cell_bytes));
  std::memcpy(&to->head, from + layout().head_offset, sizeof(to->head));
  std::memcpy(&to->tail, from + layout().tail_offset, sizeof(to->tail));
  to->in_flight = 0;
  to->busy = 0;
}

std::optional<int64_t> OldRings::OldestNs() const {
  std::optional<int64_t> oldest_ns;
  for (int cpu = 0; cpu < rings_->cpu_count(); ++cpu) {
    const capture_cpu& block = *rings_->cpu(cpu);
    if (block.tail == block.head || rings_->data(cpu) == nullptr) continue;
    const auto* record = reinterpret_cast<const capture_record*>(
        rings_->data(cpu) + (block.tail & (rings_->ring_bytes() - 1)));
    const auto time_ns = static_cast<int64_t>(record->time_ns);
    oldest_ns = std::min(oldest_ns.value_or(time_ns), time_ns);
  }
  return oldest_ns;
}

void OldRings::CountRecords(int cpu, capture_cpu* block) const {
  const std::byte* const data = ring_maps_[static_cast<size_t>(cpu)].data();
  for (uint64_t at = block->tail; at < block->head;) {
    const auto* record =
        reinterpret_cast<const capture_record*>(data + (at & (layout().ring_bytes - 1)));
    const uint32_t type = record->type_and_length >> 24;
    const uint64_t length = record->type_and_length & 0xffffff;
    if (type == CAPTURE_RECORD_PACKET) ++block->matched;
    if (type == CAPTURE_RECORD_LOSS) {
      const auto* loss = reinterpret_cast<const capture_loss*>(record + 1);
      block->matched += loss->count;
      block->lost[std::min<uint32_t>(loss->cause, CAPTURE_LOST_RING_FULL)] += loss->count;
    }
    at += CAPTURE_ALIGN_UP(sizeof(capture_record) + length);
  }
  block->seen = block->matched;
}

}  // namespace dns_monitor
