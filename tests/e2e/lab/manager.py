"""What a service manager does, as far as a service can tell (sd_notify(3))."""
import array
import os
import socket
import sys

from .waiting import wait_until

# Moves descriptors (its arguments up to "--") to 3, 4 ..., by way of numbers that none of them has,
# and becomes the program behind them.
PASS_ON = """
import fcntl, os, sys
end = sys.argv.index("--")
away = [fcntl.fcntl(int(number), fcntl.F_DUPFD, 500) for number in sys.argv[1:end]]
for number in sys.argv[1:end]:
    os.close(int(number))
for place, number in enumerate(away):
    os.dup2(number, 3 + place)
    os.close(number)
os.environ["LISTEN_PID"] = str(os.getpid())
os.execvp(sys.argv[end + 1], sys.argv[end + 1:])
"""


def numbers_of(kept):
    return [descriptor for _, descriptor in kept]


class Manager:
    """Listens where NOTIFY_SOCKET says. Give `environment` to the process that is to tell.

    `keeps`: the descriptors that it is told to keep, and passes on (FileDescriptorStoreMax=).
    """

    def __init__(self, path, watchdog_seconds=None, keeps=False):
        self._keeps = keeps
        self.kept = []  # name, descriptor
        self.messages = []
        self.senders = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._socket.setblocking(False)
        self._socket.bind("\0" + path[1:] if path.startswith("@") else path)
        if not path.startswith("@"):
            os.chmod(path, 0o777)
        self.environment = {**os.environ, "NOTIFY_SOCKET": path}
        if watchdog_seconds is not None:
            self.environment["WATCHDOG_USEC"] = str(int(watchdog_seconds * 1_000_000))

    def close(self):
        self.forget()
        self._socket.close()

    def _take(self):
        while True:
            try:
                message, ancillary, _, _ = self._socket.recvmsg(
                    4096, socket.CMSG_SPACE(12) + socket.CMSG_SPACE(4), socket.MSG_CMSG_CLOEXEC)
            except BlockingIOError:
                return
            message = message.decode()
            self._store(message, ancillary)
            if not message.startswith("FDSTORE"):
                self.messages.append(message)
                self.senders.append(next(tuple(memoryview(data).cast("I"))  # pid, uid, gid
                                         for _, kind, data in ancillary
                                         if kind == socket.SCM_CREDENTIALS))

    def _store(self, message, ancillary):
        fields = dict(line.split("=", 1) for line in message.splitlines())
        passed = array.array("i")
        for _, kind, data in ancillary:
            if kind == socket.SCM_RIGHTS:
                passed.frombytes(data)
        for descriptor in passed:
            if self._keeps and fields.get("FDSTORE") == "1" and fields.get("FDPOLL") == "0":
                self.kept.append((fields["FDNAME"], descriptor))
            else:
                os.close(descriptor)
        if fields.get("FDSTOREREMOVE") == "1":
            self.forget(fields["FDNAME"])

    def forget(self, name=None):
        """Closes what it keeps: all, or that of one name."""
        for kept in list(self.kept):
            if name in (None, kept[0]):
                os.close(kept[1])
                self.kept.remove(kept)

    def pass_on(self):
        """For the next process: its environment, and what it runs before its program.

        The descriptors are inherited by the command, from 3 on (sd_listen_fds(3)).
        """
        self._take()
        names = ":".join(name for name, _ in self.kept)
        numbers = map(str, numbers_of(self.kept))
        environment = {**self.environment, "LISTEN_FDS": str(len(self.kept)),
                       "LISTEN_FDNAMES": names}
        return [sys.executable, "-c", PASS_ON, *numbers, "--"], environment, numbers_of(self.kept)

    def received(self):
        self._take()
        return list(self.messages)

    def wait_for(self, message, count=1):
        """Until a message begins like this (`count` times). Returns the last."""
        def come():
            found = [one for one in self.received() if one.startswith(message)]
            return found[count - 1] if len(found) >= count else None
        return wait_until(come, lambda: f"{message!r}; there came {self.messages}")
