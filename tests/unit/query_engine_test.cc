// Captures asked by SQL, in one process.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "dns_monitor/base/fd.h"
#include "dns_monitor/query/engine.h"
#include "support/input_rig.h"
#include "support/pcap_maker.h"
#include "support/tcp_maker.h"

namespace dns_monitor {
namespace {

using ::testing::HasSubstr;

constexpr uint32_t kSeconds = 1'700'000'000;

std::string AsText(const Bytes& bytes) {
  return {bytes.begin(), bytes.end()};
}

// For A of LABEL.test.; the response says that there is no such name.
Bytes Query(uint16_t id, bool response, const std::string& label) {
  std::string text = {static_cast<char>(id >> 8), static_cast<char>(id)};
  text += response ? std::string("\x81\x03", 2) : std::string("\x01\x00", 2);
  text += std::string("\0\1\0\0\0\0\0\0", 8);
  text += static_cast<char>(label.size());
  text += label + "\4test" + std::string("\0\0\1\0\1", 5);
  return {text.begin(), text.end()};
}

class QueryEngineTest : public ::testing::Test {
 protected:
  // Of the frame all but `clipped` bytes are captured; `sent_short`: were sent.
  void Add(uint32_t milliseconds, const Bytes& message, bool response, size_t clipped = 0,
           bool sent_short = false) {
    PacketBuilder frame = PacketBuilder().Ethernet().Ipv4();
    frame.Udp(response ? 53 : 40000, response ? 40000 : 53).Literal(message);
    Bytes bytes = frame.Build();
    constexpr auto kAddresses = 14 + 12;  // behind Ethernet, in IPv4
    if (response) {
      std::swap_ranges(bytes.begin() + kAddresses, bytes.begin() + kAddresses + 4,
                       bytes.begin() + kAddresses + 4);
    }
    pcap_ += maker_.Make(
        {.seconds = kSeconds + milliseconds / 1000,
         .fraction = milliseconds % 1000 * 1000,
         .payload = std::string(bytes.begin(), bytes.end() - static_cast<ptrdiff_t>(clipped)),
         .original_length = static_cast<uint32_t>(bytes.size() - (sent_short ? clipped : 0))});
  }
  void Open(int threads = 2) {
    OpenPath(rig_.Write("all.pcap", maker_.FileHeader() + pcap_), threads);
  }
  void OpenPath(const std::string& path, int threads) {
    CaptureOptions options;
    options.input.paths = {path};
    options.threads = threads;
    options.now_ns = (kSeconds + 3600) * kNanosecondsPerSecond;
    options.on_note = [this](const std::string& note) { notes_.push_back(note); };
    auto captures = Captures::Open(options);
    ASSERT_TRUE(captures.ok()) << captures.status();
    captures_ = *std::move(captures);
    auto engine = Engine::Open(
        *captures_, {.threads = threads, .temporary_directory = rig_.path() + "/temporary"});
    ASSERT_TRUE(engine.ok()) << engine.status();
    engine_ = *std::move(engine);
  }
  // Rows as "a|b", one a line; or the error.
  std::string Ask(const std::string& sql) {
    std::vector<std::string> rows;
    const absl::Status status = engine_->Run(sql, [&](duckdb_result* result) {
      while (duckdb_data_chunk chunk = duckdb_fetch_chunk(*result)) {
        for (idx_t row = 0; row < duckdb_data_chunk_get_size(chunk); ++row) {
          rows.push_back(RowOf(chunk, row));
        }
        duckdb_destroy_data_chunk(&chunk);
      }
      return absl::OkStatus();
    });
    return status.ok() ? absl::StrJoin(rows, "\n") : std::string(status.message());
  }

