# SPDX-License-Identifier: GPL-2.0-or-later
"""The hands on a pendant of any profile: root's side, and the driver's side at the other end of a socket."""

from __future__ import annotations

import json
import socket
from typing import Any

SOCKET = "/tmp/hal_mpg-learned-hands"


class PendantHands:
    """What the driver asks for, done with a `tests.beds.pendant_hand.Hand`."""

    def __init__(self, hand: Any) -> None:
        self._hand = hand
        self._stands: dict[str, int] = {}

    def turn(self, detents: int) -> None:
        self._hand.turn(detents)

    def select(self, control: str, position: str) -> None:
        """Set a selector, or step until it is there."""
        selector = getattr(self._hand.profile, control)
        if selector is None:
            return
        if hasattr(selector, "order"):
            at = self._stands.get(control, 0)
            wanted = selector.order.index(position)
            while at != wanted:
                back = wanted < at and selector.previous is not None
                self._hand.step(selector, not back)
                at = (at + (-1 if back else 1)) % len(selector.order)
            self._stands[control] = at
        else:
            self._hand.set(selector, position)

    def estop(self, pressed: bool) -> None:
        if self._hand.profile.estop:
            self._hand.estop(pressed)

    def button(self, name: str, held: bool) -> None:
        key = getattr(self._hand.profile, name)
        if key:
            (self._hand.press if held else self._hand.release)(key)

    def has(self, control: str) -> bool:
        return getattr(self._hand.profile, control) is not None


class RemoteHands:
    """The driver's side: each method of PendantHands, by name."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(180)
        self._socket.connect(SOCKET)
        self._answers = self._socket.makefile()

    def do(self, method: str, *arguments: object) -> Any:
        """Have something done. Raises RuntimeError with what it raised."""
        self._socket.sendall(json.dumps([method, *arguments]).encode() + b"\n")
        answer = json.loads(self._answers.readline())
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]
