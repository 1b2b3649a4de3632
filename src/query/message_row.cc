#include "dns_monitor/query/message_row.h"

#include "dns_monitor/dns/rdata_text.h"

namespace dns_monitor {
namespace {

constexpr uint16_t kClientSubnetOption = 8;  // RFC 7871, 6

// Whether that is what a message looks like of which the end is missing.
bool MayBeClipped(Malformed malformed) {
  switch (malformed) {
    case Malformed::kNone:
    case Malformed::kShortHeader:
    case Malformed::kTruncatedQuestion:
    case Malformed::kTruncatedRecord:
    case Malformed::kTruncatedName:
    case Malformed::kRdataBeyondMessage:
      return true;
    default:
      return false;
  }
}

}  // namespace

const DnsHeader& MessageRow::header() {
  if (Begin(kHeader)) header_ = MessageWalker(bytes()).header();
  return header_;
}

const NamedEntry& MessageRow::question() {
  if (!Begin(kQuestion)) return question_;
  question_ = {};
  MessageWalker walker(bytes());
  DnsQuestion question;
  NameRead name;
  question_.is_whole = walker.NextQuestion(&question, escapes_, question_text_.data(), &name);
  question_.name = {question_text_.data(), name.text_bytes};
  question_.labels = name.labels;
  if (question_.is_whole) {
    question_.type = question.type;
    question_.rclass = question.qclass;
  }
  return question_;
}

QuestionNumbers MessageRow::question_numbers() {
  if ((read_ & kQuestion) != 0) return {.type = question_.type, .rclass = question_.rclass};
  if (!Begin(kNumbers)) return question_numbers_;
  question_numbers_ = {};
  DnsQuestion question;
  if (MessageWalker(bytes()).NextQuestion(&question)) {
    question_numbers_ = {.type = question.type, .rclass = question.qclass};
  }
  return question_numbers_;
}

const NamedEntry& MessageRow::answer() {
  if (Begin(kRecords)) ReadRecords();
  return answer_;
}

const std::optional<Edns>& MessageRow::edns() {
  if (Begin(kRecords)) ReadRecords();
  return edns_;
}

Malformed MessageRow::malformed() {
  const Malformed found = FindMalformed();
  return item().clipped && MayBeClipped(found) ? Malformed::kClipped : found;
}

Malformed MessageRow::FindMalformed() {
  if (Begin(kRecords)) ReadRecords();
  if (malformed_ != Malformed::kNone) return malformed_;
  const Malformed data = CheckData();
  if (data != Malformed::kNone || !edns_) return data;
  return CheckOptions(bytes(), *edns_);
}

Malformed MessageRow::CheckData() {
  MessageWalker walker(bytes());
  Section section;
  DnsRecord record;
  while (walker.NextRecord(&section, &record)) {
    data_text_.clear();
    const Malformed data = AppendRdata(bytes(), record, &data_text_);
    if (data != Malformed::kNone) return data;
  }
  return Malformed::kNone;
}

const std::optional<ClientSubnet>& MessageRow::client_subnet() {
  if (!Begin(kSubnet)) return client_subnet_;
  client_subnet_.reset();
  if (!edns()) return client_subnet_;
  const std::optional<EdnsOption> option = FindOption(bytes(), *edns(), kClientSubnetOption);
  ClientSubnet subnet;
  if (option && ReadClientSubnet(option->data, &subnet) == Malformed::kNone) {
    client_subnet_ = subnet;
  }
  return client_subnet_;
}

void MessageRow::ReadRecords() {
  constexpr uint16_t kOpt = 41;
  answer_ = {};
  edns_.reset();
  MessageWalker walker(bytes());
  Section section;
  DnsRecord record;
  bool answered = false;
  while (walker.NextRecord(&section, &record)) {
    if (section == Section::kAnswer && !answered) {
      answered = true;
      const NameRead name = ReadName(bytes(), record.name, escapes_, answer_text_.data());
      answer_ = {.name = {answer_text_.data(), name.text_bytes},
                 .is_whole = true,
                 .labels = name.labels,
                 .type = record.type,
                 .rclass = record.rclass,
                 .ttl = record.ttl};
    }
    if (section == Section::kAdditional && record.type == kOpt && !edns_) edns_ = FromOpt(record);
  }
  malformed_ = walker.error();
}

}  // namespace dns_monitor
