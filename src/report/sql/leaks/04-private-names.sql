-- Which private names leave the machine?
-- Names of the own network say nothing to the public DNS, and much about the network: of devices,
-- people, employers. If a server in the own network knows them, all is well; in the internet they
-- are only noise. Names with a single label are listed when no server knew them: they come from
-- search lists and from software that looks for helpers (wpad, isatap).
-- of: queries
-- none: No private name was asked for.
-- chart: bars suffix queries
with asked as (
       select lower(qname) as name, server_addr as server,
              regexp_extract(lower(qname),
                '\.(local|lan|home|internal|corp|intranet|localdomain|home\.arpa|private)\.$')
                as suffix,
              state = 'answered' and rcode_name = 'NoError' as known
       from transactions where state <> 'unasked' and server_port not in (5353, 5355)),
     private as (
       select *, case when suffix <> '' then rtrim(suffix, '.') else 'single label' end as kind
       from asked where suffix <> '' or (not known and regexp_matches(name, '^[^.]+\.$')))
select kind as suffix, server,
       case when regexp_matches(server, '^(127\.|::1$)') then 'on this machine'
            when is_private(server) or regexp_matches(server, '^(169\.254\.|fe80:)')
            then 'own network' else 'internet' end as place,
       count(*) as queries, count(*) filter (where known) as known,
       mode(name) as example
from private
group by kind, server order by queries desc, suffix, server limit 50
