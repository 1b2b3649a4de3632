// What can be said of a translation without a kernel to run it; whether it decides as the classic
// filter is shown by kernel/filter_differential_test.cc.
#include "dns_monitor/tap/user_filter.h"

#include <linux/filter.h>

#include <algorithm>
#include <cstddef>
#include <set>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dns_monitor {
namespace {

using Classic = std::vector<sock_filter>;
using Code = std::vector<bpf_insn>;

constexpr sock_filter kYes = {BPF_RET | BPF_K, 0, 0, 262144};
constexpr sock_filter kNo = {BPF_RET | BPF_K, 0, 0, 0};
constexpr FilterContinuation kNext = {.program_array_fd = 77, .stage = 5, .verdict_cb = 4};

sock_filter LoadExtension(int extension) {
  return {BPF_LD | BPF_ABS | BPF_W, 0, 0, static_cast<uint32_t>(SKF_AD_OFF + extension)};
}

Code Translated(const Classic& classic) {
  const absl::StatusOr<Code> code = TranslateFilter(classic, kNext);
  EXPECT_TRUE(code.ok()) << code.status();
  return code.ok() ? *code : Code();
}

bool IsCall(const bpf_insn& insn, int helper) {
  return insn.code == (BPF_JMP | BPF_CALL) && insn.imm == helper;
}

long Calls(const Code& code, int helper) {
  return std::count_if(code.begin(), code.end(),
                       [helper](const bpf_insn& insn) { return IsCall(insn, helper); });
}

void ExpectInvalid(const Classic& classic, absl::string_view words) {
  const absl::Status status = TranslateFilter(classic, kNext).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), words)) << status;
}

void ExpectUnimplemented(const Classic& classic, absl::string_view words) {
  const absl::Status status = TranslateFilter(classic, kNext).status();
  EXPECT_TRUE(absl::IsUnimplemented(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), words)) << status;
}

TEST(TranslateFilter, EndsWithTheContinuation) {
  const Code code = Translated({kYes});
  ASSERT_GE(code.size(), 8u);
  const bpf_insn* const end = code.data() + code.size();
  EXPECT_EQ(end[-1].code, BPF_JMP | BPF_EXIT);
  EXPECT_EQ(end[-2].imm, 0);  // r0 = 0 when the tail call fails
  EXPECT_TRUE(IsCall(end[-3], BPF_FUNC_tail_call));
  EXPECT_EQ(end[-4].dst_reg, BPF_REG_3);
  EXPECT_EQ(end[-4].imm, 5);
  EXPECT_EQ(end[-6].code, BPF_LD | BPF_IMM | BPF_DW);
  EXPECT_EQ(end[-6].dst_reg, BPF_REG_2);
  EXPECT_EQ(end[-6].src_reg, BPF_PSEUDO_MAP_FD);
  EXPECT_EQ(end[-6].imm, 77);
  EXPECT_EQ(end[-8].code, BPF_STX | BPF_MEM | BPF_W);
  EXPECT_EQ(end[-8].off, offsetof(__sk_buff, cb) + 16);
}

TEST(TranslateFilter, NormalisesTheVerdict) {
  const auto verdicts = [](const Classic& classic) {
    std::multiset<int> values;
    for (const bpf_insn& insn : Translated(classic)) {
      if (insn.code == (BPF_ALU | BPF_MOV | BPF_K) && insn.dst_reg == BPF_REG_0) {
        values.insert(insn.imm);
      }
    }
    return values;
  };
  // The 0 is that of a failed tail call.
  EXPECT_THAT(verdicts({kYes}), testing::ElementsAre(0, 1));
  EXPECT_THAT(verdicts({kNo}), testing::ElementsAre(0, 0));
  EXPECT_THAT(verdicts({{BPF_RET | BPF_A, 0, 0, 0}}), testing::ElementsAre(0, 0, 1));
}

TEST(TranslateFilter, LeavesOutWhatNothingLeadsTo) {
  const Code with = Translated({kYes, {BPF_LD | BPF_ABS | BPF_W, 0, 0, 12}, kNo});
  EXPECT_EQ(with.size(), Translated({kYes}).size());
  EXPECT_EQ(Calls(with, BPF_FUNC_skb_load_bytes), 0);
}

