-- Who is asked in clear text?
-- Each of these servers, and each network on the way to it, can read the questions and can see who
-- asks when. DNS over TLS or over HTTPS hides them from the networks, not from the server.
-- of: queries
-- none: Nobody was asked in clear text.
-- chart: bars server transport queries
select dst_addr as server, transport,
       case when regexp_matches(dst_addr, '^(127\.|::1$)') then 'on this machine'
            when is_private(dst_addr) or regexp_matches(dst_addr, '^(169\.254\.|fe80:)')
            then 'own network' else 'internet' end as place,
       count(*) as queries, (100.0 * count(*) / sum(count(*)) over ())::decimal(4, 1) as percent,
       count(distinct lower(qname)) as names
from messages where not qr and dst_port not in (5353, 5355)
group by server, transport order by queries desc, server, transport limit 50
