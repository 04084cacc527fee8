# SPDX-License-Identifier: GPL-2.0-or-later
"""The near end of a serial bridge: the port that another process has open for us."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys

from hal_mpg.lean_typing import TYPE_CHECKING
from hal_mpg.sources.open_line import READ_BYTES, Unsent

if TYPE_CHECKING:
    from hal_mpg.serial_line import SerialLine

MODULE = "hal_mpg.sources.serial_bridge"


class BridgedLine:
    """A URL of pyserial's; bytes come and go through a socket, complaints through a pipe."""

    def __init__(self, url: str, settings: SerialLine) -> None:
        self._ours, theirs = socket.socketpair()
        self._ours.setblocking(False)
        with theirs:
            words = [url, str(settings.baud), settings.framing, str(theirs.fileno())]
            self._process = subprocess.Popen(
                [sys.executable, "-m", MODULE, *words],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=[theirs.fileno()],
            )
        assert self._process.stderr is not None
        self._complaints = self._process.stderr
        os.set_blocking(self._complaints.fileno(), False)
        self._unsent = Unsent()

    def fileno(self) -> int:
        """Return what to wait for."""
        return self._ours.fileno()

    def read(self) -> bytes:
        """Return what has come. Raises OSError, with the bridge's word, when it has ended."""
        try:
            data = self._ours.recv(READ_BYTES)
        except BlockingIOError:
            return b""
        if not data:
            raise OSError(errno.ENODEV, (self.complaints() or ["closed"])[-1])
        return data

    def write(self, data: bytes) -> None:
        """Send this, as far as it can be sent at once."""
        self._unsent.write(self._ours.fileno(), data)

    def complaints(self) -> list[str]:
        """Return why it cannot be opened, as far as that is new."""
        try:
            said = os.read(self._complaints.fileno(), READ_BYTES)
        except OSError:  # nothing is there
            return []
        return [line for line in said.decode("utf-8", "replace").splitlines() if line.strip()]

    def close(self) -> None:
        """Hang up, which ends the bridge; one that hangs itself is ended."""
        self._ours.close()
        self._process.terminate()
        self._complaints.close()
        self._process.poll()  # if it has not ended yet, `subprocess` looks again when the next one begins
