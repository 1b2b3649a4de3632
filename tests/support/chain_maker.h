// Makes finished segments with their ledgers, chained as those of a capture are.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "dns_monitor/archive/names.h"
#include "dns_monitor/ledger/chain.h"
#include "dns_monitor/ledger/index.h"
#include "dns_monitor/ledger/json.h"
#include "support/ledger_samples.h"
#include "support/pcap_maker.h"

namespace dns_monitor {

inline constexpr int64_t kMinuteNs = 60'000'000'000;
inline constexpr int64_t kChainBeginNs = 1'795'564'800'000'000'000;  // 2026-11-25T00:00:00Z
inline constexpr int64_t kTestStretchBytes = 256;

// One segment: ten packets of a minute, unless a test has it otherwise.
struct MadeSegment {
  Ledger ledger;
  std::string pcap;

  // That of packets at `times_ns`, in this order and with other lengths each; the last one clipped.
  // The ledger is right for it, and belongs to no chain yet.
  static MadeSegment Of(const std::string& name, int64_t from_ns,
                        const std::vector<int64_t>& times_ns) {
    MadeSegment made;
    const PcapMaker maker{.snaplen = 262144};
    made.pcap = maker.FileHeader();
    SegmentIndexer indexer(/*nanoseconds=*/false, kTestStretchBytes);
    for (size_t i = 0; i < times_ns.size(); ++i) {
      const int64_t time_ns = times_ns[i];
      indexer.OnRecord(static_cast<int64_t>(made.pcap.size()), time_ns);
      const auto seed = static_cast<uint32_t>(i);
      PcapMaker::Record record{.seconds = static_cast<uint32_t>(time_ns / 1'000'000'000),
                               .fraction = static_cast<uint32_t>(time_ns % 1'000'000'000 / 1000),
                               .payload = Payload(40 + 3 * seed, seed)};
      if (i + 1 == times_ns.size()) record.original_length = 5000;
      made.pcap += maker.Make(record);
    }
    indexer.OnAppended(absl::MakeConstSpan(reinterpret_cast<const std::byte*>(made.pcap.data()),
                                           made.pcap.size()));
    made.ledger = LedgerOf(name, from_ns, times_ns);
    made.ledger.length_bytes = static_cast<int64_t>(made.pcap.size());
    made.ledger.index = indexer.Finish(made.ledger.length_bytes);
    return made;
  }

  static Ledger LedgerOf(const std::string& name, int64_t from_ns,
                         const std::vector<int64_t>& times_ns) {
    Ledger ledger = SmallLedger();
    ledger.file_name = name;
    ledger.interface = ParseName(name)->segment.interface;
    ledger.from_ns = from_ns;
    ledger.to_ns = from_ns + kMinuteNs;
    if (!times_ns.empty()) {
      ledger.first_packet_ns = *std::min_element(times_ns.begin(), times_ns.end());
      ledger.last_packet_ns = *std::max_element(times_ns.begin(), times_ns.end());
      ledger.balance.clipped = 1;
    }
    Balance& balance = ledger.balance;
    balance.written = balance.matched = times_ns.size();
    balance.not_dns = 7;
    balance.seen = balance.matched + balance.not_dns;
    return ledger;
  }
};

// The files of a directory that one interface is captured into.
class ChainMaker {
 public:
  explicit ChainMaker(std::string interface = "eth0") : interface_(std::move(interface)) {}

  std::map<std::string, std::string> files;

  // "eth0.20261125_0002.pcap"
  std::string PcapName(int minute) const {
    return absl::StrCat(interface_, ".20261125_00", minute < 10 ? "0" : "", minute, ".pcap");
  }
  std::string LedgerName(int minute) const { return PcapName(minute) + ".json"; }

  // The segment of that minute, after midnight, in no chain yet.
  MadeSegment Make(int minute) const { return Make(PcapName(minute), minute); }
  MadeSegment Make(const std::string& name, int minute) const {
    const int64_t from_ns = kChainBeginNs + minute * kMinuteNs;
    std::vector<int64_t> times_ns;
    for (int64_t i = 0; i < 10; ++i) times_ns.push_back(from_ns + i * 5'000'000'000);
    return MadeSegment::Of(name, from_ns, times_ns);
  }

  // As the next one of the chain. `change` sees the ledger when all is in it, before its file is
  // made, which the next one links to.
  void Append(MadeSegment made, const std::function<void(Ledger&)>& change = nullptr) {
    Ledger& ledger = made.ledger;
    ledger.sequence = next_sequence_++;
    ledger.previous = newest_;
    ledger.removed = std::exchange(removed_, {});
    if (change) change(ledger);
    const std::string text = FormatLedger(ledger).value();
    const std::string name = ledger.file_name + ".json";
    newest_ = LinkTo(name, text);
    files[ledger.file_name] = made.pcap;
    files[name] = text;
  }
  void AppendMinutes(int first, int last) {
    for (int minute = first; minute <= last; ++minute) Append(Make(minute));
  }

  // As retention does: the files go, and the next ledger tells.
  void Remove(int minute) {
    const std::string text = files[LedgerName(minute)];
    const Ledger ledger = *ParseLedger(text);
    removed_.push_back({.file_name = ledger.file_name,
                        .sequence = ledger.sequence,
                        .ledger_sha256 = Digest(text),
                        .packets = ledger.balance.written,
                        .first_packet_ns = ledger.first_packet_ns,
                        .last_packet_ns = ledger.last_packet_ns,
                        .reason = "older than 1d"});
    Drop(minute);
  }
  // As nobody should.
  void Drop(int minute) {
    files.erase(PcapName(minute));
    files.erase(LedgerName(minute));
  }
  // Writes the ledger of that minute again, with `change`.
  void Edit(int minute, const std::function<void(Ledger&)>& change) {
    std::string& text = files[LedgerName(minute)];
    Ledger ledger = *ParseLedger(text);
    change(ledger);
    text = *FormatLedger(ledger);
  }

 private:
  std::string interface_;
  uint64_t next_sequence_ = 0;
  std::optional<LedgerLink> newest_;
  std::vector<RemovedSegment> removed_;
};

}  // namespace dns_monitor
