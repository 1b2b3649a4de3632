-- Does it pass on where it is?
-- With the client's subnet (ECS, RFC 7871) the server of each domain learns in which network the
-- one who asks is, not only the resolver. Resolvers and their forwarders can be told not to send
-- it; a subnet of length 0 asks others not to, and is not listed.
-- of: queries
-- none: No query has a client's subnet.
-- chart: bars subnet server queries
select regexp_replace(ecs, '/\d+$', '') as subnet, dst_addr as server, count(*) as queries,
       count(distinct lower(etld1)) as domains, min(lower(qname)) as example
from messages where not qr and ecs is not null and not regexp_matches(ecs, '/0/\d+$')
group by subnet, server order by queries desc, subnet, server limit 50
