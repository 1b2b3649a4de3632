-- Which names come back truncated?
-- The client asks again over TCP then. udp_size is what the server says that it takes itself.
-- chart: bars name type truncated
-- of: responses
-- none: No response is truncated.
select coalesce(lower(qname), '(no question)') as name, coalesce(qtype_name, '') as type,
       count(*) as truncated, max(udp_size) as udp_size
from messages where qr and tc
group by name, type order by truncated desc, name, type limit 20
