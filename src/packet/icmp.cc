#include "dns_monitor/packet/icmp.h"

#include <algorithm>
#include <cstring>

#include "big_endian.h"
#include "dissector.h"
#include "icmp_names.h"

namespace dns_monitor {
namespace {

constexpr size_t kTypeBytes = 2;
constexpr size_t kHeaderBytes = 8;  // with the four bytes whose meaning the type says

constexpr uint8_t kUnreachable4 = 3;
constexpr uint8_t kFragmentationNeeded4 = 4;  // a code
constexpr uint8_t kSourceQuench4 = 4;
constexpr uint8_t kRedirect4 = 5;
constexpr uint8_t kTimeExceeded4 = 11;
constexpr uint8_t kParameterProblem4 = 12;

constexpr uint8_t kUnreachable6 = 1;
constexpr uint8_t kTooBig6 = 2;
constexpr uint8_t kTimeExceeded6 = 3;
constexpr uint8_t kParameterProblem6 = 4;
constexpr uint8_t kRedirect6 = 137;

void ViewIdentifier(const uint8_t* rest, IcmpView* view) {
  view->has_identifier = true;
  view->identifier = BigEndian16(rest);
  view->sequence = BigEndian16(rest + 2);
}

// `rest`: the second half of the header.
void ViewRest4(const uint8_t* rest, IcmpView* view) {
  switch (view->type) {
    case 0:  // echo, timestamp, information and address mask, and the replies to them
    case 8:
    case 13:
    case 14:
    case 15:
    case 16:
    case 17:
    case 18:
      return ViewIdentifier(rest, view);
    case kUnreachable4:
      if (view->code != kFragmentationNeeded4) return;
      view->has_mtu = true;
      view->mtu = BigEndian16(rest + 2);  // RFC 1191
      return;
    case kRedirect4:
      view->has_gateway = true;
      std::memcpy(view->gateway, rest, 4);
      return;
    case kParameterProblem4:
      view->has_pointer = view->code == 0;
      view->pointer = view->has_pointer ? rest[0] : 0;
      return;
    default:
      return;
  }
}

void ViewRest6(absl::Span<const uint8_t> message, IcmpView* view) {
  const uint8_t* rest = message.data() + 4;
  switch (view->type) {
    case 128:
    case 129:
      return ViewIdentifier(rest, view);
    case kTooBig6:
      view->has_mtu = true;
      view->mtu = BigEndian32(rest);
      return;
    case kParameterProblem6:
      view->has_pointer = true;
      view->pointer = BigEndian32(rest);
      return;
    case kRedirect6: {  // RFC 4861, section 4.5: the target
      constexpr size_t kTargetBytes = 16;
      if (message.size() < kHeaderBytes + kTargetBytes) return;
      view->has_gateway = true;
      std::memcpy(view->gateway, message.data() + kHeaderBytes, kTargetBytes);
      return;
    }
    default:
      return;
  }
}

bool IsError(int ip_version, uint8_t type) {
  if (ip_version == 6) return type >= kUnreachable6 && type <= kParameterProblem6;
  return type == kUnreachable4 || type == kSourceQuench4 || type == kRedirect4 ||
         type == kTimeExceeded4 || type == kParameterProblem4;
}

// How long the quoted packet is where something follows it; 0: nothing does (RFC 4884, section 4).
size_t QuotedBytes(int ip_version, uint8_t type, const uint8_t* header) {
  if (ip_version == 6) {
    return type == kUnreachable6 || type == kTimeExceeded6 ? size_t{8} * header[4] : 0;
  }
  const bool may_have =
      type == kUnreachable4 || type == kTimeExceeded4 || type == kParameterProblem4;
  return may_have ? size_t{4} * header[5] : 0;
}

}  // namespace

bool ViewIcmp(const Packet& packet, IcmpView* view) {
  if (packet.kind != PacketKind::kIcmp && packet.kind != PacketKind::kIcmp6) return false;
  absl::Span<const uint8_t> message = packet.payload;
  if (message.size() < kTypeBytes) return false;
  const int ip_version = packet.kind == PacketKind::kIcmp ? 4 : 6;
  *view = IcmpView();
  view->type = message[0];
  view->code = message[1];
  view->type_name = IcmpTypeName(ip_version, view->type);
  view->code_name = IcmpCodeName(ip_version, view->type, view->code);
  view->is_error = IsError(ip_version, view->type);
  view->quoted.kind = PacketKind::kTruncated;
  if (message.size() < kHeaderBytes) return true;
  if (ip_version == 4) {
    ViewRest4(message.data() + 4, view);
  } else {
    ViewRest6(message, view);
  }
  if (!view->is_error) return true;
  const size_t quoted_bytes = QuotedBytes(ip_version, view->type, message.data());
  message.remove_prefix(kHeaderBytes);
  if (quoted_bytes != 0) message = message.subspan(0, quoted_bytes);
  Dissector(message, static_cast<uint32_t>(message.size()), &view->quoted).Ip();
  return true;
}

}  // namespace dns_monitor
