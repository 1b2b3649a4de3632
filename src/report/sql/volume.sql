-- How many queries come, over time? (At most 60 stretches of equal length.)
with bounds as (select min(time) as first, max(time) as last from messages),
     step as (select greatest(1, ceil(date_diff('second', first, last) / 60.0))::int as seconds
              from bounds)
select time_bucket(to_seconds(any_value(seconds)), time::timestamp) as begins,
       count(*) filter (where not qr) as queries, count(*) filter (where qr) as responses
from messages, step
group by time_bucket(to_seconds(seconds), time::timestamp)
order by begins
