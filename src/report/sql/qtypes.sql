-- Which types are asked for?
select qtype_name as qtype, count(*) as queries,
       round(100.0 * count(*) / sum(count(*)) over (), 2) as percent
from messages where not qr
group by qtype order by queries desc, qtype
