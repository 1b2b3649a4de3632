-- How do the answers end?
-- NoError is an answer (be it that there is no such record), NXDomain says that the name does not
-- exist, ServFail that the server could not find out, Refused that it does not want to.
-- chart: bars rcode responses
-- of: responses
select rcode_name as rcode, count(*) as responses,
       (100.0 * count(*) / sum(count(*)) over ())::decimal(5, 2) as percent
from messages where qr
group by rcode order by responses desc, rcode
