-- How do the answers end?
select rcode_name as rcode, count(*) as responses,
       round(100.0 * count(*) / sum(count(*)) over (), 2) as percent
from messages where qr
group by rcode order by responses desc, rcode
