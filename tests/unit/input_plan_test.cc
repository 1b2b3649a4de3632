#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "dns_monitor/base/fd.h"
#include "dns_monitor/input/plan.h"
#include "support/indexed_capture.h"

namespace dns_monitor {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int64_t kSecond = 1'000'000'000;

class InputPlanTest : public testing::Test {
 protected:
  void Write(const std::string& name, std::optional<uint32_t> seconds) {
    const PcapMaker maker;
    const std::string record =
        seconds ? maker.Make({.seconds = *seconds, .fraction = 0, .payload = "x"}) : "";
    rig_.Write(name, maker.FileHeader() + record);
  }
  InputPlan Plan(const InputOptions& options) {
    auto plan = PlanInput(options);
    EXPECT_TRUE(plan.ok()) << plan.status();
    return plan.ok() ? *std::move(plan) : InputPlan();
  }
  InputPlan Plan() { return Plan({.paths = {rig_.path()}}); }
  std::string Error(const InputOptions& options) {
    return absl::StrReplaceAll(PlanInput(options).status().ToString(), {{rig_.path(), "DIR"}});
  }
  std::vector<std::string> Names(const InputPlan& plan) {
    std::vector<std::string> names;
    for (const PlannedFile& file : plan.files) {
      names.push_back(absl::StrReplaceAll(file.shown, {{rig_.path() + "/", ""}}));
    }
    return names;
  }

