// A statement that PacketQ could read (its src/grammar), in parts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "dns_monitor/query/sql_tokens.h"

namespace dns_monitor {

struct PacketqSelect {
  struct Item {
    TokenRange expression;
    std::string alias;  // in lower case; empty without
  };

  Token table;  // dns or icmp
  std::vector<Item> items;
  std::vector<TokenRange> group_by;  // its terms, and those of ORDER BY, without ASC and DESC
  std::vector<TokenRange> order_by;
};

// Nothing for a statement of another kind: with a join or a subquery, of another table than dns or
// icmp, or with a function or an operator that PacketQ has not.
std::optional<PacketqSelect> ReadPacketqSelect(absl::Span<const Token> tokens,
                                               TokenRange statement);

// Whether one of its aggregates is called within.
bool CallsAggregate(absl::Span<const Token> tokens, TokenRange range);

// The words that stand for columns.
std::vector<Token> ColumnsOf(absl::Span<const Token> tokens, TokenRange range);

// One of those that its table has in PacketQ.
bool IsColumnOf(const PacketqSelect& select, const Token& token);

}  // namespace dns_monitor
