// Captures with all kinds of DNS in them, damaged at random, in every form, by one thread and by
// two: for the sanitizers, and for what must be the same whatever is wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dns_monitor/query/engine.h"
#include "support/compressed.h"
#include "support/input_rig.h"
#include "support/pcapng_maker.h"
#include "support/tcp_maker.h"

namespace dns_monitor {
namespace {

constexpr uint32_t kSeconds = 1'700'000'000;

std::vector<Bytes> CorpusOf(const char* target) {
  const std::string directory = absl::StrCat(DNS_MONITOR_FUZZ_CORPUS "/", target);
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Bytes> all;
  for (const std::string& path : paths) {
    std::ifstream file(path, std::ios::binary);
    all.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return all;
}

class QueryDamagedTest : public testing::TestWithParam<uint32_t> {
 protected:
  QueryDamagedTest() : random_(GetParam()) {}

  size_t Below(size_t end) { return random_() % end; }

  void Add(const Bytes& frame) { flow_.emplace_back(frame.begin(), frame.end()); }
  void EndFlow() { flows_.push_back(std::move(flow_)); }
  void AddDatagram(const Bytes& message) {
    PacketBuilder frame = PacketBuilder().Ethernet();
    if (Below(4) == 0) frame.Vlan(7);
    if (Below(2) == 0) {
      frame.Ipv4();
    } else {
      frame.Ipv6();
    }
    Add(frame.Udp(53, static_cast<uint16_t>(40000 + Below(9))).Literal(message).Build());
  }
  void AddFragments(const Bytes& message) {
    const Bytes datagram = PacketBuilder().Udp(53, 40000).Literal(message).Build();
    const auto id = static_cast<uint32_t>(random_());
    for (size_t from = 0; from < datagram.size(); from += 64) {
      const size_t to = std::min(from + 64, datagram.size());
      Add(PacketBuilder()
              .Ethernet()
              .Ipv6()
              .Fragment(id, static_cast<uint16_t>(from), to < datagram.size())
              .As(IPPROTO_UDP)
              .Literal(Part(datagram, from, to))
              .Build());
    }
  }
  void AddStream(const Bytes& message) {
    const Bytes framed = Framed(message);
    auto seq = static_cast<uint32_t>(random_());
    const auto port = static_cast<uint16_t>(30000 + Below(20000));
    for (size_t from = 0; from < framed.size();) {
      const size_t to = std::min(framed.size(), from + 1 + Below(100));
      Add(PacketBuilder()
              .Ethernet()
              .Ipv4()
              .Tcp({.source = 53, .destination = port, .seq = seq, .flags = kDataFlags})
              .Literal(Part(framed, from, to))
              .Build());
      seq += static_cast<uint32_t>(to - from);
      from = to;
    }
  }
  // Frames of all flows in turn, those of one mostly in their order.
  void MixFlows() {
    while (!flows_.empty()) {
      const size_t which = Below(flows_.size());
      std::deque<std::string>& flow = flows_[which];
      if (flow.empty()) {
        flows_.erase(flows_.begin() + static_cast<ptrdiff_t>(which));
        continue;
      }
      if (flow.size() > 1 && Below(20) == 0) std::swap(flow[0], flow[1]);
      frames_.push_back(std::move(flow.front()));
      flow.pop_front();
    }
  }
  void AddAll() {
    for (int times = 0; times < 3; ++times) {
      for (const Bytes& message : CorpusOf("message")) {
        AddDatagram(message);
        EndFlow();
        AddFragments(message);
        EndFlow();
        AddStream(message);
        EndFlow();
      }
      Add(PacketBuilder()
              .Ethernet()
              .Ipv4()
              .Icmp(3, 3)
              .Quote(PacketBuilder().Ipv4().Udp(40000, 53))
              .Build());
      EndFlow();
      for (const Bytes& frame : CorpusOf("packet")) {
        Add(frame);
        EndFlow();
      }
    }
    MixFlows();
  }

  std::string Pcap() {
    const PcapMaker maker{.nanoseconds = Below(2) == 0, .big_endian = Below(2) == 0};
    std::string bytes = maker.FileHeader();
    for (size_t i = 0; i < frames_.size(); ++i) {
      bytes += maker.Make({.seconds = kSeconds + static_cast<uint32_t>(i) / 10,
                           .fraction = static_cast<uint32_t>(i % 10),
                           .payload = frames_[i]});
    }
    return bytes;
  }
  std::string Pcapng() {
    const PcapngMaker maker{.big_endian = Below(2) == 0};
    std::string bytes = maker.Section() + maker.Interface();
    for (size_t i = 0; i < frames_.size(); ++i) {
      bytes += maker.Enhanced(uint64_t{kSeconds} * 1'000'000 + i * 100'000, frames_[i], 0);
    }
    return bytes;
  }

  // Some bits, a stretch that is gone, is there twice, or holds something else, or the end cut off.
  std::string Damaged(std::string bytes) {
    if (bytes.empty()) return bytes;
    const size_t at = Below(bytes.size());
    const size_t length = std::min(bytes.size() - at, 1 + Below(200));
    switch (Below(5)) {
      case 0:
        for (size_t i = 0; i <= Below(64); ++i) {
          bytes[Below(bytes.size())] ^= static_cast<char>(1 << Below(8));
        }
        break;
      case 1:
        bytes.erase(at, length);
        break;
      case 2:
        bytes.insert(at, bytes.substr(at, length));
        break;
      case 3:
        for (size_t i = at; i < at + length; ++i) bytes[i] = static_cast<char>(random_());
        break;
      default:
        bytes.resize(at);
    }
    return bytes;
  }
  // Packed once it is damaged, or damaged once it is packed.
  std::string Packed(std::string (*pack)(const std::string&), const std::string& bytes) {
    return Below(2) == 0 ? pack(Damaged(bytes)) : Damaged(pack(bytes));
  }
  std::string AnyForm() {
    const std::string bytes = Below(3) == 0 ? Pcapng() : Pcap();
    switch (Below(6)) {
      case 0:
        return Packed(Gzip, bytes);
      case 1:
        return Packed(Xz, bytes);
      case 2:
        return Packed(Lz4, bytes);
      case 3:
        return Packed([](const std::string& content) { return Seekable(content, 4096); }, bytes);
      default:
        return Damaged(bytes);
    }
  }

  // What each table has to say of the file: how many rows, and their texts as a number; or why not.
  std::string Ask(const std::string& path, int threads) {
    CaptureOptions options;
    options.input.paths = {path};
    options.input.skip_unreadable = true;
    options.threads = threads;
    options.now_ns = int64_t{kSeconds} * kNanosecondsPerSecond;
    options.on_note = [](const std::string&) {};
    auto captures = Captures::Open(options);
    if (!captures.ok()) return std::string(captures.status().message());
    auto engine = Engine::Open(
        **captures, {.threads = threads, .temporary_directory = rig_.path() + "/temporary"});
    EXPECT_TRUE(engine.ok()) << engine.status();
    std::string answers;
    for (const char* table :
         {"dns", "messages", "transactions", "icmp", "packets", "segments", "gaps"}) {
      absl::StrAppend(&answers, table, ": ", AnswerOf(engine->get(), table), "\n");
    }
    return answers;
  }

 private:
  static std::string AnswerOf(Engine* engine, const char* table) {
    // `id` is a matter of order, which two threads do not keep.
    const char* const columns = strcmp(table, "dns") == 0 ? "* exclude (id)" : "*";
    std::string answer;
    const absl::Status status = engine->Run(
        absl::StrCat("select concat(count(*), ' ', sum(hash(t::varchar)::hugeint)) from (select ",
                     columns, " from ", table, ") t"),
        [&](duckdb_result* result) {
          duckdb_data_chunk chunk = duckdb_fetch_chunk(*result);
          EXPECT_NE(chunk, nullptr);
          if (chunk == nullptr) return absl::OkStatus();
          auto* const text = static_cast<duckdb_string_t*>(
              duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0)));
          answer.assign(duckdb_string_t_data(text), duckdb_string_t_length(*text));
          duckdb_destroy_data_chunk(&chunk);
          return absl::OkStatus();
        });
    return status.ok() ? answer : std::string(status.message());
  }

 protected:
  std::mt19937 random_;
  InputRig rig_;
  std::deque<std::string> flow_;  // frames of one message
  std::vector<std::deque<std::string>> flows_;
  std::vector<std::string> frames_;
};

TEST_P(QueryDamagedTest, SaysTheSameByOneThreadAndByTwo) {
  AddAll();
  for (int file = 0; file < 4; ++file) {
    const std::string path = rig_.Write(absl::StrCat(file, ".pcap"), AnyForm());
    EXPECT_EQ(Ask(path, 1), Ask(path, 2)) << path;
  }
}

// Else the other test would say little.
TEST_P(QueryDamagedTest, HasRowsForEachTableWhereNothingIsDamaged) {
  AddAll();
  EXPECT_THAT(Ask(rig_.Write("whole.pcap", Pcap()), 2),
              testing::ContainsRegex("dns: [1-9][0-9]+ .*\nmessages: [1-9][0-9]+ "
                                     ".*\ntransactions: [1-9][0-9]+ .*\nicmp: 3 .*\npackets: "
                                     "[1-9][0-9]+ .*\nsegments: 1 .*\ngaps: 0 "));
}

INSTANTIATE_TEST_SUITE_P(Seeds, QueryDamagedTest, testing::Range(0u, 16u));

}  // namespace
}  // namespace dns_monitor
