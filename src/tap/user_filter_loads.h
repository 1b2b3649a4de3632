// The loads of a user's filter: of the packet, of what the kernel knows about it (extensions), of
// M[] and of constants.
#pragma once

#include <linux/filter.h>

#include <cstddef>

#include "absl/status/status.h"
#include "src/tap/user_filter_code.h"

namespace dns_monitor::user_filter {

// Emits the classic instruction at `index`, a load into A or X. A load past the end of the packet
// decides "no". InvalidArgument for one that does not exist, Unimplemented for an extension that
// eBPF has no counterpart of.
absl::Status EmitLoadA(size_t index, const sock_filter& insn, Code& code);
absl::Status EmitLoadX(size_t index, const sock_filter& insn, Code& code);

}  // namespace dns_monitor::user_filter
