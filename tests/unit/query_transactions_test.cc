// Queries and responses as they come, without files.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dns_monitor/query/transaction_matcher.h"
#include "support/dns.h"

namespace dns_monitor {
namespace {

constexpr uint16_t kA = 1;
constexpr uint16_t kAxfr = 252;

class TransactionMatcherTest : public ::testing::Test {
 protected:
  // One message between the same two ends, a millisecond after the one before it.
  void Take(bool response, const std::string& bytes, uint64_t stream = 0) {
    Packet packet;
    packet.ip_version = 4;
    packet.source_port = response ? 53 : 40000;
    packet.destination_port = response ? 40000 : 53;
    const ByteVector message = ToBytes(bytes);
    now_ns_ += 1'000'000;
    const ScanItem item{.file = &file_,
                        .packet = &packet,
                        .time_ns = now_ns_,
                        .message = message,
                        .stream = stream};
    row_.Set(item, 1);
    matcher_.Take(&row_, &done_);
  }
  void Ask(uint16_t qtype, uint64_t stream = 0) {
    Take(false, Header(0x0100, 1, 0, 0, 0) + Question(WireName("e2e"), qtype), stream);
  }
  void Answer(uint16_t qtype, uint64_t stream = 0) {
    Take(true, Header(0x8180, 1, 0, 0, 0) + Question(WireName("e2e"), qtype), stream);
  }
  void AskForAnother() {
    Take(false, Header(0x0100, 1, 0, 0, 0) + Question(WireName("other"), kA));
  }
  void AnswerWithoutQuestion(uint64_t stream) {
    Take(true, Header(0x8180, 0, 1, 0, 0) + Record(WireName("e2e"), kA, "\1\2\3\4"), stream);
  }
  // "+" asked, "-" answered: of each transaction.
  std::string Done() {
    matcher_.Finish(&done_);
    std::string text;
    for (const Transaction& one : done_) {
      text += (one.asked ? "+" : "") + std::string(one.answered ? "-" : "") + " ";
    }
    return text;
  }

  static constexpr int64_t kSecond = 1'000'000'000;

  int64_t now_ns_ = 100 * kSecond;
  PlannedFile file_;
  MessageRow row_{RowSettings{}};
  TransactionMatcher matcher_;
  std::vector<Transaction> done_;
};

TEST_F(TransactionMatcherTest, ATransferIsOneTransaction) {
  Ask(kAxfr, 1);
  Answer(kAxfr, 1);
  AnswerWithoutQuestion(1);
  Answer(kAxfr, 1);  // some repeat it
  EXPECT_EQ(Done(), "+- ");
  EXPECT_EQ(done_.front().response_ns - done_.front().query_ns, 1'000'000);
}

TEST_F(TransactionMatcherTest, OtherConnectionsAreNotOfTheTransfer) {
  Ask(kAxfr, 1);
  Answer(kAxfr, 1);
  AnswerWithoutQuestion(2);
  EXPECT_EQ(Done(), "+- - ");
}

TEST_F(TransactionMatcherTest, ATransferMayBeAskedForAgain) {
  Ask(kAxfr, 1);
  Answer(kAxfr, 1);
  Ask(kAxfr, 1);
  AnswerWithoutQuestion(1);
  Answer(kAxfr, 1);
  EXPECT_EQ(Done(), "+- +- ");
}

TEST_F(TransactionMatcherTest, OtherAnswersThatComeTwiceAreNotAskedFor) {
  Ask(kA, 1);
  Answer(kA, 1);
  Answer(kA, 1);
  Ask(kAxfr);  // of UDP no second message comes
  Answer(kAxfr);
  Answer(kAxfr);
  EXPECT_EQ(Done(), "+- - +- - ");
}

TEST_F(TransactionMatcherTest, AnAnswerWithoutAQuestionIsToTheOnlyQueryThatItFits) {
  Ask(kA);
  AnswerWithoutQuestion(0);
  EXPECT_EQ(Done(), "+- ");
  EXPECT_EQ(done_.front().qname, "e2e.");
}

TEST_F(TransactionMatcherTest, AnAnswerWithoutAQuestionIsToNoneOfSeveral) {
  Ask(kA);
  AskForAnother();
  AnswerWithoutQuestion(0);
  Answer(kA);
  EXPECT_EQ(Done(), "- +- + ");
}

// A flood from one port with one identifier is no more work than any other.
TEST_F(TransactionMatcherTest, TakesManyQuestionsBetweenTheSameEndpoints) {
  constexpr int kMany = 200'000;
  const auto question = [](int i) { return Question(WireName(absl::StrCat("q", i)), kA); };
  for (int i = 0; i < kMany; ++i) {
    now_ns_ -= 1'000'000;  // all within the patience
    Take(false, Header(0x0100, 1, 0, 0, 0) + question(i));
  }
  for (int i = kMany; i-- > 1;) {
    now_ns_ -= 1'000'000;
    Take(true, Header(0x8180, 1, 0, 0, 0) + question(i));
  }
  AnswerWithoutQuestion(0);
  ASSERT_EQ(done_.size(), static_cast<size_t>(kMany));
  EXPECT_EQ(done_.back().qname, "q0.");
  EXPECT_EQ(Done().find("+ "), std::string::npos) << "all are answered";
}

TEST_F(TransactionMatcherTest, ForgetsTheOldestTransfers) {
  for (uint64_t stream = 1; stream <= TransactionMatcher::kMostTransfers + 1; ++stream) {
    Ask(kAxfr, stream);
    Answer(kAxfr, stream);
  }
  done_.clear();
  AnswerWithoutQuestion(1);
  AnswerWithoutQuestion(2);
  EXPECT_EQ(Done(), "- ");
}

TEST_F(TransactionMatcherTest, WaitsThirtySeconds) {
  Ask(kA);
  now_ns_ += 30 * kSecond - 2'000'000;
  Answer(kA);
  Ask(kA);
  now_ns_ += 31 * kSecond;
  Answer(kA);
  EXPECT_EQ(Done(), "+- + - ");
}

// The files of two interfaces are read one after the other, though they are of the same time.
TEST_F(TransactionMatcherTest, EachInterfaceHasATimeOfItsOwn) {
  file_.interface = "eth0";
  Ask(kA);
  const int64_t border_ns = now_ns_;
  file_.interface = "eth1";
  now_ns_ -= 1800 * kSecond;
  Ask(kA);
  now_ns_ += 3600 * kSecond;
  Answer(kA);
  file_.interface = "eth0";
  now_ns_ = border_ns + kSecond;
  Answer(kA);
  EXPECT_EQ(Done(), "+ - +- ");
}

TEST_F(TransactionMatcherTest, AClockThatStepsBackStopsNothing) {
  Ask(kA);
  now_ns_ -= 3600 * kSecond;
  Answer(kA);
  Ask(kA);
  now_ns_ += 31 * kSecond;
  Answer(kA);
  EXPECT_EQ(Done(), "+- + - ");
}

}  // namespace
}  // namespace dns_monitor
