#include "src/query/packetq_select.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"

namespace dns_monitor {
namespace {

constexpr WordList kAggregates{"avg", "count", "max", "min", "stdev", "sum"};
// Those and all others of PacketQ, and ours.
constexpr WordList kFunctions{"asn",         "avg",      "cc",         "class_name", "count",
                              "etld1",       "if",       "is_private", "len",        "lower",
                              "max",         "min",      "name",       "netmask",    "opcode_name",
                              "ptr_address", "ptr_name", "rcode_name", "rsplit",     "stdev",
                              "sum",         "trim",     "truncate",   "type_name"};
// Words that are neither columns nor functions.
constexpr WordList kOperators{"and", "asc",  "between", "desc", "false", "in",
                              "is",  "like", "not",     "null", "or",    "true"};
// The columns of all packets, and those of the two tables.
constexpr WordList kPacketColumns{"dst_addr", "dst_port", "ether_type", "fragments",
                                  "id",       "ip_ttl",   "ip_version", "protocol",
                                  "s",        "src_addr", "src_port",   "us"};
constexpr WordList kDnsColumns{"aa",
                               "aclass",
                               "ad",
                               "alabels",
                               "an_count",
                               "aname",
                               "ar_count",
                               "attl",
                               "atype",
                               "cd",
                               "do",
                               "edns0",
                               "edns0_ecs",
                               "edns0_ecs_address",
                               "edns0_ecs_family",
                               "edns0_ecs_scope",
                               "edns0_ecs_source",
                               "edns_version",
                               "extended_rcode",
                               "msg_id",
                               "msg_size",
                               "ns_count",
                               "opcode",
                               "qclass",
                               "qd_count",
                               "qlabels",
                               "qname",
                               "qr",
                               "qtype",
                               "ra",
                               "rcode",
                               "rd",
                               "tc",
                               "udp_size",
                               "z"};
constexpr WordList kIcmpColumns{"code",          "desc",        "du_dst_addr",
                                "du_protocol",   "du_src_addr", "echo_identifier",
                                "echo_sequence", "type"};
constexpr WordList kOtherKeywords{"as", "by", "offset", "select"};
constexpr absl::string_view kSymbols = "*,=<>/|%+-&~!().";
// A part of the statement goes to one of the parts that come after it.
constexpr WordList kParts{"from", "where", "group", "having", "order", "limit"};

// What stands between operands.
bool IsKeyword(const Token& token) {
  return kOperators.Contains(token) || kParts.Contains(token) || kOtherKeywords.Contains(token);
}

bool EndsOperand(const Token& token) {
  return token.kind == TokenKind::kWord ? !IsKeyword(token)
                                        : token.kind != TokenKind::kSymbol || token.text == ")";
}

bool BeginsOperand(const Token& token) {
  return token.kind == TokenKind::kWord ? !IsKeyword(token) : token.kind != TokenKind::kSymbol;
}

// All is of PacketQ's: the words before parentheses, the symbols, and that no operand follows
// another, as with aliases without AS, DISTINCT, joins.
bool IsReadable(absl::Span<const Token> tokens, TokenRange statement) {
  for (size_t i = statement.begin; i < statement.end; ++i) {
    const Token& token = tokens[i];
    if (token.kind == TokenKind::kQuoted) return false;
    if (token.kind == TokenKind::kSymbol &&
        kSymbols.find(token.text[0]) == absl::string_view::npos) {
      return false;
    }
    if (i > statement.begin && token.IsWord("select")) return false;
    if (i + 1 == statement.end) break;
    const Token& next = tokens[i + 1];
    if (EndsOperand(token) && BeginsOperand(next)) return false;
    if (next.IsSymbol("(") && EndsOperand(token) && !kFunctions.Contains(token)) return false;
  }
  return true;
}

// Outside parentheses, behind `begin`; statement.end when it is not there.
size_t FindPart(absl::Span<const Token> tokens, TokenRange statement, size_t begin,
                absl::string_view word) {
  for (size_t i = begin; i < statement.end; ++i) {
    if (tokens[i].IsSymbol("(")) i = std::max(i, tokens[i].match);
    if (i < statement.end && tokens[i].IsWord(word)) return i;
  }
  return statement.end;
}

// The terms of GROUP BY or ORDER BY, if it is there.
std::vector<TokenRange> Terms(absl::Span<const Token> tokens, TokenRange statement, size_t from,
                              absl::string_view part) {
  const size_t begin = FindPart(tokens, statement, from, part);
  if (begin + 2 >= statement.end || !tokens[begin + 1].IsWord("by")) return {};
  size_t end = statement.end;
  for (const absl::string_view next : kParts.words) {
    end = std::min(end, FindPart(tokens, statement, begin + 2, next));
  }
  std::vector<TokenRange> terms = SplitAt(tokens, {begin + 2, end}, ",");
  for (TokenRange& term : terms) {
    if (term.size() < 2) continue;
    const Token& last = tokens[term.end - 1];
    if (last.IsWord("asc") || last.IsWord("desc")) --term.end;
  }
  return terms;
}

PacketqSelect::Item ReadItem(absl::Span<const Token> tokens, TokenRange range) {
  if (range.size() < 3 || !tokens[range.end - 2].IsWord("as")) return {range, ""};
  return {{range.begin, range.end - 2}, absl::AsciiStrToLower(tokens[range.end - 1].text)};
}

}  // namespace

std::optional<PacketqSelect> ReadPacketqSelect(absl::Span<const Token> tokens,
                                               TokenRange statement) {
  if (statement.empty() || !tokens[statement.begin].IsWord("select")) return std::nullopt;
  const size_t from = FindPart(tokens, statement, statement.begin, "from");
  if (from + 1 >= statement.end || !IsReadable(tokens, statement)) return std::nullopt;
  const Token& table = tokens[from + 1];
  if (!table.IsWord("dns") && !table.IsWord("icmp")) return std::nullopt;
  if (from + 2 < statement.end && !kParts.Contains(tokens[from + 2])) return std::nullopt;
  PacketqSelect select{.table = table, .items = {}, .group_by = {}, .order_by = {}};
  for (const TokenRange item : SplitAt(tokens, {statement.begin + 1, from}, ",")) {
    if (item.empty()) return std::nullopt;
    select.items.push_back(ReadItem(tokens, item));
  }
  select.group_by = Terms(tokens, statement, from, "group");
  select.order_by = Terms(tokens, statement, from, "order");
  return select;
}

bool CallsAggregate(absl::Span<const Token> tokens, TokenRange range) {
  for (size_t i = range.begin; i + 1 < range.end; ++i) {
    if (kAggregates.Contains(tokens[i]) && tokens[i + 1].IsSymbol("(")) return true;
  }
  return false;
}

std::vector<Token> ColumnsOf(absl::Span<const Token> tokens, TokenRange range) {
  std::vector<Token> columns;
  for (size_t i = range.begin; i < range.end; ++i) {
    const bool called = i + 1 < range.end && tokens[i + 1].IsSymbol("(");
    if (tokens[i].kind == TokenKind::kWord && !called && !kOperators.Contains(tokens[i])) {
      columns.push_back(tokens[i]);
    }
  }
  return columns;
}

bool IsColumnOf(const PacketqSelect& select, const Token& token) {
  if (kPacketColumns.Contains(token)) return true;
  return select.table.IsWord("dns") ? kDnsColumns.Contains(token) : kIcmpColumns.Contains(token);
}

}  // namespace dns_monitor
