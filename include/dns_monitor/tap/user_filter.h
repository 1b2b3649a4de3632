// The user's --filter: compiled by libpcap, translated from classic BPF to eBPF.
#pragma once

#include <linux/bpf.h>
#include <linux/filter.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace dns_monitor {

// Compiles `expression` on an activated libpcap handle of `interface`, so that code for Linux's
// special cases (a VLAN tag that the kernel took off the frame) is made as for tcpdump.
// InvalidArgument carries libpcap's own message for a syntax error.
absl::StatusOr<std::vector<sock_filter>> CompileFilter(const std::string& interface,
                                                       const std::string& expression);

// Whether libpcap takes `expression` at all, as far as that can be told without an interface.
// InvalidArgument as above.
absl::Status CheckFilterSyntax(const std::string& expression);

// What the translated program does once it has decided.
struct FilterContinuation {
  int program_array_fd = -1;  // BPF_MAP_TYPE_PROG_ARRAY of the stages
  uint32_t stage = 0;         // index of the stage to go on with, for both verdicts
  uint32_t verdict_cb = 0;    // index into __sk_buff.cb[]: receives 0 for "no", else not 0
  // Index of the packet's type as a packet socket has it (linux/if_packet.h); none: the context's
  // own, which does not tell what is outgoing on tcx.
  std::optional<uint32_t> packet_type_cb = std::nullopt;
  int result = 0;  // of the program, should the tail call fail
};

// Translates a classic program nearly instruction by instruction. The result keeps the context in
// a callee-saved register, never reads memory that it did not write, loads packet bytes with
// bpf_skb_load_bytes only (so that it also runs on tcx, and a load past the end decides "no" as in
// the classic machine, instead of leaving the chain), writes its verdict into cb[] and tail-calls
// the continuation. A populated array excludes that the tail call fails.
// Unimplemented for the extensions that libpcap never generates, and for loops ("protochain"),
// which tcpdump runs in user space; OutOfRange for a program that is too long once translated;
// InvalidArgument for one that is not valid. The message names the instruction.
absl::StatusOr<std::vector<bpf_insn>> TranslateFilter(absl::Span<const sock_filter> classic,
                                                      const FilterContinuation& next);

}  // namespace dns_monitor
