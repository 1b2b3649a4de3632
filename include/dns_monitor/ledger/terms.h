// The words of a ledger: each enumerator, and the name that stands for it in the file for ever. New
// ones are added before kOther, here and nowhere else.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "bpf/capture_abi.h"

namespace dns_monitor {

// Why packets that matched are not in the file. kOther: a cause that only a later version knows.
enum class LossCause : uint8_t {
  kRingFull = CAPTURE_LOST_RING_FULL,
  kNoRing = CAPTURE_LOST_NO_RING,
  kCopy = CAPTURE_LOST_COPY,
  kDiskFull = CAPTURE_LOST_DISK_FULL,
  kDiskStalled = CAPTURE_LOST_DISK_STALLED,
  kDiskError = CAPTURE_LOST_DISK_ERROR,
  kOther,
};
inline constexpr std::array<absl::string_view, 7> kLossCauseNames = {
    "ring_full", "no_ring", "copy", "disk_full", "disk_stalled", "disk_error", "other"};
static_assert(static_cast<size_t>(LossCause::kOther) == CAPTURE_LOST_COUNT);
static_assert(static_cast<size_t>(LossCause::kOther) == kLossCauseNames.size() - 1);

// Why a packet was neither taken nor recognised as something else.
enum class UndecidedCause : uint8_t {
  kTruncated = CAPTURE_UNDECIDED_TRUNCATED,
  kMalformed = CAPTURE_UNDECIDED_MALFORMED,
  kVlanDepth = CAPTURE_UNDECIDED_VLAN_DEPTH,
  kExtensions = CAPTURE_UNDECIDED_EXTENSIONS,
  kFragment = CAPTURE_UNDECIDED_FRAGMENT,
  kIcmpQuote = CAPTURE_UNDECIDED_ICMP_QUOTE,
  kNested = CAPTURE_UNDECIDED_NESTED,
  kOther,
};
inline constexpr std::array<absl::string_view, 8> kUndecidedCauseNames = {
    "truncated", "malformed",  "vlan_depth", "extensions",
    "fragment",  "icmp_quote", "nested",     "other"};
static_assert(static_cast<size_t>(UndecidedCause::kOther) == CAPTURE_UNDECIDED_COUNT);
static_assert(static_cast<size_t>(UndecidedCause::kOther) == kUndecidedCauseNames.size() - 1);

// Why nothing was captured for a while, or time is not what it seems.
enum class GapReason : uint8_t {
  kStarted,        // nothing ran before
  kStopped,        // nothing runs after
  kCrashed,        // the process before ended without finishing its segment
  kInterfaceDown,  // it was there, but not up
  kInterfaceGone,  // it was removed
  kStalled,        // the process was kept from running
  kSuspended,      // the machine was
  kClockStep,      // the wall clock was set
  kTakenOver,      // no process ran, but the filter did: nothing is missing
  kHookChanged,    // the filter went from one hook to another
  kOther,
};
inline constexpr std::array<absl::string_view, 11> kGapReasonNames = {
    "started",   "stopped",    "crashed",    "interface_down", "interface_gone", "stalled",
    "suspended", "clock_step", "taken_over", "hook_changed",   "other"};
static_assert(static_cast<size_t>(GapReason::kOther) == kGapReasonNames.size() - 1);

// Which packets of the interface were asked for.
enum class CapturedDirection : uint8_t {
  kInOut = CAPTURE_DIRECTION_ANY,
  kIn = CAPTURE_DIRECTION_IN,
  kOut = CAPTURE_DIRECTION_OUT,
};
inline constexpr std::array<absl::string_view, 3> kDirectionNames = {"inout", "in", "out"};

// Where the filter met the packets.
enum class CapturedHook : uint8_t { kSocket, kTcx };
inline constexpr std::array<absl::string_view, 2> kHookNames = {"socket", "tcx"};

// The names of an enumeration, in the order of its values; the argument only says of which.
constexpr const auto& NamesOf(LossCause) {
  return kLossCauseNames;
}
constexpr const auto& NamesOf(UndecidedCause) {
  return kUndecidedCauseNames;
}
constexpr const auto& NamesOf(GapReason) {
  return kGapReasonNames;
}
constexpr const auto& NamesOf(CapturedDirection) {
  return kDirectionNames;
}

constexpr const auto& NamesOf(CapturedHook) {
  return kHookNames;
}

template <typename Enum>
constexpr absl::string_view NameOf(Enum value) {
  return NamesOf(value)[static_cast<size_t>(value)];
}

// kOther for a name that is not known, where the enumeration has one; else nullopt.
template <typename Enum>
constexpr std::optional<Enum> ValueOf(absl::string_view name) {
  const auto& names = NamesOf(Enum{});
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  if constexpr (requires { Enum::kOther; }) return Enum::kOther;
  return std::nullopt;
}

}  // namespace dns_monitor
