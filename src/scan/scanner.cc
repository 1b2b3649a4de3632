#include "dns_monitor/scan/scanner.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/status.h"

namespace dns_monitor {
namespace {

Frame FrameOf(const CapturedRecord& record) {
  return {.link_type = record.link_type,
          .bytes = record.bytes,
          .wire_length = record.wire_length,
          .time_ns = record.time_ns};
}

}  // namespace

Scan::Scan(const InputPlan& plan, BlockSource* source, const ScanOptions& options)
    : plan_(plan), source_(source), options_(options) {
  for (const PlannedFile& file : plan.files) {
    const bool told = options.ports.empty() && file.ledger.has_value();
    ports_.emplace_back(told ? file.ledger->ports : options.ports);
  }
}

const PortSet& Scan::PortsOf(const PlannedFile& file) const {
  return ports_[static_cast<size_t>(&file - plan_.files.data())];
}

void Scan::NoteUnknownLink(const PlannedFile& file, uint32_t link_type) {
  if (!options_.on_note) return;
  const std::lock_guard lock(noted_mutex_);
  if (!noted_.emplace(&file, link_type).second) return;
  options_.on_note(absl::StrCat(file.shown, ": has frames of link type ", link_type,
                                ", which is not known: nothing is found in them"));
}

absl::StatusOr<bool> Scanner::Next(ScanItem* item) {
  for (;;) {
    if (Pop(item)) return true;
    switch (at_) {
      case At::kBlock:
        if (NextOfBlock(item)) return true;
        EndBlock();
        break;
      case At::kDeferred:
        if (NextOfDeferred(item)) return true;
        break;
      case At::kNowhere: {
        DM_ASSIGN_OR_RETURN(const bool more, BeginNext());
        if (!more) return false;
        break;
      }
    }
  }
}

absl::StatusOr<bool> Scanner::BeginNext() {
  const bool messages = scan_.options().what == ScanFor::kMessages;
  if (messages) {
    switch (scan_.lane().NextFor(&deferred_)) {
      case StreamLane::Next::kDeferred:
        at_ = At::kDeferred;
        deferred_next_ = 0;
        ports_ = &scan_.PortsOf(*deferred_.block.file);
        streams_ = scan_.lane().StreamsOf(deferred_.block.file->interface);
        return true;
      case StreamLane::Next::kNewBlock:
        break;
      case StreamLane::Next::kNothing:
        return false;
    }
  }
  DM_ASSIGN_OR_RETURN(const bool more, scan_.source().Next(&block_));
  if (more) {
    BeginBlock();
    return true;
  }
  if (!messages || !scan_.lane().EnterLast(scan_.source().stats().blocks)) return false;
  const std::string lost = Describe(scan_.lane().Finish(&whole_));
  if (!lost.empty() && scan_.options().on_note) scan_.options().on_note(lost);
  return true;
}

void Scanner::BeginBlock() {
  at_ = At::kBlock;
  cursor_.emplace(block_, scan_.options().range);
  ports_ = &scan_.PortsOf(*block_.file);
  within_lane_ = scan_.options().what == ScanFor::kMessages && scan_.lane().Enter(block_.ordinal);
  if (within_lane_) streams_ = scan_.lane().StreamsOf(block_.file->interface);
}

void Scanner::EndBlock() {
  at_ = At::kNowhere;
  if (scan_.options().what != ScanFor::kMessages) return;
  if (within_lane_) {
    scan_.lane().Leave();
    return;
  }
  scan_.lane().Defer({.block = std::move(block_), .records = std::move(deferred_.records)});
  deferred_.records.clear();
}

bool Scanner::NextOfBlock(ScanItem* item) {
  const ScanFor what = scan_.options().what;
  while (cursor_->Next(&record_)) {
    Dissect(FrameOf(record_), &packet_);
    if (what == ScanFor::kMessages) {
      if (packet_.kind == PacketKind::kUdp) {
        if (!ports_->HasEither(packet_.source_port, packet_.destination_port)) continue;
        FillFromPacket(item);
        item->message = packet_.payload;
        // A frame that is whole and still too short was sent like that.
        item->clipped = packet_.payload.size() < packet_.payload_on_wire &&
                        record_.bytes.size() < record_.wire_length;
        return true;
      }
      const bool ordered =
          packet_.kind == PacketKind::kTcp || packet_.kind == PacketKind::kFragment;
      if (ordered && TakeOrdered(item)) return true;
      NoteIfUnknown();
      continue;
    }
    NoteIfUnknown();
    const bool icmp = packet_.kind == PacketKind::kIcmp || packet_.kind == PacketKind::kIcmp6;
    if (what == ScanFor::kIcmp && !icmp) continue;
    FillFromPacket(item);
    return true;
  }
  return false;
}

void Scanner::NoteIfUnknown() {
  if (packet_.kind != PacketKind::kUnknownLink) return;
  scan_.NoteUnknownLink(*block_.file, record_.link_type);
}

bool Scanner::TakeOrdered(ScanItem* item) {
  if (!within_lane_) {
    deferred_.records.push_back(record_);
    return false;
  }
  streams_->Take(packet_, record_, *block_.file, *ports_, &whole_);
  return Pop(item);
}

bool Scanner::NextOfDeferred(ScanItem* item) {
  while (deferred_next_ < deferred_.records.size()) {
    record_ = deferred_.records[deferred_next_++];
    Dissect(FrameOf(record_), &packet_);
    streams_->Take(packet_, record_, *deferred_.block.file, *ports_, &whole_);
    if (Pop(item)) return true;
  }
  deferred_ = {};
  scan_.lane().Leave();
  at_ = At::kNowhere;
  return false;
}

void Scanner::FillFromPacket(ScanItem* item) const {
  item->file = block_.file;
  item->packet = &packet_;
  item->time_ns = record_.time_ns;
  item->frame_bytes = record_.wire_length;
  item->captured_bytes = static_cast<uint32_t>(record_.bytes.size());
  item->stream = 0;
  item->ports = ports_;
}

bool Scanner::Pop(ScanItem* item) {
  if (whole_.empty()) return false;
  const WholeMessage& message = whole_.Pop();
  item->file = message.file;
  item->packet = &message.packet;
  item->time_ns = message.time_ns;
  item->frame_bytes = message.frame_bytes;
  item->captured_bytes = static_cast<uint32_t>(record_.bytes.size());
  item->message = whole_.BytesOf(message);
  item->clipped = message.clipped;
  item->stream = message.stream;
  item->ports = ports_;
  return true;
}

}  // namespace dns_monitor
