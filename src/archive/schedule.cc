#include "dns_monitor/archive/schedule.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace dns_monitor {
namespace {

constexpr int64_t kDaySeconds = 86400;

// The last border at or before `local`, on a clock without changes.
absl::CivilSecond FloorBorder(absl::CivilSecond local, int64_t period_seconds) {
  const absl::CivilDay day(local);
  if (period_seconds > kDaySeconds) {
    const int64_t period_days = period_seconds / kDaySeconds;
    const int64_t into_period = (day - absl::CivilDay(1970, 1, 1)) % period_days;
    return absl::CivilSecond(day - (into_period < 0 ? into_period + period_days : into_period));
  }
  const absl::CivilSecond midnight(day);
  return midnight + (local - midnight) / period_seconds * period_seconds;
}

// The first border after `local`.
absl::CivilSecond BorderAfter(absl::CivilSecond local, int64_t period_seconds) {
  const absl::CivilSecond floor = FloorBorder(local, period_seconds);
  if (period_seconds > kDaySeconds) return floor + period_seconds;
  return std::min(floor + period_seconds, absl::CivilSecond(absl::CivilDay(floor) + 1));
}

// When the clock shows a border. Twice, when it is set back over it by at least a period; a
// smaller step back makes one segment longer instead. A border that is skipped falls on the change.
struct Moments {
  absl::Time first;
  absl::Time last;
};

Moments MomentsOf(absl::CivilSecond border, absl::Duration period, absl::TimeZone zone) {
  const absl::TimeZone::TimeInfo info = zone.At(border);
  switch (info.kind) {
    case absl::TimeZone::TimeInfo::SKIPPED:
      return {info.trans, info.trans};
    case absl::TimeZone::TimeInfo::REPEATED:
      if (info.post - info.pre >= period) return {info.pre, info.post};
      break;
    case absl::TimeZone::TimeInfo::UNIQUE:
      break;
  }
  return {info.pre, info.pre};
}

bool SetsBack(const absl::TimeZone::CivilTransition& change) {
  return change.to < change.from;
}

}  // namespace

absl::StatusOr<RotationSchedule> RotationSchedule::Create(absl::Duration period,
                                                          absl::TimeZone zone) {
  if (period < absl::Seconds(1) || period == absl::InfiniteDuration() ||
      period != absl::Seconds(absl::ToInt64Seconds(period))) {
    return absl::InvalidArgumentError(absl::StrCat("a rotation period of ",
                                                   absl::FormatDuration(period),
                                                   " is not whole seconds, at least one"));
  }
  if (period > absl::Hours(24) && absl::ToInt64Seconds(period) % kDaySeconds != 0) {
    return absl::InvalidArgumentError(absl::StrCat("a rotation period of ",
                                                   absl::FormatDuration(period),
                                                   " is longer than a day but not whole days"));
  }
  return RotationSchedule(period, zone);
}

absl::Time RotationSchedule::NextBorder(absl::Time time) const {
  const int64_t period_seconds = absl::ToInt64Seconds(period_);
  absl::CivilSecond border = BorderAfter(Local(time), period_seconds);
  Moments moments = MomentsOf(border, period_, zone_);
  while (moments.last <= time) {  // shown already, before the clock was set back
    border = BorderAfter(border, period_seconds);
    moments = MomentsOf(border, period_, zone_);
  }
  absl::Time next = moments.first > time ? moments.first : moments.last;
  // The clock may be set back before that, to where borders that it has shown come again.
  absl::TimeZone::CivilTransition change;
  if (zone_.NextTransition(time, &change) && SetsBack(change) &&
      change.from - change.to >= period_seconds) {
    const absl::Time changed = zone_.At(change.to).trans;
    const absl::CivilSecond again = BorderAfter(change.to - 1, period_seconds);
    next = std::min(next, changed + absl::Seconds(again - change.to));
  }
  return next;
}

absl::Time RotationSchedule::BorderAtOrBefore(absl::Time time) const {
  const int64_t period_seconds = absl::ToInt64Seconds(period_);
  absl::CivilSecond border = FloorBorder(Local(time), period_seconds);
  Moments moments = MomentsOf(border, period_, zone_);
  while (moments.first > time) {
    border = FloorBorder(border - 1, period_seconds);
    moments = MomentsOf(border, period_, zone_);
  }
  const absl::Time previous = moments.last <= time ? moments.last : moments.first;
  // The clock may have been set back since, from where it had shown later borders. Transitions are
  // looked for at whole seconds, and before the time given.
  absl::TimeZone::CivilTransition change;
  if (zone_.PrevTransition(time + absl::Seconds(1), &change) && SetsBack(change) &&
      zone_.At(change.to).trans <= time) {
    const absl::CivilSecond shown = FloorBorder(change.from - 1, period_seconds);
    return std::max(previous, MomentsOf(shown, period_, zone_).first);
  }
  return previous;
}

bool RotationSchedule::NamesNeedSeconds() const {
  return absl::ToInt64Seconds(period_) % 60 != 0;
}

}  // namespace dns_monitor
