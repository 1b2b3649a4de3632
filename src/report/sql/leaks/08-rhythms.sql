-- Which names does it ask for by the clock?
-- A name that one client asks for again and again at the same interval, at least six times, is
-- seldom asked for by a person: software reports, looks for updates, or watches a connection.
-- Questions within a second count as one; a pause of more than three intervals is passed over.
-- "Variation" is the standard deviation of the intervals in percent of their mean.
-- none: No name was asked for at regular intervals.
-- chart: bars name client times
with candidates as (
       select src_addr as client, lower(qname) as name from messages
       where not qr and dst_port not in (5353, 5355) group by all having count(*) >= 6),
     times as (
       select src_addr as client, lower(qname) as name, epoch_ns(time) / 1e9 as moment,
              moment - lag(moment) over (partition by src_addr, lower(qname) order by time) as since
       from messages
       where not qr and dst_port not in (5353, 5355)
         and (src_addr, lower(qname)) in (select (client, name) from candidates)),
     beats as (
       select client, name, moment,
              moment - lag(moment) over (partition by client, name order by moment) as gap
       from times where since is null or since >= 1),
     gaps as (
       select client, name, moment, gap, median(gap) over (partition by client, name) as usual
       from beats),
     rhythms as (
       select client, name, count(*) as times, median(gap) as seconds,
              avg(gap) filter (where gap <= 3 * usual) as mean,
              stddev_samp(gap) filter (where gap <= 3 * usual) as deviation,
              count(*) filter (where gap <= 3 * usual) as regular,
              count(gap) as gaps, min(moment) as first, max(moment) as last
       from gaps group by client, name)
select client, name, times, round(seconds, 1) as every_seconds,
       round(100 * deviation / mean, 1) as variation,
       make_timestamp(first::bigint * 1000000) as first,
       make_timestamp(last::bigint * 1000000) as last
from rhythms
where regular >= 5 and regular >= 0.8 * gaps and mean >= 5 and deviation <= 0.1 * mean
order by times desc, name, client limit 50
