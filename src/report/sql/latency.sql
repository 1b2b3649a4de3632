-- How long do answers take, by server?
-- Milliseconds. Half of the answers took no longer than p50, 99 of 100 no longer than p99.
-- chart: ranges server p50 p90 p99
-- of: queries
-- none: There is no query with its answer in these captures.
select server_addr as server, count(*) as answers,
       round(quantile_cont(latency_ms, 0.50), 2) as p50,
       round(quantile_cont(latency_ms, 0.90), 2) as p90,
       round(quantile_cont(latency_ms, 0.99), 2) as p99,
       round(max(latency_ms), 2) as longest
from transactions where state = 'answered'
group by server order by answers desc, server limit 20
