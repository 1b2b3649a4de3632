"""What a service manager does, as far as a service can tell (sd_notify(3))."""
import os
import socket

from .waiting import wait_until


class Manager:
    """Listens where NOTIFY_SOCKET says. Give `environment` to the process that is to tell."""

    def __init__(self, path, watchdog_seconds=None):
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
        self._socket.close()

    def _take(self):
        while True:
            try:
                message, ancillary, _, _ = self._socket.recvmsg(4096, socket.CMSG_SPACE(12))
            except BlockingIOError:
                return
            self.messages.append(message.decode())
            self.senders.append(tuple(memoryview(ancillary[0][2]).cast("I")))  # pid, uid, gid

    def received(self):
        self._take()
        return list(self.messages)

    def wait_for(self, message, count=1):
        """Until a message begins like this (`count` times). Returns the last."""
        def come():
            found = [one for one in self.received() if one.startswith(message)]
            return found[count - 1] if len(found) >= count else None
        return wait_until(come, lambda: f"{message!r}; there came {self.messages}")
