// Record data for tests, and its text.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dns_monitor/dns/rdata_text.h"
#include "dns_monitor/dns/registry.h"
#include "support/dns.h"

namespace dns_monitor {

struct RdataCase {
  const char* type;
  const char* hex;
  const char* text;
};

struct RdataText {
  Malformed error = Malformed::kNone;
  std::string text;
};

// Of data that stands behind a header and the name example.com, at 12.
inline RdataText TextOfRdata(uint16_t type, const std::string& rdata, uint16_t rclass = 1) {
  const std::string before = Header(0, 0, 0, 0, 0) + WireName("example.com");
  const ByteVector message = ToBytes(before + rdata);
  const DnsRecord record{.type = type,
                         .rclass = rclass,
                         .rdata = before.size(),
                         .rdata_bytes = static_cast<uint16_t>(rdata.size()),
                         .end = message.size()};
  RdataText result;
  result.text = "before ";
  result.error = AppendRdata(message, record, &result.text);
  result.text.erase(0, 7);
  return result;
}

inline RdataText TextOfRdata(const char* type, const std::string& rdata, uint16_t rclass = 1) {
  return TextOfRdata(TypeFromName(type).value(), rdata, rclass);
}

}  // namespace dns_monitor