 private:
  // Every query here casts its columns to VARCHAR.
  static std::string RowOf(duckdb_data_chunk chunk, idx_t row) {
    std::vector<std::string> cells;
    for (idx_t i = 0; i < duckdb_data_chunk_get_column_count(chunk); ++i) {
      const duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, i);
      uint64_t* validity = duckdb_vector_get_validity(vector);
      if (validity != nullptr && !duckdb_validity_row_is_valid(validity, row)) {
        cells.emplace_back("NULL");
        continue;
      }
      duckdb_string_t& text = static_cast<duckdb_string_t*>(duckdb_vector_get_data(vector))[row];
      cells.emplace_back(duckdb_string_t_data(&text), duckdb_string_t_length(text));
    }
    return absl::StrJoin(cells, "|");
  }

 protected:
  InputRig rig_;
  PcapMaker maker_;
  std::string pcap_;
  std::vector<std::string> notes_;
  std::unique_ptr<Captures> captures_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(QueryEngineTest, GivesPacketQsColumns) {
  Add(1, Query(7, false, "www"), false);
  Add(3, Query(7, true, "www"), true);
  Open();
  EXPECT_EQ(Ask("select concat_ws('|', id, s, us, src_port, dst_port, protocol, qname, msg_id, qr, "
                "rcode, qtype, qclass, qlabels, an_count, edns0, aname) from dns"),
            "1|1700000000|1000|40000|53|17|www.test.|7|0|0|1|1|2|0|0|\n"
            "2|1700000000|3000|53|40000|17|www.test.|7|1|3|1|1|2|0|0|");
  EXPECT_EQ(Ask("select count(*)::varchar from dns where qr = 1 and do = 0"), "1");
}

TEST_F(QueryEngineTest, CountsAsManyRowsAsItGives) {
  Add(1, Query(1, false, "a"), false);
  Add(2, {0, 1, 1, 0, 0, 1, 0, 0}, false);                 // ends within its header
  Add(3, {0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}, false);     // asks nothing
  Add(4, {0, 3, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 5}, false);  // ends within its question
  Open();
  EXPECT_EQ(Ask("select count(*)::varchar from dns"), "2");
  EXPECT_EQ(Ask("select msg_id::varchar || qname from dns order by 1"), "1a.test.\n3");
  EXPECT_EQ(Ask("select count(*)::varchar from messages"), "4");
  EXPECT_EQ(Ask("select count(malformed)::varchar from messages"), "2");
}

TEST_F(QueryEngineTest, JoinsQueriesAndResponses) {
  Add(0, Query(1, false, "a"), false);
  Add(5, Query(1, false, "a"), false);   // once more
  Add(20, Query(1, true, "A"), true);    // in another case
  Add(30, Query(2, false, "b"), false);  // never answered
  Add(40, Query(3, true, "c"), true);    // never asked
  Open();
  EXPECT_EQ(Ask("select concat_ws('|', qname, state, latency_ms, retries, rcode_name) "
                "from transactions order by qname"),
            "a.test.|answered|20.0|1|NXDomain\n"
            "b.test.|unanswered|0\n"
            "c.test.|unasked|0|NXDomain");
}

TEST_F(QueryEngineTest, GivesUpQueriesByTheTimeOfTheCapture) {
  Add(0, Query(1, false, "a"), false);
  Add(31'000, Query(2, false, "b"), false);
  Add(31'001, Query(1, true, "a"), true);  // too late
  Open();
  EXPECT_EQ(Ask("select qname || state from transactions"),
            "a.test.unanswered\na.test.unasked\nb.test.unanswered");
}

TEST_F(QueryEngineTest, ReadsOnlyTheTimesThatAreAskedFor) {
  for (uint32_t second = 0; second < 10; ++second) Add(second * 1000, Query(1, false, "a"), false);
  Open();
  EXPECT_EQ(Ask("select count(*)::varchar from read_dns(since := '@1700000003', "
                "until := '@1700000007')"),
            "4");
  EXPECT_EQ(Ask("select count(*)::varchar from read_dns(since := '59m')"), "0");
  EXPECT_THAT(Ask("select count(*) from read_dns(since := 'tea time')"), HasSubstr("tea time"));
  EXPECT_THAT(Ask("select count(*) from read_dns(port := '0')"), HasSubstr("'0' is no port"));
}

TEST_F(QueryEngineTest, ComparesTimesWithNowWhateverTheZone) {
  Add(0, Query(1, false, "a"), false);
  setenv("TZ", "Asia/Kathmandu", 1);
  tzset();
  Open();
  for (const std::string now : {"now()", "current_timestamp", "get_current_timestamp()"}) {
    EXPECT_EQ(Ask("select (min(time) < " + now + " - interval 1 hour)::varchar from messages"),
              "true");
    EXPECT_EQ(
        Ask("select (abs(epoch(" + now + ") - epoch(epoch_ms(" +
            std::to_string(absl::ToUnixMillis(absl::Now())) + "))) < 600)::varchar from messages"),
        "true");
  }
  EXPECT_EQ(Ask("select epoch(min(time)::timestamptz)::bigint::varchar from messages"),
            std::to_string(kSeconds));
  unsetenv("TZ");
  tzset();
}

TEST_F(QueryEngineTest, ShowsSubnetsOfOtherFamilies) {
  // OPT (41) with option 8: family, source, scope, address.
  const std::string opt("\0\0\x29\4\xd0\0\0\0\0\0\x0b\0\x08\0\x07\0\3\x18\0\1\2\3", 22);
  Bytes query = Query(1, false, "a");
  query[11] = 1;
  query.insert(query.end(), opt.begin(), opt.end());
  Add(0, query, false);
  Open();
  EXPECT_EQ(Ask("select ecs, malformed from messages"), "family 3/24/0|NULL");
}

TEST_F(QueryEngineTest, ReadsOtherFilesWhereAQueryNamesThem) {
  Add(0, Query(1, false, "a"), false);
  Open();
  const std::string other = rig_.Write("other.pcap", maker_.FileHeader() + pcap_ + pcap_);
  EXPECT_EQ(Ask(absl::StrCat("select count(*)::varchar from read_dns(files := '", other, "')")),
            "2");
  EXPECT_EQ(Ask(absl::StrCat("select count(*)::varchar from read_dns(files := ['", other, "', '",
                             rig_.path(), "/all.pcap'])")),
            "3");
  for (const char* wrong : {"[]", "['a', NULL]", "53", "[1]"}) {
    EXPECT_THAT(Ask(absl::StrCat("select count(*) from read_dns(files := ", wrong, ")")),
                HasSubstr("takes the path of captures, or a list of them"));
  }
  EXPECT_THAT(Ask("select count(*) from read_dns(files := '/nonexistent')"),
              HasSubstr("/nonexistent: No such file"));
}

TEST_F(QueryEngineTest, CopiesToNoCaptureThatItReads) {
  Add(0, Query(1, false, "a"), false);
  Open();
  std::filesystem::create_symlink("all.pcap", rig_.Path("it's a link"));
  for (const std::string name : {"all.pcap", "it''s a link"}) {
    EXPECT_THAT(Ask(absl::StrCat("select '1'; Copy (select qname from dns) /* so */ tO '",
                                 rig_.path(), "/", name, "' (format csv)")),
                HasSubstr("is one of the captures that are asked"));
  }
  EXPECT_THAT(Ask(absl::StrCat("copy (select qname from dns) to $$", rig_.path(), "/all.pcap$$")),
              HasSubstr("is one of the captures that are asked"));
  EXPECT_EQ(Ask("select count(*)::varchar from dns"), "1");
  EXPECT_EQ(Ask(absl::StrCat("copy (select qname from dns) to '", rig_.path(), "/new.csv'")), "");
  EXPECT_TRUE(std::filesystem::exists(rig_.Path("new.csv")));
}

TEST_F(QueryEngineTest, SaysWhyFramesAreNoMessages) {
  Add(0, Query(1, false, "a"), false);
  Add(1, {1, 2, 3}, false);
  Add(2, Query(2, false, "a"), false, 20);
  Open();
  EXPECT_EQ(Ask("select reason from packets"), "NULL\nshorter than a DNS header\ntruncated");
  EXPECT_EQ(Ask("select malformed from messages"),
            "NULL\nshorter than a header\nclipped by the snap length");
  EXPECT_EQ(Ask("select reason from read_packets(port := '5353')"),
            "other port\nother port\nother port");
}

TEST_F(QueryEngineTest, BlamesTheSnapLengthOnlyForWhatItTook) {
  Add(0, Query(1, false, "a"), false, 3);
  Add(1, Query(1, false, "a"), false, 3, /*sent_short=*/true);
  Open();
  EXPECT_EQ(Ask("select malformed from messages"),
            "clipped by the snap length\nends before its questions do");
}

TEST_F(QueryEngineTest, HasSegmentsWithoutLedgers) {
  Add(0, Query(1, false, "a"), false);
  Open();
  EXPECT_EQ(Ask("select concat_ws('|', stored_bytes > 24, written, lost) from segments"), "true");
  EXPECT_EQ(Ask("select count(*)::varchar from gaps"), "0");
}

TEST_F(QueryEngineTest, RunsEachStatementAndStopsAtTheFirstError) {
  Open();
  EXPECT_EQ(Ask("create table t as select 1 as x; select x::varchar from t"), "1");
  EXPECT_THAT(Ask("select 'one'; select nosuch; select 'two'"),
              HasSubstr("LINE 1: select 'one'; select nosuch; select 'two'"));
  EXPECT_EQ(Ask("  "), "there is no statement");
}

// Rows that conditions rule out are not made; that changes no answer. With OR, nothing is ruled
// out.
TEST_F(QueryEngineTest, ConditionsChangeNothing) {
  for (uint32_t i = 0; i < 300; ++i) {
    Add(i, Query(static_cast<uint16_t>(i), i % 3 == 0, absl::StrCat("n", i)), i % 3 == 0);
  }
  for (const int threads : {1, 2}) {
    Open(threads);
    const auto expect_same = [&](const std::string& select, const std::string& where) {
      const std::string answer = Ask(absl::StrCat(select, " where (", where, ") order by 1"));
      EXPECT_EQ(answer, Ask(absl::StrCat(select, " where (", where, ") or 1 = 2 order by 1")));
      EXPECT_EQ(answer.find("Error"), std::string::npos) << answer;
    };
    for (const char* where :
         {"msg_id between 100 and 200", "qr = 1", "1 = qr and rcode = 3 and msg_id <> 33",
          "msg_id in (5, 7, 299) and qtype = 1", "s > 1600000000 and msg_id >= 290",
          "qr = 0 and qname like '%7.test.'", "id > 290 and qr = 1", "QR = 1 and dns.opcode < 1",
          "src_port = 53 and dst_addr <> ''", "msg_id < 0"}) {
      expect_same("select concat_ws('|', s, us, qname, msg_id, qr) from dns", where);
    }
    for (const char* where : {"src_port = 53", "dst_port <> 40000 and qname < 'n2'", "vlan = 1"}) {
      expect_same("select concat_ws('|', time, qname, answers) from messages", where);
    }
  }
  EXPECT_EQ(Ask("select count(*)::varchar from dns where qr = 1 and msg_id < 30"), "10");
}

TEST_F(QueryEngineTest, NumbersRowsThatConditionsRuleOut) {
  for (uint16_t i = 0; i < 10; ++i) Add(i, Query(i, false, "a"), false);
  Open();
  EXPECT_EQ(Ask("select id || ' ' || msg_id from dns where msg_id in (3, 7)"), "4 3\n8 7");
}

TEST_F(QueryEngineTest, ConditionsAreOfTheColumnThatHasTheName) {
  Add(0, Query(1, true, "a"), true);
  Add(1, Query(2, false, "b"), false);
  Open();
  // The table's column, not the result's.
  EXPECT_EQ(Ask("select msg_id::varchar as qr from dns where qr = 1"), "1");
  EXPECT_EQ(Ask("create temp view dns as select msg_id as qr, qname from read_dns(); "
                "select qname from dns where qr = 2"),
            "b.test.");
  EXPECT_EQ(Ask("select qname from dns where qr = 2"), "b.test.");
}

TEST_F(QueryEngineTest, ConditionsAreNotOfATableMadeWhileExplaining) {
  Add(0, Query(1, true, "a"), true);
  Add(1, Query(2, false, "b"), false);
  Open();
  Ask("explain analyze create or replace view dns as select msg_id as qr, qname from scan_dns()");
  EXPECT_EQ(Ask("select qname from dns where qr = 2"), "b.test.");
}

TEST_F(QueryEngineTest, ConditionsAreNotOfWhatIsNull) {
  for (uint32_t i = 0; i < 60; ++i) {
    PacketBuilder frame = PacketBuilder().Ethernet();
    if (i % 3 != 0) frame.Vlan(static_cast<uint16_t>(i % 5));
    frame.Ipv4().Udp(static_cast<uint16_t>(1000 + i), 53);
    pcap_ += maker_.Make({.seconds = kSeconds + i, .payload = AsText(frame.Build())});
  }
  Open(1);
  EXPECT_EQ(Ask("select string_agg(concat(vlan, ':', src_port), ' ') from packets "
                "where vlan <> 0 and src_port < 1010 and vlan < 4"),
            "1:1001 2:1002 2:1007 3:1008");
  EXPECT_EQ(Ask("select count(*)::varchar from packets where src_port < 1010 and vlan <> 9"), "6");
  EXPECT_EQ(Ask("select count(*)::varchar from packets where src_port < 1010 and vlan is null"),
            "4");
}

TEST_F(QueryEngineTest, PassesOverMoreThanTheEngineWaitsFor) {
  Add(0, Query(7, false, "rare"), false);
  const std::string rare = std::exchange(pcap_, "");
  Add(0, Query(1, false, "a"), false);
  const std::string common = std::exchange(pcap_, "");
  for (int i = 0; i < 250'000; ++i) pcap_ += common;
  pcap_ += rare;
  Open(1);
  EXPECT_EQ(Ask("select qname from dns where msg_id = 7"), "rare.test.");
}

TEST_F(QueryEngineTest, RefusesWhatIsNoText) {
  Open();
  EXPECT_EQ(Ask("select 'a',\n'\xff', nosuch"),
            "the statement is not in UTF-8: line 2 has a byte 0xff that is no character");
  EXPECT_EQ(Ask("select nosuch('\xc3')"),
            "the statement is not in UTF-8: line 1 has a byte 0xc3 that is no character");
}

TEST_F(QueryEngineTest, TakesNoScanThatWasCancelledForWhole) {
  const std::string pipe = rig_.Path("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  for (const char* table : {"dns", "packets", "transactions"}) {
    OpenPath(pipe, 1);
    std::thread writer([&] {
      const Fd end(open(pipe.c_str(), O_WRONLY | O_CLOEXEC));  // when somebody reads
      captures_->Cancel();
    });
    EXPECT_EQ(Ask(absl::StrCat("select count(*)::varchar from ", table)), "interrupted") << table;
    writer.join();
  }
}

TEST_F(QueryEngineTest, TellsWhatIsCut) {
  Add(0, Query(1, false, "a"), false);
  Add(1, Query(2, false, "b"), false);
  pcap_.resize(pcap_.size() - 3);
  Open();
  EXPECT_EQ(Ask("select qname from dns"), "a.test.");
  ASSERT_EQ(notes_.size(), 1u);
  EXPECT_THAT(notes_.front(), HasSubstr("ends within a record"));
}

}  // namespace
}  // namespace dns_monitor