TEST(TranslateFilter, ClearsTheMemoryThatIsUsed) {
  const Code code = Translated({{BPF_LD | BPF_MEM, 0, 0, 3}, {BPF_STX, 0, 0, 15}, kYes});
  std::set<int> cleared;
  for (const bpf_insn& insn : code) {
    if (insn.code == (BPF_ST | BPF_MEM | BPF_W)) cleared.insert(insn.off);
  }
  EXPECT_EQ(cleared.size(), 2u);
}

TEST(TranslateFilter, AllJumpsStayWithinTheProgram) {
  Classic classic;
  for (uint8_t i = 0; i < 100; ++i) {
    classic.push_back({BPF_LD | BPF_ABS | BPF_H, 0, 0, i});
    const auto left = static_cast<uint8_t>(2 * (99 - i));
    classic.push_back(
        {BPF_JMP | BPF_JGT | BPF_K, left, static_cast<uint8_t>(left + 1), 0xffffffff});
  }
  classic.push_back(kYes);
  classic.push_back(kNo);
  const Code code = Translated(classic);
  for (size_t i = 0; i < code.size(); ++i) {
    const int kind = BPF_CLASS(code[i].code);
    const bool is_jump = (kind == BPF_JMP || kind == BPF_JMP32) &&
                         BPF_OP(code[i].code) != BPF_CALL && BPF_OP(code[i].code) != BPF_EXIT;
    if (!is_jump) continue;
    EXPECT_GE(code[i].off, 0) << i;
    EXPECT_LT(i + 1 + static_cast<size_t>(code[i].off), code.size()) << i;
  }
}

TEST(TranslateFilter, LoadsThatAreRelativeToAHeader) {
  const auto at = [](int offset) {
    return Translated({{BPF_LD | BPF_ABS | BPF_B, 0, 0, static_cast<uint32_t>(offset)}, kYes});
  };
  EXPECT_EQ(Calls(at(9), BPF_FUNC_skb_load_bytes), 1);
  EXPECT_EQ(Calls(at(SKF_NET_OFF + 9), BPF_FUNC_skb_load_bytes_relative), 1);
  EXPECT_EQ(Calls(at(SKF_LL_OFF + 12), BPF_FUNC_skb_load_bytes_relative), 1);
}

TEST(TranslateFilter, KnownExtensions) {
  for (const int extension :
       {SKF_AD_PROTOCOL, SKF_AD_PKTTYPE, SKF_AD_IFINDEX, SKF_AD_MARK, SKF_AD_QUEUE, SKF_AD_RXHASH,
        SKF_AD_CPU, SKF_AD_ALU_XOR_X, SKF_AD_VLAN_TAG, SKF_AD_VLAN_TAG_PRESENT, SKF_AD_VLAN_TPID,
        SKF_AD_RANDOM}) {
    EXPECT_TRUE(TranslateFilter({LoadExtension(extension), kYes}, kNext).ok()) << extension;
  }
}

TEST(TranslateFilter, OddExtensionsAreNamed) {
  ExpectUnimplemented({LoadExtension(SKF_AD_NLATTR), kYes}, "SKF_AD_NLATTR");
  ExpectUnimplemented({LoadExtension(SKF_AD_NLATTR_NEST), kYes}, "SKF_AD_NLATTR_NEST");
  ExpectUnimplemented({LoadExtension(SKF_AD_PAY_OFFSET), kYes}, "SKF_AD_PAY_OFFSET");
  ExpectUnimplemented({{BPF_MISC | BPF_TAX, 0, 0, 0}, LoadExtension(SKF_AD_HATYPE), kYes},
                      "instruction 1 (code 0x20, k 0xfffff01c)");
  ExpectUnimplemented({LoadExtension(SKF_AD_MAX), kYes}, "unknown extension");
}

TEST(TranslateFilter, LoopsAreNamed) {
  ExpectUnimplemented({kNo, {BPF_JMP | BPF_JA, 0, 0, static_cast<uint32_t>(-2)}, kYes},
                      "protochain");
}

