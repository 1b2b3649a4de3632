-- Does a search list spread names?
-- The name was asked for as it is, and also with a suffix behind it, which does not exist. So does
-- the "search" line of resolv.conf, or what DHCP says. Whoever has the suffix learns all such
-- names. Take the suffix off the list, or write names with a final dot.
-- of: queries
-- none: No name was asked for with and without a suffix.
-- chart: bars suffix queries
with asked as materialized (
       select distinct src_addr as client, lower(qname) as name from messages
       where not qr and dst_port not in (5353, 5355) and length(qname) > 1),
     missing as (
       select dst_addr as client, lower(qname) as name, count(*) as answers from messages
       where qr and rcode_name = 'NXDomain' group by all),
     pieces as (
       select client, name, answers, string_split(rtrim(name, '.'), '.') as labels from missing),
     cuts as (
       select client, name, answers, labels, unnest(range(1, len(labels))) as cut from pieces)
select array_to_string(labels[cut + 1:], '.') || '.' as suffix, sum(answers)::bigint as queries,
       count(distinct cuts.name) as names, count(distinct cuts.client) as clients,
       arg_max(asked.name, answers) as example
from cuts join asked
  on asked.client = cuts.client and asked.name = array_to_string(labels[:cut], '.') || '.'
group by suffix order by queries desc, suffix limit 50
