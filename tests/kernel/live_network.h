// Interfaces of a network namespace of this process, and the tap on one of them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "dns_monitor/base/fd.h"
#include "dns_monitor/tap/tap.h"
#include "support/packet_builder.h"
#include "support/ring_reader.h"

namespace dns_monitor::live {

// The ends of a pair: what one sends the other receives. No addresses, no ARP, no IPv6 of their
// own, so nothing is on the wire but what a test sends.
inline constexpr char kLeft[] = "dmleft";
inline constexpr char kRight[] = "dmright";
inline constexpr char kTun[] = "dmtun";  // whose frames begin with an IP header
inline constexpr char kLoopback[] = "lo";

// Moves this process into a namespace of its own with these interfaces, up, and onto one CPU. Once;
// later calls return the same. Needs root.
const absl::Status& EnterNetwork();

// Runs a command of iproute2; false, and a test failure, when it fails.
bool Ip(const std::string& arguments);

// The CPUs that are online, and this thread's place among them.
std::vector<int> OnlineCpuNumbers();
void MoveToCpu(int cpu);

// Puts the frame onto the wire, as sent by `interface`.
void SendFrom(const std::string& interface, const Bytes& frame);
// As received by kTun: `packet` begins with an IP header.
void ReceiveOnTun(const Bytes& packet);

// As DNS_MONITOR_HOOK says, for all tests that do not choose one; a socket unless it says "tcx".
Hook HookOfTests();

// What a test may want otherwise than TapOptions has it.
struct LiveOptions {
  std::string filter = {};
  Direction direction = Direction::kBoth;
  uint32_t snaplen = CAPTURE_MAX_SNAPLEN;
  Hook hook = HookOfTests();
};

// A tap with small rings that was opened and started, and what it has counted since last asked.
class LiveTap {
 public:
  // nullptr, and a test failure, when it cannot be opened.
  static std::unique_ptr<LiveTap> Open(const std::string& interface,
                                       const LiveOptions& wanted = {});

  Tap& tap() { return *tap_; }
  RingSet& rings() { return *tap_->rings(); }
  capture_cpu* cpu() { return rings().cpu(cpu_); }  // of the CPU that all is sent from

  // Waits until so many more frames were seen since this was last called.
  // Returns what was counted meanwhile (support/ring_reader.h, Moved).
  std::string AwaitSeen(uint64_t frames);
  // Waits until so many more were matched.
  std::string AwaitMatched(uint64_t frames);
  // The records of all rings; there is room again afterwards.
  std::vector<RingRecord> Take();

 private:
  explicit LiveTap(std::unique_ptr<Tap> tap);
  std::string Await(uint64_t FilterCounters::*counter, uint64_t frames);

  const int cpu_;
  std::unique_ptr<Tap> tap_;
  FilterCounters last_;
};

}  // namespace dns_monitor::live
