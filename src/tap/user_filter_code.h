// The eBPF code of a user's filter while it is made: what the registers and the stack hold, and
// jumps whose targets are not made yet.
#pragma once

#include <linux/bpf.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

namespace dns_monitor::user_filter {

inline constexpr int kVerdict = BPF_REG_0;
// Callee-saved, so that helpers leave them alone. A and X are the classic machine's registers.
inline constexpr int kContext = BPF_REG_6;
inline constexpr int kA = BPF_REG_7;
inline constexpr int kX = BPF_REG_8;

// The stack, by offsets from the frame: what a load brings, and the classic machine's M[].
inline constexpr int kFrame = BPF_REG_10;
inline constexpr int kLoadBuffer = -8;
constexpr int MemoryWord(uint32_t index) {
  return kLoadBuffer - 4 * (static_cast<int>(index) + 1);
}

// Targets of jumps are indices of classic instructions, and labels behind the last of them. All
// jumps go forward.
class Code {
 public:
  enum Label : size_t { kAccept, kReject, kFinish, kLabels };
  // A jump within what one classic instruction became.
  using LocalJump = size_t;

  // `packet_type_offset`: where the context holds the packet's type.
  Code(size_t classic_size, size_t packet_type_offset);

  size_t packet_type_offset() const { return packet_type_offset_; }

  void Emit(const bpf_insn& insn) { code_.push_back(insn); }
  void EmitJump(const bpf_insn& insn, size_t target);
  void EmitJump(const bpf_insn& insn, Label label) { EmitJump(insn, Target(label)); }

  LocalJump EmitLocalJump(const bpf_insn& insn);
  // Lets it go to what is emitted next.
  void Land(LocalJump jump);

  // Whether something leads to the target: the verifier refuses instructions that nothing leads to.
  bool IsWanted(size_t target) const { return wanted_[target]; }
  bool IsWanted(Label label) const { return IsWanted(Target(label)); }
  // The instruction before runs into it.
  void Want(size_t target) { wanted_[target] = true; }
  // The target is what is emitted next.
  void Place(size_t target) { places_[target] = code_.size(); }
  void Place(Label label) { Place(Target(label)); }

  // All of it, the jumps filled in; OutOfRange when one of them is too far. Once, at the end.
  absl::StatusOr<std::vector<bpf_insn>> Finish();

 private:
  struct PendingJump {
    size_t from;
    size_t target;
  };

  size_t Target(Label label) const { return classic_size_ + label; }

  const size_t classic_size_;
  const size_t packet_type_offset_;
  std::vector<bpf_insn> code_;
  std::vector<PendingJump> jumps_;
  std::vector<size_t> places_;  // of each target in code_
  std::vector<bool> wanted_;    // the targets that something leads to
};

}  // namespace dns_monitor::user_filter
