"""Limits of the kernel's control groups, version 1 or 2, whichever this machine has."""
import os
import tempfile

from .process import run

# In version 1 each controller has a hierarchy of its own, and other names.
_FILES = {("memory", 1): "memory.limit_in_bytes", ("memory", 2): "memory.max",
          ("blkio", 1): "blkio.throttle.write_bps_device", ("blkio", 2): "io.max"}


def _version(controller):
    with open("/proc/filesystems", encoding="ascii") as known, \
            open("/proc/cgroups", encoding="ascii") as controllers:
        has_1 = any(line.split()[-1] == "cgroup" for line in known)
        # The second column is the version 1 hierarchy; 0: none, so the controller is free for 2.
        hierarchy = {line.split()[0]: line.split()[1] for line in controllers}.get(controller)
    return 1 if has_1 and hierarchy not in (None, "0") else 2


class Cgroup:
    """A group below the root. Processes are put into it by `join`; `remove` when they have ended."""

    def __init__(self, controller):
        self._controller, self._version = controller, _version(controller)
        if (controller, self._version) == ("blkio", 2):
            controller = "io"
        self._mount = tempfile.mkdtemp(prefix="dns-monitor-cgroup-")
        kind = ["cgroup", "-o", controller] if self._version == 1 else ["cgroup2"]
        run(["mount", "-t", *kind, "none", self._mount])
        if self._version == 2:
            with open(os.path.join(self._mount, "cgroup.subtree_control"), "w",
                      encoding="ascii") as control:
                control.write(f"+{controller}")
        self.path = os.path.join(self._mount, os.path.basename(self._mount))
        os.mkdir(self.path)

    def limit(self, value):
        """Sets the controller's limit; `value` as its file wants it."""
        with open(os.path.join(self.path, _FILES[self._controller, self._version]), "w",
                  encoding="ascii") as file:
            file.write(str(value))

    def limit_writes(self, device, bytes_per_second):
        """Of a "blkio" group, to the block device at this path."""
        number = os.stat(device).st_rdev
        limit = f"wbps={bytes_per_second}" if self._version == 2 else bytes_per_second
        self.limit(f"{os.major(number)}:{os.minor(number)} {limit}")

    def join(self):
        """To be called in the process, such as by preexec_fn."""
        self.add(0)

    def add(self, pid):
        """Processes that it begins later are in the group as well."""
        self._put(self.path, pid)

    def release(self):
        """Back into the root, with whatever they have begun."""
        while True:
            with open(os.path.join(self.path, "cgroup.procs"), encoding="ascii") as procs:
                pids = procs.read().split()
            if not pids:
                return
            for pid in pids:
                try:
                    self._put(self._mount, pid)
                except ProcessLookupError:
                    pass  # it has ended

    @staticmethod
    def _put(group, pid):
        with open(os.path.join(group, "cgroup.procs"), "w", encoding="ascii") as procs:
            procs.write(str(pid))

    def remove(self):
        os.rmdir(self.path)
        run(["umount", self._mount])
        os.rmdir(self._mount)
