# SPDX-License-Identifier: GPL-2.0-or-later
"""A pendant that is another program: it listens at a Unix socket and speaks the text form of events.

The demo and the tests are such programs. Connecting is plugging in, closing is unplugging; the first
line has to be `connected`. Times in the lines are those of the monotonic clock.
"""

from __future__ import annotations

import socket
from collections.abc import Collection
from contextlib import suppress
from itertools import chain

from hal_mpg.events import Connected, DeviceEvent, Disconnected, EventsLost, Snapshot, from_line
from hal_mpg.messages import tell
from hal_mpg.profile import Profile
from hal_mpg.sources import NoInputNode, Untimed
from hal_mpg.virtual.place import socket_paths

CLOSED = "closed"

MAX_LINE = 4096
"""Bytes in one line; more without a line end, and the peer is taken for something else."""


class VirtualSource(Untimed, NoInputNode):
    """Reads the events of one virtual pendant."""

    def __init__(self, profile: Profile) -> None:
        self._names = [match.socket for match in profile.match if match.socket]
        self._socket: socket.socket | None = None
        self._rest = b""
        self._is_known = False  # "connected" was received
        self._lost_nodes: set[int] = set()
        self._complaint = ""  # that was told last

    @property
    def description(self) -> str:
        """What is open, for people."""
        return f"virtual, at {self._socket.getpeername()}" if self._socket else "none"

    def search(self, now: float) -> list[DeviceEvent]:
        """Connect to the first socket at which somebody listens; the events come through `read`."""
        for path in chain.from_iterable(map(socket_paths, self._names)):
            peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            peer.setblocking(False)  # one with too many waiting is not waited for
            try:
                peer.connect(path)
            except OSError:
                peer.close()  # nobody is there: the same as a pendant that is not plugged in
                continue
            self._socket, self._rest, self._is_known = peer, b"", False
            break
        return []

    def descriptors(self) -> list[int]:
        """Return the socket, where it is connected."""
        return [self._socket.fileno()] if self._socket else []

    def read(self, descriptors: Collection[int], now: float) -> list[DeviceEvent]:
        """Return the events of the lines that have arrived."""
        if self._socket is None:
            return []
        try:
            data = self._socket.recv(65536)
        except BlockingIOError:
            return []
        except ConnectionResetError:
            data = b""  # closed with something of ours unread
        except OSError as error:
            return self._lose(now, error.strerror or str(error))
        *lines, self._rest = (self._rest + data).split(b"\n")
        events: list[DeviceEvent] = []
        try:
            for line in lines:
                _check_length(line)
                event = self._event(line.decode("ascii", "replace"))
                if isinstance(event, Disconnected):
                    return events + self._lose(now, event.reason)
                events.append(event)
            _check_length(self._rest)
        except ValueError as error:
            return events + self._lose(now, str(error))
        return events if data else events + self._lose(now, CLOSED)

    def _event(self, line: str) -> DeviceEvent:
        event = from_line(line)
        if self._is_known == isinstance(event, Connected):
            raise ValueError("`connected` has to be its first line, and only that")
        if isinstance(event, EventsLost):
            self._lost_nodes.add(event.node)
        elif isinstance(event, Snapshot):
            if event.node not in self._lost_nodes:
                raise ValueError("`snapshot` has to come after `events-lost` of its node")
            self._lost_nodes.discard(event.node)
        self._is_known, self._complaint = True, ""
        return event

    def _lose(self, now: float, reason: str) -> list[DeviceEvent]:
        if self._is_known:
            return [Disconnected(now, reason)]
        self.close()
        if reason not in (CLOSED, self._complaint):  # who hangs up before it said anything was only looking
            self._complaint = reason
            tell(f"the virtual pendant is none: {reason}")
        return []

    def hotplug_descriptor(self) -> int | None:
        """Nothing tells of a socket that comes up; it is looked for now and then."""
        return None

    def drain_hotplug(self) -> None:
        """Nothing to take."""

    def set_led(self, name: str, lit: bool) -> None:
        """Tell the peer; where it does not listen, nobody looks at the lamp."""
        if self._socket and self._is_known:
            with suppress(OSError):  # the loss of the peer is found by reading
                self._socket.send(f"led {name} {int(lit)}\n".encode("ascii"))

    def close(self) -> None:
        """Hang up."""
        if self._socket:
            self._socket.close()
        self._socket, self._is_known = None, False
        self._lost_nodes.clear()


def _check_length(line: bytes) -> None:
    if len(line) > MAX_LINE:
        raise ValueError(f"a line of more than {MAX_LINE} bytes")
