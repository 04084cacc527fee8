# SPDX-License-Identifier: GPL-2.0-or-later
"""A stage for faults of HAL: the program's loop on the fake HAL, which can refuse what the real one takes.

The loop runs in the main thread, the stage in another one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from hal_mpg.events import EV_KEY, EV_REL
from tests.core.bed import CONTACT, ENABLE, REL_DIAL
from tests.core.test_runner import World


class RefusedError(Exception):
    """What the fake HAL says."""


class LoopStage:
    """The loop of `world`. What it writes is looked at in the fake HAL's log, so also after its end."""

    def __init__(self, world: World, said: Callable[[], str]) -> None:
        self._world = world
        self._said = said
        self._before = 0
        self._initial = {pin.name: pin.initial for pin in world.pendant.pins}

    def begin(self, start: str) -> None:
        """X is selected at x1, the enabling button is held, and three detents were turned."""
        self._world.jog()
        self._before = int(self.pin("axis.x.jog-counts"))

    def do(self, act: str, *arguments: Any) -> Callable[[], float]:
        """Provoke a fault. Nothing is timed here."""
        getattr(self, f"do_{act.replace('-', '_')}")(*arguments)
        return time.monotonic

    def do_refuse_and_turn(self, pin: str) -> None:
        """Let HAL refuse every write to a pin; turn the wheel."""
        self._refuse(pin)
        self._world.frame(EV_REL, REL_DIAL, 1)

    def do_refuse_and_press_estop(self, pin: str) -> None:
        """Let HAL refuse every write to a pin; press the E-stop."""
        self._refuse(pin)
        self._world.frame(EV_KEY, CONTACT, 0)

    def do_refuse_and_let_go(self, pin: str) -> None:
        """Let HAL refuse every write to a pin; let go of the enabling button."""
        self._refuse(pin)
        self._world.frame(EV_KEY, ENABLE, 0)

    def do_refuse_to_be_read(self) -> None:
        """Let HAL refuse to say how its pins are."""

        def refuse() -> bool:
            raise RefusedError("a pin cannot be read")

        self._world.port.has_new_inputs = refuse  # type: ignore[method-assign]

    def do_light_unread(self, times: int) -> None:
        """Light a lamp and put it out, with a peer that reads nothing of what it is told."""
        for number in range(times):
            self._world.source.set_led("ready", number % 2 == 0)
        self._world.frame(EV_REL, REL_DIAL, 1)

    def _refuse(self, refused: str) -> None:
        write = self._world.port.write

        def refuse(writes: Any) -> None:
            for one in writes:
                if one.pin == refused:
                    raise RefusedError(f"no {refused}")
                write([one])

        self._world.port.write = refuse  # type: ignore[method-assign]

    def pin(self, name: str) -> Any:
        """Return what was written last to a pin; `has-ended`: of the component; `lines-said`."""
        if name == "has-ended":
            return not self._world.hal._memory.components
        if name == "lines-said":
            return self._said().count("\n")
        return self._world.last().get(name, self._initial.get(name))

    def machine(self) -> str | None:
        """There is no LinuxCNC."""
        return None

    def moved(self) -> str:
        """Return whether X was counted since `begin`."""
        detents = int(self.pin("axis.x.jog-counts")) - self._before
        return "turned" if detents == 1 else "nothing" if detents == 0 else f"{detents} detents"

    def stalled(self) -> bool:
        """Nothing is timed."""
        return False

    def said(self) -> str:
        """Return what was said since the start."""
        return self._said()

    def back(self, step: str) -> None:
        """Take a step of the way back."""
        getattr(self, f"back_{step.replace('-', '_')}")()

    def back_nothing(self) -> None:
        """Nothing is to be done."""

    def prove(self) -> None:
        """One detent moves X by one increment."""
        before = int(self.pin("axis.x.jog-counts"))
        self._world.wait_for("armed", True)

        def turned() -> bool:
            self._world.frame(EV_REL, REL_DIAL, 1)
            return int(self.pin("axis.x.jog-counts")) > before

        self._world.wait_until(turned, "a detent to be counted")
