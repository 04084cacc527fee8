# SPDX-License-Identifier: GPL-2.0-or-later
"""The cable between hal_mpg and a pendant that a program plays: a Unix socket, where the program listens."""

from __future__ import annotations

import fcntl
import os
import select
import socket
from contextlib import suppress
from pathlib import Path

from hal_mpg.errors import HalMpgError
from hal_mpg.events import DeviceEvent, to_line

LED = b"led"


class Lines:
    """A connected socket, read in whole lines and never waited for."""

    def __init__(self, peer: socket.socket) -> None:
        self.socket = peer
        self._rest = b""
        self.is_open = True

    def send(self, line: bytes) -> None:
        """Send a line; that the peer has gone is found by reading."""
        with suppress(OSError):
            self.socket.sendall(line)

    def read(self) -> list[bytes]:
        """Return the lines that have come; call it when the socket can be read. Sets `is_open`."""
        try:
            data = self.socket.recv(65536)
        except OSError:
            data = b""
        self.is_open = bool(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        return lines

    def close(self) -> None:
        """Hang up."""
        self.is_open = False
        self.socket.close()


def listen(path: Path, owner: tuple[int, int] | None) -> socket.socket:
    """Return a socket that listens at `path`, for one user alone; `owner`: uid and gid, if not our own."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    path.chmod(0o600)
    if owner:
        os.chown(path, *owner)
    listener.listen(1)
    listener.setblocking(False)
    return listener


class Cable:
    """Plugged in, hal_mpg can find the pendant; met, it has."""

    def __init__(self, path: Path, owner: tuple[int, int] | None = None) -> None:
        """Make a cable that is unplugged. `path` is the socket's; `owner`: see `listen`."""
        self._path, self._owner = path, owner
        self._listener: socket.socket | None = None
        self._peer: Lines | None = None

    @property
    def is_plugged_in(self) -> bool:
        """Whether hal_mpg can find the pendant, or has."""
        return self._listener is not None

    @property
    def is_met(self) -> bool:
        """Whether hal_mpg has found it."""
        return self._peer is not None

    def plug_in(self) -> None:
        """Let hal_mpg find the pendant. Raises OSError where there can be no socket."""
        if not self._listener:
            self._listener = listen(self._path, self._owner)

    def unplug(self) -> None:
        """Pull the plug."""
        for end in (self._peer, self._listener):
            if end:
                end.close()
        if self._listener:
            self._path.unlink(missing_ok=True)
        self._peer = self._listener = None

    def descriptors(self) -> list[socket.socket]:
        """Return what to wait for: `meet` or `read` when one of them can be read."""
        if self._peer:
            return [self._peer.socket]
        return [self._listener] if self._listener else []

    def meet(self) -> bool:
        """Let hal_mpg in, where it knocks; tell whether it did, and so has to be told the switches' state."""
        if not self._listener or self._peer:
            return False
        try:
            peer = self._listener.accept()[0]
        except OSError:
            return False  # nobody, or gone again
        peer.setblocking(False)
        self._peer = Lines(peer)
        return True

    def say(self, event: DeviceEvent) -> None:
        """Tell hal_mpg what the pendant does; nobody hears it where it has not been found."""
        if self._peer:
            self._peer.send(f"{to_line(event)}\n".encode("ascii"))

    def has_news(self) -> bool:
        """Tell whether there is something to `read`, for who does not wait for `descriptors`."""
        return bool(self._peer and select.select([self._peer.socket], [], [], 0)[0])

    def read(self) -> list[tuple[str, bool]]:
        """Return which lamps are to be lit and put out, in order; and notice that hal_mpg has gone."""
        if not self._peer:
            return []
        lines = self._peer.read()
        if not self._peer.is_open:
            self._peer.close()
            self._peer = None
        words = [line.split() for line in lines]
        return [
            (word[1].decode("ascii", "replace"), word[2] != b"0")
            for word in words
            if len(word) == 3 and word[0] == LED
        ]


class Claim:
    """Keeps a second program from listening at the same path while the first one does; a crash ends it."""

    def __init__(self, path: Path) -> None:
        self._socket, self._lock = path, path.with_name(path.name + ".lock")
        self._descriptor = -1

    def __enter__(self) -> None:
        """Raise HalMpgError where another program has the path, OSError where there is no place for it."""
        while True:
            descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                raise HalMpgError(
                    f"this pendant is shown already, at {self._socket}; close the other window"
                ) from None
            with suppress(FileNotFoundError):
                if os.fstat(descriptor).st_ino == self._lock.stat().st_ino:
                    break
            os.close(descriptor)  # who had it before has just taken the file away: it locks nothing
        self._descriptor = descriptor
        self._socket.unlink(missing_ok=True)  # left by one that was killed

    def __exit__(self, *_: object) -> None:
        """Give it up."""
        self._lock.unlink(missing_ok=True)
        os.close(self._descriptor)
