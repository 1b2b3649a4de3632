#include "icmp_names.h"

#include "absl/types/span.h"

namespace dns_monitor {
namespace {

struct TypeName {
  uint8_t type;
  absl::string_view name;
  absl::Span<const absl::string_view> codes;  // by number
};

// https://www.iana.org/assignments/icmp-parameters
constexpr absl::string_view kUnreachable4[] = {
    "net unreachable",
    "host unreachable",
    "protocol unreachable",
    "port unreachable",
    "fragmentation needed and don't fragment was set",
    "source route failed",
    "destination network unknown",
    "destination host unknown",
    "source host isolated",
    "communication with destination network is administratively prohibited",
    "communication with destination host is administratively prohibited",
    "destination network unreachable for type of service",
    "destination host unreachable for type of service",
    "communication administratively prohibited",
    "host precedence violation",
    "precedence cutoff in effect",
};
constexpr absl::string_view kRedirect4[] = {
    "redirect datagram for the network (or subnet)",
    "redirect datagram for the host",
    "redirect datagram for the type of service and network",
    "redirect datagram for the type of service and host",
};
constexpr absl::string_view kTimeExceeded4[] = {
    "time to live exceeded in transit",
    "fragment reassembly time exceeded",
};
constexpr absl::string_view kParameterProblem4[] = {
    "pointer indicates the error",
    "missing a required option",
    "bad length",
};
constexpr TypeName kTypes4[] = {
    {0, "echo reply", {}},
    {3, "destination unreachable", kUnreachable4},
    {4, "source quench", {}},
    {5, "redirect", kRedirect4},
    {8, "echo", {}},
    {9, "router advertisement", {}},
    {10, "router solicitation", {}},
    {11, "time exceeded", kTimeExceeded4},
    {12, "parameter problem", kParameterProblem4},
    {13, "timestamp", {}},
    {14, "timestamp reply", {}},
    {15, "information request", {}},
    {16, "information reply", {}},
    {17, "address mask request", {}},
    {18, "address mask reply", {}},
    {30, "traceroute", {}},
    {40, "photuris", {}},
    {42, "extended echo request", {}},
    {43, "extended echo reply", {}},
};

// https://www.iana.org/assignments/icmpv6-parameters
constexpr absl::string_view kUnreachable6[] = {
    "no route to destination",
    "communication with destination administratively prohibited",
    "beyond scope of source address",
    "address unreachable",
    "port unreachable",
    "source address failed ingress/egress policy",
    "reject route to destination",
    "error in source routing header",
    "headers too long",
    "error in p-route",
};
constexpr absl::string_view kTimeExceeded6[] = {
    "hop limit exceeded in transit",
    "fragment reassembly time exceeded",
};
constexpr absl::string_view kParameterProblem6[] = {
    "erroneous header field encountered",
    "unrecognized next header type encountered",
    "unrecognized ipv6 option encountered",
    "ipv6 first fragment has incomplete ipv6 header chain",
    "sr upper-layer header error",
    "unrecognized next header type encountered by intermediate node",
    "extension header too big",
    "extension header chain too long",
    "too many extension headers",
    "too many options in extension header",
    "option too big",
};
constexpr TypeName kTypes6[] = {
    {1, "destination unreachable", kUnreachable6},
    {2, "packet too big", {}},
    {3, "time exceeded", kTimeExceeded6},
    {4, "parameter problem", kParameterProblem6},
    {128, "echo request", {}},
    {129, "echo reply", {}},
    {130, "multicast listener query", {}},
    {131, "multicast listener report", {}},
    {132, "multicast listener done", {}},
    {133, "router solicitation", {}},
    {134, "router advertisement", {}},
    {135, "neighbor solicitation", {}},
    {136, "neighbor advertisement", {}},
    {137, "redirect message", {}},
    {138, "router renumbering", {}},
    {139, "node information query", {}},
    {140, "node information response", {}},
    {141, "inverse neighbor discovery solicitation", {}},
    {142, "inverse neighbor discovery advertisement", {}},
    {143, "version 2 multicast listener report", {}},
    {144, "home agent address discovery request", {}},
    {145, "home agent address discovery reply", {}},
    {146, "mobile prefix solicitation", {}},
    {147, "mobile prefix advertisement", {}},
    {148, "certification path solicitation", {}},
    {149, "certification path advertisement", {}},
    {151, "multicast router advertisement", {}},
    {152, "multicast router solicitation", {}},
    {153, "multicast router termination", {}},
    {154, "fmipv6 messages", {}},
    {155, "rpl control message", {}},
    {160, "extended echo request", {}},
    {161, "extended echo reply", {}},
};

const TypeName* Find(int ip_version, uint8_t type) {
  const absl::Span<const TypeName> types =
      ip_version == 4 ? absl::MakeConstSpan(kTypes4) : absl::MakeConstSpan(kTypes6);
  for (const TypeName& each : types) {
    if (each.type == type) return &each;
  }
  return nullptr;
}

}  // namespace

absl::string_view IcmpTypeName(int ip_version, uint8_t type) {
  const TypeName* found = Find(ip_version, type);
  return found == nullptr ? absl::string_view() : found->name;
}

absl::string_view IcmpCodeName(int ip_version, uint8_t type, uint8_t code) {
  const TypeName* found = Find(ip_version, type);
  return found == nullptr || code >= found->codes.size() ? absl::string_view() : found->codes[code];
}

}  // namespace dns_monitor
