"""The network that packets go through, which ends with this process.

    sends  captured1 ---- captured0  receives        a tool is on one of the ends
           control1 ----- control0                   nobody looks
    asks   asked1 ------- asked0     name server     in a namespace of the server's own
           spared1 ------ spared0
"""
import contextlib
import mmap
import os
import subprocess

from measure.process import CLONE_NEWNET, CLONE_NEWNS, end, output, start, unshare
from measure.refusal import Refusal

SOURCE_CPU = 0
TOOL_CPU = 1
# Where the packets of inject and slices go (query.h).
_HARDWARE_ADDRESS = "02:02:02:02:02:02"
SERVED_ADDRESS, SPARED_ADDRESS = "10.53.1.2", "10.53.2.2"
_TOUCHED_BYTES = 1 << 30  # more than buffers and file of one run
_NO_IPV6 = "for name in all default; do echo 1 >/proc/sys/net/ipv6/conf/$name/disable_ipv6; done"


def _ip(arguments, network=None):
    output(["ip", *arguments.split()], network=network)


def enter():
    """From here on this process has network and mounts of its own, with two veth pairs."""
    try:
        unshare(CLONE_NEWNET | CLONE_NEWNS)
    except OSError as why:
        raise Refusal(f"no network namespace is to be had here: {why.strerror} (in a container: "
                      "start it with --privileged)") from None
    output(["mount", "--make-rprivate", "/"])
    _silence_ipv6()
    _ip("link set lo up")
    for name in ("captured", "control"):
        _ip(f"link add {name}0 address {_HARDWARE_ADDRESS} type veth peer name {name}1")
        _ip(f"link set {name}0 up")
        _ip(f"link set {name}1 up")


def _silence_ipv6(network=None):
    """Else the kernel sends packets of its own."""
    if os.path.exists("/proc/sys/net/ipv6"):
        output(["sh", "-c", _NO_IPV6], network=network)


def warm_memory():
    """A virtual machine gets its memory when it first touches it, and who runs first would pay."""
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE
    mmap.mmap(-1, min(_TOUCHED_BYTES, free // 2), flags).close()


@contextlib.contextmanager
def server_network():
    """A descriptor of a network namespace with an interface for each address of the server."""
    holder = start(["sleep", "infinity"], new_network=True, stdout=subprocess.DEVNULL)
    pairs = (("asked", SERVED_ADDRESS), ("spared", SPARED_ADDRESS))
    try:
        with open(f"/proc/{holder.pid}/ns/net", "rb") as file:
            network = file.fileno()
            _silence_ipv6(network)
            _ip("link set lo up", network)
            for name, address in pairs:
                _ip(f"link add {name}1 type veth peer name {name}0 netns {holder.pid}")
                _ip(f"address add {address[:-1]}1/24 dev {name}1")
                _ip(f"link set {name}1 up")
                _ip(f"address add {address}/24 dev {name}0", network)
                _ip(f"link set {name}0 up", network)
            yield network
    finally:
        for name, _ in pairs:
            with contextlib.suppress(Exception):
                _ip(f"link delete {name}1")
        end(holder)
