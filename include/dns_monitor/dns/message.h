// DNS messages (RFC 1035, 4.1), from front to back.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "dns_monitor/dns/malformed.h"
#include "dns_monitor/dns/name.h"

namespace dns_monitor {

// RFC 1035, 4.1.1, with the bits of RFC 4035, 3.1.6 and 3.2.
struct DnsHeader {
  uint16_t id = 0;
  bool qr = false;
  bool aa = false;
  bool tc = false;
  bool rd = false;
  bool ra = false;
  bool z = false;
  bool ad = false;
  bool cd = false;
  uint8_t opcode = 0;
  uint8_t rcode = 0;  // the lower 4 bits (ExtendedRcode)
  uint16_t qd_count = 0;
  uint16_t an_count = 0;
  uint16_t ns_count = 0;
  uint16_t ar_count = 0;
};

// What stands where is an offset in the message.
struct DnsQuestion {
  size_t name = 0;
  uint16_t type = 0;
  uint16_t qclass = 0;
  size_t end = 0;  // behind it
};

struct DnsRecord {
  size_t name = 0;
  uint16_t type = 0;
  uint16_t rclass = 0;
  uint32_t ttl = 0;  // seconds
  size_t rdata = 0;
  uint16_t rdata_bytes = 0;
  size_t end = 0;  // behind it
};

enum class Section : uint8_t { kAnswer, kAuthority, kAdditional };

// In the byte order of the network.
inline uint16_t ReadU16(const uint8_t* from) {
  return static_cast<uint16_t>(from[0] << 8 | from[1]);
}
inline uint32_t ReadU32(const uint8_t* from) {
  return static_cast<uint32_t>(ReadU16(from)) << 16 | ReadU16(from + 2);
}

// Reads a message as far as it can be read; what was read stays valid, whatever comes behind it.
// Only looks at the message, which must outlive it; allocates nothing. One thread.
class MessageWalker {
 public:
  explicit MessageWalker(absl::Span<const uint8_t> message)
      : message_(message), broken_(message.size() < kDnsHeaderBytes) {
    if (broken_) {
      error_ = Malformed::kShortHeader;
      return;
    }
    questions_left_ = ReadU16(&message[4]);
  }

  bool HasHeader() const { return message_.size() >= kDnsHeaderBytes; }
  // All zeros when there is none.
  inline DnsHeader header() const;

  // False when there is no other, or it cannot be read (error()). The name is one that ReadName
  // takes.
  bool NextQuestion(DnsQuestion* question) {
    return NextQuestion(question, [](const absl::Span<const uint8_t>& message, size_t offset) {
      return SkipName(message, offset);
    });
  }
  // With the name as ReadName gives it: what there is of it even where the question cannot be read.
  // Left as it was when there is no other question.
  bool NextQuestion(DnsQuestion* question, NameEscapes escapes, char* text, NameRead* name) {
    return NextQuestion(question, [=](const absl::Span<const uint8_t>& message, size_t offset) {
      return *name = ReadName(message, offset, escapes, text);
    });
  }

  // Skips the questions that are left. False when there is no other record, or it cannot be read
  // (error()). The name is one that ReadName takes, the data lies within the message.
  bool NextRecord(Section* section, DnsRecord* record);

  // The first thing that was found wrong so far. That the bytes behind the last record are too
  // many, or that something is wrong with an OPT record (but for its options), does not end the
  // reading.
  Malformed error() const { return error_; }
  // Behind the last record, once NextRecord has found that there is no other.
  size_t trailing_bytes() const { return trailing_bytes_; }

 private:
  template <typename ReadNameAt>
  inline bool NextQuestion(DnsQuestion* question, ReadNameAt read_name);
  bool EnterSection();
  // Behind the name at `at_`, or 0.
  size_t SkipOwner();
  void CheckOpt(Section section, const DnsRecord& record);

  bool Break(Malformed error) {
    Note(error);
    broken_ = true;
    return false;
  }
  void Note(Malformed error) {
    if (error_ == Malformed::kNone) error_ = error;
  }

  absl::Span<const uint8_t> message_;
  size_t at_ = kDnsHeaderBytes;
  size_t plain_name_ = 0;  // where a name is known to stand without pointers and errors, or 0
  size_t trailing_bytes_ = 0;
  uint16_t questions_left_ = 0;
  uint16_t records_left_ = 0;  // in the section
  uint8_t sections_begun_ = 0;
  bool saw_opt_ = false;
  bool broken_;  // nothing else can be read
  Malformed error_ = Malformed::kNone;
};

inline DnsHeader MessageWalker::header() const {
  if (!HasHeader()) return {};
  const uint8_t* const from = message_.data();
  return {.id = ReadU16(from),
          .qr = (from[2] & 0x80) != 0,
          .aa = (from[2] & 0x04) != 0,
          .tc = (from[2] & 0x02) != 0,
          .rd = (from[2] & 0x01) != 0,
          .ra = (from[3] & 0x80) != 0,
          .z = (from[3] & 0x40) != 0,
          .ad = (from[3] & 0x20) != 0,
          .cd = (from[3] & 0x10) != 0,
          .opcode = static_cast<uint8_t>(from[2] >> 3 & 0xf),
          .rcode = static_cast<uint8_t>(from[3] & 0xf),
          .qd_count = ReadU16(from + 4),
          .an_count = ReadU16(from + 6),
          .ns_count = ReadU16(from + 8),
          .ar_count = ReadU16(from + 10)};
}

template <typename ReadNameAt>
inline bool MessageWalker::NextQuestion(DnsQuestion* question, ReadNameAt read_name) {
  constexpr size_t kFixedBytes = 4;
  if (questions_left_ == 0 || broken_) return false;
  if (at_ >= message_.size()) return Break(Malformed::kTruncatedQuestion);
  const NameRead name = read_name(message_, at_);
  if (name.error != Malformed::kNone) return Break(name.error);
  if (message_.size() - name.end < kFixedBytes) return Break(Malformed::kTruncatedQuestion);
  const uint8_t* const behind_name = message_.data() + name.end;
  *question = {.name = at_,
               .type = ReadU16(behind_name),
               .qclass = ReadU16(behind_name + 2),
               .end = name.end + kFixedBytes};
  at_ = question->end;
  --questions_left_;
  return true;
}

}  // namespace dns_monitor
