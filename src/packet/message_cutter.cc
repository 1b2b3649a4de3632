#include "message_cutter.h"

#include <algorithm>

#include "big_endian.h"

namespace dns_monitor {
namespace {

constexpr size_t kLengthBytes = 2;
constexpr size_t kHeaderBytes = 12;                           // RFC 1035, section 4.1.1
constexpr size_t kJudgedBytes = kLengthBytes + kHeaderBytes;  // at least
constexpr size_t kMostJudgedBytes = kJudgedBytes + 260;       // with a question
// What a buffer may keep between messages.
constexpr size_t kMostIdleBytes = 4096;

// Whether the question (RFC 1035, section 4.1.2) at `at` is one, as far as `bytes` go; a message of
// which `end` is the end.
bool LooksLikeQuestion(absl::Span<const uint8_t> bytes, size_t at, size_t end) {
  constexpr size_t kMostLabelBytes = 63;
  constexpr size_t kMostNameBytes = 255;
  const size_t name = at;
  for (; at < bytes.size() && bytes[at] != 0; at += 1 + bytes[at]) {
    // No name came before that this one could point to.
    if (bytes[at] > kMostLabelBytes) return false;
  }
  if (at - name >= kMostNameBytes || at + 5 > end) return false;
  if (at + 5 > bytes.size()) return true;
  const uint16_t dns_class = BigEndian16(bytes.data() + at + 3);
  return dns_class == 1 || dns_class == 3 || dns_class == 4 || dns_class >= 254;
}

// Whether this may be the beginning of a length and a message, as far as it goes. Where only the
// header is there, one in a hundred thousand passes of noise.
bool LooksLikeMessage(absl::Span<const uint8_t> bytes) {
  const auto number = [&](size_t at) { return BigEndian16(bytes.data() + at); };
  if (bytes.size() < kLengthBytes) return true;
  const size_t length = number(0);
  if (length < kHeaderBytes) return false;
  if (bytes.size() < 6) return true;
  const uint16_t flags = number(4);
  // https://www.iana.org/assignments/dns-parameters: QUERY to DSO, without 3; one bit must be zero.
  const int opcode = flags >> 11 & 0x0f;
  constexpr int kDso = 6;
  if (opcode > kDso || opcode == 3 || (flags & 0x0040) != 0) return false;
  if (bytes.size() < kJudgedBytes) return true;
  const size_t questions = number(6);
  const size_t records = size_t{number(8)} + number(10) + number(12);
  // With the root for a name, a question takes 5 bytes and a record 11.
  if (questions > 1 || kHeaderBytes + questions * 5 + records * 11 > length) return false;
  if (questions == 1) return LooksLikeQuestion(bytes, kJudgedBytes, kLengthBytes + length);
  // Later parts of a zone transfer and some errors have none.
  return opcode == kDso || ((flags & 0x8000) != 0 && (records > 0 || (flags & 0x000f) != 0));
}

// Whether messages begin here: the first one, and if it ends, what is behind it.
bool LooksLikeMessages(absl::Span<const uint8_t> bytes) {
  if (!LooksLikeMessage(bytes)) return false;
  const size_t whole = kLengthBytes + BigEndian16(bytes.data());
  return bytes.size() <= whole || LooksLikeMessage(bytes.subspan(whole));
}

}  // namespace

void MessageCutter::Forget() {
  partial_.clear();
  if (partial_.capacity() > kMostIdleBytes) partial_ = std::vector<uint8_t>();
  segments_ = 0;
}

void MessageCutter::BeginAtBorder() {
  Forget();
  framed_ = true;
  skip_ = 0;
}

// Whether there is one, where `bytes` begin or where partial_ does.
bool MessageCutter::FindBorder(absl::Span<const uint8_t> bytes, TcpCounters* counters) {
  if (!partial_.empty()) {
    // Some send the length in a segment of its own. What is kept is too short to be sure.
    uint8_t judged[kMostJudgedBytes];
    const size_t kept = partial_.size();
    const size_t more = std::min(kMostJudgedBytes - kept, bytes.size());
    std::copy_n(partial_.begin(), kept, judged);
    std::copy_n(bytes.begin(), more, judged + kept);
    if (LooksLikeMessage({judged, kept + more})) {
      if (kept + more >= kJudgedBytes) return true;
      partial_.insert(partial_.end(), bytes.begin(), bytes.end());
      ++segments_;
      return false;
    }
    counters->unframed += segments_;
    Forget();
  }
  if (bytes.size() >= kJudgedBytes) {
    if (LooksLikeMessages(bytes)) return true;
    ++counters->unframed;
  } else if (LooksLikeMessage(bytes)) {
    partial_.assign(bytes.begin(), bytes.end());
    segments_ = 1;
  } else {
    ++counters->unframed;
  }
  return false;
}

// Adds to partial_ what it lacks; returns the rest.
absl::Span<const uint8_t> MessageCutter::Complete(absl::Span<const uint8_t> bytes,
                                                  TcpDelivery* delivery) {
  ++segments_;
  if (partial_.size() < kLengthBytes) {
    partial_.push_back(bytes.front());
    bytes.remove_prefix(1);
  }
  const size_t whole = kLengthBytes + BigEndian16(partial_.data());
  const size_t more = std::min(whole - partial_.size(), bytes.size());
  partial_.insert(partial_.end(), bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(more));
  if (partial_.size() == whole) {
    if (whole == kLengthBytes) {
      ++delivery->counters->empty_messages;
    } else {
      delivery->Give(absl::MakeConstSpan(partial_).subspan(kLengthBytes), segments_);
    }
    Forget();
  }
  return bytes.subspan(more);
}

void MessageCutter::Take(absl::Span<const uint8_t> bytes, TcpDelivery* delivery) {
  if (bytes.empty()) return;
  if (!framed_) {
    if (!FindBorder(bytes, delivery->counters)) return;
    ++delivery->counters->resyncs;
    framed_ = true;
  }
  const size_t skipped = std::min<size_t>(skip_, bytes.size());
  skip_ -= static_cast<uint32_t>(skipped);
  bytes.remove_prefix(skipped);
  if (!partial_.empty() && !bytes.empty()) bytes = Complete(bytes, delivery);
  while (bytes.size() >= kLengthBytes) {
    const size_t length = BigEndian16(bytes.data());
    if (bytes.size() < kLengthBytes + length) break;
    if (length == 0) {
      ++delivery->counters->empty_messages;
    } else {
      delivery->Give(bytes.subspan(kLengthBytes, length), 1);
    }
    bytes.remove_prefix(kLengthBytes + length);
  }
  if (bytes.empty()) return;
  partial_.assign(bytes.begin(), bytes.end());
  segments_ = 1;
}

void MessageCutter::Clip(uint32_t bytes, TcpDelivery* delivery) {
  if (bytes != 0 && framed_ && partial_.size() > kLengthBytes) {
    skip_ = static_cast<uint32_t>(kLengthBytes + BigEndian16(partial_.data()) - partial_.size());
    delivery->message.clipped = true;
    delivery->Give(absl::MakeConstSpan(partial_).subspan(kLengthBytes), segments_);
    delivery->message.clipped = false;
    Forget();
  }
  Skip(bytes, delivery->counters);
}

void MessageCutter::Skip(uint32_t bytes, TcpCounters* counters) {
  if (bytes == 0) return;
  if (framed_ && partial_.size() >= kLengthBytes) {
    skip_ = static_cast<uint32_t>(kLengthBytes + BigEndian16(partial_.data()) - partial_.size());
  }
  if (!framed_) {
    counters->unframed += segments_;
  } else if (!partial_.empty()) {
    ++counters->broken_messages;
  }
  Forget();
  // The length of the message tells where the next one begins, unless the hole reaches further.
  framed_ = framed_ && bytes <= skip_;
  skip_ = framed_ ? skip_ - bytes : 0;
}

void MessageCutter::End(TcpCounters* counters) {
  if (!framed_) {
    counters->unframed += segments_;
  } else if (!partial_.empty()) {
    ++counters->broken_messages;
  }
  framed_ = framed_ && partial_.empty() && skip_ == 0;
  skip_ = 0;
  Forget();
}

}  // namespace dns_monitor
