-- Which servers leave queries without an answer?
-- No answer within 30 seconds, or none before the captures end.
-- chart: bars server unanswered
-- of: queries
-- none: All queries were answered.
select server_addr as server, count(*) as queries,
       count(*) filter (where state = 'unanswered') as unanswered,
       (100.0 * count(*) filter (where state = 'unanswered') / count(*))::decimal(5, 2) as percent,
       sum(retries)::bigint as retries
from transactions where state <> 'unasked'
group by server having unanswered > 0 order by unanswered desc, server limit 20
