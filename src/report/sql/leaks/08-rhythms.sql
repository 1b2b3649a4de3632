-- Which names does it ask for by the clock?
-- A name that one client asks for again and again at the same interval, at least six times, is
-- seldom asked for by a person: software reports, looks for updates, or watches a connection.
-- Questions within a second count as one. Four of five intervals are within 15 percent of the usual
-- one, or of two or three of it, as when a question or two were not captured; half of these are off
-- by no more than off_by_s seconds.
-- of: queries
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
       select client, name, gap, median(gap) over (partition by client, name) as usual
       from beats),
     measured as (
       select *, greatest(round(gap / usual), 1) as beats, abs(gap - beats * usual) as off_by,
              beats <= 3 and off_by <= 0.15 * usual as fits
       from gaps),
     rhythms as (
       select client, name, count(*) as times, any_value(usual) as usual,
              median(off_by) filter (where fits) as off_by, count(gap) as gaps,
              count(*) filter (where fits) as fitting,
              count(*) filter (where fits and beats = 1) as single
       from measured group by client, name)
select name, client, times, usual::decimal(12, 1) as every_s, off_by::decimal(12, 1) as off_by_s
from rhythms
where usual >= 5 and single >= 5 and fitting >= 0.8 * gaps
order by times desc, name, client limit 50
