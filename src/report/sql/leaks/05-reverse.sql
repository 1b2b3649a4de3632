-- Which private addresses does it ask about?
-- Somebody wants the name of an address of the own network. A server in the internet cannot know
-- it, but learns which addresses there are. Let the resolver of the own network answer for these
-- zones (RFC 6303; RFC 7793 for the addresses that a provider shares, 100.64.0.0/10).
-- of: queries
-- none: No private address was asked about.
-- chart: bars address queries
select ptr_address(qname) as address, dst_addr as server,
       case when regexp_matches(dst_addr, '^(127\.|::1$)') then 'on this machine'
            when is_private(dst_addr) or regexp_matches(dst_addr, '^(169\.254\.|fe80:)')
            then 'own network' else 'internet' end as place,
       count(*) as queries, count(distinct src_addr) as clients
from messages
where not qr and dst_port not in (5353, 5355)
  and (is_private(ptr_address(qname))
       or regexp_matches(ptr_address(qname),
         '^(127\.|169\.254\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|::1$|fe80:)'))
group by address, server order by queries desc, address, server limit 50
