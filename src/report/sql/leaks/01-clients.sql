-- Whose questions are these?
-- One line for each address that asked.
-- several: There is more than one address. Either this machine has several, or what follows mixes
-- several machines, as the capture of a router or a server does.
-- of: queries
-- chart: bars client queries
select src_addr as client, count(*) as queries,
       (100.0 * count(*) / sum(count(*)) over ())::decimal(4, 1) as percent,
       count(distinct lower(qname)) as names
from messages where not qr
group by client order by queries desc, client limit 50
