"""Network namespaces and what connects them."""
import contextlib
import ctypes
import fcntl
import itertools
import os
import struct

from .process import run

_LIBC = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNET = 0x40000000
_COUNTER = itertools.count(1)


class Namespace:
    """A network namespace. Without `ipv6` the kernel sends nothing of its own in it."""

    def __init__(self, ipv6=False):
        self.name = f"e2e-{os.getpid()}-{next(_COUNTER)}"
        run(["ip", "netns", "add", self.name])
        self.sysctl("net/ipv6/conf/all/disable_ipv6", 0 if ipv6 else 1)
        self.sysctl("net/ipv6/conf/default/disable_ipv6", 0 if ipv6 else 1)
        # An address is usable at once: nobody else is there to have it.
        self.sysctl("net/ipv6/conf/default/accept_dad", 0)
        self.ip("link", "set", "lo", "up")

    def remove(self):
        run(["ip", "netns", "delete", self.name], check=False)

    def command(self, command):
        return ["ip", "netns", "exec", self.name, *map(str, command)]

    def run(self, *command, **options):
        return run(self.command(command), **options)

    def ip(self, *arguments):
        return run(["ip", "-n", self.name, *map(str, arguments)]).stdout

    @contextlib.contextmanager
    def entered(self):
        """Sockets that are made within belong to the namespace. For the main thread."""
        with open("/proc/self/ns/net", "rb") as home, \
                open(f"/run/netns/{self.name}", "rb") as there:
            _set_namespace(there.fileno())
            try:
                yield
            finally:
                _set_namespace(home.fileno())

    def sysctl(self, path, value):
        with self.entered(), open(f"/proc/sys/{path}", "w", encoding="ascii") as setting:
            setting.write(str(value))

    def statistic(self, interface, name):
        text = self.run("sh", "-c", f"cat /sys/class/net/{interface}/statistics/{name}").stdout
        return int(text)

    def hardware_address(self, interface):
        return self.run("cat", f"/sys/class/net/{interface}/address").stdout.strip()


def _set_namespace(fd):
    if _LIBC.setns(fd, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def connect(left, right, left_name="peer0", right_name="dns0", mtu=1500,
            right_options=()):
    """Makes a veth pair between two namespaces, both ends up."""
    left.ip("link", "add", left_name, "mtu", mtu, "type", "veth",
            "peer", "name", right_name, "mtu", mtu, *right_options, "netns", right.name)
    left.ip("link", "set", left_name, "up")
    right.ip("link", "set", right_name, "up")
    # Up before its peer, it got its carrier late, and sends nothing until the kernel has come to
    # that; being asked, it does so first (rtnl_getlink, linkwatch_sync_dev).
    left.ip("link", "show", "dev", left_name)


class Tun:
    """A tun device, which has no link-layer header, made and held by this process."""

    _TUNSETIFF = 0x400454CA
    _IFF_TUN = 0x0001
    _IFF_NO_PI = 0x1000

    def __init__(self, namespace, name="tun0"):
        self.name = name
        with namespace.entered():
            self.fd = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
            request = struct.pack("16sH22x", name.encode(), self._IFF_TUN | self._IFF_NO_PI)
            fcntl.ioctl(self.fd, self._TUNSETIFF, request)
        namespace.ip("link", "set", name, "up")

    def write(self, packet):
        """The namespace receives `packet` from the device."""
        os.write(self.fd, packet)

    def read(self):
        """A packet that the namespace sent to the device, or None."""
        try:
            return os.read(self.fd, 65536)
        except BlockingIOError:
            return None

    def close(self):
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
