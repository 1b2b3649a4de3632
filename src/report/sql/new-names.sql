-- Which registered domains are new?
-- Asked for the first time in the last quarter of the time that the captures are of.
-- of: queries
-- none: All domains were asked for before that.
with domains as materialized (
       select lower(etld1) as domain, min(time)::timestamp as first_seen,
              max(time)::timestamp as last_seen, count(*) as queries, min(lower(qname)) as example
       from messages where not qr group by domain),
     border as (
       select min(first_seen) + (max(last_seen) - min(first_seen)) * 0.75 as since from domains)
select domain, date_trunc('second', first_seen) as first, queries, example
from domains where domain is not null and first_seen >= (select since from border)
order by first_seen, domain limit 50
