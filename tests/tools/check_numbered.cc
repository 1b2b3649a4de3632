// Reads pcap files of numbered queries with libpcap, in the order given, and says as JSON what is
// missing, there twice, torn, or out of order.
#include <pcap/pcap.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "numbered_query.h"

namespace dns_monitor {
namespace {

// What one file holds.
struct FileReport {
  std::string path;
  uint64_t packets = 0;
  uint64_t backwards = 0;  // records older than the one before them
  int64_t first_ns = 0;
  int64_t last_ns = 0;
  std::string error;  // libpcap's, when it could not read to the end
};

class Checker {
 public:
  explicit Checker(size_t threads) : seen_(threads), highest_(threads, -1) {}

  void Read(const std::string& path);
  // `counts`: how many each thread has sent; empty: as many as the highest number that was seen.
  void Print(const std::vector<uint64_t>& counts) const;

 private:
  void Take(const pcap_pkthdr& header, std::span<const uint8_t> frame);
  void Note(QueryNumber number);

  std::vector<std::vector<uint8_t>> seen_;  // by thread and number: how often, up to 255
  std::vector<int64_t> highest_;            // by thread
  std::vector<FileReport> files_;
  uint64_t torn_ = 0;       // not the bytes that were sent, or not all of them
  uint64_t foreign_ = 0;    // no numbered query
  uint64_t reordered_ = 0;  // behind a higher number of its thread
};

// The UDP payload of an Ethernet frame with IPv4 or IPv6 that is neither tagged nor fragmented.
std::span<const uint8_t> Payload(std::span<const uint8_t> frame) {
  constexpr size_t kEthernet = 14;
  constexpr size_t kUdp = 8;
  if (frame.size() < kEthernet + 20) return {};
  const size_t ip_bytes = frame[kEthernet] >> 4 == 6 ? 40 : (frame[kEthernet] & 0xf) * size_t{4};
  const size_t offset = kEthernet + ip_bytes + kUdp;
  return frame.size() <= offset ? std::span<const uint8_t>() : frame.subspan(offset);
}

void Checker::Take(const pcap_pkthdr& header, std::span<const uint8_t> frame) {
  const std::span<const uint8_t> message = Payload(frame);
  const std::optional<QueryNumber> number = ReadNumberedQuery(message);
  if (!number || number->thread >= seen_.size()) {
    ++foreign_;
    return;
  }
  const std::vector<uint8_t> wanted = MakeNumberedQuery(*number, message.size());
  if (header.caplen != header.len ||
      !std::equal(message.begin(), message.end(), wanted.begin(), wanted.end())) {
    ++torn_;
  }
  Note(*number);
}

void Checker::Note(QueryNumber number) {
  std::vector<uint8_t>& seen = seen_[number.thread];
  if (number.number >= seen.size()) seen.resize(number.number + number.number / 2 + 1024);
  uint8_t& times = seen[number.number];
  if (times < std::numeric_limits<uint8_t>::max()) ++times;
  int64_t& highest = highest_[number.thread];
  const auto value = static_cast<int64_t>(number.number);
  reordered_ += value < highest;
  highest = std::max(highest, value);
}

void Checker::Read(const std::string& path) {
  FileReport& report = files_.emplace_back();
  report.path = path;
  char error[PCAP_ERRBUF_SIZE] = "";
  const std::unique_ptr<pcap_t, decltype(&pcap_close)> file(
      pcap_open_offline_with_tstamp_precision(path.c_str(), PCAP_TSTAMP_PRECISION_NANO, error),
      &pcap_close);
  if (file == nullptr) {
    report.error = error;
    return;
  }
  pcap_pkthdr* header = nullptr;
  const u_char* frame = nullptr;
  int result = 0;
  while ((result = pcap_next_ex(file.get(), &header, &frame)) == 1) {
    const int64_t time_ns = header->ts.tv_sec * 1'000'000'000 + header->ts.tv_usec;
    if (report.packets == 0) report.first_ns = time_ns;
    report.backwards += report.packets != 0 && time_ns < report.last_ns;
    report.last_ns = time_ns;
    ++report.packets;
    Take(*header, {frame, header->caplen});
  }
  if (result == PCAP_ERROR) report.error = pcap_geterr(file.get());
}

void Checker::Print(const std::vector<uint64_t>& counts) const {
  uint64_t missing = 0;
  uint64_t twice = 0;
  uint64_t beyond = 0;  // numbers that were never sent
  std::string firsts;   // of each thread: its lowest number
  std::string ends;     // of each thread: its highest number + 1
  for (size_t thread = 0; thread < seen_.size(); ++thread) {
    const auto seen_end = static_cast<uint64_t>(highest_[thread] + 1);
    const uint64_t wanted = counts.empty() ? seen_end : counts[thread];
    uint64_t first = seen_end;
    for (uint64_t number = 0; number < std::max(wanted, seen_end); ++number) {
      const uint8_t times = number < seen_[thread].size() ? seen_[thread][number] : 0;
      if (times > 0) first = std::min(first, number);
      missing += times == 0 && number < wanted;
      twice += times > 1;
      beyond += times > 0 && number >= wanted;
    }
    firsts += (thread == 0 ? "" : ", ") + std::to_string(first);
    ends += (thread == 0 ? "" : ", ") + std::to_string(seen_end);
  }
  printf(
      "{\"missing\": %llu, \"twice\": %llu, \"beyond\": %llu, \"torn\": %llu, \"foreign\": %llu, "
      "\"reordered\": %llu, \"first\": [%s], \"ends\": [%s], \"files\": [",
      static_cast<unsigned long long>(missing), static_cast<unsigned long long>(twice),
      static_cast<unsigned long long>(beyond), static_cast<unsigned long long>(torn_),
      static_cast<unsigned long long>(foreign_), static_cast<unsigned long long>(reordered_),
      firsts.c_str(), ends.c_str());
  const char* separator = "";
  for (const FileReport& file : files_) {
    // Paths and libpcap's words hold neither quotes nor backslashes here.
    printf(
        "%s\n {\"path\": \"%s\", \"packets\": %llu, \"backwards\": %llu, \"first_ns\": %lld, "
        "\"last_ns\": %lld, \"error\": \"%s\"}",
        separator, file.path.c_str(), static_cast<unsigned long long>(file.packets),
        static_cast<unsigned long long>(file.backwards), static_cast<long long>(file.first_ns),
        static_cast<long long>(file.last_ns), file.error.c_str());
    separator = ",";
  }
  printf("]}\n");
}

}  // namespace
}  // namespace dns_monitor

int main(int argc, char** argv) {
  size_t threads = 1;
  std::vector<uint64_t> counts;
  std::vector<std::string> files;
  CLI::App app("Says as JSON what of numbered queries is missing, twice, torn or out of order.");
  app.add_option("--threads", threads, "of the sender")->check(CLI::Range(1, 64));
  app.add_option("--sent", counts, "how many each thread has sent (as many as are seen)")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("files", files, "pcap files in order of time")->required();
  CLI11_PARSE(app, argc, argv);
  if (!counts.empty() && counts.size() != threads) {
    fprintf(stderr, "check_numbered: --sent wants one count a thread\n");
    return 2;
  }
  dns_monitor::Checker checker(threads);
  for (const std::string& file : files) checker.Read(file);
  checker.Print(counts);
  return 0;
}
