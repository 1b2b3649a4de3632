// Takes DNS messages out of TCP connections: RFC 9293, and RFC 7766 (section 8), by which each
// message stands behind its length in two bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "dns_monitor/packet/packet.h"

namespace dns_monitor {

struct TcpOptions {
  int64_t idle_timeout_ns = 600'000'000'000;  // of a connection, without data
  // How long a gap is waited for, once there is something behind it.
  int64_t gap_timeout_ns = 5'000'000'000;
  size_t memory_bytes = 64 << 20;    // of all connections
  size_t reorder_bytes = 256 << 10;  // behind a gap, in one direction of one connection
};

struct TcpMessage {
  absl::Span<const uint8_t> bytes = {};  // without its length; never empty
  // The segment in which it became whole: addresses, ports, ttl and the like. Its payload is empty
  // where what was behind a gap is given out later.
  const Packet* packet = nullptr;
  int64_t time_ns = 0;    // of that segment
  uint64_t stream = 0;    // of the connection, in both directions: 1, 2, ... as they appear
  uint32_t segments = 0;  // that it was spread over
  bool clipped = false;   // the snap length took its end
};

// What `bytes` and `packet` point to is good during the call only, which must not call the
// reassembler.
using TcpSink = absl::FunctionRef<void(const TcpMessage&)>;

struct TcpCounters {
  uint64_t segments = 0;         // that were given, of whatever kind
  uint64_t streams = 0;          // connections of which there was a SYN or data
  uint64_t messages = 0;         // that were given out
  uint64_t empty_messages = 0;   // of length zero: not given out
  uint64_t broken_messages = 0;  // begun, and never whole

  // Segments with data:
  uint64_t out_of_order = 0;   // ahead of a gap
  uint64_t retransmitted = 0;  // with nothing new
  uint64_t keepalives = 0;     // one byte, just before what is next
  uint64_t conflicts = 0;      // with other bytes than came before; what was first counts
  uint64_t strays = 0;         // far from where the connection is: left out; and such resets
  uint64_t clipped = 0;        // by the snap length
  uint64_t unframed = 0;       // where no border of a message was known or found: left out

  uint64_t gaps = 0;       // that were given up
  uint64_t gap_bytes = 0;  // in them, and what the snap length clipped
  uint64_t resyncs = 0;    // a border was found by its looks: behind a gap, or without a SYN

  // Connections that had not ended:
  uint64_t evicted = 0;  // the one without data for longest, when memory ran out
  uint64_t timed_out = 0;
};

// Follows all connections that it is shown, in whatever state; each direction on its own. A
// connection ends for good only with a SYN of another initial sequence number, with its timeout, or
// when memory runs out, as segments may come again after FIN or RST. Two connections between the
// same ports at the same time, as in networks with the same addresses, are one too many: VLANs are
// not looked at, as mirrored ports tag the two directions differently.
//
// Where a direction's SYN was not seen, or bytes are missing, messages begin where a segment begins
// with what looks like a length and a DNS header; a known length that reaches over what is missing
// is believed. Of a message that the snap length clipped, what is before that is given out. Copies
// only what it must: messages within one segment, with none before it
// incomplete, are given out where they are. One thread.
class TcpReassembler {
 public:
  explicit TcpReassembler(const TcpOptions& options = {});
  ~TcpReassembler();
  TcpReassembler(TcpReassembler&&) noexcept;
  TcpReassembler& operator=(TcpReassembler&&) noexcept;

  // `segment`: a packet of kind kTcp (others are ignored), of a frame captured at `time_ns`, which
  // about grows from call to call. `sink` is called for each message that is whole now: those of
  // this segment, and those that gaps held up in connections that are given up now.
  void Add(const Packet& segment, int64_t time_ns, TcpSink sink);

  // No more segments come: gives out what was behind gaps, and forgets all connections.
  void Finish(TcpSink sink);

  const TcpCounters& counters() const;
  size_t memory_bytes() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dns_monitor
