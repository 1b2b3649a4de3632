// On tcx the filter stands in a chain with programs of others, which do not notice it.
#include <bpf/bpf.h>
#include <gtest/gtest.h>
#include <net/if.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "dns_monitor/base/fd.h"
#include "kernel/live_network.h"
#include "kernel/live_rows.h"
#include "src/tap/bpf_insn.h"
#include "support/packet_builder.h"

namespace dns_monitor::live {
namespace {

constexpr int kTcxIngress = 46;
constexpr uint32_t kNext = static_cast<uint32_t>(-1);
constexpr int kContext = BPF_REG_6;
constexpr int kWords = 5;

constexpr int Word(int index) {
  return static_cast<int>(offsetof(__sk_buff, cb)) + 4 * index;
}

Fd Load(const std::vector<bpf_insn>& code) {
  Fd program(bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "neighbour", "Dual BSD/GPL", code.data(),
                           code.size(), nullptr));
  EXPECT_TRUE(program.valid());
  return program;
}

// Leaves word in the control block, for whoever is behind it.
Fd LoadFront() {
  std::vector<bpf_insn> code = {bpf::Move(kContext, BPF_REG_1)};
  for (int index = 0; index < kWords; ++index) {
    code.push_back(bpf::Set(BPF_REG_2, static_cast<uint32_t>(1000 + index)));
    code.push_back(bpf::Store(BPF_W, kContext, Word(index), BPF_REG_2));
  }
  code.push_back(bpf::Set(BPF_REG_0, kNext));
  code.push_back(bpf::Exit());
  return Load(code);
}

// Counts in `counts`: [0] what it sees, [1] where the word is as it was left.
Fd LoadBack(int counts_fd) {
  std::vector<bpf_insn> code = {bpf::Move(kContext, BPF_REG_1)};
  const auto count = [&](uint32_t key) {
    code.push_back(bpf::StoreValue(BPF_W, BPF_REG_10, -4, key));
    code.push_back(bpf::Move(BPF_REG_2, BPF_REG_10));
    code.push_back(bpf::AddPointer(BPF_REG_2, -4));
    for (const bpf_insn& half : bpf::MapAddress(BPF_REG_1, counts_fd)) code.push_back(half);
    code.push_back(bpf::Call(BPF_FUNC_map_lookup_elem));
    // if (r0 != 0) *r0 += 1
    code.push_back(bpf::Encode(BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 3, 0));
    code.push_back(bpf::Load(BPF_W, BPF_REG_1, BPF_REG_0, 0));
    code.push_back(bpf::Compute(BPF_ADD, BPF_REG_1, 1));
    code.push_back(bpf::Store(BPF_W, BPF_REG_0, 0, BPF_REG_1));
  };
  count(0);
  // Each word that differs leads to the end.
  std::vector<size_t> jumps;
  for (int index = 0; index < kWords; ++index) {
    code.push_back(bpf::Load(BPF_W, BPF_REG_2, kContext, Word(index)));
    jumps.push_back(code.size());
    code.push_back(bpf::JumpIf(BPF_JNE, BPF_REG_2, static_cast<uint32_t>(1000 + index)));
  }
  count(1);
  for (const size_t jump : jumps) code[jump].off = static_cast<int16_t>(code.size() - jump - 1);
  code.push_back(bpf::Set(BPF_REG_0, kNext));
  code.push_back(bpf::Exit());
  return Load(code);
}

Fd AttachTo(const char* interface, const Fd& program) {
  return Fd(bpf_link_create(program.get(), static_cast<int>(if_nametoindex(interface)),
                            static_cast<bpf_attach_type>(kTcxIngress), nullptr));
}

uint32_t CountOf(const Fd& counts, uint32_t key) {
  uint32_t value = 0;
  EXPECT_EQ(bpf_map_lookup_elem(counts.get(), &key, &value), 0);
  return value;
}

TEST(LiveFilterOnTcx, NeighboursDoNotNoticeIt) {
  ASSERT_TRUE(EnterNetwork().ok()) << EnterNetwork();
  const Fd counts(bpf_map_create(BPF_MAP_TYPE_ARRAY, "counts", 4, 4, 2, nullptr));
  ASSERT_TRUE(counts.valid());
  const Fd front = LoadFront();
  const Fd back = LoadBack(counts.get());
  const Fd front_link = AttachTo(kRight, front);
  if (!front_link.valid()) GTEST_SKIP() << "this kernel has no tcx";
  uint32_t sent = 0;
  // What is taken, what is not DNS, what the user's filter refuses, what it takes.
  for (const std::string filter : {"", "udp", "tcp"}) {
    const auto tap = LiveTap::Open(kRight, {.filter = filter, .hook = Hook::kTcx});
    ASSERT_NE(tap, nullptr);
    const Fd back_link = AttachTo(kRight, back);
    ASSERT_TRUE(back_link.valid());
    const std::vector<Bytes> frames = {Query(), Eth4().Udp(1, 2), First4(1, 53, 40000), Later4(1),
                                       Eth().Arp().Pad(60)};
    for (const Bytes& frame : frames) SendFrom(kLeft, frame);
    sent += static_cast<uint32_t>(frames.size());
    tap->AwaitSeen(frames.size());
    // A program behind runs when the one in front has ended.
    while (CountOf(counts, 0) < sent) sched_yield();
    EXPECT_EQ(CountOf(counts, 0), sent) << filter;
    EXPECT_EQ(CountOf(counts, 1), sent) << filter;
  }
}

}  // namespace
}  // namespace dns_monitor::live
