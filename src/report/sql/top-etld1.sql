-- Which registered domains are asked most?
-- What is registered under a public suffix: example.co.uk of www.example.co.uk.
-- chart: bars domain queries
-- of: queries
select coalesce(lower(etld1), '(none)') as domain, count(*) as queries,
       (100.0 * count(*) / sum(count(*)) over ())::decimal(4, 1) as percent,
       count(distinct lower(qname)) as names, count(distinct src_addr) as clients
from messages where not qr
group by domain order by queries desc, domain limit 20
