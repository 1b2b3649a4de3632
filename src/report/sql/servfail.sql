-- Which names does a server fail to answer, and which server?
select qname, src_addr as server, count(*) as failures,
       any_value(ede_text) as says, min(time) as first, max(time) as last
from messages where qr and rcode_name = 'ServFail'
group by qname, server order by failures desc, qname limit 20
