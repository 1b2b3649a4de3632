-- Which names come back truncated, and so are asked again over TCP?
select qname, qtype_name as qtype, count(*) as truncated, max(udp_size) as udp_size
from messages where qr and tc
group by qname, qtype order by truncated desc, qname limit 20
