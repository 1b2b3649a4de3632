#include "tcp_direction.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "aged_table.h"

namespace dns_monitor {
namespace {

constexpr size_t kMostPieces = 256;
// More than even a segment that the network card is to split has.
constexpr uint32_t kMostSegmentBytes = 1 << 20;

// How far `seq` is behind `from`; negative: before it.
int32_t Distance(uint32_t from, uint32_t seq) {
  return static_cast<int32_t>(seq - from);
}

}  // namespace

void TcpDirection::Begin(uint32_t initial_seq) {
  has_initial_ = has_next_ = true;
  initial_seq_ = initial_seq;
  next_ = initial_seq + 1;
  cutter_.BeginAtBorder();
}

void TcpDirection::NoteBegin(uint32_t initial_seq) {
  has_initial_ = true;
  initial_seq_ = initial_seq;
}

void TcpDirection::Add(const Packet& segment, uint32_t seq, const TcpOptions& options,
                       TcpDelivery* delivery) {
  absl::Span<const uint8_t> bytes = segment.payload;
  uint32_t length = segment.payload_on_wire;
  if (length > kMostSegmentBytes) {
    ++delivery->counters->strays;
    return;
  }
  if (!has_next_) next_ = seq;
  has_next_ = true;
  if (IsStray(seq, delivery)) return;
  if (bytes.size() < length) ++delivery->counters->clipped;
  const int32_t ahead = Distance(next_, seq);
  if (ahead > 0 && cutter_.is_framed()) {
    Keep(segment, seq, delivery);
    while (later_ != nullptr &&
           (later_->bytes > options.reorder_bytes || later_->pieces.size() > kMostPieces)) {
      GiveGapUp(delivery);
    }
    return;
  }
  if (ahead > 0) SkipTo(seq, delivery->counters);
  if (ahead < 0) {
    const uint32_t behind = next_ - seq;
    if (behind == 1 && length == 1) {
      ++delivery->counters->keepalives;
      return;
    }
    CompareOld(behind, bytes, delivery->counters);
    if (behind >= length) {
      ++delivery->counters->retransmitted;
      return;
    }
    length -= behind;
    bytes.remove_prefix(std::min<size_t>(behind, bytes.size()));
  }
  TakeInOrder(bytes, length, delivery);
  if (later_ != nullptr) TakeLater(delivery);
}

// Several strays in a row are another connection, of which the SYN was lost.
bool TcpDirection::IsStray(uint32_t seq, TcpDelivery* delivery) {
  if (IsNear(seq)) {
    strays_ = 0;
    return false;
  }
  if (++strays_ <= kMostStrays) {
    ++delivery->counters->strays;
    return true;
  }
  End(*delivery);
  *this = TcpDirection();
  has_next_ = true;
  next_ = seq;
  return false;
}

// `bytes` begin so far before what is next.
void TcpDirection::CompareOld(uint32_t behind, absl::Span<const uint8_t> bytes,
                              TcpCounters* counters) const {
  const absl::Span<const uint8_t> kept = cutter_.kept();
  const size_t from = behind > kept.size() ? behind - kept.size() : 0;
  if (from >= bytes.size()) return;
  const size_t at = kept.size() - (behind - from);
  const size_t size = std::min(kept.size() - at, bytes.size() - from);
  if (size > 0 && std::memcmp(kept.data() + at, bytes.data() + from, size) != 0) {
    ++counters->conflicts;
  }
}

void TcpDirection::TakeInOrder(absl::Span<const uint8_t> bytes, uint32_t length,
                               TcpDelivery* delivery) {
  cutter_.Take(bytes, delivery);
  next_ += static_cast<uint32_t>(bytes.size());
  const uint32_t missing = length - static_cast<uint32_t>(bytes.size());
  delivery->counters->gap_bytes += missing;
  cutter_.Clip(missing, delivery);
  next_ += missing;
}

void TcpDirection::SkipTo(uint32_t seq, TcpCounters* counters) {
  cutter_.Skip(seq - next_, counters);
  next_ = seq;
}

// Whether the segment at `seq` has other bytes from `from` to `to` than the piece.
bool TcpDirection::Differs(const Piece& piece, uint32_t from, uint32_t to, uint32_t seq,
                           absl::Span<const uint8_t> bytes) {
  const absl::Span<const uint8_t> old = piece.bytes;
  const absl::Span<const uint8_t> one = old.subspan(std::min<size_t>(from - piece.seq, old.size()));
  const absl::Span<const uint8_t> two = bytes.subspan(std::min<size_t>(from - seq, bytes.size()));
  const size_t size = std::min({one.size(), two.size(), size_t{to - from}});
  return size > 0 && std::memcmp(one.data(), two.data(), size) != 0;
}

// Between the pieces that are there, which win where they overlap.
void TcpDirection::Keep(const Packet& segment, uint32_t seq, TcpDelivery* delivery) {
  ++delivery->counters->out_of_order;
  if (later_ == nullptr) later_ = std::make_unique<Later>();
  later_->last = segment;
  later_->last.payload = {};
  later_->last_ns = delivery->message.time_ns;
  const uint32_t end = seq + segment.payload_on_wire;
  const absl::Span<const uint8_t> bytes = segment.payload;
  const int64_t time_ns = delivery->message.time_ns;
  auto& pieces = later_->pieces;
  uint32_t from = seq;
  bool is_new = false;
  bool conflicts = false;
  for (size_t i = 0; from != end; ++i) {
    if (i == pieces.size() || Distance(from, pieces[i].seq) > 0) {
      const bool fits = i == pieces.size() || Distance(pieces[i].seq, end) <= 0;
      const uint32_t to = fits ? end : pieces[i].seq;
      KeepPart(from, to, seq, bytes, time_ns, i);
      is_new = true;
      from = to;
    } else if (Distance(from, pieces[i].end()) > 0) {
      const uint32_t to = Distance(pieces[i].end(), end) > 0 ? pieces[i].end() : end;
      conflicts = conflicts || Differs(pieces[i], from, to, seq, bytes);
      from = to;
    }
  }
  if (!is_new) ++delivery->counters->retransmitted;
  if (conflicts) ++delivery->counters->conflicts;
  CountLater();
}

// Of a segment at `seq` what is from `from` to `to`, as the piece with index `at`.
void TcpDirection::KeepPart(uint32_t from, uint32_t to, uint32_t seq,
                            absl::Span<const uint8_t> bytes, int64_t time_ns, size_t at) {
  const size_t begin = std::min<size_t>(from - seq, bytes.size());
  const size_t end = std::min<size_t>(to - seq, bytes.size());
  later_->bytes += end - begin;
  later_->pieces.insert(later_->pieces.begin() + static_cast<ptrdiff_t>(at),
                        {.seq = from,
                         .length = to - from,
                         .time_ns = time_ns,
                         .bytes = {bytes.begin() + begin, bytes.begin() + end}});
}

void TcpDirection::CountLater() {
  later_bytes_ = later_ == nullptr
                     ? 0
                     : static_cast<uint32_t>(sizeof(Later) + later_->bytes +
                                             later_->pieces.capacity() * sizeof(Piece));
}

// What is next now. Where no border is known nothing is worth waiting for.
void TcpDirection::TakeLater(TcpDelivery* delivery) {
  auto& pieces = later_->pieces;
  size_t taken = 0;
  for (; taken < pieces.size(); ++taken) {
    const Piece& piece = pieces[taken];
    if (Distance(next_, piece.seq) > 0) {
      if (cutter_.is_framed()) break;
      SkipTo(piece.seq, delivery->counters);
    }
    later_->bytes -= piece.bytes.size();
    const uint32_t behind = next_ - piece.seq;
    if (behind >= piece.length) continue;
    absl::Span<const uint8_t> bytes = piece.bytes;
    bytes.remove_prefix(std::min<size_t>(behind, bytes.size()));
    TakeInOrder(bytes, piece.length - behind, delivery);
  }
  pieces.erase(pieces.begin(), pieces.begin() + static_cast<ptrdiff_t>(taken));
  if (pieces.empty()) later_.reset();
  CountLater();
}

void TcpDirection::GiveGapUp(TcpDelivery* delivery) {
  const uint32_t seq = later_->pieces.front().seq;
  ++delivery->counters->gaps;
  delivery->counters->gap_bytes += seq - next_;
  SkipTo(seq, delivery->counters);
  TakeLater(delivery);
}

// As GiveGapUp, long after the segments came.
void TcpDirection::GiveGapUpLate(const TcpDelivery& delivery) {
  const Packet last = later_->last;
  TcpDelivery late = delivery;
  late.message.packet = &last;
  late.message.time_ns = later_->last_ns;
  GiveGapUp(&late);
}

void TcpDirection::Expire(int64_t now_ns, const TcpOptions& options, const TcpDelivery& delivery) {
  while (later_ != nullptr &&
         IsOlder(later_->pieces.front().time_ns, now_ns, options.gap_timeout_ns)) {
    GiveGapUpLate(delivery);
  }
}

void TcpDirection::End(const TcpDelivery& delivery) {
  while (later_ != nullptr) GiveGapUpLate(delivery);
  cutter_.End(delivery.counters);
}

}  // namespace dns_monitor
