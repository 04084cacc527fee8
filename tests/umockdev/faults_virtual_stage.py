# SPDX-License-Identifier: GPL-2.0-or-later
"""A stage for what a virtual pendant can say: it is another program, behind a Unix socket."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

from hal_mpg.events import EV_KEY, EV_REL, Change, Connected, DeviceEvent, Frame, NodeState, to_line
from tests.umockdev.bed import LIMIT_S, Bed
from tests.umockdev.fault_hardware import CONTROLS, SELECTED
from tests.umockdev.faults_stage import INCREMENT, UmockdevStage
from tests.umockdev.pendants import DIAL, ENABLE, ESTOP_RELEASED

LINE = "0.0 frame 0 "

LINES: dict[str, Callable[[], Iterator[bytes]]] = {
    "garbage": lambda: iter([bytes(range(256)) * 16 + b"\n"]),
    "no-utf-8": lambda: iter([b"\xff\xfe\xc3\x28 frame 0 2:7:1\n"]),
    "nul": lambda: iter([b"\0" * 3000 + b"\n"]),
    "escapes": lambda: iter([b"\x1b]0;all is well\x07\x1b[2J\r\x9b31m\n"]),
    "reason": lambda: iter([b"1.0 disconnected \x1b[2J" + b"all is well " * 300 + b"\n"]),
    "no-line-end": lambda: iter([b"x" * 65536] * 64),
    "long-line": lambda: iter([LINE.encode() + b"2:7:1 " * 1000 + b"\n"]),
    "digits": lambda: iter([LINE.encode() + b"2:7:" + b"9" * 4000 + b"\n"]),
    "digits-5000": lambda: iter([LINE.encode() + b"2:7:" + b"9" * 5000 + b"\n"]),
    "node-of-many": lambda: iter([b"0.0 frame " + b"9" * 1000 + b" 2:7:1\n"]),
    "not-a-time": lambda: iter([b"nan frame 0 2:7:1\n"]),
    "twice-connected": lambda: iter([b"1.0 connected keys=288,295,297 abs=\n"]),
    "snapshot-unasked": lambda: iter([b"1.0 snapshot 0 keys=288,295,297,299 abs=\n"]),
}
"""What is said instead of an event; what ends the connection is read or not."""


class VirtualStage(UmockdevStage):
    """A peer at a Unix socket, and hal_mpg that connects to it."""

    def __init__(self, bed: Bed) -> None:
        super().__init__(bed)
        self._numbers = count()
        self._path = Path()
        self._listener: socket.socket | None = None
        self._peer: socket.socket | None = None

    # The beginning.

    def clear(self) -> None:
        """Leave who is at the socket there: finding another one takes hal_mpg up to a second."""

    def begin_listening(self) -> None:
        """Hal_mpg has found a peer that has not said anything yet."""
        self._hang_up()
        if self._is_running():
            self.wait_pin("connected", False)
        else:
            self._path = self.bed.home / f"pendant-{next(self._numbers)}"
            self.run(self._profile())
        self._listen()

    def begin_armed(self, pendant: str = "usual") -> None:
        """X is selected at x10, the enabling button is held."""
        if not (self._peer and self._is_running() and self.pin("connected") and self.pin("estop-ok")):
            self.begin_listening()
            self._connect()
        self.hold_enable()

    def _profile(self) -> str:
        path = Path(self.bed.write_profile(name="virtual", match=[{"socket": str(self._path)}], **CONTROLS))
        path.write_text(json.dumps({"source": "virtual", **json.loads(path.read_text())}))
        return str(path)

    def _listen(self) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._path))
        self._path.chmod(0o777)
        self._listener.listen(1)
        self._listener.settimeout(LIMIT_S)
        self._peer, _ = self._listener.accept()
        self._peer.settimeout(LIMIT_S)
        self._stop_listening()

    def _stop_listening(self) -> None:
        if self._listener:
            self._listener.close()
            self._path.unlink()
        self._listener = None

    def _hang_up(self) -> None:
        self._stop_listening()
        if self._peer:
            self._peer.close()
        self._peer = None

    def _connect(self) -> None:
        self.say(Connected(time.monotonic(), (NodeState(frozenset(SELECTED), {}),)))
        self.wait_pin("connected", True)
        self.wait_pin("estop-ok", True)

    def say(self, event: DeviceEvent) -> None:
        """Say an event."""
        assert self._peer
        self._peer.sendall(f"{to_line(event)}\n".encode())

    def _frame(self, *changes: Change) -> None:
        self.say(Frame(time.monotonic(), 0, changes))

    def hold_enable(self) -> None:
        """Hold the enabling button until the wheel is live."""
        for value in (1, 0):
            self._frame((EV_KEY, ENABLE, value))
        self.wait_pin("enable", False)
        self._frame((EV_KEY, ENABLE, 1))
        self.wait_pin("armed", True)

    # The fault.

    def do_send(self, what: str) -> None:
        """Send bytes that are no event."""
        assert self._peer
        with suppress(BrokenPipeError, ConnectionResetError):
            for data in LINES[what]():
                self._peer.sendall(data)

    def do_send_and_close(self, text: str) -> None:
        """Send the beginning of a line, and close."""
        assert self._peer
        self._peer.sendall(text.encode())
        self._hang_up()

    def do_turn_by_bytes(self, detents: int) -> None:
        """Turn the wheel; the lines come byte by byte."""
        assert self._peer
        self.should += detents * INCREMENT
        for _ in range(detents):
            for byte in f"{to_line(Frame(time.monotonic(), 0, ((EV_REL, DIAL, 1),)))}\n".encode():
                self._peer.sendall(bytes([byte]))

    def do_flood_and_press_estop(self, frames: int) -> float:
        """Send frames as quickly as they are read, and press the E-stop at their end."""
        self.should += frames * INCREMENT
        for _ in range(frames):
            self._frame((EV_REL, DIAL, 1))
        start = time.monotonic()
        self._frame((EV_KEY, ESTOP_RELEASED, 0))
        return start

    def do_say_nothing(self) -> None:
        """Say nothing."""

    # The way back.

    def back_plug_in(self) -> None:
        """Hang up, if that is still to be done; listen again, and say what a pendant says."""
        self._hang_up()
        self.wait_pin("connected", False)
        self._listen()
        self._connect()

    def back_say_connected(self) -> None:
        """Say what a pendant says first."""
        self._connect()

    def back_release_estop(self) -> None:
        """Release the E-stop."""
        self._frame((EV_KEY, ESTOP_RELEASED, 1))
        self.wait_pin("estop-ok", True)

    def turn_one(self) -> None:
        """Turn the wheel by a detent."""
        self._frame((EV_REL, DIAL, 1))
