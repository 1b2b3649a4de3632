"""A process on a terminal of its own, as a person has it."""
import codecs
import errno
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

from .waiting import PATIENCE_SECONDS, wait_until


class Terminal:

    def __init__(self, command, columns=80, rows=24, **options):
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.shown = ""
        self._taken = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        before = options.pop("preexec_fn", lambda: None)

        def control():
            before()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        self.popen = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave,
                                      start_new_session=True, preexec_fn=control, **options)
        os.close(slave)

    def _read(self, seconds):
        """Takes what comes within that time. False: nothing comes any more."""
        if not select.select([self._master], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self._master, 65536)
        except OSError as error:
            if error.errno != errno.EIO:  # the other side has been closed
                raise
            return False
        self.shown += self._decoder.decode(data)
        return bool(data)

    def wait_for(self, pattern):
        """Until what was shown since the last match matches. Returns the match."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        more = True
        while True:
            match = re.compile(pattern).search(self.shown, self._taken)
            if match:
                self._taken = match.end()
                return match
            if not more or time.monotonic() > deadline:
                raise AssertionError(f"{pattern!r} did not come:\n{self.shown[self._taken:]!r}")
            more = self._read(0.1)

    def wait_for_editor(self):
        """Until it reads keys and not lines: a little after its prompt. Of Ctrl-D that matters."""
        wait_until(self.is_raw, "an editor")

    def is_raw(self):
        """Whether keys are given one by one."""
        return not termios.tcgetattr(self._master)[3] & termios.ICANON

    def type(self, text):
        os.write(self._master, text.encode())

    def wait(self):
        """Until it has ended. Returns its exit code."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._read(0.1):
            if time.monotonic() > deadline:
                raise AssertionError(f"it does not end:\n{self.shown!r}")
        return self.popen.wait(PATIENCE_SECONDS)

    def close(self):
        if self.popen.poll() is None:
            self.popen.kill()
            self.popen.wait()
        os.close(self._master)
