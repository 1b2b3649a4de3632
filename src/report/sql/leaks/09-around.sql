-- Does anything go around the resolver?
-- The resolver of a client is the server that it asks most. Others are listed: a second one that
-- is configured too, or software that has its own idea of whom to ask, and so goes around filters
-- and records. Of a machine that is a resolver itself, these are the servers that it resolves with.
-- of: queries
-- none: Every client asked only one server.
-- chart: bars client server queries
with pairs as materialized (
       select src_addr as client, dst_addr as server, count(*) as queries,
              mode(lower(qname)) as example
       from messages where not qr and dst_port not in (5353, 5355) group by client, server),
     ranks as (
       select *, first_value(server) over most as resolver, row_number() over most as rank
       from pairs window most as (partition by client order by queries desc, server
                                  rows between unbounded preceding and unbounded following))
select client, resolver, server, queries, example
from ranks where rank > 1
order by queries desc, client, server limit 50
