// The data of records as zone files have it (RFC 1035, 5.1).
#pragma once

#include <cstdint>
#include <string>

#include "absl/types/span.h"
#include "dns_monitor/dns/malformed.h"
#include "dns_monitor/dns/message.h"

namespace dns_monitor {

// Appends the data of a `record` that a MessageWalker gave, in one line and in the form that the
// RFC of its type gives: names as ReadName writes them with kRfc4343, strings in quotes, base64 in
// one piece, addresses as WriteIpv4 and WriteIpv6 have them.
//
// Types without such a form, or of a version or kind that is not known, are written as RFC 3597, 5
// has it (\# 4 C0000201), and so is what does not fit its type: then what is wrong is returned,
// which is one of the kRdata... or of a name within. No data at all is right for any type where RFC
// 2136 (2.4, 2.5) has such records, in the classes ANY and NONE.
Malformed AppendRdata(absl::Span<const uint8_t> message, const DnsRecord& record, std::string* out);

}  // namespace dns_monitor
