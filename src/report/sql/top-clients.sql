-- Who asks most, and for how many different names?
-- chart: bars client queries
-- of: queries
select src_addr as client, count(*) as queries,
       round(100.0 * count(*) / sum(count(*)) over (), 1) as percent,
       count(distinct lower(qname)) as names
from messages where not qr
group by client order by queries desc, client limit 20
