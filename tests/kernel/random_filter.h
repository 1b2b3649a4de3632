// Random classic programs: each valid for the kernel, and each with a verdict that hangs on much of
// what it computed.
#pragma once

#include <linux/filter.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

namespace dns_monitor::filter_test {

class RandomFilter {
 public:
  // Whether programs also load at offsets relative to a header (SKF_NET_OFF, SKF_LL_OFF).
  enum class HeaderLoads { kNo, kYes };

  RandomFilter(uint32_t seed, HeaderLoads header_loads)
      : random_(seed), header_loads_(header_loads) {}

  std::vector<sock_filter> Make() {
    program_.clear();
    InitialiseMemory();
    const uint32_t length = 2 + Below(40);
    while (program_.size() < length) AddInstruction();
    // One bit of the result decides, so that about half of the packets get through.
    Add(BPF_ALU | BPF_AND | BPF_K, 1u << Below(Chance(3) ? 32 : 8));
    Add(BPF_RET | BPF_A, 0);
    AimJumps();
    return program_;
  }

 private:
  uint32_t Any() { return static_cast<uint32_t>(random_()); }
  uint32_t Below(uint32_t limit) { return Any() % limit; }
  bool Chance(uint32_t one_in) { return Below(one_in) == 0; }

  void Add(int code, uint32_t k) { program_.push_back({static_cast<uint16_t>(code), 0, 0, k}); }

  // The kernel refuses programs that may read what they did not write.
  void InitialiseMemory() {
    slots_.clear();
    for (uint32_t i = Below(4); i > 0; --i) {
      slots_.push_back(Below(BPF_MEMWORDS));
      Add(BPF_LD | BPF_IMM, Value());
      if (Chance(3)) Add(BPF_MISC | BPF_TAX, 0);
      Add(Chance(3) ? BPF_STX : BPF_ST, slots_.back());
    }
  }

  uint32_t Value() { return Chance(3) ? Any() : Below(100); }
  int Size() { return Chance(3) ? BPF_W : Chance(2) ? BPF_H : BPF_B; }

  uint32_t Offset() {
    if (Chance(100)) return Any();
    if (header_loads_ == HeaderLoads::kYes && Chance(6)) return HeaderOffset();
    if (Chance(20)) return Below(7000);
    return Below(30);
  }

  uint32_t HeaderOffset() {
    return static_cast<uint32_t>(Chance(2) ? SKF_NET_OFF : SKF_LL_OFF) + Below(60);
  }

  void AddInstruction() {
    switch (Below(12)) {
      case 0:
      case 1:
        return Add(BPF_LD | BPF_ABS | Size(), Offset());
      case 2:
        return AddIndirectLoad();
      case 3:
        return AddOtherLoad();
      case 4:
        return AddMemoryAccess();
      case 5:
        return AddExtension();
      case 6:
      case 7:
      case 8:
        return AddArithmetic();
      case 9:
      case 10:
        return AddConditional();
      default:
        return AddRare();
    }
  }

  void AddIndirectLoad() {
    if (Chance(10)) {
      Add(BPF_LDX | BPF_IMM, Offset());
    } else if (!Chance(20)) {
      Add(BPF_ALU | BPF_AND | BPF_K, 0x1f);
      Add(BPF_MISC | BPF_TAX, 0);
    }
    Add(BPF_LD | BPF_IND | Size(), Offset());
  }

  void AddOtherLoad() {
    const int destination = Chance(2) ? BPF_LD : BPF_LDX;
    if (Chance(3)) return Add(BPF_LDX | BPF_MSH | BPF_B, Offset());
    if (Chance(2)) return Add(destination | BPF_IMM, Value());
    Add(destination | BPF_LEN | BPF_W, 0);
  }

  void AddMemoryAccess() {
    if (slots_.empty()) return;
    static constexpr int kCodes[] = {BPF_LD | BPF_MEM, BPF_LDX | BPF_MEM, BPF_ST, BPF_STX};
    Add(kCodes[Below(4)], slots_[Below(static_cast<uint32_t>(slots_.size()))]);
  }

  void AddExtension() {
    static constexpr int kExtensions[] = {
        SKF_AD_PROTOCOL, SKF_AD_PKTTYPE,          SKF_AD_IFINDEX,   SKF_AD_MARK,
        SKF_AD_QUEUE,    SKF_AD_RXHASH,           SKF_AD_CPU,       SKF_AD_ALU_XOR_X,
        SKF_AD_VLAN_TAG, SKF_AD_VLAN_TAG_PRESENT, SKF_AD_VLAN_TPID,
    };
    const int extension = kExtensions[Below(std::size(kExtensions))];
    Add(BPF_LD | BPF_ABS | Size(), static_cast<uint32_t>(SKF_AD_OFF + extension));
  }

  void AddArithmetic() {
    static constexpr int kOperations[] = {BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_OR, BPF_AND,
                                          BPF_LSH, BPF_RSH, BPF_NEG, BPF_MOD, BPF_XOR};
    const int operation = kOperations[Below(std::size(kOperations))];
    if (operation == BPF_NEG) return Add(BPF_ALU | BPF_NEG, 0);
    if (Chance(2)) return Add(BPF_ALU | operation | BPF_X, 0);
    const bool is_shift = operation == BPF_LSH || operation == BPF_RSH;
    Add(BPF_ALU | operation | BPF_K, is_shift ? Below(32) : std::max(1u, Value()));
  }

  void AddConditional() {
    static constexpr int kConditions[] = {BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET};
    Add(BPF_JMP | kConditions[Below(4)] | (Chance(2) ? BPF_X : BPF_K), Value());
  }

  void AddRare() {
    switch (Below(6)) {
      case 0:
        return Add(BPF_JMP | BPF_JA, 0);
      case 1:
        AddConditional();  // that what follows the verdict may still be reached
        return Add(BPF_RET | BPF_K, Chance(2) ? 0 : Value());
      case 2:
        AddConditional();
        return Add(BPF_RET | BPF_A, 0);
      case 3:
      case 4:
        return Add(BPF_MISC | BPF_TAX, 0);
      default:
        return Add(BPF_MISC | BPF_TXA, 0);
    }
  }

  uint8_t Forward(size_t following) {
    const auto limit = static_cast<uint32_t>(std::min<size_t>(following, Chance(4) ? 255 : 4));
    return static_cast<uint8_t>(Below(std::max(1u, limit)));
  }

  void AimJumps() {
    for (size_t i = 0; i < program_.size(); ++i) {
      sock_filter& insn = program_[i];
      if (BPF_CLASS(insn.code) != BPF_JMP) continue;
      const size_t following = program_.size() - i - 1;
      if (BPF_OP(insn.code) == BPF_JA) {
        insn.k = Forward(following);
      } else {
        insn.jt = Forward(following);
        insn.jf = Forward(following);
      }
    }
  }

  std::mt19937 random_;
  const HeaderLoads header_loads_;
  std::vector<sock_filter> program_;
  std::vector<uint32_t> slots_;
};

}  // namespace dns_monitor::filter_test
