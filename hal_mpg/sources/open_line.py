# SPDX-License-Identifier: GPL-2.0-or-later
"""A serial port that is open, and never waited for.

A port of the kernel's is read as it is. What may block, or has no descriptor (socket://, rfc2217:// and the
other URLs of pyserial), is opened by a process of its own, which relays: see `serial_bridge`.
"""

from __future__ import annotations

import errno
import fcntl
import os
import termios
from contextlib import suppress

from hal_mpg.lean_typing import TYPE_CHECKING, Protocol
from hal_mpg.sources.serial_ports import is_url

if TYPE_CHECKING:
    from typing import Any

    from hal_mpg.serial_line import SerialLine

READ_BYTES = 1 << 16

GONE = (errno.ENOENT, errno.ENODEV, errno.ENXIO)
"""What opening a port fails with that is not there: the same as a pendant that is not plugged in."""

PSEUDO_TERMINALS = "/dev/pts/"

CFLAG, CONTROL_CHARACTERS = 2, 6
"""Places in what tcgetattr returns."""


class Line(Protocol):
    """An open port. All may raise OSError, when it is gone."""

    def fileno(self) -> int:
        """Return what to wait for."""

    def read(self) -> bytes:
        """Return what has come; b"": nothing now."""

    def write(self, data: bytes) -> None:
        """Send this, as far as it can be sent at once; what comes after an overflow is dropped whole."""

    def complaints(self) -> list[str]:
        """Return what is wrong with it, for people, that was not returned before."""

    def close(self) -> None:
        """Close it, without waiting for what is still to be sent."""


def open_line(place: str, settings: SerialLine) -> Line:
    """Open a path or a URL, for this process alone. Raises OSError."""
    if is_url(place):
        from hal_mpg.sources.bridged_line import BridgedLine

        return BridgedLine(place, settings)
    return TtyLine(place, settings)


def why_not_open(error: OSError) -> str:
    """Return why a port cannot be opened, and what to do, for people."""
    if error.errno in (errno.EBUSY, errno.EAGAIN):
        return "another program has this port; end that one (`fuser -v` tells which)"
    if error.errno in (errno.EACCES, errno.EPERM):
        return "this user may not open it; install the udev rules, or join the group dialout and log in again"
    return f"cannot be opened: {error.strerror or error}"


def port_settings(settings: SerialLine) -> dict[str, Any]:
    """Return what pyserial has to be told."""
    framing = settings.framing
    return {
        "baudrate": settings.baud,
        "bytesize": int(framing[0]),
        "parity": framing[1],
        "stopbits": int(framing[2]),
        "timeout": 0,
        "write_timeout": 0,
    }


class Unsent:
    """What of the last writing could not be sent; nothing else may come in between."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def write(self, descriptor: int, data: bytes) -> None:
        """Send the rest and, only if all of that could be sent, this. Raises OSError."""
        for wanted in (self._rest, data):
            if not wanted:
                continue
            try:
                sent = os.write(descriptor, wanted)
            except BlockingIOError:
                sent = 0
            # Of something new, what was begun has to be ended; what was not begun is dropped.
            self._rest = wanted[sent:] if sent or wanted is self._rest else b""
            if sent < len(wanted):
                return


class TtyLine:
    """A port of the kernel's: exclusive, raw, without HUPCL, so that the next opening resets no board."""

    def __init__(self, path: str, settings: SerialLine) -> None:
        from serial import Serial, SerialException

        try:
            self._port = Serial(path, exclusive=True, **port_settings(settings))
        except SerialException as error:
            raise OSError(error.errno or errno.EIO, _plain(error)) from None
        except (ValueError, OverflowError) as error:
            raise OSError(errno.EINVAL, f"{settings.baud} baud, {settings.framing}: {error}") from None
        self._unsent = Unsent()
        try:
            self._descriptor: int = self._port.fileno()
            self._take_for_us()
        except (OSError, termios.error) as error:
            self.close()
            raise OSError(errno.EIO, str(error)) from None

    def _take_for_us(self) -> None:
        # Against those who do not ask for a lock. A pseudo-terminal would stay so after our end (killed,
        # perhaps) as long as its other end is open, and could never be opened again.
        if not os.ttyname(self._descriptor).startswith(PSEUDO_TERMINALS):
            fcntl.ioctl(self._descriptor, termios.TIOCEXCL)
        attributes = termios.tcgetattr(self._descriptor)
        attributes[CFLAG] &= ~termios.HUPCL
        # Else a read of nothing would look like one of a port that is gone.
        attributes[CONTROL_CHARACTERS][termios.VMIN] = 1
        termios.tcsetattr(self._descriptor, termios.TCSANOW, attributes)
        with suppress(OSError, ValueError, NotImplementedError):  # a port that has no such mode
            self._port.set_low_latency_mode(True)  # FTDI's converters keep bytes for 16 ms otherwise

    def fileno(self) -> int:
        """Return what to wait for."""
        return self._descriptor

    def read(self) -> bytes:
        """Return what has come."""
        try:
            data = os.read(self._descriptor, READ_BYTES)
        except BlockingIOError:
            return b""
        if not data:
            raise OSError(errno.ENODEV, "unplugged")
        return data

    def write(self, data: bytes) -> None:
        """Send this, as far as it can be sent at once."""
        self._unsent.write(self._descriptor, data)

    def complaints(self) -> list[str]:
        """Nothing: what is wrong comes by reading."""
        return []

    def close(self) -> None:
        """Close it; else the kernel would wait for half a minute for what nobody takes."""
        with suppress(OSError, termios.error, TypeError):
            termios.tcflush(self._port.fd, termios.TCOFLUSH)
            fcntl.ioctl(self._port.fd, termios.TIOCNXCL)  # others may have it open all the same
        with suppress(OSError):
            self._port.close()


def _plain(error: OSError) -> str:
    """Return the kernel's word for an error of pyserial's, which quotes it in the middle."""
    return os.strerror(error.errno) if error.errno else str(error)
