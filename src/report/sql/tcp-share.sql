-- How much goes over TCP?
select transport, case when qr then 'response' else 'query' end as message,
       count(*) as messages,
       round(100.0 * count(*) / sum(count(*)) over (partition by qr), 2) as percent,
       round(avg(msg_size), 1) as bytes
from messages
group by transport, qr order by message, messages desc
