-- Which names are answered most? (The first record of each answer.)
select aname, count(*) as count
from dns where qr = 1
group by aname order by count desc, aname limit 20
