// The packets' way from the rings into a buffer: the merge and what it calls for each packet as one
// loop, the only code here that runs millions of times a second.

#include <algorithm>
#include <cstring>

#include "absl/base/attributes.h"
#include "absl/base/optimization.h"
#include "dns_monitor/writer/assembler.h"

namespace dns_monitor {
// Takes the packets that need nothing but to be stamped and copied, nearly all; Assembler::OnPacket
// has the rest. Between Load and Store it has the assembler's state as members of its own, whose
// address nobody gets: so they are registers, though each byte that is copied might be anybody's.
class Assembler::HotPath {
 public:
  ABSL_ATTRIBUTE_ALWAYS_INLINE explicit HotPath(Assembler* assembler)
      : assembler_(assembler), stamper_(assembler->stamper_) {
    Load();
  }

  ABSL_ATTRIBUTE_ALWAYS_INLINE bool OnPacket(const RecordView& record) {
    const size_t bytes = sizeof(PcapRecordHeader) + record.length;
    if (ABSL_PREDICT_FALSE(bytes > static_cast<size_t>(end_ - to_) ||
                           record.time_ns < last_time_ns_ || record.time_ns >= border_ns_ ||
                           packets_ == max_packets_)) {
      const RecordView copy = record;
      return ByAssembler([&](Assembler* assembler) { return assembler->OnPacket(copy); });
    }
    const PcapRecordHeader header =
        stamper_.Stamp(record, static_cast<int64_t>(record.time_ns) + wall_offset_ns_);
    std::memcpy(to_, &header, sizeof(header));
    // A call, though it costs as much as copying: where lengths differ, as frames' do, steps of our
    // own cost more, as their number is guessed wrong.
    std::memcpy(to_ + sizeof(header), record.payload, record.length);
    to_ += bytes;
    ++packets_;
    clipped_ += record.wire_length > record.length;
    last_time_ns_ = record.time_ns;
    return true;
  }
  ABSL_ATTRIBUTE_ALWAYS_INLINE bool OnLoss(int cpu, uint64_t time_ns, const capture_loss& loss) {
    return ByAssembler([&](Assembler* assembler) { return assembler->OnLoss(cpu, time_ns, loss); });
  }
  ABSL_ATTRIBUTE_ALWAYS_INLINE bool OnStep(uint64_t time_ns, const capture_step& step) {
    return ByAssembler([&](Assembler* assembler) { return assembler->OnStep(time_ns, step); });
  }
  ABSL_ATTRIBUTE_ALWAYS_INLINE bool OnSettings(uint64_t time_ns, const capture_settings& settings) {
    return ByAssembler(
        [&](Assembler* assembler) { return assembler->OnSettings(time_ns, settings); });
  }

  ABSL_ATTRIBUTE_ALWAYS_INLINE void Store() {
    Assembler& to = *assembler_;
    const uint64_t taken = packets_ - to.packets_;
    if (taken == 0) return;
    const auto used = static_cast<size_t>(to_ - to.buffer_->data);
    SegmentFacts& facts = to.segment_->facts;
    facts.length_bytes += static_cast<int64_t>(used - to.buffer_->used);
    facts.packets += taken;
    facts.clipped += clipped_;
    to.buffer_->used = used;
    to.packets_ = packets_;
    to.last_time_ns_ = last_time_ns_;
    to.stamper_ = stamper_;
    to.indexer_.OnRecords(taken, static_cast<int64_t>(last_time_ns_) + wall_offset_ns_);
  }

 private:
  template <typename Call>
  ABSL_ATTRIBUTE_ALWAYS_INLINE bool ByAssembler(Call call) {
    Store();
    const bool taken = call(assembler_);
    Load();
    return taken;
  }

  ABSL_ATTRIBUTE_ALWAYS_INLINE void Load() {
    const Assembler& from = *assembler_;
    to_ = from.buffer_->data + from.buffer_->used;
    end_ = to_ + from.RoomForMore();
    packets_ = from.packets_;
    max_packets_ = from.options_.max_packets;
    clipped_ = 0;
    last_time_ns_ = from.last_time_ns_;
    border_ns_ = static_cast<uint64_t>(from.border_boot_ns_);
    wall_offset_ns_ = from.wall_offset_ns_;
    stamper_ = from.stamper_;
  }

  Assembler* const assembler_;
  std::byte* to_;
  const std::byte* end_;
  uint64_t packets_;
  uint64_t max_packets_;
  uint64_t clipped_;
  uint64_t last_time_ns_;
  uint64_t border_ns_;
  int64_t wall_offset_ns_;
  RecordStamper stamper_;
};

size_t Assembler::RoomForMore() const {
  if (oldest_unflushed_ns_ == 0) return 0;  // the next packet is
  const int64_t length = segment_->facts.length_bytes;
  int64_t room =
      std::min(static_cast<int64_t>(buffer_->room()), options_.max_segment_bytes - length);
  if (!segment_->stream) {
    room = std::min({room, static_cast<int64_t>(indexed_ + kHashBytes - buffer_->used),
                     indexer_.records_end() - length});
  }
  return static_cast<size_t>(std::max<int64_t>(room, 0));
}

DrainResult Assembler::DrainFrom(Merger* merger) {
  HotPath path(this);
  const DrainResult result = merger->Drain(path);
  path.Store();
  return result;
}

}  // namespace dns_monitor
