# SPDX-License-Identifier: GPL-2.0-or-later
"""The driver's side of root's bench; see guest_faults.py. Buttons as the generic profiles have them."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Sequence
from typing import Any

from tests.kernel.hands import AXES, ENABLE, ESTOP_CONTACT, RESET, SCALES

SOCKET = "/tmp/hal_mpg-bench"

Report = tuple[list[int], int]


class KernelHands:
    """What a user's hands do to the USB pendant. Switches keep their place, also while it is unplugged."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(120)
        self._socket.connect(SOCKET)
        self._answers = self._socket.makefile()
        self._to_come = 0
        self.axes: Sequence[str] = ("x",)
        self.scales: Sequence[str] = ("x10",)
        self.estop_released = self.enable = self.reset = False
        self.port = 0

    def start(self, method: str, *arguments: object) -> Callable[[], Any]:
        """Call a method of the bench; return a function that waits for its end and returns its answer."""
        while self._to_come:
            self._answer()  # of somebody who was not interested any more
        self._socket.sendall(json.dumps([method, *arguments]).encode() + b"\n")
        self._to_come += 1

        def answer() -> Any:
            found = self._answer()
            if "error" in found:
                raise RuntimeError(f"{method}: {found['error']}")
            return found

        return answer

    def began(self, method: str, *arguments: object) -> Callable[[], float]:
        """Call a method; return a function that waits for its end and tells when it acted."""
        answer = self.start(method, *arguments)
        return lambda: float(answer()["at"])

    def ask(self, method: str, *arguments: object) -> Any:
        """Call a method, wait for its end, return what it returned. Raises RuntimeError for its errors."""
        return self.start(method, *arguments)()["value"]

    def _answer(self) -> dict[str, Any]:
        self._to_come -= 1
        found: dict[str, Any] = json.loads(self._answers.readline())
        return found

    # The switches.

    def held(self) -> list[int]:
        """Return the buttons that are held, as the switches stand."""
        switches = [(ESTOP_CONTACT, self.estop_released), (RESET, self.reset), (ENABLE, self.enable)]
        selectors = [AXES[axis] for axis in self.axes] + [SCALES[scale] for scale in self.scales]
        return selectors + [button for button, held in switches if held]

    def show(self) -> None:
        """Send a report of how the switches stand."""
        self.ask("report", self.held())

    def turns(self, detents: int) -> list[Report]:
        """Return the reports of a wheel that is turned, one for each detent."""
        return [(self.held(), 1 if detents > 0 else -1)] * abs(detents)

    def turn(self, detents: int) -> None:
        """Turn the wheel."""
        self.ask("reports", self.turns(detents))

    def plug_in(self) -> None:
        """Plug the pendant in, where it was last."""
        self.ask("plug", self.port)

    def unplug(self) -> None:
        """Pull the plug."""
        self.ask("unplug")

    def is_plugged_in(self) -> bool:
        """Tell whether the pendant is plugged in."""
        return bool(self.ask("is_plugged_in"))

    def select(self, axis: str, scale: str) -> None:
        """Turn both selectors."""
        self.axes, self.scales = (axis,), (scale,)
        self.show()

    def press_estop(self) -> None:
        """Press the E-stop."""
        self.estop_released = False
        self.show()

    def release_estop(self) -> None:
        """Release the E-stop."""
        self.estop_released = True
        self.show()

    def hold_enable(self, held: bool) -> None:
        """Hold the enabling button, or let it go."""
        self.enable = held
        self.show()

    def press_reset(self, held: bool) -> None:
        """Press the reset button, or let it go."""
        self.reset = held
        self.show()

    def touch_all(self) -> None:
        """Let every switch change once, to where it was: what the kernel does not believe twice."""
        self.ask("report", [])
        self.show()
