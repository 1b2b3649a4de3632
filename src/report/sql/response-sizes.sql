-- How large are responses?
select case when msg_size <= 512 then '1: up to 512'
            when msg_size <= 1232 then '2: up to 1232'
            when msg_size <= 4096 then '3: up to 4096'
            else '4: larger' end as bytes,
       transport, count(*) as responses,
       round(100.0 * count(*) / sum(count(*)) over (), 2) as percent
from messages where qr
group by all order by bytes, transport
