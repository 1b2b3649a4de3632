-- Which names are asked for most?
-- chart: bars name queries
-- of: queries
select coalesce(lower(qname), '(no question)') as name, count(*) as queries,
       (100.0 * count(*) / sum(count(*)) over ())::decimal(4, 1) as percent,
       count(distinct src_addr) as clients
from messages where not qr
group by name order by queries desc, name limit 20
