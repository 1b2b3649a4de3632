// Is the translation of a classic filter the same filter? The kernel is asked: it runs the classic
// program on one socket, ours on another, and both must let the same packets through.
#include <bpf/bpf.h>

#include <algorithm>
#include <cstdio>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "dns_monitor/tap/user_filter.h"
#include "gtest/gtest.h"
#include "kernel/filter_expressions.h"
#include "kernel/filter_packets.h"
#include "kernel/filter_testbed.h"
#include "kernel/random_filter.h"

namespace dns_monitor::filter_test {
namespace {

constexpr char kEthernetInterface[] = "dmaddr";
constexpr char kRawInterface[] = "dmraw";
constexpr uint32_t kFirstSeed = 20240229;
constexpr uint32_t kRandomPrograms = 3000;  // of each kind

std::string Listing(const Classic& classic) {
  std::string listing;
  for (size_t i = 0; i < classic.size(); ++i) {
    absl::StrAppendFormat(&listing, "%3d: {0x%02x, %d, %d, 0x%08x},\n", i, classic[i].code,
                          classic[i].jt, classic[i].jf, classic[i].k);
  }
  return listing;
}

struct Tally {
  size_t programs = 0;
  size_t mixed = 0;    // programs that let some packets through and drop others
  size_t refused = 0;  // programs that the kernel does not take
  size_t accepted = 0;
  size_t dropped = 0;

  void Add(const std::string& verdicts) {
    const auto yes = static_cast<size_t>(std::count(verdicts.begin(), verdicts.end(), '1'));
    ++programs;
    accepted += yes;
    dropped += verdicts.size() - yes;
    if (yes != 0 && yes != verdicts.size()) ++mixed;
  }
  void Print(const char* what) const {
    printf("%s: %zu programs (%zu of them mixed), %zu packets let through, %zu dropped\n", what,
           programs, mixed, accepted, dropped);
    if (refused != 0) printf("%s that the kernel refuses as they are: %zu\n", what, refused);
  }
};

// libpcap's optimiser leaves out a store to M[] now and then where "or" follows on "vlan". Such a
// program cannot be compared: the kernel refuses it, and our translation reads 0 there. Only
// whether some M[] is read is looked at: the kernel has no other reason to refuse what libpcap
// generates.
bool ReadsMemory(const Classic& classic) {
  return std::any_of(classic.begin(), classic.end(), [](const sock_filter& insn) {
    return insn.code == (BPF_LD | BPF_MEM) || insn.code == (BPF_LDX | BPF_MEM);
  });
}

// Fails the test, naming the packets, where the two differ.
void Compare(Testbed& testbed, const Classic& classic, const std::string& what, Tally* tally) {
  const absl::StatusOr<Verdicts> verdicts = testbed.Run(classic);
  if (absl::IsFailedPrecondition(verdicts.status()) && ReadsMemory(classic)) {
    ++tally->refused;
    return;
  }
  ASSERT_TRUE(verdicts.ok()) << what << ": " << verdicts.status() << "\n" << Listing(classic);
  std::string difference;
  for (size_t i = 0; i < verdicts->classic.size(); ++i) {
    if (verdicts->classic[i] == verdicts->translated[i]) continue;
    absl::StrAppend(&difference, testbed.names()[i], ": classic ", verdicts->classic.substr(i, 1),
                    ", translated ", verdicts->translated.substr(i, 1), "\n");
  }
  ASSERT_EQ(difference, "") << what << "\n" << Listing(classic);
  tally->Add(verdicts->classic);
}

void CompareRandom(Testbed& testbed, uint32_t count, RandomFilter::HeaderLoads header_loads,
                   Tally* tally) {
  for (uint32_t seed = kFirstSeed; seed < kFirstSeed + count; ++seed) {
    const Classic classic = RandomFilter(seed, header_loads).Make();
    ASSERT_NO_FATAL_FAILURE(Compare(testbed, classic, absl::StrCat("seed ", seed), tally));
  }
}

class FilterTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(Namespace().ok()) << Namespace().status(); }

