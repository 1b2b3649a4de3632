#include "support/verify_fixture.h"

namespace dns_monitor {
namespace {

using testing::IsEmpty;
using testing::UnorderedElementsAreArray;

constexpr char kPcap[] = "eth0.20261125_0001.pcap";
constexpr char kLedger[] = "eth0.20261125_0001.pcap.json";
constexpr char kNewest[] = "eth0.20261125_0002.pcap";
constexpr char kNewestLedger[] = "eth0.20261125_0002.pcap.json";

TEST_F(VerifyTest, FindsNothingWrongWithWhatIsRight) {
  for (const bool deep : {false, true}) {
    options_.deep = deep;
    EXPECT_THAT(Check(), IsEmpty()) << deep;
    EXPECT_THAT(messages_, IsEmpty());
    EXPECT_EQ(totals_.segments, 3);
    EXPECT_EQ(totals_.packets, 30);
    EXPECT_EQ(totals_.problems, 0);
    EXPECT_EQ(totals_.first_ns, kChainBeginNs);
    EXPECT_EQ(totals_.last_ns, kChainBeginNs + 2 * kMinuteNs + 45'000'000'000);
  }
}

// What was done to the files, and what is told of it: by both kinds of check, or by one.
enum class FoundBy { kBoth, kDeepAlone };
struct Damage {
  const char* what;
  std::function<void(ChainMaker&)> make;
  std::vector<std::string> told;
  FoundBy found_by = FoundBy::kBoth;
};

std::string Of(const char* file, const char* kind) {
  return absl::StrCat(file, " ", kind);
}

void Poke(ChainMaker& chain, const std::string& file, size_t offset, const std::string& bytes) {
  chain.files[file].replace(offset, bytes.size(), bytes);
}

const std::vector<Damage>& DamagedFiles() {
  static const std::vector<Damage> rows = {
      {"a byte cut off",
       [](ChainMaker& chain) { chain.files[kPcap].pop_back(); },
       {Of(kPcap, "truncated"), Of(kPcap, "length")}},
      {"a record cut off",
       [](ChainMaker& chain) { chain.files[kPcap].resize(24 + 56); },
       {Of(kPcap, "length")}},
      {"cut within the file header",
       [](ChainMaker& chain) { chain.files[kPcap].resize(23); },
       {Of(kPcap, "truncated"), Of(kPcap, "length")}},
      {"emptied",
       [](ChainMaker& chain) { chain.files[kPcap].clear(); },
       {Of(kPcap, "truncated"), Of(kPcap, "length")}},
      {"zeros behind it",
       [](ChainMaker& chain) { chain.files[kPcap].append(512, '\0'); },
       {Of(kPcap, "zeros"), Of(kPcap, "length")}},
      {"something else",
       [](ChainMaker& chain) { Poke(chain, kPcap, 0, "GIF89a"); },
       {Of(kPcap, "not_pcap")}},
      {"a record that claims too much",
       [](ChainMaker& chain) { Poke(chain, kPcap, 24 + 8, "\xff\xff\xff\xff"); },
       {Of(kPcap, "bad_record")}},
      {"a time that is changed",
       [](ChainMaker& chain) { Poke(chain, kPcap, 24, std::string(4, '\1')); },
       {Of(kPcap, "first_packet"), Of(kPcap, "borders"), Of(kPcap, "index")}},
      {"a byte of a packet changed",
       [](ChainMaker& chain) { Poke(chain, kPcap, 24 + 16 + 5, "\xff"); },
       {Of(kPcap, "checksum")},
       FoundBy::kDeepAlone},
      {"the file gone",
       [](ChainMaker& chain) { chain.files.erase(kPcap); },
       {Of(kLedger, "pcap_missing")}},
      {"the ledger gone",
       [](ChainMaker& chain) { chain.files.erase(kLedger); },
       {Of(kPcap, "ledger_missing")}},
      {"both gone", [](ChainMaker& chain) { chain.Drop(1); }, {Of(kPcap, "segment_missing")}},
      {"the oldest gone",
       [](ChainMaker& chain) { chain.Drop(0); },
       {Of("eth0.20261125_0000.pcap", "segment_missing")}},
      {"two gone",
       [](ChainMaker& chain) {
         chain.AppendMinutes(3, 3);
         chain.Drop(1);
         chain.Drop(2);
       },
       {Of(kNewest, "segment_missing")}},
      {"a foreign file",
       [](ChainMaker& chain) { chain.files["eth0.20261125_0001-1.pcap"] = chain.files[kPcap]; },
       {Of("eth0.20261125_0001-1.pcap", "ledger_missing")}},
      {"a copy of a segment",
       [](ChainMaker& chain) {
         chain.files["eth0.20261125_0001-1.pcap"] = chain.files[kPcap];
         chain.files["eth0.20261125_0001-1.pcap.json"] = chain.files[kLedger];
       },
       {Of("eth0.20261125_0001-1.pcap.json", "of_another_file")}},
      {"two files exchanged",
       [](ChainMaker& chain) { std::swap(chain.files[kPcap], chain.files[kNewest]); },
       {Of(kPcap, "first_packet"), Of(kPcap, "last_packet"), Of(kPcap, "borders"),
        Of(kPcap, "index"), Of(kNewest, "first_packet"), Of(kNewest, "last_packet"),
        Of(kNewest, "borders"), Of(kNewest, "index")}},
      {"a ledger alone",
       [](ChainMaker& chain) {
         chain.files["eth0.20261125_0001-1.pcap.json"] = chain.files[kLedger];
         chain.files.erase("eth0.20261125_0001-1.pcap");
       },
       {Of("eth0.20261125_0001-1.pcap.json", "of_another_file"),
        Of("eth0.20261125_0001-1.pcap.json", "pcap_missing")}},
      {"a ledger that is none",
       [](ChainMaker& chain) { chain.files[kLedger].pop_back(), chain.files[kLedger].pop_back(); },
       {Of(kLedger, "ledger_invalid")}},
      {"an older ledger edited",
       [](ChainMaker& chain) { chain.Edit(1, [](Ledger& ledger) { ledger.host = "x"; }); },
       {Of(kLedger, "chain")}},
  };
  return rows;
}

TEST_F(VerifyTest, FindsDamage) {
  for (const Damage& damage : DamagedFiles()) {
    for (const bool deep : {false, true}) {
      SCOPED_TRACE(absl::StrCat(damage.what, deep ? ", deep" : ""));
      chain_ = ChainMaker();
      chain_.AppendMinutes(0, 2);
      damage.make(chain_);
      options_.deep = deep;
      std::vector<std::string> told = damage.told;
      if (damage.found_by == FoundBy::kDeepAlone && !deep) told.clear();
      std::vector<std::string> found = Check();
      // The bytes are not those any more, too.
      std::erase_if(found, [&](const std::string& one) {
        return damage.found_by == FoundBy::kBoth && one.ends_with(" checksum");
      });
      EXPECT_THAT(found, UnorderedElementsAreArray(told));
      EXPECT_EQ(totals_.problems > 0, !told.empty());
    }
  }
}

struct Edit {
  const char* what;
  std::function<void(Ledger&)> make;
  std::vector<const char*> kinds;  // told of the newest segment …
  bool of_ledger = false;          // … or of its ledger
};

const std::vector<Edit>& Edits() {
  static const std::vector<Edit> rows = {
      {"length", [](Ledger& ledger) { ++ledger.length_bytes; }, {"length"}},
      {"link type", [](Ledger& ledger) { ledger.link_type = 101; }, {"link_type"}},
      {"snap length", [](Ledger& ledger) { ledger.settings.snaplen = 1; }, {"snaplen"}},
      {"unit", [](Ledger& ledger) { ledger.settings.nanoseconds = true; }, {"time_unit"}},
      {"first packet", [](Ledger& ledger) { ++*ledger.first_packet_ns; }, {"first_packet"}},
      {"no first packet", [](Ledger& ledger) { ledger.first_packet_ns.reset(); }, {"first_packet"}},
      {"last packet", [](Ledger& ledger) { --*ledger.last_packet_ns; }, {"last_packet"}},
      {"clipped", [](Ledger& ledger) { ledger.balance.clipped = 0; }, {"clipped"}},
      {"from", [](Ledger& ledger) { ledger.from_ns += 1000; }, {"borders"}},
      {"to", [](Ledger& ledger) { ledger.to_ns = *ledger.last_packet_ns; }, {"borders"}},
      {"packets",
       [](Ledger& ledger) {
         ++ledger.balance.written, ++ledger.balance.matched, ++ledger.balance.seen;
       },
       {"packets"}},
      {"no index", [](Ledger& ledger) { ledger.index.clear(); }, {"index"}},
      {"an entry less", [](Ledger& ledger) { ledger.index.pop_back(); }, {"index"}},
      {"an entry less in front",
       [](Ledger& ledger) { ledger.index.erase(ledger.index.begin()); },
       {"index"}},
      {"an entry more",
       [](Ledger& ledger) { ledger.index.push_back({.offset = ledger.length_bytes}); },
       {"index"}},
      {"an entry moved", [](Ledger& ledger) { ++ledger.index[2].offset; }, {"index"}},
      {"all entries at 0",
       [](Ledger& ledger) {
         for (IndexEntry& entry : ledger.index) entry.offset = 0;
       },
       {"index"}},
      {"first record", [](Ledger& ledger) { ++*ledger.index[1].first_record; }, {"index"}},
      {"its packets", [](Ledger& ledger) { ++ledger.index[0].packets; }, {"index"}},
      {"its last time", [](Ledger& ledger) { ++*ledger.index[0].last_ns; }, {"index"}},
      {"balance", [](Ledger& ledger) { ++ledger.balance.seen; }, {"balance"}, true},
      {"interface", [](Ledger& ledger) { ledger.interface = "lo"; }, {"of_another_file"}, true},
      {"in the ring",
       [](Ledger& ledger) { ++ledger.balance.in_ring_begin, ++ledger.balance.in_ring_end; },
       {"in_ring"},
       true},
      {"number", [](Ledger& ledger) { ++ledger.sequence; }, {"sequence"}, true},
      {"number before", [](Ledger& ledger) { --ledger.sequence; }, {"sequence"}, true},
      {"no link", [](Ledger& ledger) { ledger.previous.reset(); }, {"chain"}, true},
      {"another link",
       [](Ledger& ledger) { ledger.previous->file_name = "eth0.20261125_0000.pcap.json"; },
       {"chain"},
       true},
  };
  return rows;
}

TEST_F(VerifyTest, FindsWhereTheNewestLedgerDiffersFromItsFile) {
  for (const Edit& edit : Edits()) {
    SCOPED_TRACE(edit.what);
    chain_ = ChainMaker();
    chain_.AppendMinutes(0, 2);
    chain_.Edit(2, edit.make);
    std::vector<std::string> told;
    for (const char* kind : edit.kinds) {
      told.push_back(Of(edit.of_ledger ? kNewestLedger : kNewest, kind));
    }
    EXPECT_EQ(Check(), told);
  }
}

}  // namespace
}  // namespace dns_monitor
