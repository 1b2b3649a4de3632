// A segment with a ledger, whose index has short stretches.
#pragma once

#include <string>

#include "dns_monitor/ledger/index.h"
#include "dns_monitor/ledger/json.h"
#include "support/compressed.h"
#include "support/input_rig.h"
#include "support/ledger_samples.h"

namespace dns_monitor {

struct IndexedCapture {
  std::string name = "eth0.20231114_2213.pcap";
  PcapSample sample;
  Ledger ledger = SmallLedger();
  std::string stored;

  IndexedCapture(uint32_t count, int64_t stretch_bytes) {
    sample = MakeSample(PcapMaker(), count);
    stored = sample.bytes;
    SegmentIndexer indexer(/*nanoseconds=*/false, stretch_bytes);
    for (uint32_t i = 0; i < count; ++i) {
      indexer.OnRecord(static_cast<int64_t>(sample.borders[i]), sample.records[i].time_ns);
    }
    indexer.OnAppended(AsBytes(sample.bytes));
    ledger.index = indexer.Finish(static_cast<int64_t>(sample.bytes.size()));
    ledger.file_name = name;
    ledger.length_bytes = static_cast<int64_t>(sample.bytes.size());
    ledger.balance = {};
    ledger.balance.written = ledger.balance.matched = ledger.balance.seen = count;
    if (count > 0) {
      ledger.first_packet_ns = sample.records.front().time_ns;
      ledger.last_packet_ns = sample.records.back().time_ns;
    }
  }

  void Compress(size_t frame_bytes) {
    name += ".zst";
    stored = Seekable(sample.bytes, frame_bytes);
    ledger.file_name = name;
    ledger.compression = {.stored_bytes = static_cast<int64_t>(stored.size()), .frames = 1};
  }
  std::string Write(const InputRig& rig) const {
    rig.Write(name + ".json", FormatLedger(ledger).value());
    return rig.Write(name, stored);
  }
  std::vector<SeenRecord> Between(const TimeRange& range) const {
    std::vector<SeenRecord> records;
    for (const SeenRecord& record : sample.records) {
      if (range.Contains(record.time_ns)) records.push_back(record);
    }
    return records;
  }
};

}  // namespace dns_monitor