  static std::unique_ptr<Testbed> PairTestbed(PagedPackets paged = PagedPackets::kSend) {
    absl::StatusOr<std::unique_ptr<Testbed>> testbed = MakePairTestbed(paged);
    EXPECT_TRUE(testbed.ok()) << testbed.status();
    return testbed.ok() ? *std::move(testbed) : nullptr;
  }
};

TEST_F(FilterTest, DecidesAsTheClassicFilter) {
  const std::unique_ptr<Testbed> testbed = PairTestbed();
  ASSERT_NE(testbed, nullptr);
  Tally tally;
  for (const std::string& expression : Expressions()) {
    const absl::StatusOr<Classic> classic = CompileFilter(kEthernetInterface, expression);
    ASSERT_TRUE(classic.ok()) << expression << ": " << classic.status();
    ASSERT_NO_FATAL_FAILURE(Compare(*testbed, *classic, expression, &tally));
  }
  tally.Print("expressions");
  EXPECT_GT(tally.mixed, Expressions().size() / 2);
}

TEST_F(FilterTest, DecidesAsTheClassicFilterOnCombinations) {
  const std::unique_ptr<Testbed> testbed = PairTestbed();
  ASSERT_NE(testbed, nullptr);
  Tally tally;
  size_t impossible = 0;
  for (const std::string& expression : CombinedExpressions()) {
    const absl::StatusOr<Classic> classic = CompileFilter(kEthernetInterface, expression);
    // "expression rejects all packets" and the like, by libpcap.
    if (absl::IsInvalidArgument(classic.status())) {
      ++impossible;
      continue;
    }
    ASSERT_TRUE(classic.ok()) << expression << ": " << classic.status();
    ASSERT_NO_FATAL_FAILURE(Compare(*testbed, *classic, expression, &tally));
  }
  tally.Print("combinations");
  printf("combinations that libpcap does not compile: %zu\n", impossible);
  EXPECT_LT(impossible, CombinedExpressions().size() / 4);
  EXPECT_GT(tally.mixed, CombinedExpressions().size() / 2);
  EXPECT_LT(tally.refused, CombinedExpressions().size() / 20);
}

TEST_F(FilterTest, DecidesAsTheClassicFilterOnRandomPrograms) {
  const std::unique_ptr<Testbed> testbed = PairTestbed();
  ASSERT_NE(testbed, nullptr);
  Tally tally;
  CompareRandom(*testbed, kRandomPrograms, RandomFilter::HeaderLoads::kNo, &tally);
  tally.Print("random programs");
  EXPECT_EQ(tally.refused, 0u);
  EXPECT_GT(tally.mixed, kRandomPrograms / 5);
}

// Without packets in pages, where a translation reads nothing at such an offset.
TEST_F(FilterTest, DecidesAsTheClassicFilterOnRandomProgramsWithHeaderLoads) {
  const std::unique_ptr<Testbed> testbed = PairTestbed(PagedPackets::kLeaveOut);
  ASSERT_NE(testbed, nullptr);
  Tally tally;
  CompareRandom(*testbed, kRandomPrograms, RandomFilter::HeaderLoads::kYes, &tally);
  tally.Print("random programs with header loads");
  EXPECT_EQ(tally.refused, 0u);
  EXPECT_GT(tally.mixed, kRandomPrograms / 5);
}

TEST_F(FilterTest, DecidesAsTheClassicFilterWithoutLinkHeader) {
  const absl::StatusOr<std::unique_ptr<Testbed>> testbed = MakeRawTestbed();
  ASSERT_TRUE(testbed.ok()) << testbed.status();
  Tally tally;
  for (const std::string& expression : RawExpressions()) {
    const absl::StatusOr<Classic> classic = CompileFilter(kRawInterface, expression);
    ASSERT_TRUE(classic.ok()) << expression << ": " << classic.status();
    ASSERT_NO_FATAL_FAILURE(Compare(**testbed, *classic, expression, &tally));
  }
  CompareRandom(**testbed, kRandomPrograms / 5, RandomFilter::HeaderLoads::kYes, &tally);
  tally.Print("raw IP");
  EXPECT_GT(tally.mixed, RawExpressions().size() / 2);
}

