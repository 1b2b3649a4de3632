// Each byte of a chain's files, changed by itself: what is found, and what cannot be.
#include <set>

#include "absl/strings/str_split.h"
#include "support/verify_fixture.h"

namespace dns_monitor {
namespace {

using testing::IsEmpty;

class VerifyMutationsTest : public VerifyTest {
 protected:
  VerifyMutationsTest() {
    options_.deep = true;
    chain_ = ChainMaker();
    for (int minute = 0; minute <= 2; ++minute) Append(minute);
    for (const auto& [name, content] : chain_.files) disk_.AddContent(name, content);
  }

  // A small one: each of its bytes costs several checks of all three.
  void Append(int minute) {
    const int64_t from_ns = kChainBeginNs + minute * kMinuteNs;
    chain_.Append(MadeSegment::Of(PcapName(minute), from_ns,
                                  {from_ns, from_ns + 1'234'567'000, from_ns + 59'999'999'000}),
                  [](Ledger& ledger) { ledger.settings.filter = "udp"; });
  }

  // Where a flip of a bit of `name` is not found, as offsets of bytes.
  std::vector<size_t> Missed(const std::string& name) {
    std::vector<size_t> missed;
    const std::string intact = chain_.files[name];
    std::string content = intact;
    for (size_t at = 0; at < content.size(); ++at) {
      // To another digit or letter, and to another kind of character.
      for (const int bits : {0x01, 0x20}) {
        content[at] = static_cast<char>(intact[at] ^ bits);
        Write(name, content);
        if (CheckOn(disk_).empty() && (missed.empty() || missed.back() != at)) missed.push_back(at);
      }
      content[at] = intact[at];
    }
    Write(name, intact);
    EXPECT_THAT(CheckOn(disk_), IsEmpty());
    return missed;
  }

  void Write(const std::string& name, const std::string& content) {
    disk_.DropFile(name);
    disk_.AddContent(name, content);
    disk_.ClearCalls();
  }

  FakeDisk disk_;
};

TEST_F(VerifyMutationsTest, EachByteOfAPcapFileCounts) {
  for (int minute = 0; minute <= 2; ++minute) EXPECT_THAT(Missed(PcapName(minute)), IsEmpty());
}

TEST_F(VerifyMutationsTest, EachByteOfAnOlderLedgerCounts) {
  EXPECT_THAT(Missed(LedgerName(1)), IsEmpty());
}

// No other ledger knows the newest one's digest: what says nothing about its file, the balance or
// the chain can be changed unseen until the next ledger is there.
TEST_F(VerifyMutationsTest, TheNewestLedgerHidesOnlyWhatNothingElseTells) {
  const std::string& text = chain_.files[LedgerName(2)];
  std::set<std::string> fields;
  for (const size_t at : Missed(LedgerName(2))) {
    const size_t begin = text.rfind('\n', at) + 1;
    const std::string line = text.substr(begin, text.find('\n', at) - begin);
    const std::vector<std::string> parts = absl::StrSplit(line, '"');
    // White space stands between all of them.
    if (isspace(static_cast<unsigned char>(text[at])) == 0) {
      fields.insert(parts.size() > 1 ? parts[1] : line);
    }
  }
  // About the machine and the program; which packets were asked for; the borders, as long as all
  // packets lie within; late packets, as long as there are no fewer than the file has.
  std::set<std::string> nothing_else_tells = {
      "ifindex", "host", "program_version", "ports", "filter", "from", "to", "late"};
  // A cause that counts nothing, by another name: causes of a later version are taken.
  for (const auto& name : kLossCauseNames) nothing_else_tells.emplace(name);
  for (const auto& name : kUndecidedCauseNames) nothing_else_tells.emplace(name);
  nothing_else_tells.erase("other");  // is not written without a count
  EXPECT_EQ(fields, nothing_else_tells);

  Append(3);
  for (const std::string& name : {PcapName(3), LedgerName(3)}) Write(name, chain_.files[name]);
  EXPECT_THAT(Missed(LedgerName(2)), IsEmpty());
}

}  // namespace
}  // namespace dns_monitor
