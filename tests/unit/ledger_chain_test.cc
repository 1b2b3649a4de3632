#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "absl/strings/escaping.h"
#include "dns_monitor/ledger/chain.h"
#include "dns_monitor/ledger/json.h"
#include "support/ledger_samples.h"

namespace dns_monitor {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string Hex(const Sha256& digest) {
  return absl::BytesToHexString({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

// FIPS 180-4's examples.
TEST(Digest, IsSha256) {
  EXPECT_EQ(Hex(Digest("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Hex(Digest("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Hex(Digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(Hex(Digest(std::string(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Digest, ComesPieceByPieceToTheSame) {
  const std::string text(1000, 'x');
  Digester digester;
  for (int round = 0; round < 2; ++round) {
    for (size_t at = 0; at < text.size(); at += 77) {
      digester.Add(absl::string_view(text).substr(at, 77));
    }
    EXPECT_EQ(digester.Finish(), Digest(text));
  }
}

class FindNewestLedgerTest : public testing::Test {
 protected:
  // The ledger of "INTERFACE.START.pcap", in the file of that name or in another one.
  void Put(const std::string& interface, const std::string& start, uint64_t sequence,
           std::string file_name = "") {
    Ledger ledger = SmallLedger();
    ledger.interface = interface;
    ledger.file_name = interface + "." + start + ".pcap";
    ledger.sequence = sequence;
    if (file_name.empty()) file_name = ledger.file_name + ".json";
    files_[file_name] = *FormatLedger(ledger);
  }

  NewestLedger Find(const std::string& interface) {
    std::vector<DirectoryEntry> entries;
    for (const auto& [name, bytes] : files_) entries.push_back({.name = name});
    return FindNewestLedger(entries, interface, [this](const std::string& name) {
      const auto failure = failures_.find(name);
      return failure != failures_.end() ? failure->second
                                        : absl::StatusOr<std::string>(files_.at(name));
    });
  }

  std::map<std::string, std::string> files_;
  std::map<std::string, absl::StatusOr<std::string>> failures_;
};

TEST_F(FindNewestLedgerTest, FindsNoneInAnEmptyDirectory) {
  EXPECT_EQ(Find("eth0").link, std::nullopt);
  EXPECT_THAT(Find("eth0").unreadable, IsEmpty());
}

TEST_F(FindNewestLedgerTest, GoesBySequenceNotByName) {
  Put("eth0", "20261125_0000", 8);
  Put("eth0", "20261124_0000", 9);  // the clock was set back
  Put("eth0", "20261126_0000", 7);
  const NewestLedger newest = Find("eth0");
  const std::string name = "eth0.20261124_0000.pcap.json";
  EXPECT_EQ(newest.link, LinkTo(name, files_[name]));
  EXPECT_EQ(newest.link->sha256, Digest(files_[name]));
  EXPECT_EQ(newest.ledger.sequence, 9);
}

TEST_F(FindNewestLedgerTest, LeavesOtherInterfacesAndFilesAlone) {
  Put("eth0", "20261125_0000", 1);
  Put("eth0.100", "20261125_0000", 5);
  files_["eth0.20261125_0000.pcap"] = "";
  files_["eth0.20261126_0000.pcap.part"] = "";
  files_["notes.json"] = "";
  const NewestLedger newest = Find("eth0");
  EXPECT_EQ(newest.ledger.sequence, 1);
  EXPECT_THAT(newest.unreadable, IsEmpty());
}

TEST_F(FindNewestLedgerTest, TakesTheLedgerOfACompressedSegment) {
  Put("eth0", "20261125_0000", 4, "eth0.20261125_0000.pcap.zst.json");
  EXPECT_EQ(Find("eth0").link->file_name, "eth0.20261125_0000.pcap.zst.json");
}

TEST_F(FindNewestLedgerTest, LeavesOutThatOfAPart) {
  Put("eth0", "20261124_0000", 1);
  Put("eth0", "20261125_0000", 2);
  files_["eth0.20261124_0000.pcap"] = "";
  files_["eth0.20261125_0000.pcap.part"] = "";
  EXPECT_EQ(Find("eth0").ledger.sequence, 1);
  files_["eth0.20261125_0000.pcap"] = "";
  EXPECT_EQ(Find("eth0").ledger.sequence, 2);
}

TEST_F(FindNewestLedgerTest, NamesWhatCannotBeRead) {
  Put("eth0", "20261124_0000", 1);
  Put("eth0", "20261125_0000", 2);
  Put("eth0", "20261126_0000", 3);
  Put("eth0", "20261127_0000", 4, "eth0.20261128_0000.pcap.json");
  files_["eth0.20261125_0000.pcap.json"] = "{}";
  failures_.emplace("eth0.20261126_0000.pcap.json", absl::InternalError("Input/output error"));
  const NewestLedger newest = Find("eth0");
  EXPECT_EQ(newest.ledger.sequence, 1);
  EXPECT_THAT(newest.unreadable,
              ElementsAre("eth0.20261125_0000.pcap.json: /format_version: is missing",
                          "eth0.20261126_0000.pcap.json: Input/output error",
                          "eth0.20261128_0000.pcap.json: is of eth0.20261127_0000.pcap"));
}

TEST_F(FindNewestLedgerTest, PassesOverWhatIsGoneByNow) {
  Put("eth0", "20261124_0000", 1);
  Put("eth0", "20261125_0000", 2);
  failures_.emplace("eth0.20261125_0000.pcap.json", absl::NotFoundError(""));
  const NewestLedger newest = Find("eth0");
  EXPECT_EQ(newest.ledger.sequence, 1);
  EXPECT_THAT(newest.unreadable, IsEmpty());
}

// Whoever deletes or changes a ledger breaks the link of the next one.
TEST(LinkTo, ChangesWithEachByte) {
  std::string bytes = *FormatLedger(FullLedger());
  const LedgerLink link = LinkTo("x.json", bytes);
  bytes[bytes.size() / 2] ^= 1;
  EXPECT_NE(LinkTo("x.json", bytes), link);
}

}  // namespace
}  // namespace dns_monitor
