// The functions that queries may call besides those of DuckDB.
#pragma once

#include "absl/status/status.h"
#include "duckdb.h"

namespace dns_monitor {

// Adds them to the database behind `connection`, for all of its connections; once per database.
// NULL as an argument gives NULL, of all of them.
//
// PacketQ's (https://github.com/DNS-OARC/PacketQ, FUNCTIONS.md), where DuckDB has none or another:
//   rsplit(s, n[, separator])  the nth piece of `s` from the right, from 0; '' when it has fewer.
//                              Names end with a dot, so 1 is their last label. n < 0: all of `s`.
//   trim(s[, t])               without `t`, as a whole and as often as it stands there, at both
//                              ends. ltrim and rtrim remove any of the characters of `t`, as ever.
//   name(table, n)             'qtype' or 'type', 'rcode', 'qclass' or 'class', 'opcode'; of what
//                              has no name, the number as text
//   netmask(a[, v4[, v6]])     the first 24 and 48 bits of an address, or so many; '' for none
//   cc(a), asn(a)              country ('' if none) and AS number (-1 if none), see enrich/geo.h;
//                              errors that say what to set where there is no database
//   truncate(x)                towards zero, BIGINT
//   stdev(x)                   of the population
//   x >> n, x << n             of floating-point numbers too, which are truncated first
// if(condition, a, b) and len(s) are DuckDB's own.
//
// Others:
//   etld1(name)                see enrich/registered_domain.h
//   is_private(a)              whether it is of RFC 1918 or RFC 4193; false for what is no address
//   ptr_address(name)          192.0.2.1 of 1.2.0.192.in-addr.arpa., ip6.arpa. too; NULL for all
//                              other names, be it that only a part of the address is missing
//   ptr_name(a)                the other way; NULL for what is no address
//   type_name(n), class_name(n), rcode_name(n), opcode_name(n)
//                              what IANA calls it, or TYPE65280, CLASS32, RCODE3841, OPCODE3; NULL
//                              for what is no such number
absl::Status RegisterFunctions(duckdb_connection connection);

}  // namespace dns_monitor
