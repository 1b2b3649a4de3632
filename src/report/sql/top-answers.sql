-- Which records are answered most?
-- Each record of an answer section counts, aliases too.
-- chart: bars name type data answers
-- of: responses
-- none: No response in these captures has an answer.
select lower(record.name) as name, record.type as type, record.rdata as data, count(*) as answers
from (select unnest(answers) as record from messages where qr)
group by all order by answers desc, name, type, data limit 20
