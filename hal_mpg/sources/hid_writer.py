# SPDX-License-Identifier: GPL-2.0-or-later
"""The far end of `hid_output`: a process that writes reports to a raw HID device, which may take seconds.

    python3 hid_writer.py DESCRIPTOR

The descriptor is a connected socket of the kind SEQPACKET. Each message begins with a letter:

    D           and a descriptor: the device, from now on
    C           let go of the device; the answer is C
    W key ...   write these reports, in the place of what waits under the same key (a byte)
    L ms ...    write these when the other end is closed, whatever has become of it; and when it has said
                nothing for so many milliseconds (four bytes, low byte first; 0: however long)

Reports: F (feature) or O (output), the length in two bytes, low byte first, then the report with its id. What
fails is answered with E and the reason, once for each device, and the next attempt comes a second later. It
imports nothing of ours, so that it is small and quick to start.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import socket
import sys
import time

MESSAGE_BYTES = 1 << 16

AGAIN_S = 1.0
"""From a write that failed to the next attempt."""

Report = tuple[bytes, bytes]


def set_feature(length: int) -> int:
    """Return the request HIDIOCSFEATURE(length) (linux/hidraw.h; on processors with _IOC of asm-generic)."""
    return 3 << 30 | length << 16 | ord("H") << 8 | 0x06


def packed(reports: list[Report]) -> bytes:
    """Return reports as they stand in a message."""
    return b"".join(kind + len(data).to_bytes(2, "little") + data for kind, data in reports)


def unpacked(message: bytes) -> list[Report]:
    """Return the reports in a message."""
    reports, at = [], 0
    while at < len(message):
        end = at + 3 + int.from_bytes(message[at + 1 : at + 3], "little")
        reports.append((message[at : at + 1], message[at + 3 : end]))
        at = end
    return reports


class Writer:
    """What waits to be written, and where."""

    def __init__(self, peer: socket.socket) -> None:
        self._peer = peer
        self._device: int | None = None
        self._waiting: dict[bytes, bytes] = {}  # by their keys, the oldest first
        self._last = b""
        self._silence_ms = 0
        self._was_silent = False  # so long that the last reports were written
        self._has_told = False
        self._is_over = False

    def run(self) -> None:
        """Write until the other end is closed; then write what is to be left."""
        wait_s: float | None = None
        while not self._is_over:
            self._listen(wait_s)
            wait_s = None
            if self._waiting and not self._is_over:
                key = next(iter(self._waiting))
                message = self._waiting.pop(key)
                if not self._write_all(unpacked(message)):
                    self._waiting.setdefault(key, message)
                    wait_s = AGAIN_S
        self._write_last()

    def _listen(self, wait_s: float | None) -> None:
        """Take all that was sent; where nothing waits to be written, wait. `wait_s`: so long, at least."""
        poll = select.poll()
        poll.register(self._peer, select.POLLIN)
        if wait_s is not None:
            self._pause(poll, wait_s)
        elif not self._waiting:
            silence_ms = None if self._was_silent else self._silence_ms or None
            if not poll.poll(silence_ms):
                self._was_silent = True
                self._write_last()
        while not self._is_over and poll.poll(0):
            self._take()

    def _pause(self, poll: select.poll, wait_s: float) -> None:
        """Let a device rest that has failed; but go on at once with another one, or at the end."""
        device, end = self._device, time.monotonic() + wait_s
        while not self._is_over and self._device == device and (left := end - time.monotonic()) > 0:
            if poll.poll(left * 1000):
                self._take()

    def _take(self) -> None:
        try:
            message, descriptors, _, _ = socket.recv_fds(self._peer, MESSAGE_BYTES, 1)
        except OSError:
            message, descriptors = b"", []
        kind = message[:1]
        if kind == b"D" and descriptors:
            self._let_go()
            self._device = descriptors[0]
        elif kind == b"C":
            self._let_go()
            self._answer(b"C")
        elif kind == b"W":
            # In the old one's place in the queue, so that nothing waits for ever.
            self._waiting[message[1:2]] = message[2:]
            self._was_silent = False
        elif kind == b"L":
            self._silence_ms = int.from_bytes(message[1:5], "little")
            self._last = message[5:]
        else:
            self._is_over = True

    def _let_go(self) -> None:
        self._waiting.clear()
        self._has_told = False
        if self._device is not None:
            os.close(self._device)
            self._device = None

    def _write_all(self, reports: list[Report]) -> bool:
        """Write reports, unless the device is taken away meanwhile; tell whether it took them.

        At the end, too, what was begun is ended: half a picture could shift the one that is left.
        """
        device = self._device
        for report in reports:
            if not self._write(*report):
                return False
            self._listen(0)
            if self._device != device:
                break
        return True

    def _write_last(self) -> None:
        """Write what is to be left, as far as the device takes it."""
        for report in unpacked(self._last):
            if not self._write(*report):
                break

    def _write(self, kind: bytes, data: bytes) -> bool:
        """Write a report, where there is a device; tell whether that did not fail."""
        if self._device is None:
            return True
        try:
            if kind == b"F":
                fcntl.ioctl(self._device, set_feature(len(data)), bytearray(data))
            else:
                os.write(self._device, data)
        except OSError as error:
            if not self._has_told:
                self._has_told = True
                self._answer(b"E" + (error.strerror or str(error)).encode())
            return False
        return True

    def _answer(self, answer: bytes) -> None:
        try:
            self._peer.send(answer)
        except OSError:
            self._is_over = True


def main(words: list[str]) -> int:
    """Write; return the exit status."""
    for number in (signal.SIGINT, signal.SIGHUP):  # from the terminal; whoever started this ends it
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    (descriptor,) = words
    Writer(socket.socket(fileno=int(descriptor))).run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
