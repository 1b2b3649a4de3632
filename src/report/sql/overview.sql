-- What is in these captures?
-- Clients are the addresses that asked, servers those that were asked. Times are UTC.
with m as (
  select count(*) as messages, min(time)::timestamp as first, max(time)::timestamp as last,
         count(*) filter (where not qr) as queries, count(*) filter (where qr) as responses,
         count(distinct src_addr) filter (where not qr) as clients,
         count(distinct dst_addr) filter (where not qr) as servers,
         count(distinct lower(qname)) as names, count(distinct lower(etld1)) as domains,
         count(*) filter (where malformed is not null) as malformed
  from messages)
select unnest(['first message', 'last message', 'messages', 'queries', 'responses', 'clients',
               'servers', 'names', 'registered domains', 'malformed messages']) as what,
       unnest([coalesce(strftime(first, '%Y-%m-%d %H:%M:%S'), 'there is none'),
               coalesce(strftime(last, '%Y-%m-%d %H:%M:%S'), 'there is none'),
               messages::varchar, queries::varchar, responses::varchar, clients::varchar,
               servers::varchar, names::varchar, domains::varchar, malformed::varchar]) as value
from m
