# SPDX-License-Identifier: GPL-2.0-or-later
"""What is written to a raw HID device: by a process of its own, for the kernel may take seconds over it.

A report that a device does not take holds its writer up for 5 s (drivers/usb/core/message.c), and whoever
opens or closes a raw HID device meanwhile (drivers/hid/hidraw.c, minors_rwsem). The loop waits for neither.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys

from hal_mpg.sources import hid_writer
from hal_mpg.sources.hid_writer import MESSAGE_BYTES, Report, packed

CLOSING_S = 6.0
"""How long the writer may take to let go of a device; then another one takes its place."""


class HidOutput:
    """The writer, as far as it is ours. No method waits, and none raises OSError."""

    def __init__(self) -> None:
        self._peer: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._last: list[Report] = []
        self._silence_s = 0.0
        self._closing_since: float | None = None
        self._has_asked = True
        self._complaint = ""

    @property
    def has_ended(self) -> bool:
        """Whether there is no writer, as far as that was noticed."""
        return self._peer is None

    def start(self) -> None:
        """Start the writer, where there is none."""
        if self._peer is not None:
            return
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        with theirs:
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", hid_writer.__file__, str(theirs.fileno())],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                )
            except OSError as error:
                ours.close()
                self._complaint = f"its writer cannot be started: {error.strerror or error}"
                return
        self._peer = ours
        self._closing_since = None
        self.leave_behind(self._last, self._silence_s)

    def use(self, device: int) -> None:
        """Write to this device from now on. The writer has a descriptor of its own; see `let_go`."""
        self.start()
        if self._peer is not None:
            try:
                socket.send_fds(self._peer, [b"D"], [device])
            except OSError as error:
                self._failed(error)

    def write(self, key: int, reports: list[Report]) -> bool:
        """Have reports written, in the place of those of the same key (0 to 255) that still wait.

        Return False where the writer is so far behind that there is no room: try again later.
        """
        return self._send(b"W" + bytes([key]) + packed(reports))

    def leave_behind(self, reports: list[Report], silence_s: float = 0.0) -> None:
        """Have reports written when this process ends, or has ended: by the writer, which outlives it.

        `silence_s`: also when nothing was written for so long, for then this process hangs; 0: it may.
        """
        self._last, self._silence_s = reports, silence_s
        self._send(b"L" + round(silence_s * 1000).to_bytes(4, "little") + packed(reports))

    def let_go(self, now: float) -> None:
        """Have the device closed there: before it is here, for it stays open, and in epoll, until it is."""
        if self._peer is not None:
            self._closing_since = now
            self._has_asked = self._send(b"C")

    def is_closing(self, now: float) -> bool:
        """Tell whether the writer has yet to close a device; to open another one would wait for that."""
        self._listen()
        if self._closing_since is not None and not self._has_asked:
            self._has_asked = self._send(b"C")  # there was no room before
        if self._closing_since is not None and now >= self._closing_since + CLOSING_S:
            self.close()  # it hangs: it ends as soon as it is let
        return self._closing_since is not None

    def complaint(self) -> str:
        """Return why nothing could be written, as far as that is new; "": all is well."""
        self._listen()
        complaint, self._complaint = self._complaint, ""
        return complaint

    def close(self) -> None:
        """Hang up: the writer writes what is to be left behind, and ends."""
        peer, self._peer = self._peer, None
        self._closing_since = None
        if peer is not None:
            peer.close()
        if self._process is not None:
            self._process.poll()  # if it has not ended yet, `subprocess` looks again when the next one begins

    def _send(self, message: bytes) -> bool:
        if self._peer is None:
            return False
        try:
            self._peer.send(message)
        except BlockingIOError:
            return False
        except OSError as error:
            self._failed(error)
            return False
        return True

    def _listen(self) -> None:
        """Take the writer's answers."""
        while self._peer is not None:
            try:
                answer = self._peer.recv(MESSAGE_BYTES)
            except BlockingIOError:
                return
            except OSError as error:
                self._failed(error)
                return
            if not answer:
                self._failed(None)
            elif answer == b"C":
                self._closing_since = None
            else:
                self._complaint = os.fsdecode(answer[1:])

    def _failed(self, error: OSError | None) -> None:
        """The writer is gone; another one is started by `use`."""
        why = f": {error.strerror or error}" if error else ""
        self._complaint = f"its writer has ended{why}; another one is started"
        self.close()
