-- How long do answers take, by server?
-- Milliseconds. Half of the answers took no longer than p50, 99 of 100 no longer than p99.
-- chart: ranges server p50 p90 p99
-- of: queries
-- none: There is no query with its answer in these captures.
select server_addr as server, count(*) as answers,
       quantile_cont(latency_ms, 0.50)::decimal(18, 2) as p50,
       quantile_cont(latency_ms, 0.90)::decimal(18, 2) as p90,
       quantile_cont(latency_ms, 0.99)::decimal(18, 2) as p99,
       max(latency_ms)::decimal(18, 2) as longest
from transactions where state = 'answered'
group by server order by answers desc, server limit 20
