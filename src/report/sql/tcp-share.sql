-- How much goes over TCP?
-- chart: bars message transport messages
-- of: messages
select case when qr then 'response' else 'query' end as message, transport,
       count(*) as messages,
       (100.0 * count(*) / sum(count(*)) over (partition by qr))::decimal(5, 2) as percent,
       avg(msg_size)::decimal(18, 1) as average_bytes
from messages where qr is not null
group by qr, transport order by message, messages desc
