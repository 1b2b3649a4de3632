-- How large are responses?
-- Up to 512 bytes any client takes by UDP; up to 1232 bytes hardly ever need IP fragments.
-- chart: bars bytes transport responses
-- of: responses
select case when msg_size <= 512 then 'up to 512' when msg_size <= 1232 then '513 to 1232'
            when msg_size <= 4096 then '1233 to 4096' else 'over 4096' end as bytes,
       transport, count(*) as responses,
       (100.0 * count(*) / sum(count(*)) over ())::decimal(5, 2) as percent
from messages where qr
group by bytes, transport order by min(msg_size), transport
