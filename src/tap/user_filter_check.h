// Which classic programs are valid, and how an error names one of their instructions. What makes a
// program valid is told by bpf_check_classic() in the kernel's net/core/filter.c.
#pragma once

#include <linux/filter.h>

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace dns_monitor::user_filter {

// An offset with this bit is negative to the classic machine.
inline constexpr uint32_t kSign = 0x80000000;

// Whether it reads or writes M[k].
bool UsesMemory(const sock_filter& insn);

// InvalidArgument unless all jumps go forward within the program, all M[] exist, no constant
// divisor is 0, and the last instruction is a verdict; Unimplemented for a jump backwards. Codes
// that do not exist are found by whoever translates them.
absl::Status CheckProgram(absl::Span<const sock_filter> classic);

// InvalidArgument and Unimplemented for the instruction at `index`.
absl::Status Invalid(size_t index, const sock_filter& insn, absl::string_view what);
absl::Status NoCounterpart(size_t index, const sock_filter& insn, absl::string_view what);

}  // namespace dns_monitor::user_filter
