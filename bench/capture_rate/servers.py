"""Real name servers with a configuration of their own, each on both addresses."""
import contextlib
import pathlib
import subprocess
import tempfile
import time

from measure.process import end, output, start
from measure.refusal import Refusal
from .lab import SERVED_ADDRESS, SPARED_ADDRESS, TOOL_CPU

NAMES = ("nsd", "unbound")
_ANSWERING_SECONDS = 20

_NSD = """\
server:
  ip-address: {served}
  ip-address: {spared}
  username: ""
  chroot: ""
  database: ""
  zonesdir: "{directory}"
  pidfile: "{directory}/nsd.pid"
  xfrdfile: "{directory}/xfrd.state"
  zonelistfile: "{directory}/zone.list"
  xfrdir: "{directory}"
  server-count: 1
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: "example"
  zonefile: "example.zone"
"""
_ZONE = """\
$ORIGIN example.
$TTL 300
@  SOA ns hostmaster 1 3600 900 604800 300
@  NS  ns
ns A   192.0.2.1
*  A   192.0.2.80
"""
# From its own data: the same work for each query.
_UNBOUND = """\
server:
  interface: {served}
  interface: {spared}
  username: ""
  chroot: ""
  directory: "{directory}"
  pidfile: "{directory}/unbound.pid"
  use-syslog: no
  do-daemonize: no
  num-threads: 1
  access-control: 0.0.0.0/0 allow
  local-zone: "example." redirect
  local-data: "example. 300 IN A 192.0.2.80"
remote-control:
  control-enable: no
"""


@contextlib.contextmanager
def running(bench, name, network):
    """The server answers *.example on both addresses, on another CPU than that of who asks."""
    directory = pathlib.Path(tempfile.mkdtemp(dir=bench.work, prefix=f"{name}."))
    config = directory / f"{name}.conf"
    config.write_text({"nsd": _NSD, "unbound": _UNBOUND}[name].format(
        served=SERVED_ADDRESS, spared=SPARED_ADDRESS, directory=directory))
    (directory / "example.zone").write_text(_ZONE)
    options = ["-d", "-c", config] if name == "nsd" else ["-d", "-p", "-c", config]
    with open(directory / "log", "w", encoding="utf-8") as log:
        server = start([bench.program(name), *options], {TOOL_CPU}, network, stdout=log,
                       stderr=log, start_new_session=True)
    try:
        _wait_until_answering(bench, server, directory)
        yield
    finally:
        end(server, 15)


def _wait_until_answering(bench, server, directory):
    query = bench.work / "one-query"
    query.write_text("q.example A\n")
    deadline = time.monotonic() + _ANSWERING_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(Refusal, subprocess.SubprocessError):
            answers = [output(["dnsperf", "-s", address, "-d", query, "-n", 1, "-t", 1])
                       for address in (SERVED_ADDRESS, SPARED_ADDRESS)]
            if all("NOERROR 1 " in answer for answer in answers):
                return
        time.sleep(0.1)
    raise Refusal(f"{server.args[0]} does not answer: "
                  f"{' '.join((directory / 'log').read_text().split())[-200:]}")
