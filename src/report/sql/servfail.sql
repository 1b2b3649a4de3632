-- Which names could a server not find out about?
-- ServFail: the server itself could not find the answer, or it did not pass DNSSEC. Its own reason
-- is there when it gave one (extended DNS errors, RFC 8914).
-- chart: bars name server times
-- of: responses
-- none: No server failed.
select coalesce(lower(qname), '(no question)') as name, src_addr as server, count(*) as times,
       coalesce(any_value(ede_text), '') as reason
from messages where qr and rcode_name = 'ServFail'
group by name, server order by times desc, name, server limit 20
