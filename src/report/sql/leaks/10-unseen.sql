-- What can this report not see?
-- DNS that is encrypted, or on ports that nobody captured. "Captured" goes by what the ledgers of
-- the captures and --port say. Even where it is captured, of encrypted DNS only the packets can be
-- counted; DNS over HTTPS looks as any other HTTPS.
with kinds as (
       select * from (values
         (1, 'DNS over TLS and QUIC', 853, true), (2, 'DNS over HTTPS', 443, true),
         (3, 'multicast DNS', 5353, false), (4, 'LLMNR', 5355, false)
       ) as kinds(number, kind, port, encrypted)),
     captured as (
       select string_split(getvariable('ports'), ',') as ports
       where getvariable('ports') is not null
       union all select string_split(ports, ',') from segments where ports is not null),
     ports as (select distinct unnest(ports)::int as port from captured),
     seen as (
       select case when dst_port in (853, 443, 5353, 5355) then dst_port else src_port end as port,
              count(*) as packets
       from packets
       where (dst_port in (853, 443, 5353, 5355) or src_port in (853, 443, 5353, 5355))
         and src_port <> 53 and dst_port <> 53
       group by 1)
select kind, port, coalesce(packets, 0) as packets,
       case when packets > 0 and encrypted then 'only that it is used'
            when packets > 0 and port in (select port from ports) then 'yes'
            when packets > 0 then 'yes: --port ' || port || ' shows it'
            when port in (select port from ports) then 'captured, but there was none'
            when (select count(*) from ports) > 0 then 'no: this port was not captured'
            else 'not known: no packets of it' end as seen
from kinds left join seen using (port)
order by number
