-- Which names are answered most?
-- By the name of the first record of the answer section: that of an alias, not what it leads to.
-- chart: bars name responses
-- of: responses
select coalesce(nullif(lower(aname), ''), '(no answer)') as name, count(*) as responses,
       (100.0 * count(*) / sum(count(*)) over ())::decimal(4, 1) as percent,
       count(distinct dst_addr) as clients
from dns where qr = 1
group by name order by responses desc, name limit 20
