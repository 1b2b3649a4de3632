"""A limit on CPU time, by the kernel's control groups, version 1 or 2."""
import contextlib
import os
import pathlib

from measure.process import output

_PERIOD_US = 100_000


def _is_version_1():
    for line in pathlib.Path("/proc/cgroups").read_text().splitlines():
        name, hierarchy = line.split()[:2]
        if name == "cpu":
            return hierarchy != "0"
    return False


@contextlib.contextmanager
def cpu_limit(directory, pid, fraction):
    """Within, the process has that part of one CPU."""
    version_1 = _is_version_1()
    mount = pathlib.Path(directory) / "cgroup"
    mount.mkdir()
    kind = ["cgroup", "-o", "cpu"] if version_1 else ["cgroup2"]
    output(["mount", "-t", *kind, "none", mount])
    group = mount / f"capture-rate-{os.getpid()}"
    try:
        if not version_1:
            (mount / "cgroup.subtree_control").write_text("+cpu")
        group.mkdir()
        quota_us = int(_PERIOD_US * fraction)
        if version_1:
            (group / "cpu.cfs_period_us").write_text(str(_PERIOD_US))
            (group / "cpu.cfs_quota_us").write_text(str(quota_us))
        else:
            (group / "cpu.max").write_text(f"{quota_us} {_PERIOD_US}")
        home = _group_of(mount, pid, version_1)
        (group / "cgroup.procs").write_text(str(pid))
        try:
            yield
        finally:
            with contextlib.suppress(OSError):  # it has ended
                (home / "cgroup.procs").write_text(str(pid))
    finally:
        with contextlib.suppress(OSError):
            group.rmdir()
        output(["umount", mount])
        mount.rmdir()


def _group_of(mount, pid, version_1):
    for line in pathlib.Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if ("cpu" in controllers.split(",")) if version_1 else controllers == "":
            return mount / path.lstrip("/")
    return mount
