// Puts IP fragments together again: RFC 791 (3.2), RFC 8200 (4.5), and RFC 5722 and RFC 8900 for
// what not to believe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "dns_monitor/packet/packet.h"

namespace dns_monitor {

struct FragmentOptions {
  int64_t timeout_ns = 30'000'000'000;  // from a datagram's first fragment on, by packet time
  size_t memory_bytes = 16 << 20;       // in all
  size_t datagrams = 4096;              // at a time
  size_t pieces = 256;                  // of one
};

// Each datagram of which there was a fragment is counted once as what became of it, unless it is
// still waited for.
struct FragmentCounters {
  uint64_t fragments = 0;   // that were given
  uint64_t duplicates = 0;  // of these: there already, in all bytes
  uint64_t malformed = 0;   // of these: of a length, or at an offset, that no fragment has

  uint64_t datagrams = 0;   // whole
  uint64_t clipped = 0;     // of these: but for what the snap length clipped
  uint64_t overlaps = 0;    // given up: two fragments contradict each other
  uint64_t too_many = 0;    // given up: in more pieces than the options allow
  uint64_t timed_out = 0;   // given up: the rest did not come in time
  uint64_t evicted = 0;     // given up: the oldest, when there were too many
  uint64_t unfinished = 0;  // incomplete at the end of the capture
};

// Memory stays below what the options say (and 64 KiB for the last datagram), whatever comes. One
// thread.
class FragmentReassembler {
 public:
  explicit FragmentReassembler(const FragmentOptions& options = {});
  ~FragmentReassembler();
  FragmentReassembler(FragmentReassembler&&) noexcept;
  FragmentReassembler& operator=(FragmentReassembler&&) noexcept;

  // `fragment`: a packet of kind kFragment, of a frame captured at `time_ns`, which about grows
  // from call to call. Returns the whole datagram when this was the last piece of it: what Dissect
  // would make of it had it come in one (never of kind kFragment), with `fragments` set, ttl and
  // vlan of the first piece, and its payload here. Where the snap length clipped a piece, it ends
  // there, as if that had clipped a packet in one. Valid until the next call. Otherwise null, as
  // with any other kind of packet.
  const Packet* Add(const Packet& fragment, int64_t time_ns);

  // No more fragments come: what is incomplete is counted so and forgotten.
  void Finish();

  const FragmentCounters& counters() const;
  size_t memory_bytes() const;  // held for incomplete datagrams

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dns_monitor
