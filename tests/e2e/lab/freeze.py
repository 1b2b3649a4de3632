"""One thread of a process stands still, and the others go on (ptrace(2))."""
import contextlib
import ctypes
import os

_LIBC = ctypes.CDLL(None, use_errno=True)
_SEIZE, _INTERRUPT, _DETACH = 0x4206, 0x4207, 17
_WALL = 0x40000000


def _ptrace(request, thread):
    if _LIBC.ptrace(ctypes.c_long(request), ctypes.c_long(thread), None, None) != 0:
        raise OSError(ctypes.get_errno(), "ptrace")


def _thread(pid, name):
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/comm", encoding="ascii") as comm:
            if comm.read() == f"{name}\n":
                return int(thread)
    raise AssertionError(f"process {pid} has no thread {name}")


@contextlib.contextmanager
def frozen(pid, name):
    """Within, the thread of that name does nothing at all."""
    thread = _thread(pid, name)
    _ptrace(_SEIZE, thread)
    _ptrace(_INTERRUPT, thread)
    os.waitpid(thread, _WALL)
    try:
        yield
    finally:
        _ptrace(_DETACH, thread)
