// Takes the data of a record apart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/types/span.h"
#include "dns_monitor/dns/malformed.h"
#include "dns_monitor/dns/message.h"
#include "dns_monitor/dns/name.h"

namespace dns_monitor {

// From front to back. After an error nothing is left, and what is taken is empty or 0; so whoever
// takes a row of fields asks once, at its end.
class RdataReader {
 public:
  RdataReader(absl::Span<const uint8_t> message, const DnsRecord& record)
      : message_(message.first(record.end)), at_(record.rdata) {}

  Malformed error() const { return error_; }
  // Of a version or kind that we do not know, which is no error of the sender's.
  bool unknown() const { return unknown_; }
  size_t left() const { return message_.size() - at_; }

  absl::Span<const uint8_t> Take(size_t bytes) {
    if (left() < bytes) {
      Fail(Malformed::kRdataShort);
      return {};
    }
    at_ += bytes;
    return message_.subspan(at_ - bytes, bytes);
  }
  absl::Span<const uint8_t> TakeRest() { return Take(left()); }
  // At least one byte.
  absl::Span<const uint8_t> TakeSome() {
    if (left() == 0) Fail(Malformed::kRdataShort);
    return TakeRest();
  }
  // With its length, of one byte, in front.
  absl::Span<const uint8_t> TakeString() { return Take(TakeU8()); }
  uint8_t TakeU8() {
    const auto bytes = Take(1);
    return bytes.empty() ? uint8_t{0} : bytes[0];
  }
  uint16_t TakeU16() {
    const auto bytes = Take(2);
    return bytes.empty() ? uint16_t{0} : ReadU16(bytes.data());
  }
  uint32_t TakeU32() {
    const auto bytes = Take(4);
    return bytes.empty() ? 0 : ReadU32(bytes.data());
  }
  // Its text is appended.
  void TakeName(std::string* out) {
    if (left() == 0) return Fail(Malformed::kRdataShort);
    char text[kMostNameText];
    const NameRead name = ReadName(message_, at_, NameEscapes::kRfc4343, text);
    if (name.error != Malformed::kNone) return Fail(name.error);
    out->append(text, name.text_bytes);
    at_ = name.end;
  }

  void Fail(Malformed error) {
    if (error_ == Malformed::kNone) error_ = error;
    at_ = message_.size();
  }
  void GiveUp() {
    unknown_ = true;
    at_ = message_.size();
  }

 private:
  absl::Span<const uint8_t> message_;  // up to the end of the data
  size_t at_;
  Malformed error_ = Malformed::kNone;
  bool unknown_ = false;
};

}  // namespace dns_monitor
