-- Which registered domains are asked most?
select etld1, count(*) as queries,
       round(100.0 * count(*) / sum(count(*)) over (), 1) as percent,
       count(distinct lower(qname)) as names, count(distinct src_addr) as clients
from messages where not qr
group by etld1 order by queries desc, etld1 limit 20
