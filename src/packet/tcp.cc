#include "dns_monitor/packet/tcp.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "aged_table.h"
#include "tcp_direction.h"

namespace dns_monitor {
namespace {

constexpr size_t kAddressBytes = 16;
constexpr size_t kEndBytes = kAddressBytes + 2;

// So much data a capture may show before the SYN that it follows.
constexpr uint32_t kLateBytes = 1 << 16;

// Both ends, the lower one first, and the version of IP.
using Key = std::array<uint8_t, 40>;

// The key of both directions; `direction` is 0 when the lower end has sent the segment.
Key KeyOf(const Packet& segment, int* direction) {
  const auto put = [](const uint8_t* address, uint16_t port, uint8_t* to) {
    std::memcpy(to, address, kAddressBytes);
    std::memcpy(to + kAddressBytes, &port, sizeof(port));
  };
  uint8_t from[kEndBytes];
  uint8_t to[kEndBytes];
  put(segment.source, segment.source_port, from);
  put(segment.destination, segment.destination_port, to);
  *direction = std::memcmp(from, to, kEndBytes) <= 0 ? 0 : 1;
  Key key = {};
  std::memcpy(key.data(), *direction == 0 ? from : to, kEndBytes);
  std::memcpy(key.data() + kEndBytes, *direction == 0 ? to : from, kEndBytes);
  key[2 * kEndBytes] = segment.ip_version;
  return key;
}

struct Stream {
  uint64_t id = 0;
  int64_t last_ns = 0;
  std::array<bool, 2> fin = {};
  bool was_reset = false;
  std::array<TcpDirection, 2> directions;

  bool has_ended() const { return was_reset || (fin[0] && fin[1]); }
  size_t heap_bytes() const { return directions[0].heap_bytes() + directions[1].heap_bytes(); }
};

}  // namespace

class TcpReassembler::Impl {
 public:
  explicit Impl(const TcpOptions& options) : options_(options) {}

  void Add(const Packet& segment, int64_t time_ns, TcpSink sink);
  void Finish(TcpSink sink);
  const TcpCounters& counters() const { return counters_; }
  size_t memory_bytes() const {
    return heap_bytes_ + streams_.size() * AgedTable<Key, Stream>::kBytesEach;
  }

 private:
  using Handle = AgedTable<Key, Stream>::Handle;

  void Begin(Stream* stream) { stream->id = ++counters_.streams; }
  void Follow(const Packet& segment, int direction, Stream* stream, TcpDelivery* delivery);
  void Syn(const Packet& segment, int direction, Stream* stream, TcpDelivery* delivery);
  void Reset(const Packet& segment, int direction, Stream* stream, const TcpDelivery& delivery);
  // Gives out what gaps held up, and forgets the connection.
  void Close(Handle entry, uint64_t* counter, TcpSink sink);

