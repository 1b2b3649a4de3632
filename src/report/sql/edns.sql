-- What do clients say by EDNS?
-- How many bytes they take by UDP; what part of them (percent) wants DNSSEC, sends a cookie, sends
-- its client's subnet.
-- chart: bars udp_size queries
-- of: queries
select coalesce(udp_size::varchar, 'no EDNS') as udp_size, count(*) as queries,
       (100.0 * count(*) / sum(count(*)) over ())::decimal(5, 2) as percent,
       (100.0 * avg(dnssec_ok::int))::decimal(4, 1) as dnssec_ok,
       (100.0 * avg((cookie is not null)::int))::decimal(4, 1) as cookie,
       (100.0 * avg((ecs is not null)::int))::decimal(4, 1) as client_subnet
from messages where not qr
group by 1 order by queries desc, 1 limit 20
