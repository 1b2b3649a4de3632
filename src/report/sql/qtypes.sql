-- Which types of records are asked for?
-- chart: bars qtype queries
-- of: queries
select coalesce(qtype_name, '(no question)') as qtype, count(*) as queries,
       (100.0 * count(*) / sum(count(*)) over ())::decimal(5, 2) as percent
from messages where not qr
group by qtype order by queries desc, qtype limit 40
