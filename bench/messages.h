// DNS as a resolver's clients make it, with a known measure of chance in it: for what depends on
// how much traffic repeats itself.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dns_monitor/pcap/format.h"

namespace dns_monitor::bench {

// Queries and their answers, in turn, as records of a pcap file.
//
// Names are asked as often as Zipf's law has it, and made of letters at random; one query in ten is
// for a label that nobody asked before, as those of content networks and blocklists are. Clients,
// ports, identifiers, times, lifetimes and the addresses in answers are at random; checksums are
// right for the rest, which no compressor can know. entropy_bits() sums up what was drawn.
class Messages {
 public:
  Messages() {
    for (size_t number = 0; number < kNames; ++number) {
      names_.push_back(RandomLabel(4 + random_() % 12) + (random_() % 4 == 0 ? "\3net" : "\3com"));
      addresses_.push_back(static_cast<uint32_t>(random_()));
    }
  }

  // So many pairs, appended to `pcap`.
  void Append(size_t pairs, std::string* pcap) {
    for (size_t pair = 0; pair < pairs; ++pair) AppendPair(pcap);
  }

  uint64_t messages() const { return messages_; }
  double entropy_bits() const { return entropy_bits_; }

 private:
  static constexpr size_t kNames = 100'000;
  static constexpr uint32_t kClients = 2000;
  static constexpr double kMeanGapUs = 20;

  // Counts what a choice of so many tells.
  uint32_t Choose(uint32_t of) {
    entropy_bits_ += std::log2(of);
    return static_cast<uint32_t>(random_() % of);
  }
  std::string RandomLabel(size_t length) {
    std::string label(1, static_cast<char>(length));
    for (size_t i = 0; i < length; ++i) label.push_back(static_cast<char>('a' + random_() % 26));
    return label;
  }
  // Of Zipf's law with exponent 1, by its inverse.
  size_t ChooseName() {
    const double u = std::uniform_real_distribution<double>(0, 1)(random_);
    const auto rank = static_cast<size_t>(std::exp(u * std::log(static_cast<double>(kNames)))) - 1;
    entropy_bits_ +=
        std::log2(std::log(static_cast<double>(kNames)) * static_cast<double>(rank + 1));
    return std::min(rank, kNames - 1);
  }
  static void Put16(uint32_t value, std::string* to) {
    to->push_back(static_cast<char>(value >> 8));
    to->push_back(static_cast<char>(value));
  }
  static void Put32(uint32_t value, std::string* to) {
    Put16(value >> 16, to);
    Put16(value, to);
  }

  void AppendPair(std::string* pcap) {
    const size_t number = ChooseName();
    std::string name;
    if (Choose(10) == 0) {
      constexpr size_t kFreshLength = 16;
      name = RandomLabel(kFreshLength);
      entropy_bits_ += kFreshLength * std::log2(26);
    }
    absl::StrAppend(&name, names_[number], std::string(1, '\0'));
    const uint32_t client = 0x0a000000 + Choose(kClients);
    const uint32_t port = 1024 + Choose(64512);
    const uint32_t id = Choose(65536);
    const uint32_t type = Choose(3) == 0 ? 28 : 1;
    AppendMessage(pcap, client, port, Dns(id, name, type, number, /*answers=*/0), true);
    AppendMessage(pcap, client, port, Dns(id, name, type, number, 1 + Choose(4)), false);
  }

  std::string Dns(uint32_t id, const std::string& name, uint32_t type, size_t number,
                  uint32_t answers) {
    std::string dns;
    Put16(id, &dns);
    Put16(answers == 0 ? 0x0100 : 0x8180, &dns);
    Put16(1, &dns);
    Put16(answers, &dns);
    Put16(0, &dns);
    Put16(1, &dns);
    absl::StrAppend(&dns, name);
    Put16(type, &dns);
    Put16(1, &dns);
    for (uint32_t answer = 0; answer < answers; ++answer) {
      Put16(0xc00c, &dns);
      Put16(type, &dns);
      Put16(1, &dns);
      Put32(Choose(300), &dns);
      Put16(type == 1 ? 4 : 16, &dns);
      if (type == 28) dns.append("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0", 12);
      Put32(addresses_[number] + answer, &dns);
    }
    dns.append("\0\0\x29\x04\xd0\0\0\0\0\0\0", 11);
    return dns;
  }

  void AppendMessage(std::string* pcap, uint32_t client, uint32_t port, const std::string& dns,
                     bool query) {
    constexpr uint32_t kServer = 0x0a00ffff;
    std::string frame = std::string("\2\0\0\0\0", 5) + (query ? "\1" : "\2") +
                        std::string("\2\0\0\0\0", 5) + (query ? "\2" : "\1");
    Put16(0x0800, &frame);
    const auto udp_length = static_cast<uint32_t>(8 + dns.size());
    frame.append("\x45\0", 2);
    Put16(20 + udp_length, &frame);
    const uint32_t ip_id = Choose(65536);
    Put16(ip_id, &frame);
    frame.append("\0\0\x40\x11", 4);
    Put16(Checksum({20 + udp_length, ip_id, client}), &frame);
    Put32(query ? client : kServer, &frame);
    Put32(query ? kServer : client, &frame);
    Put16(query ? port : 53, &frame);
    Put16(query ? 53 : port, &frame);
    Put16(udp_length, &frame);
    Put16(Checksum({static_cast<uint32_t>(random_())}), &frame);  // as good as any to a compressor
    frame += dns;

    time_us_ +=
        1 + static_cast<uint64_t>(std::exponential_distribution<double>(1 / kMeanGapUs)(random_));
    entropy_bits_ += std::log2(kMeanGapUs * std::exp(1.0));
    const PcapRecordHeader header{.seconds = static_cast<uint32_t>(time_us_ / 1'000'000),
                                  .fraction = static_cast<uint32_t>(time_us_ % 1'000'000),
                                  .captured_length = static_cast<uint32_t>(frame.size()),
                                  .original_length = static_cast<uint32_t>(frame.size())};
    pcap->append(reinterpret_cast<const char*>(&header), sizeof(header));
    *pcap += frame;
    ++messages_;
  }
  // Any function of these that spreads them over 16 bits.
  static uint32_t Checksum(std::initializer_list<uint32_t> values) {
    uint32_t sum = 0;
    for (const uint32_t value : values) sum = sum * 31 + (value >> 16) + (value & 0xffff);
    return sum & 0xffff;
  }

  std::mt19937_64 random_{1};
  std::vector<std::string> names_;
  std::vector<uint32_t> addresses_;
  uint64_t time_us_ = 1'700'000'000'000'000;
  uint64_t messages_ = 0;
  double entropy_bits_ = 0;
};

}  // namespace dns_monitor::bench