// What each special case does, beside that both machines agree on it.
TEST_F(FilterTest, DecidesAsDocumented) {
  const std::unique_ptr<Testbed> testbed = PairTestbed();
  ASSERT_NE(testbed, nullptr);
  const size_t count = testbed->names().size();
  const auto verdicts = [&](const Classic& classic) {
    const absl::StatusOr<Verdicts> both = testbed->Run(classic);
    EXPECT_TRUE(both.ok()) << both.status();
    return both.ok() ? both->translated : "";
  };
  const sock_filter yes = {BPF_RET | BPF_K, 0, 0, 1};
  const sock_filter no = {BPF_RET | BPF_K, 0, 0, 0};
  EXPECT_EQ(verdicts({yes}), std::string(count, '1'));
  EXPECT_EQ(verdicts({no}), std::string(count, '0'));
  EXPECT_EQ(verdicts({{BPF_LD | BPF_ABS | BPF_B, 0, 0, 65535}, yes}), std::string(count, '0'));
  EXPECT_EQ(verdicts({{BPF_ALU | BPF_DIV | BPF_X, 0, 0, 0}, yes}), std::string(count, '0'));
  // A and X begin as 0.
  EXPECT_EQ(verdicts({{BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0}, yes, no}), std::string(count, '1'));
  EXPECT_EQ(verdicts({{BPF_JMP | BPF_JEQ | BPF_X, 0, 1, 0}, yes, no}), std::string(count, '1'));
}

// Counts what got through with a tag in metadata, in data, and how often an expression sees it.
TEST_F(FilterTest, SeesTagsWhereverTheyAre) {
  const std::unique_ptr<Testbed> testbed = PairTestbed();
  ASSERT_NE(testbed, nullptr);
  const absl::StatusOr<Classic> classic = CompileFilter(kEthernetInterface, "vlan 5 and udp");
  ASSERT_TRUE(classic.ok()) << classic.status();
  const absl::StatusOr<Verdicts> verdicts = testbed->Run(*classic);
  ASSERT_TRUE(verdicts.ok()) << verdicts.status();
  for (const char* name : {"in: vlan 5 udp", "out: vlan 5 udp", "in: vlan 5 udp6",
                           "in: service tag udp", "out: service tag udp", "in: paged vlan"}) {
    const auto at = std::find(testbed->names().begin(), testbed->names().end(), name);
    ASSERT_NE(at, testbed->names().end()) << name;
    EXPECT_EQ(verdicts->translated[static_cast<size_t>(at - testbed->names().begin())], '1')
        << name;
  }
}

TEST_F(FilterTest, LoadsAsClassifier) {
  const absl::StatusOr<Fd> stages = MakeStages(BPF_PROG_TYPE_SCHED_CLS);
  ASSERT_TRUE(stages.ok()) << stages.status();
  for (const std::string& expression : Expressions()) {
    const absl::StatusOr<Classic> classic = CompileFilter(kEthernetInterface, expression);
    ASSERT_TRUE(classic.ok()) << expression << ": " << classic.status();
    const absl::StatusOr<Fd> program =
        LoadTranslated(*classic, BPF_PROG_TYPE_SCHED_CLS, stages->get());
    ASSERT_TRUE(program.ok()) << expression << ": " << program.status();
  }
}

TEST_F(FilterTest, DecidesAsClassifier) {
  const absl::StatusOr<Fd> stages = MakeStages(BPF_PROG_TYPE_SCHED_CLS);
  ASSERT_TRUE(stages.ok()) << stages.status();
  const absl::StatusOr<Classic> classic = CompileFilter(kEthernetInterface, "udp dst port 53");
  ASSERT_TRUE(classic.ok()) << classic.status();
  const absl::StatusOr<Fd> program =
      LoadTranslated(*classic, BPF_PROG_TYPE_SCHED_CLS, stages->get());
  ASSERT_TRUE(program.ok()) << program.status();
  size_t compared = 0;
  for (const Packet& packet : MakePackets()) {
    const bool is_query = packet.name == "udp query" || packet.name == "udp6 query";
    if (!is_query && packet.name != "udp answer" && packet.name != "tcp syn" &&
        packet.name != "cut within destination port") {
      continue;
    }
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet.frame.data(),
                .data_size_in = static_cast<uint32_t>(packet.frame.size()));
    ASSERT_EQ(bpf_prog_test_run_opts(program->get(), &options), 0) << packet.name;
    EXPECT_EQ(options.retval, is_query ? 1u : 0u) << packet.name;
    ++compared;
  }
  EXPECT_EQ(compared, 5u);
}

