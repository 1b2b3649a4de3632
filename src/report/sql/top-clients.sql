-- Who asks most, and for how many different names?
-- chart: bars client queries
-- of: queries
select src_addr as client, count(*) as queries,
       (100.0 * count(*) / sum(count(*)) over ())::decimal(4, 1) as percent,
       count(distinct lower(qname)) as names
from messages where not qr
group by client order by queries desc, client limit 20
