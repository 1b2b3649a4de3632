// The user's filter from classic BPF to eBPF, instruction by instruction, but for the loads
// (user_filter_loads.h). What each classic one means is told by bpf_convert_filter() in the
// kernel's net/core/filter.c, which makes eBPF of them too, though of a kind that only the kernel
// may run.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/tap/user_filter.h"
#include "src/tap/bpf_insn.h"
#include "src/tap/user_filter_check.h"
#include "src/tap/user_filter_code.h"
#include "src/tap/user_filter_loads.h"

namespace dns_monitor {
namespace user_filter {
namespace {

using bpf::Call;
using bpf::Compute;
using bpf::ComputeWith;
using bpf::Copy;
using bpf::Exit;
using bpf::JumpIf;
using bpf::JumpIfReg;
using bpf::Move;
using bpf::Negate;
using bpf::Set;
using bpf::Store;
using bpf::StoreValue;

size_t ControlBlockWord(uint32_t index) {
  return offsetof(__sk_buff, cb) + index * sizeof(uint32_t);
}

class Translator {
 public:
  Translator(absl::Span<const sock_filter> classic, const FilterContinuation& next)
      : classic_(classic),
        next_(next),
        code_(classic.size(), next.packet_type_cb ? ControlBlockWord(*next.packet_type_cb)
                                                  : offsetof(__sk_buff, pkt_type)) {}

  absl::StatusOr<std::vector<bpf_insn>> Translate() {
    EmitPrologue();
    code_.Want(0);
    for (size_t i = 0; i < classic_.size(); ++i) {
      if (!code_.IsWanted(i)) continue;  // which is known by now: all jumps go forward
      code_.Place(i);
      DM_RETURN_IF_ERROR(EmitInstruction(i));
    }
    EmitEpilogue();
    return code_.Finish();
  }

 private:
  void EmitPrologue() {
    code_.Emit(Move(kContext, BPF_REG_1));
    code_.Emit(Set(kA, 0));
    code_.Emit(Set(kX, 0));
    // The kernel refuses classic programs that may read what they did not write; libpcap makes some
    // ("vlan and vlan or pppoes"), which read 0 here.
    uint32_t used = 0;
    for (const sock_filter& insn : classic_) {
      if (UsesMemory(insn)) used |= 1u << insn.k;
    }
    for (uint32_t i = 0; i < BPF_MEMWORDS; ++i) {
      if (used & (1u << i)) code_.Emit(StoreValue(BPF_W, kFrame, MemoryWord(i), 0));
    }
  }

  absl::Status EmitInstruction(size_t index) {
    const sock_filter& insn = classic_[index];
    switch (BPF_CLASS(insn.code)) {
      case BPF_JMP:
        return EmitConditional(index);
      case BPF_RET:
        return EmitReturn(index);
      default:
        code_.Want(index + 1);
        return EmitStraight(index);
    }
  }

  // Those after which the next instruction follows.
  absl::Status EmitStraight(size_t index) {
    const sock_filter& insn = classic_[index];
    switch (BPF_CLASS(insn.code)) {
      case BPF_LD:
        return EmitLoadA(index, insn, code_);
      case BPF_LDX:
        return EmitLoadX(index, insn, code_);
      case BPF_ST:
        code_.Emit(Store(BPF_W, kFrame, MemoryWord(insn.k), kA));
        return absl::OkStatus();
      case BPF_STX:
        code_.Emit(Store(BPF_W, kFrame, MemoryWord(insn.k), kX));
        return absl::OkStatus();
      case BPF_ALU:
        EmitArithmetic(insn);
        return absl::OkStatus();
      default:  // the last of the eight classes
        return EmitMisc(index);
    }
  }

  absl::Status EmitMisc(size_t index) {
    const sock_filter& insn = classic_[index];
    switch (BPF_MISCOP(insn.code)) {
      case BPF_TAX:
        code_.Emit(Copy(kX, kA));
        return absl::OkStatus();
      case BPF_TXA:
        code_.Emit(Copy(kA, kX));
        return absl::OkStatus();
      default:
        return Invalid(index, insn, "unknown transfer");
    }
  }