TEST_F(FilterTest, DropsWhenTheNextStageIsMissing) {
  const absl::StatusOr<Fd> stages = MakeStages(BPF_PROG_TYPE_SCHED_CLS);
  ASSERT_TRUE(stages.ok()) << stages.status();
  const uint32_t stage = kStage;
  ASSERT_EQ(bpf_map_delete_elem(stages->get(), &stage), 0);
  const absl::StatusOr<Fd> program =
      LoadTranslated({{BPF_RET | BPF_K, 0, 0, 1}}, BPF_PROG_TYPE_SCHED_CLS, stages->get());
  ASSERT_TRUE(program.ok()) << program.status();
  const Bytes frame(64, 0);
  LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
              .data_size_in = static_cast<uint32_t>(frame.size()));
  ASSERT_EQ(bpf_prog_test_run_opts(program->get(), &options), 0);
  EXPECT_EQ(options.retval, 0u);
}

TEST_F(FilterTest, LongFilters) {
  const std::unique_ptr<Testbed> testbed = PairTestbed();
  ASSERT_NE(testbed, nullptr);
  std::string expression = "host 192.0.2.53";
  for (int i = 0; i < 300; ++i)
    absl::StrAppend(&expression, " or host 10.1.", i % 250, ".", i / 250);
  const absl::StatusOr<Classic> classic = CompileFilter(kEthernetInterface, expression);
  ASSERT_TRUE(classic.ok()) << classic.status();
  EXPECT_GT(classic->size(), 600u);
  Tally tally;
  Compare(*testbed, *classic, expression, &tally);
}

TEST_F(FilterTest, CompileErrorsAreLibpcaps) {
  const absl::Status syntax = CompileFilter(kEthernetInterface, "udp prot 53").status();
  EXPECT_TRUE(absl::IsInvalidArgument(syntax)) << syntax;
  EXPECT_TRUE(absl::StrContains(syntax.message(), "syntax error")) << syntax;
  const absl::Status link = CompileFilter(kRawInterface, "vlan 5").status();
  EXPECT_TRUE(absl::IsInvalidArgument(link)) << link;
  EXPECT_TRUE(absl::StrContains(link.message(), "VLAN")) << link;
  const absl::Status netmask = CompileFilter("dmpeer", "ip broadcast").status();
  EXPECT_TRUE(absl::IsInvalidArgument(netmask)) << netmask;
  EXPECT_TRUE(absl::StrContains(netmask.message(), "netmask not known")) << netmask;
  EXPECT_TRUE(absl::IsNotFound(CompileFilter("nosuch0", "udp").status()));
}

TEST_F(FilterTest, CompilesForAnInterfaceThatIsDown) {
  const absl::StatusOr<Classic> raw = CompileFilter("dmdown", "udp port 53");
  ASSERT_TRUE(raw.ok()) << raw.status();
  EXPECT_EQ(Listing(*raw), Listing(*CompileFilter(kRawInterface, "udp port 53")));
  ASSERT_EQ(std::system("ip link set dmpeer down"), 0);
  const absl::StatusOr<Classic> ethernet = CompileFilter("dmpeer", "vlan 5 and inbound");
  ASSERT_EQ(std::system("ip link set dmpeer up"), 0);
  ASSERT_TRUE(ethernet.ok()) << ethernet.status();
  EXPECT_EQ(Listing(*ethernet), Listing(*CompileFilter(kEthernetInterface, "vlan 5 and inbound")));
}

TEST_F(FilterTest, LoopsAreRefused) {
  const absl::StatusOr<Classic> loop = CompileFilter(kEthernetInterface, "ip6 protochain 17");
  ASSERT_TRUE(loop.ok()) << loop.status();
  const absl::Status refused = TranslateFilter(*loop, {}).status();
  EXPECT_TRUE(absl::IsUnimplemented(refused)) << refused;
  EXPECT_TRUE(absl::StrContains(refused.message(), "protochain")) << refused;
}

}  // namespace
}  // namespace dns_monitor::filter_test
