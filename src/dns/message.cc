#include "dns_monitor/dns/message.h"

#include "dns_monitor/dns/rr_type.h"

namespace dns_monitor {
namespace {

constexpr uint8_t kSections = 3;
constexpr size_t kRecordFixedBytes = 10;

// Behind the name at `offset`, when it is all there and has no pointers; or 0.
size_t SkipPlainName(absl::Span<const uint8_t> message, size_t offset) {
  constexpr uint8_t kMostLabelBytes = 63;
  for (size_t at = offset; at < message.size() && at - offset < kMostNameBytes;) {
    const uint8_t length = message[at];
    if (length == 0) return at + 1;
    if (length > kMostLabelBytes) return 0;
    at += 1U + length;
  }
  return 0;
}

}  // namespace

// To the next one that has records.
bool MessageWalker::EnterSection() {
  while (records_left_ == 0) {
    if (sections_begun_ == kSections) return false;
    records_left_ = ReadU16(message_.data() + 6 + 2 * sections_begun_);
    ++sections_begun_;
  }
  return true;
}

// Most owners are a pointer to the name that was asked: that is walked but once.
size_t MessageWalker::SkipOwner() {
  constexpr uint8_t kPointer = 0xc0;
  const uint8_t* const from = message_.data() + at_;
  if (*from < kPointer || message_.size() - at_ < 2) {
    const size_t end = SkipPlainName(message_, at_);
    if (end != 0) return end;
  } else {
    const size_t target = ReadU16(from) & 0x3fffU;
    if (target == plain_name_ && target != 0) return at_ + 2;
    if (target >= kDnsHeaderBytes && target < at_) {
      const size_t end = SkipPlainName(message_, target);
      if (end != 0 && end <= at_) {
        plain_name_ = target;
        return at_ + 2;
      }
    }
  }
  const NameRead name = SkipName(message_, at_);
  Note(name.error);
  return name.end;
}

bool MessageWalker::NextRecord(Section* section, DnsRecord* record) {
  for (DnsQuestion question; NextQuestion(&question);) {
  }
  if (broken_) return false;
  if (!EnterSection()) {
    trailing_bytes_ = message_.size() - at_;
    if (trailing_bytes_ > 0) Note(Malformed::kTrailingBytes);
    return false;
  }
  if (at_ >= message_.size()) return Break(Malformed::kTruncatedRecord);
  const size_t behind_name = SkipOwner();
  if (behind_name == 0) return Break(error_);
  if (message_.size() - behind_name < kRecordFixedBytes) return Break(Malformed::kTruncatedRecord);
  const uint8_t* const fixed = message_.data() + behind_name;
  const uint16_t rdata_bytes = ReadU16(fixed + 8);
  const size_t rdata = behind_name + kRecordFixedBytes;
  if (message_.size() - rdata < rdata_bytes) return Break(Malformed::kRdataBeyondMessage);
  *record = {.name = at_,
             .type = ReadU16(fixed),
             .rclass = ReadU16(fixed + 2),
             .ttl = ReadU32(fixed + 4),
             .rdata = rdata,
             .rdata_bytes = rdata_bytes,
             .end = rdata + rdata_bytes};
  *section = static_cast<Section>(sections_begun_ - 1);
  if (record->type == rr_type::kOpt) CheckOpt(*section, *record);
  at_ = record->end;
  --records_left_;
  return true;
}

void MessageWalker::CheckOpt(Section section, const DnsRecord& record) {
  if (section != Section::kAdditional) return Note(Malformed::kOptOutsideAdditional);
  if (saw_opt_) Note(Malformed::kSecondOpt);
  saw_opt_ = true;
  if (message_[record.name] != 0) Note(Malformed::kOptNotAtRoot);
}

}  // namespace dns_monitor
