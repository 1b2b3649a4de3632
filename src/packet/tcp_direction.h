// One direction of a connection: brings its segments in order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "dns_monitor/packet/packet.h"
#include "message_cutter.h"

namespace dns_monitor {

class TcpDirection {
 public:
  // A SYN with this sequence number: the first byte of data has the next one, and begins a message.
  void Begin(uint32_t initial_seq);
  // A SYN with this sequence number, of a connection whose data came before it.
  void NoteBegin(uint32_t initial_seq);

  // The data of a segment, which begins at `seq`; `segment` is of this direction, and of now.
  void Add(const Packet& segment, uint32_t seq, const TcpOptions& options, TcpDelivery* delivery);
  // Gives gaps up that have been waited for long enough.
  void Expire(int64_t now_ns, const TcpOptions& options, const TcpDelivery& delivery);
  // Gives all gaps up: nothing is to come, but what came before may come again.
  void End(const TcpDelivery& delivery);

  bool is_known() const { return has_next_; }
  bool has_begun() const { return has_initial_; }
  uint32_t initial_seq() const { return initial_seq_; }
  uint32_t next_seq() const { return next_; }
  // Whether the connection could be at this sequence number. The widest window is 1 GiB; one of
  // this size is beyond what DNS uses.
  bool IsNear(uint32_t seq) const { return seq - next_ + kWindow <= 2 * kWindow; }
  size_t heap_bytes() const { return cutter_.heap_bytes() + later_bytes_; }

 private:
  static constexpr uint32_t kWindow = 1 << 24;
  static constexpr int kMostStrays = 3;  // one after the other

  struct Piece {
    uint32_t seq;
    uint32_t length;  // on the wire
    int64_t time_ns;
    std::vector<uint8_t> bytes;

    uint32_t end() const { return seq + length; }
  };
  // What is behind a gap.
  struct Later {
    std::vector<Piece> pieces;  // by sequence number; none overlaps another
    Packet last;                // that of the last segment
    int64_t last_ns = 0;
    size_t bytes = 0;
  };

  bool IsStray(uint32_t seq, TcpDelivery* delivery);
  void CompareOld(uint32_t behind, absl::Span<const uint8_t> bytes, TcpCounters* counters) const;
  void Keep(const Packet& segment, uint32_t seq, TcpDelivery* delivery);
  void KeepPart(uint32_t from, uint32_t to, uint32_t seq, absl::Span<const uint8_t> bytes,
                int64_t time_ns, size_t at);
  void TakeInOrder(absl::Span<const uint8_t> bytes, uint32_t length, TcpDelivery* delivery);
  void SkipTo(uint32_t seq, TcpCounters* counters);
  void TakeLater(TcpDelivery* delivery);
  void GiveGapUp(TcpDelivery* delivery);
  void GiveGapUpLate(const TcpDelivery& delivery);
  static bool Differs(const Piece& piece, uint32_t from, uint32_t to, uint32_t seq,
                      absl::Span<const uint8_t> bytes);
  void CountLater();

  bool has_initial_ = false;
  bool has_next_ = false;
  uint8_t strays_ = 0;
  uint32_t initial_seq_ = 0;
  uint32_t next_ = 0;
  uint32_t later_bytes_ = 0;  // of memory
  MessageCutter cutter_;
  // Null most of the time. If the cutter knows no border there is no gap to wait for.
  std::unique_ptr<Later> later_;
};

}  // namespace dns_monitor
