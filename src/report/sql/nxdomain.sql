-- Which names that do not exist are asked for most, and by how many?
select qname, count(*) as answers, count(distinct dst_addr) as clients
from messages where qr and rcode_name = 'NXDomain'
group by qname order by answers desc, qname limit 20
