#include "src/tap/user_filter_check.h"

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "dns_monitor/base/status.h"

namespace dns_monitor::user_filter {
namespace {

std::string Name(size_t index, const sock_filter& insn) {
  return absl::StrFormat("instruction %d (code 0x%x, k 0x%x)", index, insn.code, insn.k);
}

absl::Status CheckJump(absl::Span<const sock_filter> classic, size_t index) {
  const sock_filter& insn = classic[index];
  const size_t following = classic.size() - index - 1;
  if (BPF_OP(insn.code) != BPF_JA) {
    if (insn.jt < following && insn.jf < following) return absl::OkStatus();
    return Invalid(index, insn, "jump out of the program");
  }
  if (insn.k < following) return absl::OkStatus();
  // libpcap walks a chain of headers with a jump backwards, which the kernel refuses; tcpdump then
  // filters in user space (pcap-linux.c, pcap_setfilter_linux).
  if (insn.k >= kSign) {
    return NoCounterpart(index, insn, "a loop (protochain) cannot run in the kernel");
  }
  return Invalid(index, insn, "jump out of the program");
}

absl::Status CheckArithmetic(size_t index, const sock_filter& insn) {
  const int operation = BPF_OP(insn.code);
  if (operation > BPF_XOR) return Invalid(index, insn, "unknown arithmetic");
  if (BPF_SRC(insn.code) == BPF_X) return absl::OkStatus();
  if ((operation == BPF_DIV || operation == BPF_MOD) && insn.k == 0) {
    return Invalid(index, insn, "division by 0");
  }
  if ((operation == BPF_LSH || operation == BPF_RSH) && insn.k >= 32) {
    return Invalid(index, insn, "shift by more than 31");
  }
  return absl::OkStatus();
}

absl::Status CheckInstruction(absl::Span<const sock_filter> classic, size_t index) {
  const sock_filter& insn = classic[index];
  if (UsesMemory(insn) && insn.k >= BPF_MEMWORDS) return Invalid(index, insn, "no such M[]");
  switch (BPF_CLASS(insn.code)) {
    case BPF_JMP:
      return CheckJump(classic, index);
    case BPF_ALU:
      return CheckArithmetic(index, insn);
    default:
      return absl::OkStatus();
  }
}

}  // namespace

bool UsesMemory(const sock_filter& insn) {
  switch (BPF_CLASS(insn.code)) {
    case BPF_ST:
    case BPF_STX:
      return true;
    case BPF_LD:
    case BPF_LDX:
      return BPF_MODE(insn.code) == BPF_MEM;
    default:
      return false;
  }
}

absl::Status CheckProgram(absl::Span<const sock_filter> classic) {
  if (classic.empty()) return absl::InvalidArgumentError("--filter: empty program");
  if (classic.size() > BPF_MAXINSNS) {
    return absl::InvalidArgumentError(
        absl::StrCat("--filter: ", classic.size(), " instructions, of at most ", BPF_MAXINSNS));
  }
  for (size_t i = 0; i < classic.size(); ++i) DM_RETURN_IF_ERROR(CheckInstruction(classic, i));
  if (BPF_CLASS(classic.back().code) != BPF_RET) {
    return Invalid(classic.size() - 1, classic.back(), "the program does not end with a verdict");
  }
  return absl::OkStatus();
}

absl::Status Invalid(size_t index, const sock_filter& insn, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("--filter: ", Name(index, insn), ": ", what));
}

absl::Status NoCounterpart(size_t index, const sock_filter& insn, absl::string_view what) {
  return absl::UnimplementedError(absl::StrCat("--filter: ", Name(index, insn), ": ", what));
}

}  // namespace dns_monitor::user_filter
