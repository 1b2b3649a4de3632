// When segments begin: on the clock, also across the two days a year that have 23 or 25 hours.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace dns_monitor {

// Borders lie at local midnight and each whole period after it. A period that does not divide the
// day leaves a shorter last one before midnight; a period of n days counts days since 1970-01-01.
// When the zone's offset changes between two borders, the next border is the next one on the new
// local clock: a day of 23 hours makes one segment shorter, one of 25 hours one longer, and periods
// of an hour or less (as the shift) never notice. A border that the change skips falls on the
// change itself. Immutable, so thread-safe.
class RotationSchedule {
 public:
  // InvalidArgument unless the period is at least a second, whole seconds, and, when longer than
  // a day, whole days.
  static absl::StatusOr<RotationSchedule> Create(absl::Duration period, absl::TimeZone zone);

  // The first border that lies after `time`.
  absl::Time NextBorder(absl::Time time) const;
  // The last border at or before `time`.
  absl::Time BorderAtOrBefore(absl::Time time) const;

  absl::CivilSecond Local(absl::Time time) const { return absl::ToCivilSecond(time, zone_); }
  absl::TimeZone zone() const { return zone_; }
  // True when a name needs seconds to tell neighbours apart: the period is no multiple of a minute.
  bool NamesNeedSeconds() const;

 private:
  RotationSchedule(absl::Duration period, absl::TimeZone zone) : period_(period), zone_(zone) {}

  absl::Duration period_;
  absl::TimeZone zone_;
};

}  // namespace dns_monitor