  InputRig rig_;
};

TEST_F(InputPlanTest, TakesTheCapturesOfADirectory) {
  for (const std::string name :
       {"eth0.20261120_1345.pcap", "eth0.20261120_1345.pcap.json", "eth0.20261120_1345.pcap.sha256",
        "eth0.20261120_1346.pcap.part", "x.pcap", "x.pcapng", "x.cap", "x.pcap.gz", "x.zst", "x.xz",
        "x.lz4", "x.pcap1", "x.pcap02", "x.PCAP", "x.1", "x.txt", "x.pcap.part", ".hidden.pcap",
        "x.json"}) {
    Write(name, 5);
  }
  std::filesystem::create_directory(rig_.Path("directory.pcap"));
  std::filesystem::create_symlink("nowhere", rig_.Path("dangling.pcap"));
  const InputPlan plan = Plan();
  EXPECT_THAT(Names(plan), ElementsAre("eth0.20261120_1345.pcap", "eth0.20261120_1346.pcap.part",
                                       "x.PCAP", "x.cap", "x.lz4", "x.pcap", "x.pcap.gz",
                                       "x.pcap02", "x.pcap1", "x.pcapng", "x.xz", "x.zst"));
  EXPECT_EQ(plan.files[0].interface, "eth0");
  EXPECT_FALSE(plan.files[0].part);
  EXPECT_TRUE(plan.files[0].listed);
  EXPECT_EQ(plan.files[0].stored_bytes, 41);
  EXPECT_EQ(plan.files[0].first_ns, 5 * kSecond);
  EXPECT_TRUE(plan.files[1].part);
  EXPECT_EQ(plan.files[2].interface, "");
}

TEST_F(InputPlanTest, CallsACopyAsWhatItIsOf) {
  Write("copy", 5);
  Write("other", 6);
  const InputPlan plan = Plan({.paths = {rig_.Path("copy"), rig_.Path("other")},
                               .names = {{rig_.Path("copy"), "standard input"}}});
  EXPECT_THAT(Names(plan), ElementsAre("standard input", "other"));
  EXPECT_EQ(plan.files[0].path, rig_.Path("copy"));
  EXPECT_FALSE(plan.files[0].standard_input);
}

TEST_F(InputPlanTest, OrdersByTimeThenByName) {
  Write("c.pcap", 10);
  Write("b.pcap", 30);
  Write("a.pcap", 20);
  Write("e.pcap", 20);
  Write("d.pcap", std::nullopt);
  EXPECT_THAT(Names(Plan()), ElementsAre("c.pcap", "a.pcap", "e.pcap", "b.pcap", "d.pcap"));
  IndexedCapture capture(100, 1000);  // of 2023
  capture.Write(rig_);
  Write("f.pcap", 2'000'000'000);
  EXPECT_THAT(Names(Plan()), ElementsAre("c.pcap", "a.pcap", "e.pcap", "b.pcap", capture.name,
                                         "f.pcap", "d.pcap"));
}

TEST_F(InputPlanTest, AnEmptySegmentHasItsPlaceByItsName) {
  Write("eth0.20261120_1345.pcap", std::nullopt);
  Write("eth0.20261121_1345.pcap", 2'000'000'000);
  Write("eth0.20261119_1345.pcap", 1);
  EXPECT_THAT(Names(Plan()), ElementsAre("eth0.20261119_1345.pcap", "eth0.20261120_1345.pcap",
                                         "eth0.20261121_1345.pcap"));
}

TEST_F(InputPlanTest, ASegmentWithoutPacketsHasItsPlaceByItsLedger) {
  Write("a.pcap", 1'795'576'838);
  Write("b.pcap", 1'795'576'840);
  IndexedCapture empty(0, 1000);  // from between these two on
  empty.ledger.index.clear();
  empty.Write(rig_);
  EXPECT_THAT(Names(Plan()), ElementsAre("a.pcap", empty.name, "b.pcap"));
}

TEST_F(InputPlanTest, TakesWhatTheLedgerSays) {
  IndexedCapture capture(100, 1000);
  capture.ledger.settings.ports = {53, 5353};
  capture.Compress(700);
  capture.Write(rig_);
  const InputPlan plan = Plan();
  ASSERT_EQ(plan.files.size(), 1u);
  const PlannedFile& file = plan.files[0];
  EXPECT_TRUE(file.compressed);
  EXPECT_EQ(file.first_ns, capture.sample.records[0].time_ns);
  ASSERT_TRUE(file.ledger.has_value());
  EXPECT_THAT(file.ledger->ports, ElementsAre(53, 5353));
  EXPECT_EQ(file.ledger->packets, 100u);
  EXPECT_EQ(file.ledger->last_ns, capture.sample.records[99].time_ns);
  EXPECT_EQ(file.ledger->link_type, 1u);
  EXPECT_EQ(file.ledger->index, capture.ledger.index);
  EXPECT_THAT(plan.notes, IsEmpty());
}

TEST_F(InputPlanTest, ABrokenLedgerIsANote) {
  Write("eth0.20261120_1345.pcap", 5);
  rig_.Write("eth0.20261120_1345.pcap.json", "{\"format_version\": 1");
  Write("other.pcap", 6);
  rig_.Write("other.pcap.json", "[]");
  const InputPlan plan = Plan();
  EXPECT_EQ(plan.files.size(), 2u);
  ASSERT_EQ(plan.notes.size(), 1u);
  EXPECT_THAT(plan.notes[0], HasSubstr("eth0.20261120_1345.pcap: its ledger is passed over: "));
}

TEST_F(InputPlanTest, ARenamedSegmentKeepsItsLedger) {
  IndexedCapture capture(100, 1000);
  capture.name = "incident.pcap";
  capture.Write(rig_);
  const InputPlan plan = Plan();
  EXPECT_TRUE(plan.files[0].ledger.has_value());
  EXPECT_EQ(plan.files[0].interface, "eth0");
}

TEST_F(InputPlanTest, PrunesWhatTheLedgerSaysLiesOutside) {
  IndexedCapture capture(100, 1000);
  capture.Write(rig_);
  IndexedCapture empty(0, 1000);
  empty.name = "eth0.20231115_0000.pcap";
  empty.ledger.index.clear();
  empty.Write(rig_);
  const int64_t first = capture.sample.records.front().time_ns;
  const int64_t last = capture.sample.records.back().time_ns;
  const auto pruned = [&](const TimeRange& range) {
    return Plan({.paths = {rig_.path()}, .range = range}).skipped_by_time;
  };
  EXPECT_EQ(pruned({}), 0u);
  EXPECT_EQ(pruned({.from_ns = last}), 1u);
  EXPECT_EQ(pruned({.from_ns = last + 1}), 2u);
  EXPECT_EQ(pruned({.to_ns = first + 1}), 1u);
  EXPECT_EQ(pruned({.to_ns = first}), 2u);
}

TEST_F(InputPlanTest, PrunesByANameOnlyWhatIsSureInAnyZone) {
  // Its content is not looked at then.
  rig_.Write("eth0.20261120_1200.pcap", "no capture at all");
  const int64_t start = absl::ToUnixNanos(
      absl::FromCivil(absl::CivilSecond(2026, 11, 20, 12, 0, 0), absl::UTCTimeZone()));
  const int64_t hour = 3600 * kSecond;
  EXPECT_EQ(Plan({.paths = {rig_.path()}, .range = {.to_ns = start - 14 * hour}}).skipped_by_time,
            1u);
  Write("eth0.20261120_1200.pcap", 5);
  EXPECT_EQ(
      Plan({.paths = {rig_.path()}, .range = {.to_ns = start - 14 * hour + 1}}).skipped_by_time,
      0u);
  EXPECT_EQ(Plan({.paths = {rig_.path()}, .range = {.from_ns = start + 99 * hour}}).skipped_by_time,
            0u);
}

TEST_F(InputPlanTest, TakesOneInterfaceOnly) {
  Write("eth0.20261120_1345.pcap", 5);
  Write("eth1.20261120_1345.pcap", 6);
  Write("x.pcap", 7);
  EXPECT_THAT(Names(Plan({.paths = {rig_.path()}, .interface = "eth1"})),
              ElementsAre("eth1.20261120_1345.pcap"));
  EXPECT_EQ(Error({.paths = {rig_.path()}, .interface = "wlan0"}),
            "NOT_FOUND: DIR: no capture of the interface wlan0");
}

TEST_F(InputPlanTest, ExpandsPatterns) {
  Write("a1.pcap", 5);
  Write("a2.pcap", 6);
  Write("b1.pcap", 7);
  std::filesystem::create_directory(rig_.Path("adir"));
  Write("adir/c.pcap", 8);
  EXPECT_THAT(Names(Plan({.paths = {rig_.Path("a*")}})),
              ElementsAre("a1.pcap", "a2.pcap", "adir/c.pcap"));
  EXPECT_THAT(Names(Plan({.paths = {rig_.Path("[ab]1.pcap")}})), ElementsAre("a1.pcap", "b1.pcap"));
  Write("a[1].pcap", 9);
  EXPECT_THAT(Names(Plan({.paths = {rig_.Path("a[1].pcap")}})), ElementsAre("a[1].pcap"))
      << "a file of that very name";
}

TEST_F(InputPlanTest, TakesEachFileOnce) {
  Write("eth0.20261120_1345.pcap", 5);
  Write("eth0.20261120_1345.pcap.json", 5);
  const std::string path = rig_.Path("eth0.20261120_1345.pcap");
  const InputPlan plan =
      Plan({.paths = {path, rig_.path(), rig_.path() + "/", path + ".json", rig_.Path("*.pcap")}});
  EXPECT_THAT(Names(plan), ElementsAre("eth0.20261120_1345.pcap"));
  EXPECT_FALSE(plan.files[0].listed);
}

TEST_F(InputPlanTest, TakesAPartThatIsAboutToGetItsName) {
  Write("eth0.20261120_1345.pcap", 5);
  Write("eth0.20261120_1345.pcap.part", 5);
  EXPECT_THAT(Names(Plan()), ElementsAre("eth0.20261120_1345.pcap"));
}

TEST_F(InputPlanTest, StandardInputComesLast) {
  Write("a.pcap", 5);
  const InputPlan plan = Plan({.paths = {"-", rig_.path()}});
  EXPECT_THAT(Names(plan), ElementsAre("a.pcap", "standard input"));
  EXPECT_TRUE(plan.files[1].standard_input);
  EXPECT_EQ(Error({.paths = {"-", "-"}}),
            "INVALID_ARGUMENT: -: standard input can be read once only");
}

TEST_F(InputPlanTest, SaysWhatCannotBeRead) {
  EXPECT_EQ(Error({}), "INVALID_ARGUMENT: no file is named");
  EXPECT_EQ(Error({.paths = {rig_.path()}}), "NOT_FOUND: DIR: no capture is in this directory");
  EXPECT_EQ(Error({.paths = {rig_.Path("none")}}),
            "NOT_FOUND: DIR/none: No such file or directory");
  EXPECT_EQ(Error({.paths = {rig_.Path("*.pcap")}}), "NOT_FOUND: DIR/*.pcap: nothing matches");
  rig_.Write("x.json", "");
  rig_.Write("eth0.20261120_1345.pcap.json", "");
  EXPECT_EQ(Error({.paths = {rig_.Path("eth0.20261120_1345.pcap.json")}}),
            "NOT_FOUND: DIR/eth0.20261120_1345.pcap.json: no capture is named");
  rig_.Write("text.pcap", "text");
  EXPECT_EQ(Error({.paths = {rig_.path()}}),
            "INVALID_ARGUMENT: DIR/text.pcap: no capture: neither pcap nor pcapng");
  const Fd listener(socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  rig_.Path("socket").copy(address.sun_path, sizeof(address.sun_path) - 1);
  ASSERT_EQ(bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(Error({.paths = {rig_.Path("socket")}}),
            "INVALID_ARGUMENT: DIR/socket: neither a file nor a directory nor a pipe");

  const InputPlan plan = Plan(
      {.paths = {rig_.path(), rig_.Path("none"), rig_.Path("*.cap")}, .skip_unreadable = true});
  EXPECT_THAT(plan.files, IsEmpty());
  EXPECT_EQ(plan.notes.size(), 3u);
}

TEST_F(InputPlanTest, SaysWhoseRightsAreMissing) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read everything";
  Write("a.pcap", 5);
  std::filesystem::permissions(rig_.Path("a.pcap"), std::filesystem::perms::none);
  EXPECT_EQ(Error({.paths = {rig_.path()}}), "PERMISSION_DENIED: DIR/a.pcap: Permission denied");
}

TEST_F(InputPlanTest, FindsTheFirstTimeBehindALongRecord) {
  const PcapMaker maker;
  rig_.Write("a.pcap",
             maker.FileHeader() + maker.Make({.seconds = 9, .payload = Payload(200'000)}));
  Write("b.pcap", 8);
  rig_.Write("c.pcap.gz", Gzip(maker.FileHeader() + maker.Make({.seconds = 7, .payload = "x"})));
  const InputPlan plan = Plan();
  EXPECT_THAT(Names(plan), ElementsAre("c.pcap.gz", "b.pcap", "a.pcap"));
  EXPECT_TRUE(plan.files[0].compressed);
}

}  // namespace
}  // namespace dns_monitor
