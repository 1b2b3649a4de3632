#include "what_is_there.h"

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/output/held_rows.h"

namespace dns_monitor {
namespace {

constexpr absl::string_view kSql = R"(
with lasting as (
       select strftime(from_time::timestamp, '%Y-%m-%dT%H:%M:%SZ') as from_time,
              strftime(to_time::timestamp, '%Y-%m-%dT%H:%M:%SZ') as to_time, interface
       from gaps
       where kind = 'gap' and from_time < to_time
         and reason not in ('taken_over', 'hook_changed', 'clock_step')),
     gap_words as (
       select count(*) as gaps,
              string_agg('from ' || from_time || ' to ' || to_time || ' (' || interface || ')', ', '
                order by from_time, interface) as listed,
              min(from_time) as first, max(to_time) as last
       from lasting),
     runs as (
       select strftime(min(from_time)::timestamp, '%Y-%m-%dT%H:%M:%SZ') as begun,
              strftime(max(to_time)::timestamp, '%Y-%m-%dT%H:%M:%SZ') as ended
       from segments where sequence is not null),
     losses as (select coalesce(sum(packets), 0) as lost from gaps where kind = 'loss')
select exists (select 1 from messages where not qr) as queries,
       exists (select 1 from messages where qr) as responses,
       exists (select 1 from messages) as messages,
       case
         when gaps > 3 then 'By the ledgers nobody was capturing ' || gaps || ' times between '
           || first || ' and ' || last || '; leaks/gaps lists them.'
         when gaps > 0 then 'By the ledgers nobody was capturing ' || listed || '.'
         when lost > 0 then 'By the ledgers ' || lost || ' packets were lost; leaks/gaps tells when.'
         when begun is not null then 'By the ledgers somebody was capturing from ' || begun || ' to '
           || ended || ', and there were none.'
         else 'No ledger tells whether anybody was capturing.' end as ledgers
from gap_words, runs, losses)";

bool Has(const WhatIsThere& there, absl::string_view what) {
  if (what == "queries") return there.queries;
  if (what == "responses") return there.responses;
  return there.messages;
}

}  // namespace

absl::StatusOr<WhatIsThere> FindWhatIsThere(Engine* engine) {
  WhatIsThere there;
  DM_RETURN_IF_ERROR(engine->Run(kSql, [&](duckdb_result* result) -> absl::Status {
    DM_ASSIGN_OR_RETURN(const HeldRows rows, HoldRows(result, 1));
    const auto cell = [&](absl::string_view name) { return rows.Find(name)->cells.front(); };
    there.queries = cell("queries") == "true";
    there.responses = cell("responses") == "true";
    there.messages = cell("messages") == "true";
    there.ledgers = cell("ledgers");
    return absl::OkStatus();
  }));
  return there;
}

std::string TextWithoutRows(const ReportSection& section, const WhatIsThere& there) {
  if (section.of.empty() || Has(there, section.of)) return section.none;
  if (there.messages) return absl::StrCat("No ", section.of, " were captured.");
  return absl::StrCat("No messages were captured. ", there.ledgers);
}

}  // namespace dns_monitor
