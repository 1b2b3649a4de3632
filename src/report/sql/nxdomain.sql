-- Which names that do not exist are asked for most?
-- Typing errors, search lists, software that looks for what is not there.
-- chart: bars name answers
-- of: responses
-- none: All names that were asked for exist.
select coalesce(lower(qname), '(no question)') as name, count(*) as answers,
       count(distinct dst_addr) as clients
from messages where qr and rcode_name = 'NXDomain'
group by name order by answers desc, name limit 20
