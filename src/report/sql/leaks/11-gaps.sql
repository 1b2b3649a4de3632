-- When was nobody looking?
-- What was asked in these times is not here. Only captures with ledgers can tell; "loss" is of
-- packets that came too fast.
-- none: The ledgers tell of no such time, or there are no ledgers.
select kind, reason, interface,
       date_trunc('second', from_time::timestamp) as from_time,
       date_trunc('second', to_time::timestamp) as to_time,
       round(epoch_ns(to_time) / 1e9 - epoch_ns(from_time) / 1e9, 1) as seconds, packets
from gaps
where reason not in ('taken_over', 'hook_changed')
order by from_time, kind limit 100