  const TcpOptions options_;
  TcpCounters counters_;
  AgedTable<Key, Stream> streams_;  // by the time of their last segment with anything
  size_t heap_bytes_ = 0;           // of all of them
};

void TcpReassembler::Impl::Add(const Packet& segment, int64_t time_ns, TcpSink sink) {
  if (segment.kind != PacketKind::kTcp) return;
  ++counters_.segments;
  while (!streams_.empty() &&
         IsOlder(streams_.Oldest()->value.last_ns, time_ns, options_.idle_timeout_ns)) {
    Close(streams_.Oldest(), &counters_.timed_out, sink);
  }
  const bool has_data = segment.payload_on_wire > 0;
  // Acknowledgements say nothing of messages.
  if (!has_data && (segment.tcp_flags & (kTcpSyn | kTcpFin | kTcpRst)) == 0) return;
  int direction = 0;
  const Key key = KeyOf(segment, &direction);
  Handle entry = streams_.Find(key);
  if (entry != streams_.end()) {
    streams_.MakeYoungest(entry);
  } else {
    // Ends that nothing came before begin none.
    if ((segment.tcp_flags & kTcpRst) != 0) return;
    if (!has_data && (segment.tcp_flags & kTcpSyn) == 0) return;
    entry = streams_.Add(key);
    Begin(&entry->value);
  }
  Stream* stream = &entry->value;
  stream->last_ns = time_ns;
  TcpDelivery delivery{
      sink, &counters_, {.packet = &segment, .time_ns = time_ns, .stream = stream->id}};
  const size_t heap_before = stream->heap_bytes();
  Follow(segment, direction, stream, &delivery);
  heap_bytes_ += stream->heap_bytes() - heap_before;
  while (memory_bytes() > options_.memory_bytes && streams_.size() > 1) {
    Close(streams_.Oldest(), &counters_.evicted, sink);
  }
}

void TcpReassembler::Impl::Follow(const Packet& segment, int direction, Stream* stream,
                                  TcpDelivery* delivery) {
  for (TcpDirection& each : stream->directions) {
    each.Expire(delivery->message.time_ns, options_, *delivery);
  }
  if ((segment.tcp_flags & kTcpRst) != 0) return Reset(segment, direction, stream, *delivery);
  const bool is_syn = (segment.tcp_flags & kTcpSyn) != 0;
  if (is_syn) Syn(segment, direction, stream, delivery);
  TcpDirection& own = stream->directions[direction];
  // A SYN takes a sequence number, too; data on it: RFC 7413.
  const uint32_t seq = segment.tcp_seq + (is_syn ? 1 : 0);
  if (segment.payload_on_wire > 0) own.Add(segment, seq, options_, delivery);
  if ((segment.tcp_flags & kTcpFin) != 0 && own.is_known() && own.IsNear(seq)) {
    stream->fin[direction] = true;
    if (own.next_seq() == seq + segment.payload_on_wire) own.End(*delivery);
  }
}

// It may begin this connection, come again, come late, or begin another between the same ports.
void TcpReassembler::Impl::Syn(const Packet& segment, int direction, Stream* stream,
                               TcpDelivery* delivery) {
  const uint32_t seq = segment.tcp_seq;
  const bool is_answer = (segment.tcp_flags & kTcpAck) != 0;
  TcpDirection* own = &stream->directions[direction];
  TcpDirection* other = &stream->directions[1 - direction];
  if (own->has_begun() && own->initial_seq() == seq) return;
  const bool is_late = own->is_known() && own->next_seq() - (seq + 1) <= kLateBytes;
  if (!own->has_begun() && is_late) return own->NoteBegin(seq);
  if (own->is_known() || (!is_answer && other->is_known())) {
    own->End(*delivery);
    other->End(*delivery);
    const int64_t last_ns = stream->last_ns;
    *stream = Stream();
    stream->last_ns = last_ns;
    Begin(stream);
    delivery->message.stream = stream->id;
  }
  own->Begin(seq);
  if (is_answer && !other->is_known()) other->Begin(segment.tcp_ack - 1);
}

// RFC 5961, section 3: one that is not about where the connection is, nobody heeds.
void TcpReassembler::Impl::Reset(const Packet& segment, int direction, Stream* stream,
                                 const TcpDelivery& delivery) {
  const TcpDirection& own = stream->directions[direction];
  if (own.is_known() && !own.IsNear(segment.tcp_seq)) {
    ++counters_.strays;
    return;
  }
  stream->was_reset = true;
  for (TcpDirection& each : stream->directions) each.End(delivery);
}

void TcpReassembler::Impl::Close(Handle entry, uint64_t* counter, TcpSink sink) {
  Stream* stream = &entry->value;
  if (counter != nullptr && !stream->has_ended()) ++*counter;
  heap_bytes_ -= stream->heap_bytes();
  const TcpDelivery delivery{sink, &counters_, {.stream = stream->id}};
  for (TcpDirection& each : stream->directions) each.End(delivery);
  streams_.Erase(entry);
}

void TcpReassembler::Impl::Finish(TcpSink sink) {
  while (!streams_.empty()) Close(streams_.Oldest(), nullptr, sink);
}

TcpReassembler::TcpReassembler(const TcpOptions& options)
    : impl_(std::make_unique<Impl>(options)) {}
TcpReassembler::~TcpReassembler() = default;
TcpReassembler::TcpReassembler(TcpReassembler&&) noexcept = default;
TcpReassembler& TcpReassembler::operator=(TcpReassembler&&) noexcept = default;

void TcpReassembler::Add(const Packet& segment, int64_t time_ns, TcpSink sink) {
  impl_->Add(segment, time_ns, sink);
}
void TcpReassembler::Finish(TcpSink sink) {
  impl_->Finish(sink);
}
const TcpCounters& TcpReassembler::counters() const {
  return impl_->counters();
}
size_t TcpReassembler::memory_bytes() const {
  return impl_->memory_bytes();
}

}  // namespace dns_monitor
