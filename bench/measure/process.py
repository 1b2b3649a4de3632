"""Processes that end with this one, on CPUs and in a network namespace of our choice."""
import contextlib
import ctypes
import os
import signal
import subprocess

from .refusal import Refusal

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1
CLONE_NEWNS = 0x00020000
CLONE_NEWNET = 0x40000000


def unshare(flags):
    if _LIBC.unshare(flags) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def enter_network(fd):
    if _LIBC.setns(fd, CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def start(command, cpus=None, network=None, new_network=False, **options):
    """Starts it in the network namespace behind the descriptor `network`, or in one of its own."""
    def prepare():
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if network is not None:
            enter_network(network)
        if new_network:
            unshare(CLONE_NEWNET)
        if cpus:
            os.sched_setaffinity(0, cpus)
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.Popen(list(map(str, command)), preexec_fn=prepare, **options)


def end(process, number=signal.SIGKILL, seconds=60):
    """Returns the exit status. What does not end by itself is killed."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(number)
    try:
        return process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise Refusal(f"{process.args[0]} does not end within {seconds} s") from None


def output(command, seconds=120, **options):
    """Runs it to its end; what it printed. A failure ends everything."""
    process = start(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    try:
        printed, errors = process.communicate(timeout=seconds)
    except BaseException as why:
        process.kill()
        process.communicate()
        if isinstance(why, subprocess.TimeoutExpired):
            raise Refusal(f"{command[0]} takes longer than {seconds} s") from None
        raise
    if process.returncode != 0:
        raise Refusal(f"{' '.join(map(str, command))}: exit status {process.returncode}: "
                      f"{' '.join((errors or printed).split())[-300:]}")
    return printed
