-- What do clients say by EDNS? (Bytes they take by UDP; share that wants DNSSEC, sends a cookie, a
-- client subnet.)
select coalesce(udp_size::varchar, 'no EDNS') as udp_size, count(*) as queries,
       round(100.0 * count(*) / sum(count(*)) over (), 2) as percent,
       round(100.0 * avg(dnssec_ok::int), 1) as dnssec_ok,
       round(100.0 * avg((cookie is not null)::int), 1) as cookie,
       round(100.0 * avg((ecs is not null)::int), 1) as client_subnet
from messages where not qr
group by all order by queries desc, udp_size limit 20
