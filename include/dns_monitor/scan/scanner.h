// From files to DNS messages: what the tables are made of.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "dns_monitor/input/block_source.h"
#include "dns_monitor/input/plan.h"
#include "dns_monitor/input/record_cursor.h"
#include "dns_monitor/packet/packet.h"
#include "dns_monitor/scan/port_set.h"
#include "dns_monitor/scan/stream_lane.h"

namespace dns_monitor {

enum class ScanFor : uint8_t {
  kMessages,  // DNS, put together where it came in pieces
  kIcmp,      // ICMP and ICMPv6, as they came
  kPackets,   // every captured frame
};

struct ScanOptions {
  ScanFor what = ScanFor::kMessages;
  TimeRange range = {};
  // Where DNS is, whatever the ledgers say; none: where they say, else 53.
  std::vector<uint16_t> ports = {};
  // Takes what could not be put together, as a line, at the end of all: from any thread.
  std::function<void(const std::string&)> on_note = nullptr;
};

// One message, or one packet. What it points to stays until the next call of Next.
struct ScanItem {
  const PlannedFile* file = nullptr;
  const Packet* packet = nullptr;  // of a message from several: the one that made it whole
  int64_t time_ns = 0;             // CLOCK_REALTIME
  uint32_t frame_bytes = 0;        // on the wire
  uint32_t captured_bytes = 0;
  absl::Span<const uint8_t> message;  // kMessages
  bool clipped = false;               // the snap length took the end of the message
  uint64_t stream = 0;                // of TCP, from 1; 0: UDP
  const PortSet* ports = nullptr;
};

// What the threads of one scan share. Thread-safe.
class Scan {
 public:
  // `plan` and `source`, which was opened with it, outlive the scan.
  Scan(const InputPlan& plan, BlockSource* source, const ScanOptions& options);

  const ScanOptions& options() const { return options_; }
  BlockSource& source() { return *source_; }
  StreamLane& lane() { return lane_; }
  const PortSet& PortsOf(const PlannedFile& file) const;
  // That there are frames of this link type in `file`, in which nothing is found.
  void NoteUnknownLink(const PlannedFile& file, uint32_t link_type);

 private:
  const InputPlan& plan_;
  BlockSource* const source_;
  const ScanOptions options_;
  std::vector<PortSet> ports_;  // of each file of the plan
  StreamLane lane_;
  std::mutex noted_mutex_;
  std::set<std::pair<const PlannedFile*, uint32_t>> noted_;  // files and link types
};

// Reads blocks of a scan, one after the other, until there are none. A thread of its own.
class Scanner {
 public:
  explicit Scanner(Scan* scan) : scan_(*scan) {}

  // The next item: of one block in the order of the file; while there is one Scanner alone, all
  // are. False at the end. The errors of BlockSource::Next.
  absl::StatusOr<bool> Next(ScanItem* item);

 private:
  enum class At : uint8_t { kNowhere, kBlock, kDeferred };

  // Each returns true with an item.
  bool NextOfBlock(ScanItem* item);
  bool NextOfDeferred(ScanItem* item);
  bool Pop(ScanItem* item);
  // Fragments and TCP: into the lane's streams, or onto what waits. True with an item.
  bool TakeOrdered(ScanItem* item);
  void NoteIfUnknown();
  void FillFromPacket(ScanItem* item) const;
  absl::StatusOr<bool> BeginNext();
  void BeginBlock();
  void EndBlock();

  Scan& scan_;
  At at_ = At::kNowhere;
  RecordBlock block_;
  std::optional<RecordCursor> cursor_;
  const PortSet* ports_ = nullptr;
  bool within_lane_ = false;
  Streams* streams_ = nullptr;  // while within the lane
  CapturedRecord record_;
  Packet packet_;
  WholeMessages whole_;
  DeferredBlock deferred_;
  size_t deferred_next_ = 0;
};

}  // namespace dns_monitor
