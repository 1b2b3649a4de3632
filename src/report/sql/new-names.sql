-- Which registered domains were asked for the first time in the last quarter of the captures?
with bounds as (select min(time)::timestamp as first, max(time)::timestamp as last from messages),
     border as (select first + (last - first) * 0.75 as since from bounds)
select etld1, min(time)::timestamp as first_seen, count(*) as queries,
       count(distinct src_addr) as clients, min(qname) as example
from messages where not qr
group by etld1 having min(time)::timestamp >= (select since from border)
order by first_seen, etld1 limit 50
