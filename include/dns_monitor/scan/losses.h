// What could not be put together from fragments and TCP segments.
#pragma once

#include <string>

#include "dns_monitor/packet/fragments.h"
#include "dns_monitor/packet/tcp.h"

namespace dns_monitor {

// Sums over the interfaces of a scan.
struct StreamLosses {
  uint64_t overlaps = 0;    // datagrams whose fragments contradict each other
  uint64_t incomplete = 0;  // datagrams of which fragments are missing
  uint64_t given_up = 0;    // datagrams and connections, for want of memory

  uint64_t gaps = 0;  // in TCP streams
  uint64_t gap_bytes = 0;
  uint64_t broken_messages = 0;  // begun, and never whole
  uint64_t unframed = 0;         // segments without a border of a message that is known or found
  uint64_t conflicts = 0;        // segments that contradict what came before

  void Add(const FragmentCounters& fragments);
  void Add(const TcpCounters& tcp);
};

// As a line without its end; empty when nothing is lost.
std::string Describe(const StreamLosses& losses);

}  // namespace dns_monitor
