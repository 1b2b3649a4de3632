// How a capture goes from one process of a service to the next, without a packet lost in between.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "dns_monitor/base/descriptor_store.h"
#include "dns_monitor/recovery/recover.h"
#include "dns_monitor/tap/tap.h"
#include "dns_monitor/writer/commit_log.h"

namespace dns_monitor {

// For how long the rings hold what comes while nobody reads them. One thread.
class BridgeEstimate {
 public:
  // At each of some moments, not closer than 0.2 s; the last two count.
  void Sample(int64_t now_ns, const RingSet& rings);
  // Of the CPU to which most comes; nullopt while nothing comes.
  std::optional<int64_t> BridgedNs() const;

 private:
  int64_t sampled_at_ns_ = 0;
  std::vector<uint64_t> produced_;
  uint64_t ring_bytes_ = 0;
  double bytes_per_ns_ = 0;
};

// What the filter has counted since the process before has ended, what it left in the rings
// included; `before`: nullopt when there was none.
FilterCounters CountedSince(const RingSet& rings, const std::optional<Succession>& before);

// The main thread's, but for Known.
class Handover {
 public:
  // `manager` outlives this. `kept`: what it has kept of the process before.
  Handover(const Notifier* manager, NamedDescriptors kept)
      : kept_(std::move(kept)), store_(manager) {}

  const NamedDescriptors& kept() const { return kept_; }
  // Reads what the process before has committed: into the rings of `tap`, while its filter still
  // fills them; and into old ones, once it does not.
  void TakeOver(const Tap& tap);
  void TakeOverOld(const Tap& tap);
  // Where this process goes on; none: it has begun anew.
  const std::optional<Succession>& before() const { return before_; }
  // … with each of the old rings.
  const std::optional<Succession>& before_old(size_t index) const { return before_old_[index]; }
  // Whether the process before has captured anything.
  bool succeeds() const;
  // All that is left of it as parts.
  std::vector<CommittedSegment> parts() const;
  // What is known of a part. Any thread, once TakeOverOld has returned.
  std::optional<KnownPart> Known(const SegmentName& name) const;

  // The manager is to keep the filter for the next process, and what there is of the one before …
  absl::Status Keep(const Tap& tap) { return store_.Add(tap.Descriptors(), kept_); }
  // … with what has changed of it since …
  void KeepNew(const Tap& tap) { store_.AddNew(tap.Descriptors()); }
  // … until that is done with.
  void ForgetOld(const Tap& tap);
  // Whether it does.
  bool holds() const { return store_.holds(); }
  // It is over: no process is to come.
  void Release() { store_.Release(); }

  // What the filter has counted for this process: packets that it found in the rings are among
  // those.
  FilterCounters Counted(const Tap& tap) const;

 private:
  NamedDescriptors kept_;
  DescriptorStore store_;
  std::optional<Succession> before_;
  std::vector<std::optional<Succession>> before_old_;
  uint32_t ifindex_ = 0;
};

}  // namespace dns_monitor
