# SPDX-License-Identifier: GPL-2.0-or-later
"""A user's hands on a virtual pendant, for stages behind a LinuxCNC; see stage.py.

Like a USB pendant it stays plugged in when hal_mpg ends; whoever looks for it next finds it as it is then.
"""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

from hal_mpg.events import EV_REL, Connected, DeviceEvent, Frame, NodeState, to_line
from tests.linuxcnc.virtual_pendant import AXES, ENABLE, REL_DIAL, RESET, SCALES, VirtualPendant


class VirtualHands(VirtualPendant):
    """Plays the pendant; switches keep their place, also while it is unplugged or nobody listens.

    A thread gives each newcomer the state of the keys, as the kernel does.
    """

    def __init__(self) -> None:
        """Prepare a pendant that is not plugged in yet."""
        super().__init__()
        self._listener: socket.socket | None = None
        self._lock = threading.RLock()

    def plug_in(self) -> None:
        """Put the plug in; hal_mpg finds it within a second or so."""
        if self._listener:
            return
        self._listener = listener = socket.socket(socket.AF_UNIX)
        listener.bind(self._path)
        listener.listen(1)
        threading.Thread(target=self._serve, args=(listener,), daemon=True).start()

    def unplug(self) -> None:
        """Pull the plug."""
        if not self._listener:
            return
        Path(self._path).unlink()
        with self._lock:
            self._listener.shutdown(socket.SHUT_RDWR)  # ends the thread's wait
            self._listener.close()
            self._listener = None
            self._hang_up()

    def is_plugged_in(self) -> bool:
        """Tell whether the plug is in, whether or not there is a hal_mpg."""
        return self._listener is not None

    def select(self, axis: str, scale: str) -> None:
        """Turn both selectors."""
        with self._lock:
            others = set(self._positions.values()) | set(SCALES.values())
            self._change(self._keys - others | {AXES[axis], SCALES[scale]})

    def hold_enable(self, held: bool) -> None:
        """Hold the enabling button, or let go of it."""
        self.hold(ENABLE, held)

    def press_reset(self, held: bool) -> None:
        """Press the reset button, or let go of it."""
        self.hold(RESET, held)

    def hold(self, key: int, held: bool) -> None:
        """Hold any key, or let go of it."""
        with self._lock:
            (self.press if held else self.release)(key)

    def turn_at_once(self, detents: int) -> None:
        """Turn the wheel by detents that all arrive together, as after a stall."""
        with self._lock:
            self._send([Frame(time.monotonic(), 0, (self.detent(detents),)) for _ in range(abs(detents))])

    @staticmethod
    def detent(sign: int) -> tuple[int, int, int]:
        """Return the change that one detent in the direction of `sign` is."""
        return EV_REL, REL_DIAL, 1 if sign > 0 else -1

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return  # unplugged
            with self._lock:
                self._hang_up()
                self._connection = connection
                self._say(Connected(time.monotonic(), (NodeState(frozenset(self._keys), {}),)))

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _say(self, event: DeviceEvent) -> None:
        self._send([event])

    def _send(self, events: list[DeviceEvent]) -> None:
        with self._lock:
            if self._connection is None:
                return
            try:
                self._connection.sendall("".join(f"{to_line(event)}\n" for event in events).encode())
            except (BrokenPipeError, ConnectionResetError):
                self._hang_up()  # the reader has gone; a pendant does not care
