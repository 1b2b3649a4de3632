-- What is in these captures?
-- Clients are the addresses that asked, servers those that were asked. What was not captured is
-- what the ledgers tell; leaks/gaps says when.
with m as (
  select count(*) as messages, min(time)::timestamp as first, max(time)::timestamp as last,
         count(*) filter (where not qr) as queries, count(*) filter (where qr) as responses,
         count(distinct src_addr) filter (where not qr) as clients,
         count(distinct dst_addr) filter (where not qr) as servers,
         count(distinct lower(qname)) as names, count(distinct lower(etld1)) as domains,
         count(*) filter (where malformed is not null) as malformed
  from messages),
l as (
  select count(*) filter (where kind = 'gap' and from_time < to_time) as gaps,
         coalesce(sum(packets), 0)::bigint as lost,
         count(*) > 0 or exists (select 1 from segments where sequence is not null) as known
  from gaps where reason not in ('taken_over', 'hook_changed', 'clock_step'))
select unnest(['first message', 'last message', 'messages', 'queries', 'responses', 'clients',
               'servers', 'names', 'registered domains', 'malformed messages',
               'gaps in the capture', 'packets lost']) as what,
       unnest([coalesce(strftime(first, '%Y-%m-%dT%H:%M:%SZ'), 'there is none'),
               coalesce(strftime(last, '%Y-%m-%dT%H:%M:%SZ'), 'there is none'),
               messages::varchar, queries::varchar, responses::varchar, clients::varchar,
               servers::varchar, names::varchar, domains::varchar, malformed::varchar,
               if(known, gaps::varchar, 'not known'), if(known, lost::varchar, 'not known')]) as value
from m, l
