#include "dns_monitor/archive/schedule.h"

#include <gtest/gtest.h>

#include <vector>

namespace dns_monitor {
namespace {

using absl::CivilSecond;
using absl::Hours;
using absl::Minutes;
using absl::Seconds;

constexpr int64_t kDay = 86400;

absl::TimeZone Zone(const std::string& name) {
  absl::TimeZone zone;
  EXPECT_TRUE(absl::LoadTimeZone(name, &zone)) << name;
  return zone;
}

RotationSchedule Schedule(absl::Duration period, const std::string& zone) {
  return RotationSchedule::Create(period, Zone(zone)).value();
}

// The lengths of the segments that begin at local times from `from` to before `to`.
std::vector<absl::Duration> Lengths(const RotationSchedule& schedule, CivilSecond from,
                                    CivilSecond to) {
  std::vector<absl::Duration> lengths;
  absl::Time border = absl::FromCivil(from, schedule.zone());
  const absl::Time end = absl::FromCivil(to, schedule.zone());
  while (border < end) {
    const absl::Time next = schedule.NextBorder(border);
    lengths.push_back(next - border);
    border = next;
  }
  return lengths;
}

// Said again, and otherwise than in the code: what the local clock shows at a border.
bool ClockShowsBorder(CivilSecond local, int64_t period) {
  const int64_t day = absl::CivilDay(local) - absl::CivilDay(1970, 1, 1);
  const int64_t second = local - CivilSecond(absl::CivilDay(local));
  return period > kDay ? second == 0 && day % (period / kDay) == 0 : second % period == 0;
}

// Whether `time` is a border by the rules, told from the readings of the clock around it.
bool IsBorder(absl::Time time, int64_t period, absl::TimeZone zone) {
  const CivilSecond now = absl::ToCivilSecond(time, zone);
  const CivilSecond expected = absl::ToCivilSecond(time - Seconds(1), zone) + 1;
  if (now > expected) {  // set forward: the borders that it skips fall here
    for (CivilSecond skipped = expected; skipped <= now; ++skipped) {
      if (ClockShowsBorder(skipped, period)) return true;
    }
    return false;
  }
  if (!ClockShowsBorder(now, period)) return false;
  const auto info = zone.At(now);
  const bool again = info.kind == absl::TimeZone::TimeInfo::REPEATED && info.pre != time;
  return !again || info.post - info.pre >= Seconds(period);
}

TEST(RotationSchedule, RefusesPeriodsThatDoNotFit) {
  const absl::TimeZone zone = absl::UTCTimeZone();
  for (const absl::Duration period :
       {absl::ZeroDuration(), Seconds(-1), absl::Milliseconds(500), absl::Milliseconds(1500),
        Hours(25), Hours(36), Hours(24) + Seconds(1), absl::InfiniteDuration(),
        -absl::InfiniteDuration()}) {
    EXPECT_EQ(RotationSchedule::Create(period, zone).status().code(),
              absl::StatusCode::kInvalidArgument)
        << period;
  }
  for (const absl::Duration period : {Seconds(1), Seconds(86399), Hours(24), Hours(48)}) {
    EXPECT_TRUE(RotationSchedule::Create(period, zone).ok()) << period;
  }
}

TEST(RotationSchedule, KnowsWhenNamesNeedSeconds) {
  EXPECT_TRUE(Schedule(Seconds(10), "UTC").NamesNeedSeconds());
  EXPECT_TRUE(Schedule(Seconds(90), "UTC").NamesNeedSeconds());
  EXPECT_FALSE(Schedule(Minutes(1), "UTC").NamesNeedSeconds());
  EXPECT_FALSE(Schedule(Hours(24), "UTC").NamesNeedSeconds());
}

TEST(RotationSchedule, LiesOnTheLocalClock) {
  const auto schedule = Schedule(Hours(6), "Asia/Kathmandu");  // UTC+05:45
  const absl::Time time = absl::FromCivil(CivilSecond(2026, 7, 1, 13, 7, 9), schedule.zone());
  EXPECT_EQ(schedule.Local(schedule.NextBorder(time)), CivilSecond(2026, 7, 1, 18));
  EXPECT_EQ(schedule.Local(schedule.BorderAtOrBefore(time)), CivilSecond(2026, 7, 1, 12));
}

TEST(RotationSchedule, CountsABorderToWhatItBegins) {
  const auto schedule = Schedule(Hours(1), "Europe/Berlin");
  const absl::Time border = absl::FromCivil(CivilSecond(2026, 7, 1, 13), schedule.zone());
  EXPECT_EQ(schedule.BorderAtOrBefore(border), border);
  EXPECT_EQ(schedule.NextBorder(border), border + Hours(1));
  EXPECT_EQ(schedule.NextBorder(border - absl::Nanoseconds(1)), border);
  EXPECT_EQ(schedule.BorderAtOrBefore(border - absl::Nanoseconds(1)), border - Hours(1));
}

TEST(RotationSchedule, BeginsAnewAtMidnight) {
  EXPECT_EQ(Lengths(Schedule(Hours(7), "UTC"), CivilSecond(2026, 7, 1), CivilSecond(2026, 7, 2)),
            (std::vector<absl::Duration>{Hours(7), Hours(7), Hours(7), Hours(3)}));
}

TEST(RotationSchedule, CountsDaysFromTheEpoch) {
  const auto schedule = Schedule(Hours(7 * 24), "UTC");
  const absl::Time epoch = absl::UnixEpoch();
  EXPECT_EQ(schedule.BorderAtOrBefore(epoch + Hours(6 * 24)), epoch);
  EXPECT_EQ(schedule.NextBorder(epoch), epoch + Hours(7 * 24));
  EXPECT_EQ(schedule.BorderAtOrBefore(epoch - Seconds(1)), epoch - Hours(7 * 24));
}

TEST(RotationSchedule, MakesOneSegmentShorterInSpring) {
  const CivilSecond from(2026, 3, 29), to(2026, 3, 30);
  EXPECT_EQ(Lengths(Schedule(Hours(24), "Europe/Berlin"), from, to),
            std::vector<absl::Duration>{Hours(23)});
  EXPECT_EQ(Lengths(Schedule(Hours(6), "Europe/Berlin"), from, to),
            (std::vector<absl::Duration>{Hours(5), Hours(6), Hours(6), Hours(6)}));
  EXPECT_EQ(Lengths(Schedule(Hours(1), "Europe/Berlin"), from, to),
            std::vector<absl::Duration>(23, Hours(1)));
  // 02:00 does not exist: what would begin there begins at the change.
  EXPECT_EQ(Lengths(Schedule(Hours(2), "Europe/Berlin"), from, CivilSecond(2026, 3, 29, 6)),
            (std::vector<absl::Duration>{Hours(2), Hours(1), Hours(2)}));
}

TEST(RotationSchedule, MakesOneSegmentLongerInAutumn) {
  const CivilSecond from(2026, 10, 25), to(2026, 10, 26);
  EXPECT_EQ(Lengths(Schedule(Hours(24), "Europe/Berlin"), from, to),
            std::vector<absl::Duration>{Hours(25)});
  EXPECT_EQ(Lengths(Schedule(Hours(6), "Europe/Berlin"), from, to),
            (std::vector<absl::Duration>{Hours(7), Hours(6), Hours(6), Hours(6)}));
  EXPECT_EQ(Lengths(Schedule(Hours(2), "Europe/Berlin"), from, CivilSecond(2026, 10, 25, 6)),
            (std::vector<absl::Duration>{Hours(2), Hours(3), Hours(2)}));
}

TEST(RotationSchedule, RepeatsBordersOfShortPeriodsInAutumn) {
  const CivilSecond from(2026, 10, 25), to(2026, 10, 26);
  EXPECT_EQ(Lengths(Schedule(Hours(1), "Europe/Berlin"), from, to),
            std::vector<absl::Duration>(25, Hours(1)));
  EXPECT_EQ(Lengths(Schedule(Minutes(1), "America/New_York"), CivilSecond(2026, 11, 1),
                    CivilSecond(2026, 11, 2)),
            std::vector<absl::Duration>(25 * 60, Minutes(1)));
}

TEST(RotationSchedule, FollowsAShiftOfHalfAnHour) {
  const CivilSecond from(2026, 4, 5), to(2026, 4, 5, 4);  // 02:00 becomes 01:30
  EXPECT_EQ(Lengths(Schedule(Hours(1), "Australia/Lord_Howe"), from, to),
            (std::vector<absl::Duration>{Hours(1), Minutes(90), Hours(1), Hours(1)}));
  EXPECT_EQ(Lengths(Schedule(Minutes(30), "Australia/Lord_Howe"), from, to),
            std::vector<absl::Duration>(9, Minutes(30)));
}

TEST(RotationSchedule, KeepsDaysWhoseMidnightIsMissingOrComesTwice) {
  // Midnight is skipped in Santiago's spring, and shown twice in Havana's autumn.
  EXPECT_EQ(Lengths(Schedule(Hours(24), "America/Santiago"), CivilSecond(2024, 9, 7),
                    CivilSecond(2024, 9, 9)),
            (std::vector<absl::Duration>{Hours(24), Hours(23)}));
  EXPECT_EQ(Lengths(Schedule(Hours(24), "America/Havana"), CivilSecond(2024, 11, 3),
                    CivilSecond(2024, 11, 5)),
            (std::vector<absl::Duration>{Hours(25), Hours(24)}));
}

const absl::Duration kPeriods[] = {Seconds(10), Minutes(1), Hours(1),     Hours(6),
                                   Hours(7),    Hours(24),  Hours(7 * 24)};

TEST(RotationSchedule, HoldsItsPropertiesAllYear) {
  for (const char* name : {"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
                           "Asia/Kathmandu", "America/Santiago", "America/Havana"}) {
    const absl::TimeZone zone = Zone(name);
    for (const absl::Duration period : kPeriods) {
      const auto schedule = RotationSchedule::Create(period, zone).value();
      const absl::Time begin = absl::FromCivil(CivilSecond(2026, 1, 1, 0, 17, 3), zone);
      for (absl::Time time = begin; time < begin + Hours(366 * 24); time += Hours(1)) {
        const absl::Time before = schedule.BorderAtOrBefore(time);
        const absl::Time next = schedule.NextBorder(time);
        ASSERT_LE(before, time) << name << period;
        ASSERT_GT(next, time) << name << period;
        ASSERT_EQ(schedule.NextBorder(before), next) << name << period;
        ASSERT_EQ(schedule.BorderAtOrBefore(next), next) << name << period;
        ASSERT_TRUE(IsBorder(next, absl::ToInt64Seconds(period), zone))
            << name << " " << period << " " << schedule.Local(next);
      }
    }
  }
}

// Each second from four hours before a change of the clock to four hours after it.
void CheckAround(absl::Time change, absl::Duration period, absl::TimeZone zone) {
  const auto schedule = RotationSchedule::Create(period, zone).value();
  const absl::Time begin = change - Hours(4);
  absl::Time before = schedule.BorderAtOrBefore(begin);
  absl::Time next = schedule.NextBorder(begin);
  for (absl::Time time = begin + Seconds(1); time < change + Hours(4); time += Seconds(1)) {
    if (IsBorder(time, absl::ToInt64Seconds(period), zone)) {
      ASSERT_EQ(next, time) << zone << " " << period << " " << schedule.Local(time);
      before = time;
      next = schedule.NextBorder(time);
    }
    ASSERT_EQ(schedule.BorderAtOrBefore(time), before) << zone << period << schedule.Local(time);
    ASSERT_EQ(schedule.NextBorder(time), next) << zone << period << schedule.Local(time);
    ASSERT_EQ(schedule.BorderAtOrBefore(time + absl::Milliseconds(500)), before) << zone << period;
    ASSERT_EQ(schedule.NextBorder(time + absl::Milliseconds(500)), next) << zone << period;
  }
}

TEST(RotationSchedule, AgreesWithTheClockAroundEachChange) {
  // St. John's set its clock at 00:01, Troll moves by two hours, Apia left out a whole day.
  const std::pair<const char*, int> zones[] = {
      {"Europe/Berlin", 2026},    {"America/New_York", 2026}, {"Australia/Lord_Howe", 2026},
      {"America/Santiago", 2024}, {"America/Havana", 2024},   {"America/St_Johns", 2008},
      {"Antarctica/Troll", 2025}, {"Pacific/Apia", 2011}};
  const absl::Duration periods[] = {Minutes(7),  Minutes(25), Minutes(30), Minutes(40),
                                    Minutes(60), Hours(2),    Hours(7),    Hours(24)};
  for (const auto& [name, year] : zones) {
    const absl::TimeZone zone = Zone(name);
    absl::Time time = absl::FromCivil(CivilSecond(year, 1, 1), zone);
    absl::TimeZone::CivilTransition change;
    int changes = 0;
    while (zone.NextTransition(time, &change) && change.from.year() == year) {
      time = zone.At(change.from).trans;
      if (change.to < change.from) time = zone.At(change.to).trans;
      ++changes;
      for (const absl::Duration period : periods) CheckAround(time, period, zone);
    }
    EXPECT_GE(changes, 2) << name;
  }
}

}  // namespace
}  // namespace dns_monitor