  void EmitArithmetic(const sock_filter& insn) {
    const int operation = BPF_OP(insn.code);
    if (operation == BPF_NEG) {
      code_.Emit(Negate(kA));
    } else if (BPF_SRC(insn.code) == BPF_K) {
      code_.Emit(Compute(operation, kA, insn.k));
    } else {
      // eBPF goes on with a quotient of 0, the classic machine ends with "no".
      if (operation == BPF_DIV || operation == BPF_MOD) {
        code_.EmitJump(JumpIf(BPF_JEQ, kX, 0), Code::kReject);
      }
      // Shifts by X count modulo 32 in both.
      code_.Emit(ComputeWith(operation, kA, kX));
    }
  }

  absl::Status EmitConditional(size_t index) {
    const sock_filter& insn = classic_[index];
    const int condition = BPF_OP(insn.code);
    const size_t following = index + 1;
    if (condition > BPF_JSET) return Invalid(index, insn, "unknown jump");
    if (condition == BPF_JA) {
      EmitGoto(following, following + insn.k);
      return absl::OkStatus();
    }
    if (insn.jt != insn.jf) {
      code_.EmitJump(BPF_SRC(insn.code) == BPF_X ? JumpIfReg(condition, kA, kX)
                                                 : JumpIf(condition, kA, insn.k),
                     following + insn.jt);
    }
    EmitGoto(following, following + insn.jf);
    return absl::OkStatus();
  }

  void EmitGoto(size_t following, size_t target) {
    if (target == following) {
      code_.Want(target);
    } else {
      code_.EmitJump(bpf::Jump(), target);
    }
  }

  absl::Status EmitReturn(size_t index) {
    const sock_filter& insn = classic_[index];
    switch (BPF_RVAL(insn.code)) {
      case BPF_K:
        code_.EmitJump(bpf::Jump(), insn.k != 0 ? Code::kAccept : Code::kReject);
        return absl::OkStatus();
      case BPF_A:
        code_.EmitJump(JumpIf(BPF_JNE, kA, 0), Code::kAccept);
        code_.EmitJump(bpf::Jump(), Code::kReject);
        return absl::OkStatus();
      default:
        return Invalid(index, insn, "unknown verdict");
    }
  }

  void EmitEpilogue() {
    if (code_.IsWanted(Code::kAccept)) {
      code_.Place(Code::kAccept);
      code_.Emit(Set(kVerdict, 1));
      if (code_.IsWanted(Code::kReject)) code_.EmitJump(bpf::Jump(), Code::kFinish);
    }
    if (code_.IsWanted(Code::kReject)) {
      code_.Place(Code::kReject);
      code_.Emit(Set(kVerdict, 0));
    }
    code_.Place(Code::kFinish);
    EmitContinuation();
  }

  void EmitContinuation() {
    code_.Emit(
        Store(BPF_W, kContext, static_cast<int>(ControlBlockWord(next_.verdict_cb)), kVerdict));
    code_.Emit(Move(BPF_REG_1, kContext));
    for (const bpf_insn& half : bpf::MapAddress(BPF_REG_2, next_.program_array_fd)) {
      code_.Emit(half);
    }
    code_.Emit(Set(BPF_REG_3, next_.stage));
    code_.Emit(Call(BPF_FUNC_tail_call));
    code_.Emit(Set(BPF_REG_0, static_cast<uint32_t>(next_.result)));
    code_.Emit(Exit());
  }

  const absl::Span<const sock_filter> classic_;
  const FilterContinuation next_;
  Code code_;
};

}  // namespace
}  // namespace user_filter

absl::StatusOr<std::vector<bpf_insn>> TranslateFilter(absl::Span<const sock_filter> classic,
                                                      const FilterContinuation& next) {
  constexpr uint32_t kControlBlockWords = sizeof(__sk_buff::cb) / sizeof(uint32_t);
  for (const uint32_t index : {next.verdict_cb, next.packet_type_cb.value_or(0)}) {
    if (index < kControlBlockWords) continue;
    return absl::InvalidArgumentError(absl::StrCat("no cb[", index, "]"));
  }
  DM_RETURN_IF_ERROR(user_filter::CheckProgram(classic));
  return user_filter::Translator(classic, next).Translate();
}

}  // namespace dns_monitor
