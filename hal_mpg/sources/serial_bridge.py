# SPDX-License-Identifier: GPL-2.0-or-later
"""The far end of a serial bridge: a process that opens a URL of pyserial's, and relays. It may block.

    python3 -m hal_mpg.sources.serial_bridge URL BAUD FRAMING DESCRIPTOR

The descriptor is a connected stream socket. What is wrong stands on standard error, one line each. It ends
when the socket is closed, or the port is lost after it was open; one that cannot be opened is tried again.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import stat
import sys
from collections.abc import Sequence
from contextlib import suppress

from hal_mpg.lean_typing import TYPE_CHECKING
from hal_mpg.sources.open_line import port_settings

if TYPE_CHECKING:
    from typing import Any

AGAIN_S = 1.0
"""From one attempt to open to the next."""

READ_S = 0.005
"""How long the reading of a port without a descriptor waits; so long may what is to be sent wait."""

WRITE_S = 2.0
"""How long the other end may take nothing before it counts as lost."""

KEEP_ALIVE_S, KEEP_ALIVE_TIMES = 1, 3
"""A connection on which nothing comes is asked after so many seconds, and lost after so many vain questions.

For pendants of other protocols, whose silence may be no loss.
"""

BYTES = 4096


def main(words: Sequence[str]) -> int:
    """Open, relay; return the exit status."""
    from serial import SerialException

    from hal_mpg.serial_line import Own, SerialLine

    url, baud, framing, descriptor = words
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # from the terminal; whoever started this ends it
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    peer = socket.socket(fileno=int(descriptor))
    try:
        port = _opened(url, SerialLine(Own(""), int(baud), framing), peer)
        if port is not None:
            _relay(port, peer)
    except (SerialException, OSError, ValueError) as error:
        _say(str(error))
        return 1
    return 0


def _opened(url: str, settings: Any, peer: socket.socket) -> Any:
    """Return the port, once it can be opened; None: nobody wants it any more."""
    from serial import serial_for_url

    given = port_settings(settings) | {"timeout": READ_S, "write_timeout": WRITE_S}
    if url.startswith("rfc2217:"):
        del given["write_timeout"]  # it has none
    said = ""
    while True:
        try:
            return serial_for_url(url, **given)
        except (OSError, ValueError, NotImplementedError) as error:
            if str(error) != said:
                said = str(error)
                _say(said)
        if _has_hung_up(peer, AGAIN_S):
            return None


def _has_hung_up(peer: socket.socket, wait_s: float) -> bool:
    """Wait; tell whether the other end is closed. What it has sent meanwhile is for nobody."""
    poll = select.poll()
    poll.register(peer, 0)  # hang-ups are told of in any case
    return bool(poll.poll(wait_s * 1000))


def _relay(port: Any, peer: socket.socket) -> None:
    """Relay until either side ends. Raises OSError when the port is lost."""
    try:
        descriptor = port.fileno()
    except (AttributeError, OSError, ValueError):
        descriptor = None
    if descriptor is not None:
        port.timeout = 0
        _keep_alive(descriptor)
    while True:
        ready = [peer, descriptor]
        if descriptor is None:
            ready, _, _ = select.select([peer], [], [], 0)
        else:
            ready, _, _ = select.select(ready, [], [])
        if peer in ready:
            wanted = peer.recv(BYTES)
            if not wanted:
                return
            port.write(wanted)
        if descriptor is None:
            data = port.read(1)  # waits for READ_S
            data += port.read(port.in_waiting) if data else b""
        else:
            data = port.read(BYTES) if descriptor in ready else b""
        if data:
            peer.sendall(data)


def _keep_alive(descriptor: int) -> None:
    """Have a TCP connection ask whether the other end is still there: one without power says nothing."""
    if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
        return
    with socket.socket(fileno=os.dup(descriptor)) as connection, suppress(OSError):  # of anything but TCP
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in (
            (socket.TCP_KEEPIDLE, KEEP_ALIVE_S),
            (socket.TCP_KEEPINTVL, KEEP_ALIVE_S),
            (socket.TCP_KEEPCNT, KEEP_ALIVE_TIMES),
        ):
            connection.setsockopt(socket.IPPROTO_TCP, option, value)


def _say(reason: str) -> None:
    print(" ".join(reason.split()), file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
