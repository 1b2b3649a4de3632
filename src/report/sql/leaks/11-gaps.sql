-- When was nobody looking?
-- What was asked in these times is not here: nobody was capturing, or so many packets were lost, as
-- they came too fast or the disk had no room. Only captures with ledgers can tell.
-- none: The ledgers tell of no such time, or there are no ledgers.
select reason, date_trunc('second', from_time::timestamp) as begins,
       date_trunc('second', to_time::timestamp) as ends,
       (epoch_ns(to_time - from_time) / 1e9)::decimal(18, 1) as seconds, packets as lost,
       interface as iface
from gaps
where reason not in ('taken_over', 'hook_changed') and (from_time < to_time or packets > 0)
order by from_time, reason limit 100
