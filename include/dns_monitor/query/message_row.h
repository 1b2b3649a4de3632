// A DNS message as the tables read it: each part when it is asked for, and once.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "dns_monitor/dns/edns.h"
#include "dns_monitor/dns/malformed.h"
#include "dns_monitor/dns/message.h"
#include "dns_monitor/dns/name.h"
#include "dns_monitor/query/packet_columns.h"

namespace dns_monitor {

// A name with the numbers beside it; empty and zero when there is none.
struct NamedEntry {
  absl::string_view name;
  bool is_whole = false;  // else the message ends within it, or its name cannot be read: no numbers
  int labels = 0;
  uint16_t type = 0;
  uint16_t rclass = 0;
  uint32_t ttl = 0;
};

// Zero when there is none.
struct QuestionNumbers {
  uint16_t type = 0;
  uint16_t rclass = 0;
};

// One thread. What it returns stays until the next Reset.
class MessageRow : public PacketRowBase {
 public:
  explicit MessageRow(const RowSettings& settings) : escapes_(settings.escapes) {}

  void Set(const ScanItem& item, int64_t number) {
    SetItem(item, number);
    read_ = 0;
  }

  absl::Span<const uint8_t> bytes() const { return item().message; }
  NameEscapes escapes() const { return escapes_; }
  const DnsHeader& header();
  const NamedEntry& question();        // the first
  QuestionNumbers question_numbers();  // its, without making a text of its name
  const NamedEntry& answer();          // the first
  const std::optional<Edns>& edns();
  const std::optional<ClientSubnet>& client_subnet();
  // What is wrong with the message; if nothing is, with the data of its records, then with its EDNS
  // options. What the snap length took is not the message's fault.
  Malformed malformed();

 private:
  enum Part : uint8_t { kHeader = 1, kQuestion = 2, kRecords = 4, kSubnet = 8, kNumbers = 16 };
  bool Begin(Part part) {
    const bool first = (read_ & part) == 0;
    read_ |= part;
    return first;
  }
  void ReadRecords();
  Malformed FindMalformed();
  // The first thing that is wrong with the data of records.
  Malformed CheckData();

  const NameEscapes escapes_;
  uint8_t read_ = 0;  // Parts
  DnsHeader header_;
  NamedEntry question_;
  QuestionNumbers question_numbers_;
  NamedEntry answer_;
  std::optional<Edns> edns_;
  std::optional<ClientSubnet> client_subnet_;
  Malformed malformed_ = Malformed::kNone;
  std::string data_text_;  // keeps its memory from row to row
  std::array<char, kMostNameText> question_text_;
  std::array<char, kMostNameText> answer_text_;
};

}  // namespace dns_monitor
