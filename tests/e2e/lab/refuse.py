"""A kernel that refuses: seccomp filters for a child process (seccomp(2))."""
import ctypes
import os
import struct

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 22, 38
_SECCOMP_MODE_FILTER = 2
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000

IO_URING_SETUP = 425
BPF = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
BPF_PROG_LOAD = 5
SCHED_SETSCHEDULER = {"x86_64": 144, "aarch64": 119}[os.uname().machine]


def refuse(call, error, first_argument=None):
    """A preexec_fn: `call` (with that first argument only) fails with `error` from then on."""
    program = [(_LOAD, 0, 0, 0)]  # the call's number
    if first_argument is None:
        program += [(_EQUAL, 0, 1, call)]
    else:
        program += [(_EQUAL, 0, 3, call), (_LOAD, 0, 0, 16), (_EQUAL, 0, 1, first_argument)]
    program += [(_RETURN, 0, 0, _ERRNO | error), (_RETURN, 0, 0, _ALLOW)]

    def apply():
        code = ctypes.create_string_buffer(
            b"".join(struct.pack("=HBBI", *instruction) for instruction in program))
        header = ctypes.create_string_buffer(
            struct.pack("@HP", len(program), ctypes.addressof(code)))
        if os.geteuid() != 0:  # only root may filter a process that could become another user
            _LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if _LIBC.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, header, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "seccomp")
    return apply
