#include "dns_monitor/ledger/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace dns_monitor {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;
using testing::SizeIs;

Balance GoodBalance() {
  Balance balance{.seen = 1000, .not_dns = 600, .filtered_by_user = 50, .matched = 340};
  balance.undecided[static_cast<size_t>(UndecidedCause::kFragment)] = 7;
  balance.undecided[static_cast<size_t>(UndecidedCause::kNested)] = 3;
  balance.written = 335;
  balance.lost[static_cast<size_t>(LossCause::kRingFull)] = 9;
  balance.lost[static_cast<size_t>(LossCause::kDiskError)] = 1;
  balance.in_ring_begin = 20;
  balance.in_ring_end = 15;
  return balance;
}

TEST(Balances, SaysNothingWhenAllAddsUp) {
  EXPECT_THAT(Balances(GoodBalance()), IsEmpty());
  EXPECT_THAT(Balances(Balance{}), IsEmpty());
}

TEST(Balances, TellsPacketsWithoutAVerdict) {
  Balance balance = GoodBalance();
  balance.not_dns -= 2;
  EXPECT_THAT(Balances(balance),
              ElementsAre("seen 1000 is not not_dns 598 + filtered_by_user 50 + "
                          "undecided.fragment 7 + undecided.nested 3 + matched 340: "
                          "2 unaccounted for"));
}

TEST(Balances, TellsPacketsThatCameToNothing) {
  Balance balance = GoodBalance();
  ++balance.written;
  EXPECT_THAT(Balances(balance),
              ElementsAre("matched 340 + in_ring_begin 20 is not written 336 + lost.ring_full 9 + "
                          "lost.disk_error 1 + in_ring_end 15: 1 too many accounted for"));
}

TEST(Balances, TellsBothSides) {
  Balance balance = GoodBalance();
  ++balance.matched;
  EXPECT_THAT(Balances(balance), SizeIs(2));
}

TEST(Balances, IsNotDeceivedByOverflow) {
  Balance balance;
  balance.not_dns = std::numeric_limits<uint64_t>::max();
  balance.matched = balance.written = 1;
  EXPECT_THAT(Balances(balance), ElementsAre("not_dns 18446744073709551615 + filtered_by_user 0 + "
                                             "matched 1 is more than a counter holds"));
}

Loss SomeLoss(LossCause cause, int64_t from_ns) {
  return {.cause = cause, .cpu = 1, .count = 10, .from_ns = from_ns, .to_ns = from_ns + 5};
}

TEST(AddLoss, KeepsThemApartWhileThereIsRoom) {
  std::vector<Loss> losses;
  for (size_t i = 0; i < kMostLosses; ++i) AddLoss(SomeLoss(LossCause::kRingFull, 100), &losses);
  EXPECT_THAT(losses, SizeIs(kMostLosses));
  EXPECT_EQ(losses.back(), SomeLoss(LossCause::kRingFull, 100));
}

TEST(AddLoss, MergesIntoTheLastOfItsCause) {
  std::vector<Loss> losses;
  for (size_t i = 1; i < kMostLosses; ++i) AddLoss(SomeLoss(LossCause::kRingFull, 100), &losses);
  AddLoss(SomeLoss(LossCause::kCopy, 100), &losses);
  AddLoss(SomeLoss(LossCause::kRingFull, 90), &losses);
  AddLoss(SomeLoss(LossCause::kRingFull, 200), &losses);
  ASSERT_THAT(losses, SizeIs(kMostLosses));
  const Loss merged = {.cause = LossCause::kRingFull,
                       .cpu = 1,
                       .count = 30,
                       .from_ns = 90,
                       .to_ns = 205,
                       .merged = 2};
  EXPECT_EQ(losses[kMostLosses - 2], merged);
  EXPECT_EQ(losses.back().merged, 0);
}

TEST(AddLoss, HasRoomForTheFirstOfEachCause) {
  std::vector<Loss> losses;
  for (size_t i = 0; i < 300; ++i) AddLoss(SomeLoss(LossCause::kRingFull, 100), &losses);
  AddLoss(SomeLoss(LossCause::kDiskFull, 100), &losses);
  AddLoss(SomeLoss(LossCause::kDiskFull, 100), &losses);
  ASSERT_THAT(losses, SizeIs(kMostLosses + 1));
  EXPECT_EQ(losses.back().count, 20);
}

TEST(AddLoss, ForgetsTheCpuOfLossesOnSeveral) {
  std::vector<Loss> losses(kMostLosses, SomeLoss(LossCause::kCopy, 100));
  Loss elsewhere = SomeLoss(LossCause::kCopy, 100);
  AddLoss(elsewhere, &losses);
  EXPECT_THAT(losses.back().cpu, Optional(1));
  elsewhere.cpu = 2;
  AddLoss(elsewhere, &losses);
  EXPECT_EQ(losses.back().cpu, std::nullopt);
}

// Files that were written keep these names.
TEST(Terms, NeverChange) {
  EXPECT_THAT(kLossCauseNames, ElementsAre("ring_full", "no_ring", "copy", "disk_full",
                                           "disk_stalled", "disk_error", "other"));
  EXPECT_THAT(kUndecidedCauseNames,
              ElementsAre("truncated", "malformed", "vlan_depth", "extensions", "fragment",
                          "icmp_quote", "nested", "other"));
  EXPECT_THAT(kGapReasonNames, ElementsAre("started", "stopped", "crashed", "interface_down",
                                           "interface_gone", "stalled", "suspended", "clock_step",
                                           "taken_over", "hook_changed", "other"));
  EXPECT_EQ(NameOf(CapturedDirection::kOut), "out");
  EXPECT_EQ(NameOf(CapturedHook::kTcx), "tcx");
}

TEST(Terms, OfLaterVersionsAreOther) {
  EXPECT_EQ(ValueOf<LossCause>("cosmic_rays"), LossCause::kOther);
  EXPECT_EQ(ValueOf<GapReason>("suspended"), GapReason::kSuspended);
  EXPECT_EQ(ValueOf<CapturedDirection>("sideways"), std::nullopt);
}

}  // namespace
}  // namespace dns_monitor
