-- Which domains do they learn?
-- What is registered under a public suffix: they show which services are used, and when. The 50
-- that are asked for most. Private names and look-ups of addresses have sections of their own.
-- of: queries
-- none: No name with a registered domain was asked for.
-- chart: bars domain queries
select lower(etld1) as domain, count(*) as queries, count(distinct lower(qname)) as names,
       date_trunc('second', min(time)::timestamp) as first,
       date_trunc('second', max(time)::timestamp) as last
from messages
where not qr and dst_port not in (5353, 5355)
  and not regexp_matches(lower(etld1),
    '(^|\.)(local|lan|home|internal|corp|intranet|localdomain|arpa|private)\.$|^[^.]*\.$')
group by domain order by queries desc, domain limit 50
