#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/tap/user_filter.h"
#include "src/tap/bpf_insn.h"

// What each classic instruction means is told by bpf_convert_filter() in the kernel's
// net/core/filter.c, which makes eBPF of them too, though of a kind that only the kernel may run;
// which programs are valid, by bpf_check_classic() there.

namespace dns_monitor {
namespace {

using bpf::Call;
using bpf::Compute;
using bpf::ComputeWith;
using bpf::Copy;
using bpf::Encode;
using bpf::Exit;
using bpf::FromBigEndian;
using bpf::JumpIf;
using bpf::JumpIfReg;
using bpf::Load;
using bpf::Move;
using bpf::Negate;
using bpf::Set;
using bpf::Store;
using bpf::StoreValue;

constexpr int kVerdict = BPF_REG_0;
// Callee-saved, so that helpers leave them alone.
constexpr int kContext = BPF_REG_6;
constexpr int kA = BPF_REG_7;
constexpr int kX = BPF_REG_8;

constexpr int kFrame = BPF_REG_10;
constexpr int kLoadBuffer = -8;
constexpr int MemoryWord(uint32_t index) {
  return kLoadBuffer - 4 * (static_cast<int>(index) + 1);
}

// Offsets from here up to 2^32 are not within the packet but extensions, or relative to the network
// header, or to the link-layer header (linux/filter.h).
constexpr uint32_t kExtensions = static_cast<uint32_t>(SKF_AD_OFF);
constexpr uint32_t kNetworkHeader = static_cast<uint32_t>(SKF_NET_OFF);
constexpr uint32_t kLinkHeader = static_cast<uint32_t>(SKF_LL_OFF);
constexpr uint32_t kSign = 0x80000000;

constexpr int kControlBlockWords = sizeof(__sk_buff::cb) / sizeof(uint32_t);

std::string Name(size_t index, const sock_filter& insn) {
  return absl::StrFormat("instruction %d (code 0x%x, k 0x%x)", index, insn.code, insn.k);
}

absl::Status Invalid(size_t index, const sock_filter& insn, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("--filter: ", Name(index, insn), ": ", what));
}

absl::Status NoCounterpart(size_t index, const sock_filter& insn, absl::string_view what) {
  return absl::UnimplementedError(absl::StrCat("--filter: ", Name(index, insn), ": ", what));
}

// ------------------------------------------------------------------------- which programs are
// valid

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

// -------------------------------------------------------------------------------------- extensions

// Those that are a field of the context, with the very value that the classic machine would see.
struct ContextField {
  uint32_t extension;
  size_t offset;
  bool is_big_endian_16;
};
constexpr ContextField kContextFields[] = {
    {SKF_AD_PROTOCOL, offsetof(__sk_buff, protocol), true},
    {SKF_AD_PKTTYPE, offsetof(__sk_buff, pkt_type), false},
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

// --------------------------------------------------------------------------------------
// translation

int BytesOf(int size) {
  return size == BPF_W ? 4 : size == BPF_H ? 2 : 1;
}

class Translator {
 public:
  Translator(absl::Span<const sock_filter> classic, const FilterContinuation& next)
      : classic_(classic),
        next_(next),
        places_(classic.size() + kLabels, kNowhere),
        wanted_(classic.size() + kLabels, false) {}

  absl::StatusOr<std::vector<bpf_insn>> Translate() {
    EmitPrologue();
    wanted_[0] = true;
    for (size_t i = 0; i < classic_.size(); ++i) {
      // The verifier refuses instructions that nothing leads to. All jumps go forward, so by now it
      // is known.
      if (!wanted_[i]) continue;
      places_[i] = code_.size();
      DM_RETURN_IF_ERROR(EmitInstruction(i));
    }
    EmitEpilogue();
    DM_RETURN_IF_ERROR(ResolveJumps());
    return std::move(code_);
  }

 private:
  // Targets of jumps are indices of classic instructions, and these behind the last of them.
  enum Label : size_t { kAccept, kReject, kFinish, kLabels };
  static constexpr size_t kNowhere = std::numeric_limits<size_t>::max();
  // A jump within what one classic instruction became.
  using LocalJump = size_t;

  struct PendingJump {
    size_t from;
    size_t target;
  };

  size_t Target(Label label) const { return classic_.size() + label; }

  void Emit(const bpf_insn& insn) { code_.push_back(insn); }

  void EmitJump(const bpf_insn& insn, size_t target) {
    jumps_.push_back({code_.size(), target});
    wanted_[target] = true;
    Emit(insn);
  }
  void EmitJump(const bpf_insn& insn, Label label) { EmitJump(insn, Target(label)); }

  LocalJump EmitLocalJump(const bpf_insn& insn) {
    Emit(insn);
    return code_.size() - 1;
  }
  void Land(LocalJump jump) { code_[jump].off = static_cast<int16_t>(code_.size() - jump - 1); }

  void EmitPrologue() {
    Emit(Move(kContext, BPF_REG_1));
    Emit(Set(kA, 0));
    Emit(Set(kX, 0));
    // The kernel refuses classic programs that may read what they did not write; libpcap makes some
    // ("vlan and vlan or pppoes"), which read 0 here.
    uint32_t used = 0;
    for (const sock_filter& insn : classic_) {
      if (UsesMemory(insn)) used |= 1u << insn.k;
    }
    for (uint32_t i = 0; i < BPF_MEMWORDS; ++i) {
      if (used & (1u << i)) Emit(StoreValue(BPF_W, kFrame, MemoryWord(i), 0));
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
        wanted_[index + 1] = true;
        return EmitStraight(index);
    }
  }

  // Those after which the next instruction follows.
  absl::Status EmitStraight(size_t index) {
    const sock_filter& insn = classic_[index];
    switch (BPF_CLASS(insn.code)) {
      case BPF_LD:
        return EmitLoadA(index);
      case BPF_LDX:
        return EmitLoadX(index);
      case BPF_ST:
        Emit(Store(BPF_W, kFrame, MemoryWord(insn.k), kA));
        return absl::OkStatus();
      case BPF_STX:
        Emit(Store(BPF_W, kFrame, MemoryWord(insn.k), kX));
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
        Emit(Copy(kX, kA));
        return absl::OkStatus();
      case BPF_TXA:
        Emit(Copy(kA, kX));
        return absl::OkStatus();
      default:
        return Invalid(index, insn, "unknown transfer");
    }
  }

  absl::Status EmitLoadA(size_t index) {
    const sock_filter& insn = classic_[index];
    if (BPF_SIZE(insn.code) == BPF_DW) return Invalid(index, insn, "unknown size");
    switch (BPF_MODE(insn.code)) {
      case BPF_ABS:
        if (insn.k >= kExtensions) return EmitExtension(index);
        [[fallthrough]];
      case BPF_IND:
        EmitPacketLoad(insn, kA);
        return absl::OkStatus();
      default:
        return EmitPlainLoad(index, kA);
    }
  }

  absl::Status EmitLoadX(size_t index) {
    const sock_filter& insn = classic_[index];
    if (BPF_MODE(insn.code) != BPF_MSH) return EmitPlainLoad(index, kX);
    // 4 * (P[k] & 0xf), the length of an IP header. Never an extension, whatever k is.
    if (BPF_SIZE(insn.code) != BPF_B) return Invalid(index, insn, "unknown size");
    EmitPacketLoad({BPF_LD | BPF_ABS | BPF_B, 0, 0, insn.k}, kX);
    Emit(Compute(BPF_AND, kX, 0xf));
    Emit(Compute(BPF_LSH, kX, 2));
    return absl::OkStatus();
  }

  absl::Status EmitPlainLoad(size_t index, int destination) {
    const sock_filter& insn = classic_[index];
    if (BPF_SIZE(insn.code) != BPF_W) return Invalid(index, insn, "unknown size");
    switch (BPF_MODE(insn.code)) {
      case BPF_IMM:
        Emit(Set(destination, insn.k));
        return absl::OkStatus();
      case BPF_MEM:
        Emit(Load(BPF_W, destination, kFrame, MemoryWord(insn.k)));
        return absl::OkStatus();
      case BPF_LEN:
        Emit(Load(BPF_W, destination, kContext, offsetof(__sk_buff, len)));
        return absl::OkStatus();
      default:
        return Invalid(index, insn, "unknown load");
    }
  }

  absl::Status EmitExtension(size_t index) {
    const sock_filter& insn = classic_[index];
    const uint32_t extension = insn.k - kExtensions;
    if (const ContextField* field = FindContextField(extension)) {
      Emit(Load(BPF_W, kA, kContext, static_cast<int>(field->offset)));
      if (field->is_big_endian_16) Emit(FromBigEndian(kA, 16));
      return absl::OkStatus();
    }
    switch (extension) {
      case SKF_AD_ALU_XOR_X:
        Emit(ComputeWith(BPF_XOR, kA, kX));
        return absl::OkStatus();
      case SKF_AD_CPU:
        EmitHelperValue(BPF_FUNC_get_smp_processor_id);
        return absl::OkStatus();
      case SKF_AD_RANDOM:
        EmitHelperValue(BPF_FUNC_get_prandom_u32);
        return absl::OkStatus();
      default:
        return NoCounterpart(index, insn, ExtensionName(extension));
    }
  }

  void EmitHelperValue(int helper) {
    Emit(Call(helper));
    Emit(Copy(kA, BPF_REG_0));
  }

  void EmitPacketLoad(const sock_filter& insn, int destination) {
    const int size = BPF_SIZE(insn.code);
    Emit(Move(BPF_REG_1, kContext));
    Emit(Move(BPF_REG_3, kFrame));
    Emit(bpf::AddPointer(BPF_REG_3, kLoadBuffer));
    Emit(Set(BPF_REG_4, static_cast<uint32_t>(BytesOf(size))));
    if (BPF_MODE(insn.code) == BPF_IND) {
      EmitCallAtX(insn.k);
    } else {
      EmitCallAt(insn.k);
    }
    EmitJump(Encode(BPF_JMP | BPF_JNE | BPF_K, BPF_REG_0, 0, 0, 0), kReject);
    Emit(Load(size, destination, kFrame, kLoadBuffer));
    if (size != BPF_B) Emit(FromBigEndian(destination, size == BPF_W ? 32 : 16));
  }

  // A negative offset is relative to a header. bpf_skb_load_bytes_relative reaches as far as the
  // linear part of the packet, where the classic machine reads it all; libpcap makes such an offset
  // only of one that the user wrote as a number.
  void EmitCallAt(uint32_t offset) {
    if (offset < kSign) {
      Emit(Set(BPF_REG_2, offset));
      Emit(Call(BPF_FUNC_skb_load_bytes));
      return;
    }
    const bool is_network = offset >= kNetworkHeader;
    // Below all headers: nothing is there, as of any offset that the helper refuses.
    const uint32_t relative = offset < kLinkHeader
                                  ? std::numeric_limits<uint32_t>::max()
                                  : offset - (is_network ? kNetworkHeader : kLinkHeader);
    Emit(Set(BPF_REG_2, relative));
    Emit(Set(BPF_REG_5, is_network ? BPF_HDR_START_NET : BPF_HDR_START_MAC));
    Emit(Call(BPF_FUNC_skb_load_bytes_relative));
  }

  // The same for an offset that is known only when the program runs.
  void EmitCallAtX(uint32_t offset) {
    Emit(Copy(BPF_REG_2, kX));
    Emit(Compute(BPF_ADD, BPF_REG_2, offset));
    const LocalJump negative = EmitLocalJump(JumpIf(BPF_JSLT, BPF_REG_2, 0));
    Emit(Call(BPF_FUNC_skb_load_bytes));
    const LocalJump loaded = EmitLocalJump(bpf::Jump());
    Land(negative);
    Emit(Set(BPF_REG_5, BPF_HDR_START_NET));
    Emit(Compute(BPF_SUB, BPF_REG_2, kNetworkHeader));
    const LocalJump in_network = EmitLocalJump(JumpIf(BPF_JSGE, BPF_REG_2, 0));
    Emit(Set(BPF_REG_5, BPF_HDR_START_MAC));
    // Still negative when it is below all headers: the helper refuses it.
    Emit(Compute(BPF_SUB, BPF_REG_2, kLinkHeader - kNetworkHeader));
    Land(in_network);
    Emit(Call(BPF_FUNC_skb_load_bytes_relative));
    Land(loaded);
  }

  void EmitArithmetic(const sock_filter& insn) {
    const int operation = BPF_OP(insn.code);
    if (operation == BPF_NEG) {
      Emit(Negate(kA));
    } else if (BPF_SRC(insn.code) == BPF_K) {
      Emit(Compute(operation, kA, insn.k));
    } else {
      // eBPF goes on with a quotient of 0, the classic machine ends with "no".
      if (operation == BPF_DIV || operation == BPF_MOD) EmitJump(JumpIf(BPF_JEQ, kX, 0), kReject);
      // Shifts by X count modulo 32 in both.
      Emit(ComputeWith(operation, kA, kX));
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
      EmitJump(BPF_SRC(insn.code) == BPF_X ? JumpIfReg(condition, kA, kX)
                                           : JumpIf(condition, kA, insn.k),
               following + insn.jt);
    }
    EmitGoto(following, following + insn.jf);
    return absl::OkStatus();
  }

  void EmitGoto(size_t following, size_t target) {
    if (target == following) {
      wanted_[target] = true;
    } else {
      EmitJump(bpf::Jump(), target);
    }
  }

  absl::Status EmitReturn(size_t index) {
    const sock_filter& insn = classic_[index];
    switch (BPF_RVAL(insn.code)) {
      case BPF_K:
        EmitJump(bpf::Jump(), insn.k != 0 ? kAccept : kReject);
        return absl::OkStatus();
      case BPF_A:
        EmitJump(JumpIf(BPF_JNE, kA, 0), kAccept);
        EmitJump(bpf::Jump(), kReject);
        return absl::OkStatus();
      default:
        return Invalid(index, insn, "unknown verdict");
    }
  }

  void EmitEpilogue() {
    if (wanted_[Target(kAccept)]) {
      places_[Target(kAccept)] = code_.size();
      Emit(Set(kVerdict, 1));
      if (wanted_[Target(kReject)]) EmitJump(bpf::Jump(), kFinish);
    }
    if (wanted_[Target(kReject)]) {
      places_[Target(kReject)] = code_.size();
      Emit(Set(kVerdict, 0));
    }
    places_[Target(kFinish)] = code_.size();
    EmitContinuation();
  }

  void EmitContinuation() {
    const size_t place = offsetof(__sk_buff, cb) + next_.verdict_cb * sizeof(uint32_t);
    Emit(Store(BPF_W, kContext, static_cast<int>(place), kVerdict));
    Emit(Move(BPF_REG_1, kContext));
    for (const bpf_insn& half : bpf::MapAddress(BPF_REG_2, next_.program_array_fd)) Emit(half);
    Emit(Set(BPF_REG_3, next_.stage));
    Emit(Call(BPF_FUNC_tail_call));
    Emit(Set(BPF_REG_0, 0));
    Emit(Exit());
  }

  absl::Status ResolveJumps() {
    for (const PendingJump& jump : jumps_) {
      const size_t offset = places_[jump.target] - jump.from - 1;
      if (offset > std::numeric_limits<int16_t>::max()) {
        return absl::OutOfRangeError(absl::StrCat("--filter: too long: ", classic_.size(),
                                                  " instructions, with a jump over ", offset,
                                                  " once translated"));
      }
      code_[jump.from].off = static_cast<int16_t>(offset);
    }
    return absl::OkStatus();
  }

  const absl::Span<const sock_filter> classic_;
  const FilterContinuation next_;
  std::vector<bpf_insn> code_;
  std::vector<PendingJump> jumps_;
  std::vector<size_t> places_;  // of each target in code_
  std::vector<bool> wanted_;    // the targets that something leads to
};

}  // namespace

absl::StatusOr<std::vector<bpf_insn>> TranslateFilter(absl::Span<const sock_filter> classic,
                                                      const FilterContinuation& next) {
  if (next.verdict_cb >= kControlBlockWords) {
    return absl::InvalidArgumentError(absl::StrCat("no cb[", next.verdict_cb, "]"));
  }
  DM_RETURN_IF_ERROR(CheckProgram(classic));
  return Translator(classic, next).Translate();
}

}  // namespace dns_monitor
