"""dns-monitor query under test."""
import errno
import json
import os

from .process import BUILD, run
from .refuse import SCHED_SETSCHEDULER, refuse

DNS_MONITOR_QUERY = os.path.join(BUILD, "dns-monitor-query")

# A preexec_fn: it takes part in what others do on this machine, instead of waiting until they have
# all come to an end.
as_others = refuse(SCHED_SETSCHEDULER, errno.EPERM)


def query(sql, *paths, options=(), seconds=240, **more):
    """Runs to the end, which is to go well, unless `check` says otherwise."""
    more.setdefault("preexec_fn", as_others)
    return run([DNS_MONITOR_QUERY, "query", *options, sql, *paths], seconds=seconds, **more)


def rows(sql, *paths, options=(), **more):
    """What the statement returns: a dict for each row."""
    done = query(sql, *paths, options=("--format", "ndjson", *options), **more)
    return [json.loads(line) for line in done.stdout.split("\n") if line]
