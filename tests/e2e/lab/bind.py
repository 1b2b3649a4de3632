"""BIND's name server: signed zones, transfers, updates, and a resolver that validates."""
import base64
import os

from .process import run
from .servers import wait_until_answering, zone_with_large_answers
from .waiting import wait_until

# Of TSIG, for updates and the transfers that follow them.
_KEY_NAME, _KEY_SECRET = "key.e2e", base64.b64encode(b"0123456789abcdef" * 2).decode()
KEY = f"hmac-sha256:{_KEY_NAME}:{_KEY_SECRET}"  # as dig and nsupdate take it
LARGE_ZONE_RECORDS = 600

_LARGE_ZONE = "\n".join((
    "$TTL 60", "@ IN SOA ns hostmaster 1 3600 600 86400 60", "@ IN NS ns", "ns IN A 10.53.0.2",
    *(f'host-{number} IN TXT "{number:04} {"x" * (number % 150)}"'
      for number in range(LARGE_ZONE_RECORDS)), ""))
_MOVING_ZONE = "\n".join(("$TTL 60", "@ IN SOA ns hostmaster 1 3600 600 86400 60", "@ IN NS ns",
                          "ns IN A 10.53.0.2", "www IN A 192.0.2.1", ""))

# Nothing of what Debian's package has in /etc, and nothing outside of the test's directory.
_OPTIONS = """\
options {{
  directory "{directory}";
  managed-keys-directory "{directory}";
  key-directory "{directory}";
  pid-file none;
  lock-file none;
  session-keyfile none;
  listen-on {{ {ipv4}; }};
  listen-on-v6 {{ {ipv6}; }};
  check-names primary ignore;
  edns-udp-size 4096;
  max-udp-size 4096;
  server-id "{name}";
  {options}
}};
controls {{ }};
key "{key_name}" {{ algorithm hmac-sha256; secret "{key_secret}"; }};
"""


def _start(case, namespace, addresses, directory, name, options, more):
    path = os.path.join(directory, "named.conf")
    with open(path, "w", encoding="ascii") as config:
        config.write(_OPTIONS.format(
            directory=directory, name=name, options=options, key_name=_KEY_NAME,
            key_secret=_KEY_SECRET, ipv4=addresses[0], ipv6=addresses[1]) + more)
    run(["named-checkconf", path])
    # One thread; its log is standard error.
    server = case.start(namespace.command(["named", "-g", "-n", "1", "-c", path]))
    wait_until_answering(namespace, addresses[0], server)
    return server


def _signed_zone(directory, records):
    """e2e with NSEC3; returns its DNSKEY record's data."""
    with open(os.path.join(directory, "e2e.zone"), "w", encoding="ascii") as zone:
        zone.write(zone_with_large_answers())
        # It refuses keys below the apex.
        zone.writelines(line + "\n" for line in records.splitlines() if " DNSKEY " not in line)
    # One key for all: it signs the zone's keys and everything else.
    run(["dnssec-keygen", "-q", "-K", directory, "-a", "ECDSAP256SHA256", "-f", "KSK", "e2e"])
    run(["dnssec-signzone", "-q", "-S", "-z", "-K", directory, "-3", "aabbccdd", "-H", "1", "-d",
         directory, "-o", "e2e", "-f", os.path.join(directory, "e2e.signed"),
         os.path.join(directory, "e2e.zone")])
    [key_file] = [name for name in os.listdir(directory) if name.endswith(".key")]
    with open(os.path.join(directory, key_file), encoding="ascii") as key:
        [data] = [line.split(" DNSKEY ")[1] for line in key if " DNSKEY " in line]
    return data.split()


def start_primary(case, namespace, addresses, secondary, one_answer_to, records=""):
    """Has the zones e2e (signed), large, and moves, which takes updates and signs itself; it
    notifies `secondary`. In transfers to `one_answer_to` each record is a message of its own.

    Returns the process and e2e's key.
    """
    directory = case.make_directory("primary")
    key = _signed_zone(directory, records)
    for name, text in (("large", _LARGE_ZONE), ("moves", _MOVING_ZONE)):
        with open(os.path.join(directory, name + ".zone"), "w", encoding="ascii") as zone:
            zone.write(text)
    server = _start(case, namespace, addresses, directory, "ns1.bind", f"""\
  recursion no;
  dnssec-validation no;
  transfer-message-size 2000;
  notify no;
  ixfr-from-differences no;
""", f"""\
server {one_answer_to} {{ transfer-format one-answer; }};
zone "e2e" {{ type primary; file "e2e.signed"; }};
zone "large" {{ type primary; file "large.zone"; }};
zone "moves" {{
  type primary;
  file "moves.zone";
  dnssec-policy default;
  inline-signing no;
  allow-update {{ key "{_KEY_NAME}"; }};
  allow-transfer {{ key "{_KEY_NAME}"; }};
  notify explicit;
  notify-delay 0;
  also-notify {{ {secondary} key "{_KEY_NAME}"; }};
}};
""")
    wait_until(lambda: "RRSIG" in namespace.run(
        "dig", "+dnssec", "+time=5", f"@{addresses[0]}", "www.moves", "A", check=False).stdout,
               "moves to be signed")
    return server, key


def start_resolver(case, namespace, addresses, primary, key):
    """Validates e2e, of which `key` is the key; wants cookies; is the secondary of moves."""
    flags, protocol, algorithm, *public = key
    server = _start(case, namespace, addresses, case.make_directory("resolver"), "ns2.bind", """\
  recursion yes;
  allow-recursion { any; };
  dnssec-validation yes;
  require-server-cookie yes;
  max-cache-ttl 0;
  max-ncache-ttl 0;
  notify no;
  masterfile-format text;
""", f"""\
trust-anchors {{ "e2e" static-key {flags} {protocol} {algorithm} "{' '.join(public)}"; }};
server {primary} {{ keys "{_KEY_NAME}"; }};
zone "e2e" {{ type static-stub; server-addresses {{ {primary}; }}; }};
zone "large" {{ type static-stub; server-addresses {{ {primary}; }}; }};
zone "moves" {{ type secondary; file "moves.copy"; primaries {{ {primary} key "{_KEY_NAME}"; }}; }};
""")
    wait_until(lambda: "192.0.2.1" in namespace.run(
        "dig", "+time=5", f"@{addresses[0]}", "www.moves", "A", check=False).stdout,
               "the secondary to have moves")
    return server
