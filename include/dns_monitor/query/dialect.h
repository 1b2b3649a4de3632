// PacketQ's dialect of SQL, as DuckDB takes it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace dns_monitor {

struct TranslatedSql {
  struct Edit {
    size_t original = 0;        // where, in the original
    size_t original_bytes = 0;  // what was replaced
    size_t bytes = 0;           // what stands there now
  };

  std::string text;
  std::vector<Edit> edits;  // by place; none overlap

  // Where the byte at `offset` of `text` stands in the original. Of what was inserted: the place
  // it is at. Beyond the end: the end.
  size_t OriginalOffset(size_t offset) const;
};

// Changes what DuckDB's parser or binder refuses, or answers otherwise than PacketQ for no reason
// of the standard; leaves all else as it is, comments and blanks too. By tokens: strings, quoted
// identifiers, comments and dollar quotes are never looked into. Of SQL that is wrong it makes SQL
// that is wrong; it never fails. Any thread.
//
//   do, desc                  columns that are keywords: quoted. So are, wherever they stand for a
//                             column, aliases that are (`'ALL' AS All ... GROUP BY All`).
//   if(c, 'none', rcode)      (rcode)::VARCHAR, when the other one of the two is text
//   rcode is 3, is not 'a'    = and <>
//   sample 10; select ...     the statement sees every 10th packet, of what FROM names
//
// Of a statement that PacketQ could read (SELECT ... FROM dns or icmp, with no function but its
// own and ours):
//   s ... GROUP BY src_addr   a column that is not grouped: that of the first packet of the group,
//                             arg_min(s, <its time>)
//   count(*)                  without an alias: AS "count(1)", as PacketQ names columns; so all
//                             that are nothing but calls
TranslatedSql TranslateDialect(absl::string_view sql);

}  // namespace dns_monitor
