// eBPF instructions as values: what the translated filter is made of. The encoding is that of
// Documentation/bpf/standardization/instruction-set.rst in the kernel's source.
#pragma once

#include <linux/bpf.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace dns_monitor::bpf {

constexpr bpf_insn Encode(int code, int destination, int source, int offset, uint32_t immediate) {
  bpf_insn insn = {};
  insn.code = static_cast<uint8_t>(code);
  insn.dst_reg = static_cast<uint8_t>(destination & 0xf);
  insn.src_reg = static_cast<uint8_t>(source & 0xf);
  insn.off = static_cast<int16_t>(offset);
  insn.imm = static_cast<int32_t>(immediate);
  return insn;
}

// All 64 bits.
constexpr bpf_insn Move(int destination, int source) {
  return Encode(BPF_ALU64 | BPF_MOV | BPF_X, destination, source, 0, 0);
}
constexpr bpf_insn AddPointer(int destination, int value) {
  return Encode(BPF_ALU64 | BPF_ADD | BPF_K, destination, 0, 0, static_cast<uint32_t>(value));
}

// 32 bits, as the classic machine computes; the upper half of the destination becomes 0.
// `operation` is one of BPF_ADD, BPF_SUB, ... of linux/bpf_common.h, which both machines share.
constexpr bpf_insn Compute(int operation, int destination, uint32_t value) {
  return Encode(BPF_ALU | operation | BPF_K, destination, 0, 0, value);
}
constexpr bpf_insn ComputeWith(int operation, int destination, int source) {
  return Encode(BPF_ALU | operation | BPF_X, destination, source, 0, 0);
}
constexpr bpf_insn Set(int destination, uint32_t value) {
  return Compute(BPF_MOV, destination, value);
}
constexpr bpf_insn Copy(int destination, int source) {
  return ComputeWith(BPF_MOV, destination, source);
}
constexpr bpf_insn Negate(int destination) {
  return Encode(BPF_ALU | BPF_NEG, destination, 0, 0, 0);
}
// From network order to the host's.
constexpr bpf_insn FromBigEndian(int destination, uint32_t bits) {
  return Encode(BPF_ALU | BPF_END | BPF_TO_BE, destination, 0, 0, bits);
}

// `size` is BPF_B, BPF_H or BPF_W. What is loaded is extended by zeros.
constexpr bpf_insn Load(int size, int destination, int base, int offset) {
  return Encode(BPF_LDX | BPF_MEM | size, destination, base, offset, 0);
}
constexpr bpf_insn Store(int size, int base, int offset, int source) {
  return Encode(BPF_STX | BPF_MEM | size, base, source, offset, 0);
}
constexpr bpf_insn StoreValue(int size, int base, int offset, uint32_t value) {
  return Encode(BPF_ST | BPF_MEM | size, base, 0, offset, value);
}

// Conditions on the lower 32 bits; `condition` is BPF_JEQ, BPF_JGT, ... The target is filled in
// later.
constexpr bpf_insn JumpIf(int condition, int left, uint32_t value) {
  return Encode(BPF_JMP32 | condition | BPF_K, left, 0, 0, value);
}
constexpr bpf_insn JumpIfReg(int condition, int left, int right) {
  return Encode(BPF_JMP32 | condition | BPF_X, left, right, 0, 0);
}
constexpr bpf_insn Jump() {
  return Encode(BPF_JMP | BPF_JA, 0, 0, 0, 0);
}

constexpr bpf_insn Call(int helper) {
  return Encode(BPF_JMP | BPF_CALL, 0, 0, 0, static_cast<uint32_t>(helper));
}
constexpr bpf_insn Exit() {
  return Encode(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

// A 64-bit constant takes two places; the loader of the kernel puts the map's address there.
constexpr std::array<bpf_insn, 2> MapAddress(int destination, int map_fd) {
  return {Encode(BPF_LD | BPF_IMM | BPF_DW, destination, BPF_PSEUDO_MAP_FD, 0,
                 static_cast<uint32_t>(map_fd)),
          bpf_insn{}};
}

}  // namespace dns_monitor::bpf