TEST(TranslateFilter, RefusesWhatTheKernelRefuses) {
  ExpectInvalid({}, "empty program");
  ExpectInvalid(Classic(BPF_MAXINSNS + 1, kYes), "4097 instructions");
  ExpectInvalid({{BPF_LD | BPF_IMM, 0, 0, 1}}, "does not end with a verdict");
  ExpectInvalid({{BPF_JMP | BPF_JA, 0, 0, 1}, kYes}, "jump out of the program");
  ExpectInvalid({{BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 0}, kYes}, "jump out of the program");
  ExpectInvalid({{BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0}, kYes}, "jump out of the program");
  ExpectInvalid({{BPF_JMP | BPF_JSLT | BPF_K, 0, 0, 0}, kYes}, "unknown jump");
  ExpectInvalid({{BPF_ALU | BPF_DIV | BPF_K, 0, 0, 0}, kYes}, "division by 0");
  ExpectInvalid({{BPF_ALU | BPF_MOD | BPF_K, 0, 0, 0}, kYes}, "division by 0");
  ExpectInvalid({{BPF_ALU | BPF_LSH | BPF_K, 0, 0, 32}, kYes}, "shift");
  ExpectInvalid({{BPF_ALU | BPF_MOV | BPF_K, 0, 0, 1}, kYes}, "unknown arithmetic");
  ExpectInvalid({{BPF_ST, 0, 0, BPF_MEMWORDS}, kYes}, "no such M[]");
  ExpectInvalid({{BPF_LDX | BPF_MEM, 0, 0, 16}, kYes}, "no such M[]");
  ExpectInvalid({{BPF_LD | BPF_ABS | BPF_DW, 0, 0, 0}, kYes}, "unknown size");
  ExpectInvalid({{BPF_LDX | BPF_MSH | BPF_W, 0, 0, 0}, kYes}, "unknown size");
  ExpectInvalid({{BPF_LDX | BPF_ABS | BPF_W, 0, 0, 0}, kYes}, "unknown load");
  ExpectInvalid({{BPF_MISC | 0x40, 0, 0, 0}, kYes}, "unknown transfer");
  ExpectInvalid({{BPF_RET | BPF_X, 0, 0, 0}}, "unknown verdict");
}

TEST(TranslateFilter, RefusesAWordOutsideOfTheControlBlock) {
  EXPECT_TRUE(absl::IsInvalidArgument(TranslateFilter({kYes}, {.verdict_cb = 5}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(TranslateFilter({kYes}, {.packet_type_cb = 5}).status()));
}

TEST(TranslateFilter, TakesThePacketsTypeFromWhereItIsTold) {
  const auto offset = [](std::optional<uint32_t> packet_type_cb) {
    FilterContinuation next = kNext;
    next.packet_type_cb = packet_type_cb;
    const Code code = *TranslateFilter({LoadExtension(SKF_AD_PKTTYPE), kYes}, next);
    const auto load = std::find_if(code.begin(), code.end(), [](const bpf_insn& insn) {
      return insn.code == (BPF_LDX | BPF_MEM | BPF_W) && insn.src_reg == BPF_REG_6;
    });
    return load == code.end() ? -1 : load->off;
  };
  EXPECT_EQ(offset(std::nullopt), offsetof(__sk_buff, pkt_type));
  EXPECT_EQ(offset(3), offsetof(__sk_buff, cb) + 12);
}

// On tcx 0 would end the chain.
TEST(TranslateFilter, ReturnsWhatItIsToldWhenItCannotGoOn) {
  for (const int result : {0, -1}) {
    FilterContinuation next = kNext;
    next.result = result;
    const Code code = *TranslateFilter({kYes}, next);
    ASSERT_GE(code.size(), 2u);
    EXPECT_EQ(code.back().code, BPF_JMP | BPF_EXIT);
    EXPECT_EQ(code[code.size() - 2].dst_reg, BPF_REG_0);
    EXPECT_EQ(code[code.size() - 2].imm, result);
  }
}

TEST(TranslateFilter, RefusesAJumpThatIsTooFar) {
  Classic classic = {{BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 1}, {BPF_JMP | BPF_JA, 0, 0, 4000}};
  while (classic.size() < 4003) classic.push_back({BPF_LD | BPF_IND | BPF_W, 0, 0, 1});
  classic.push_back(kYes);
  const absl::Status status = TranslateFilter(classic, kNext).status();
  EXPECT_TRUE(absl::IsOutOfRange(status)) << status;
}

}  // namespace
}  // namespace dns_monitor
