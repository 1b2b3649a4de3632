"""Real name servers with a configuration of their own."""
import os
import textwrap

from .process import run
from .waiting import wait_until

ZONE = textwrap.dedent("""\
    $ORIGIN e2e.
    $TTL 60
    @       IN SOA ns hostmaster 1 3600 600 86400 60
    @       IN NS ns
    ns      IN A 10.53.0.2
    www     IN A 192.0.2.1
    www     IN AAAA 2001:db8::1
    """)


def zone_with_large_answers():
    """big-N.e2e has TXT records of about N bytes."""
    lines = []
    for size in (600, 1400, 2000, 3500):
        strings = " ".join(f'"{str(size) * 40:.200}"' for _ in range(size // 200))
        lines.append(f"big-{size} IN TXT {strings}")
    return ZONE + "\n".join(lines) + "\n"


def start_nsd(case, namespace, addresses, on_cpu=None, more_records="", server="", zone=""):
    """`server` and `zone`: more lines of these clauses of its configuration."""
    directory = case.make_directory("nsd")
    with open(os.path.join(directory, "e2e.zone"), "w", encoding="ascii") as file:
        file.write(zone_with_large_answers() + more_records)
    listen = "\n".join(f"  ip-address: {address}" for address in addresses)
    path = os.path.join(directory, "nsd.conf")
    with open(path, "w", encoding="ascii") as config:
        config.write(f"""\
server:
{listen}
  username: ""
  chroot: ""
  database: ""
  zonesdir: "{directory}"
  pidfile: "{directory}/nsd.pid"
  xfrdfile: "{directory}/xfrd.state"
  zonelistfile: "{directory}/zone.list"
  xfrdir: "{directory}"
  server-count: 1
  ipv4-edns-size: 4096
  ipv6-edns-size: 4096
  hide-version: yes
{server}
remote-control:
  control-enable: no
zone:
  name: "e2e"
  zonefile: "e2e.zone"
{zone}
""")
    run(["nsd-checkconf", path])
    server = case.start(namespace.command(["nsd", "-d", "-c", path]), on_cpu=on_cpu)
    wait_until_answering(namespace, addresses[0], server)
    return server


def start_unbound(case, namespace, addresses, forward_to, on_cpu=None, server=""):
    """A resolver that asks `forward_to` anew for each question. `server`: more lines of that clause."""
    directory = case.make_directory("unbound")
    listen = "\n".join(f"  interface: {address}" for address in addresses)
    path = os.path.join(directory, "unbound.conf")
    with open(path, "w", encoding="ascii") as config:
        config.write(f"""\
server:
{listen}
  username: ""
  chroot: ""
  directory: "{directory}"
  pidfile: "{directory}/unbound.pid"
  use-syslog: no
  do-daemonize: no
  num-threads: 1
  module-config: "iterator"
  access-control: 0.0.0.0/0 allow
  access-control: ::/0 allow
  edns-buffer-size: 4096
  max-udp-size: 4096
  cache-max-ttl: 0
  do-not-query-localhost: no
  root-hints: ""
{server}
remote-control:
  control-enable: no
forward-zone:
  name: "e2e"
  forward-addr: {forward_to}
""")
    run(["unbound-checkconf", path])
    server = case.start(namespace.command(["unbound", "-d", "-p", "-c", path]), on_cpu=on_cpu)
    wait_until_answering(namespace, addresses[0], server)
    return server


def wait_until_answering(namespace, address, server):
    def answers():
        if server.popen.poll() is not None:
            raise AssertionError(f"{server.command} ended:\n{server.errors()}")
        asked = namespace.run("dig", "+short", "+time=1", "+tries=1", f"@{address}",
                              "www.e2e", "A", check=False)
        return asked.stdout.strip() == "192.0.2.1"
    wait_until(answers, f"an answer from {address}")
