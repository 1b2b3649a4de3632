#include "src/tap/user_filter_loads.h"

#include <cstddef>
#include <cstdint>
#include <limits>

#include "src/tap/bpf_insn.h"
#include "src/tap/user_filter_check.h"

namespace dns_monitor::user_filter {
namespace {

using bpf::Call;
using bpf::Compute;
using bpf::ComputeWith;
using bpf::Copy;
using bpf::Encode;
using bpf::FromBigEndian;
using bpf::JumpIf;
using bpf::Load;
using bpf::Move;
using bpf::Set;

// Offsets from here up to 2^32 are not within the packet but extensions, or relative to the network
// header, or to the link-layer header (linux/filter.h).
constexpr uint32_t kExtensions = static_cast<uint32_t>(SKF_AD_OFF);
constexpr uint32_t kNetworkHeader = static_cast<uint32_t>(SKF_NET_OFF);
constexpr uint32_t kLinkHeader = static_cast<uint32_t>(SKF_LL_OFF);

// ------------------------------------------------------------------------------------- extensions

// Those that are a field of the context, with the very value that the classic machine would see.
struct ContextField {
  uint32_t extension;
  size_t offset;
  bool is_big_endian_16;
};
constexpr ContextField kContextFields[] = {
    {SKF_AD_PROTOCOL, offsetof(__sk_buff, protocol), true},
    {SKF_AD_IFINDEX, offsetof(__sk_buff, ifindex), false},
    {SKF_AD_MARK, offsetof(__sk_buff, mark), false},
    {SKF_AD_QUEUE, offsetof(__sk_buff, queue_mapping), false},
    {SKF_AD_RXHASH, offsetof(__sk_buff, hash), false},
    {SKF_AD_VLAN_TAG, offsetof(__sk_buff, vlan_tci), false},
    {SKF_AD_VLAN_TAG_PRESENT, offsetof(__sk_buff, vlan_present), false},
    {SKF_AD_VLAN_TPID, offsetof(__sk_buff, vlan_proto), true},
};

const ContextField* FindContextField(uint32_t extension) {
  for (const ContextField& field : kContextFields) {
    if (field.extension == extension) return &field;
  }
  return nullptr;
}

const char* ExtensionName(uint32_t extension) {
  switch (extension) {
    case SKF_AD_NLATTR:
      return "netlink attributes (SKF_AD_NLATTR)";
    case SKF_AD_NLATTR_NEST:
      return "nested netlink attributes (SKF_AD_NLATTR_NEST)";
    case SKF_AD_HATYPE:
      return "hardware type (SKF_AD_HATYPE)";
    case SKF_AD_PAY_OFFSET:
      return "payload offset (SKF_AD_PAY_OFFSET)";
    default:
      return "unknown extension (SKF_AD_OFF)";
  }
}

void EmitHelperValue(int helper, Code& code) {
  code.Emit(Call(helper));
  code.Emit(Copy(kA, BPF_REG_0));
}

absl::Status EmitExtension(size_t index, const sock_filter& insn, Code& code) {
  const uint32_t extension = insn.k - kExtensions;
  if (const ContextField* field = FindContextField(extension)) {
    code.Emit(Load(BPF_W, kA, kContext, static_cast<int>(field->offset)));
    if (field->is_big_endian_16) code.Emit(FromBigEndian(kA, 16));
    return absl::OkStatus();
  }
  switch (extension) {
    case SKF_AD_PKTTYPE:
      code.Emit(Load(BPF_W, kA, kContext, static_cast<int>(code.packet_type_offset())));
      return absl::OkStatus();
    case SKF_AD_ALU_XOR_X:
      code.Emit(ComputeWith(BPF_XOR, kA, kX));
      return absl::OkStatus();
    case SKF_AD_CPU:
      EmitHelperValue(BPF_FUNC_get_smp_processor_id, code);
      return absl::OkStatus();
    case SKF_AD_RANDOM:
      EmitHelperValue(BPF_FUNC_get_prandom_u32, code);
      return absl::OkStatus();
    default:
      return NoCounterpart(index, insn, ExtensionName(extension));
  }
}

// ----------------------------------------------------------------------------------------- packet

int BytesOf(int size) {
  return size == BPF_W ? 4 : size == BPF_H ? 2 : 1;
}

// A negative offset is relative to a header. bpf_skb_load_bytes_relative reaches as far as the
// linear part of the packet, where the classic machine reads it all; libpcap makes such an offset
// only of one that the user wrote as a number.
void EmitCallAt(uint32_t offset, Code& code) {
  if (offset < kSign) {
    code.Emit(Set(BPF_REG_2, offset));
    code.Emit(Call(BPF_FUNC_skb_load_bytes));
    return;
  }
  const bool is_network = offset >= kNetworkHeader;
  // Below all headers: nothing is there, as of any offset that the helper refuses.
  const uint32_t relative = offset < kLinkHeader
                                ? std::numeric_limits<uint32_t>::max()
                                : offset - (is_network ? kNetworkHeader : kLinkHeader);
  code.Emit(Set(BPF_REG_2, relative));
  code.Emit(Set(BPF_REG_5, is_network ? BPF_HDR_START_NET : BPF_HDR_START_MAC));
  code.Emit(Call(BPF_FUNC_skb_load_bytes_relative));
}

// The same for an offset that is known only when the program runs.
void EmitCallAtX(uint32_t offset, Code& code) {
  code.Emit(Copy(BPF_REG_2, kX));
  code.Emit(Compute(BPF_ADD, BPF_REG_2, offset));
  const Code::LocalJump negative = code.EmitLocalJump(JumpIf(BPF_JSLT, BPF_REG_2, 0));
  code.Emit(Call(BPF_FUNC_skb_load_bytes));
  const Code::LocalJump loaded = code.EmitLocalJump(bpf::Jump());
  code.Land(negative);
  code.Emit(Set(BPF_REG_5, BPF_HDR_START_NET));
  code.Emit(Compute(BPF_SUB, BPF_REG_2, kNetworkHeader));
  const Code::LocalJump in_network = code.EmitLocalJump(JumpIf(BPF_JSGE, BPF_REG_2, 0));
  code.Emit(Set(BPF_REG_5, BPF_HDR_START_MAC));
  // Still negative when it is below all headers: the helper refuses it.
  code.Emit(Compute(BPF_SUB, BPF_REG_2, kLinkHeader - kNetworkHeader));
  code.Land(in_network);
  code.Emit(Call(BPF_FUNC_skb_load_bytes_relative));
  code.Land(loaded);
}

void EmitPacketLoad(const sock_filter& insn, int destination, Code& code) {
  const int size = BPF_SIZE(insn.code);
  code.Emit(Move(BPF_REG_1, kContext));
  code.Emit(Move(BPF_REG_3, kFrame));
  code.Emit(bpf::AddPointer(BPF_REG_3, kLoadBuffer));
  code.Emit(Set(BPF_REG_4, static_cast<uint32_t>(BytesOf(size))));
  if (BPF_MODE(insn.code) == BPF_IND) {
    EmitCallAtX(insn.k, code);
  } else {
    EmitCallAt(insn.k, code);
  }
  code.EmitJump(Encode(BPF_JMP | BPF_JNE | BPF_K, BPF_REG_0, 0, 0, 0), Code::kReject);
  code.Emit(Load(size, destination, kFrame, kLoadBuffer));
  if (size != BPF_B) code.Emit(FromBigEndian(destination, size == BPF_W ? 32 : 16));
}

// ------------------------------------------------------------------------------ M[] and constants

absl::Status EmitPlainLoad(size_t index, const sock_filter& insn, int destination, Code& code) {
  if (BPF_SIZE(insn.code) != BPF_W) return Invalid(index, insn, "unknown size");
  switch (BPF_MODE(insn.code)) {
    case BPF_IMM:
      code.Emit(Set(destination, insn.k));
      return absl::OkStatus();
    case BPF_MEM:
      code.Emit(Load(BPF_W, destination, kFrame, MemoryWord(insn.k)));
      return absl::OkStatus();
    case BPF_LEN:
      code.Emit(Load(BPF_W, destination, kContext, offsetof(__sk_buff, len)));
      return absl::OkStatus();
    default:
      return Invalid(index, insn, "unknown load");
  }
}

}  // namespace

absl::Status EmitLoadA(size_t index, const sock_filter& insn, Code& code) {
  if (BPF_SIZE(insn.code) == BPF_DW) return Invalid(index, insn, "unknown size");
  switch (BPF_MODE(insn.code)) {
    case BPF_ABS:
      if (insn.k >= kExtensions) return EmitExtension(index, insn, code);
      [[fallthrough]];
    case BPF_IND:
      EmitPacketLoad(insn, kA, code);
      return absl::OkStatus();
    default:
      return EmitPlainLoad(index, insn, kA, code);
  }
}

absl::Status EmitLoadX(size_t index, const sock_filter& insn, Code& code) {
  if (BPF_MODE(insn.code) != BPF_MSH) return EmitPlainLoad(index, insn, kX, code);
  // 4 * (P[k] & 0xf), the length of an IP header. Never an extension, whatever k is.
  if (BPF_SIZE(insn.code) != BPF_B) return Invalid(index, insn, "unknown size");
  EmitPacketLoad({BPF_LD | BPF_ABS | BPF_B, 0, 0, insn.k}, kX, code);
  code.Emit(Compute(BPF_AND, kX, 0xf));
  code.Emit(Compute(BPF_LSH, kX, 2));
  return absl::OkStatus();
}

}  // namespace dns_monitor::user_filter
