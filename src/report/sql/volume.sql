-- How many queries come, over time?
-- At most 61 stretches of equal length, those without any message too. Where ledgers tell,
-- not_captured_s says for how many seconds of a stretch nobody was capturing.
-- chart: time begins queries responses
-- of: messages
with seconds as materialized (
       select date_trunc('second', time::timestamp) as second,
              count(*) filter (where not qr) as queries, count(*) filter (where qr) as responses
       from messages group by second),
     bounds as (
       select min(second) as first, max(second) as last,
              date_diff('second', min(second), max(second)) / 60.0 as wanted from seconds),
     step as (
       select first, last, date_trunc('day', first) as origin,
              to_seconds(coalesce(
                list_min(list_filter([1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200,
                                      10800, 21600, 43200, 86400], s -> s >= wanted)),
                86400 * ceil(wanted / 86400))) as length
       from bounds),
     stretches as (
       select unnest(generate_series(time_bucket(length, first, origin), last, length)) as begins
       from step),
     counts as (
       select time_bucket(length, second, origin) as begins, sum(queries)::bigint as queries,
              sum(responses)::bigint as responses
       from seconds, step group by all),
     pauses as (
       select interface, from_time::timestamp as since, to_time::timestamp as until from gaps
       where kind = 'gap' and reason not in ('taken_over', 'hook_changed', 'clock_step')),
     of_interfaces as (
       select begins, sum(epoch(least(until, begins + length) - greatest(since, begins))) as pause
       from stretches, step, pauses where since < begins + length and until > begins
       group by begins, interface),
     missing as (select begins, max(pause) as pause from of_interfaces group by begins)
select begins, coalesce(queries, 0) as queries, coalesce(responses, 0) as responses,
       case when exists (select 1 from segments where sequence is not null)
            then coalesce(pause, 0)::decimal(12, 1) end as not_captured_s
from stretches left join counts using (begins) left join missing using (begins)
order by begins
