-- Which names are asked most?
select qname, count(*) as queries,
       round(100.0 * count(*) / sum(count(*)) over (), 1) as percent,
       count(distinct src_addr) as clients
from messages where not qr
group by qname order by queries desc, qname limit 20
