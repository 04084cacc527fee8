# SPDX-License-Identifier: GPL-2.0-or-later
"""A stage for faults that only the state machine can be shown: no program, no device, no HAL, no clock.

Time is made up: a second of it passes after each act but those of `TIMELESS`, and what a step says.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from math import inf, nan
from typing import Any

from hal_mpg.events import EV_KEY, EV_REL, AxisLimit, EventsLost, Frame, Gates, Snapshot
from hal_mpg.pendant import wrap32
from tests.core.bed import CONTACT, ENABLE, REL_DIAL, X10, Bed, X

INCREMENT = 0.01
"""Of X at x10, in mm."""

LAST = (1 << 31) - 1
"""The largest value of a HAL counter."""

CLOSE = 1e-9
DETENT = (EV_REL, REL_DIAL, 1)
TIMELESS = ("stop-clock", "set-clock-and-enable")
BAD_LIMITS = {
    "not-a-number": (nan, nan),
    "negative": (-50.0, -500.0),
    "tiny": (5e-324, 5e-324),
    "infinite": (inf, inf),
    "huge": (1e200, 1e-5),
    "slowing": (50.0, 5e-324),
}


class CoreStage:
    """A pendant on a table. `should` is how many detents X is to go by what was turned."""

    def __init__(self) -> None:
        self.bed = Bed()
        self.should = 0
        self._counted = 0

    def begin(self, start: str) -> None:
        """X is selected at x10, the enabling button is held; or `idle`: nobody touches the pendant."""
        self.bed = bed = Bed()
        bed.arm({X, X10, CONTACT})
        self._set_limits(50.0, 500.0)
        if start == "idle":
            bed.release(ENABLE)
            bed.wait(1.0)
        self.should, self._counted = 0, self._counts()
        bed.log.clear()

    def do(self, act: str, *arguments: Any) -> Callable[[], float]:
        """Provoke a fault. Nothing is timed here."""
        getattr(self, f"do_{act.replace('-', '_')}")(*arguments)
        if act not in TIMELESS:
            self.bed.wait(1.0)
        return time.monotonic

    def _set_limits(self, velocity: float, acceleration: float) -> None:
        for axis in ("x", "y", "z", "a"):
            self.bed.limit(axis, velocity, acceleration)

    def _turn(self, detents: int) -> None:
        self.should += detents
        for _ in range(detents):
            self.bed.turn(1)

    def do_turn_while_rereading(self, detents: int) -> None:
        """Lose events, turn, read the state, turn."""
        bed = self.bed
        bed.handle(EventsLost(bed.now, 0, (DETENT, DETENT)))
        self._turn(detents)
        bed.handle(Snapshot(bed.now, 0, bed.state()))
        self._turn(detents)

    def do_all_at_once(self, detents: int) -> None:
        """Shut every gate, take the limits away, press the E-stop and turn, all in one batch."""
        frames = [Frame(self.bed.now, 0, (DETENT,)) for _ in range(detents)]
        estop = Frame(self.bed.now, 0, ((EV_KEY, CONTACT, 0),))
        limit = AxisLimit("x", 0.0, 0.0)
        self.bed.held.discard(CONTACT)
        self.bed.handle(limit, *frames, Gates(False, False, True), estop, *frames)

    def do_open_all_at_once(self, detents: int) -> None:
        """Shut every gate, and open all of them in the batch in which the wheel turns."""
        self.bed.gates(on=False, manual=False, inhibit=True)
        self.bed.wait(1.0)
        frames = [Frame(self.bed.now, 0, (DETENT,)) for _ in range(detents)]
        self.bed.handle(*frames, Gates(True, True, False), *frames)

    def do_flip_gates(self, times: int) -> None:
        """Flip the gates at random, with a detent after each flip."""
        dice = random.Random(3)
        for _ in range(times):
            gates = [dice.random() < 0.9 for _ in range(3)]
            self.bed.gates(gates[0], gates[1], not gates[2])
            self.bed.wait(dice.choice((0.0, 0.001, 0.05, 0.3)))
            self._turn(1)
        self.bed.gates()

    def do_flip_enable(self, times: int) -> None:
        """Let the enabling button flicker, with a detent after each flip."""
        for number in range(times):
            (self.bed.press if number % 2 else self.bed.release)(ENABLE)
            self._turn(1)

    def do_stop_clock(self, detents: int) -> None:
        """Turn a detent, press the enabling button, and turn on; the time stands still."""
        self.bed.turn(1)
        self.bed.press(ENABLE)
        for _ in range(detents - 1):
            self.bed.turn(1)
            self.bed.wait(0.0)

    def do_set_clock(self, by_s: float, detents: int) -> None:
        """Turn, set the clock, and turn."""
        self._turn(detents)
        self.bed.now += by_s
        self._turn(detents)

    def do_set_clock_and_enable(self, by_s: float) -> None:
        """Let go of the enabling button, set the clock back, and press it."""
        self.bed.turn(1)
        self.should += 1
        self.bed.release(ENABLE)
        self.bed.now += by_s
        self.bed.press(ENABLE)
        self.bed.wait(0.1)
        self.bed.turn(1)

    def do_turn_at(self, *stamps_s: float) -> None:
        """Turn a detent for each time stamp, in seconds from now."""
        self.should += len(stamps_s)
        self.bed.handle(*(Frame(self.bed.now + stamp, 0, (DETENT,)) for stamp in stamps_s))

    def do_press_estop_at(self, stamp_s: float) -> None:
        """Press the E-stop, with a time stamp in seconds from now."""
        self.bed.held.discard(CONTACT)
        self.bed.handle(Frame(self.bed.now + stamp_s, 0, ((EV_KEY, CONTACT, 0),)))

    def do_turn_with_limits(self, which: str, detents: int) -> None:
        """Have limits that are none, and turn."""
        self._set_limits(*BAD_LIMITS[which])
        self._turn(detents)
        self.bed.wait(1.0)
        self._turn(detents)
        self.bed.wait(1.0)

    def do_wrap(self, detents: int) -> None:
        """Be shortly before the end of every counter, and turn over it; lose the pendant once more, too."""
        pendant, x = self.bed.pendant, self.bed.pendant._axes["x"]
        ledger = pendant._ledger
        # Private, for to get there in the ordinary way takes hours.
        ledger._counts.count = ledger.dropped = pendant._connections = LAST - 2
        x.counter.count = self._counted = LAST - 20
        self._turn(detents)
        self.bed.turn(LAST)  # refused

    # What came of it.

    def pin(self, name: str) -> Any:
        """Return a pin's value, or the sum of A+B."""
        return sum(int(self.bed[each]) for each in name.split("+")) if "+" in name else self.bed[name]

    def machine(self) -> str | None:
        """There is no LinuxCNC."""
        return None

    def stalled(self) -> bool:
        """Time is made up."""
        return False

    def said(self) -> str:
        """It cannot speak."""
        return ""

    def _counts(self) -> int:
        return int(self.bed["axis.x.jog-counts"])

    def moved(self) -> str:
        """Return what moved since `begin`. What is counted while disarmed is a fault of its own."""
        others = self.bed.jog_counts().keys() - {"x"}
        if others or (late := self._counted_while_disarmed()):
            return f"{others or late}"
        detents = wrap32(self._counts() - self._counted) / 10
        if detents == 0:
            return "nothing"
        if detents == self.should:
            return "turned"
        return "run-on" if 0 < detents < self.should else f"{detents} detents of {self.should}"

    def _counted_while_disarmed(self) -> str | None:
        enabled = True
        for when, write in self.bed.log:
            if write.pin == "axis.x.jog-enable":
                enabled = bool(write.value)
            if write.pin == "axis.x.jog-counts" and not enabled:
                return f"{write} at {when} while disarmed"
        return None

    # The way back.

    def back(self, step: str) -> None:
        """Take a step of the way back."""
        getattr(self, f"back_{step.replace('-', '_')}")()

    def back_still(self) -> None:
        """Let the wheel be still for a second."""
        self.bed.wait(1.0)

    def back_wait_an_hour(self) -> None:
        """Let the clock come to where it was."""
        self.bed.wait(3601.0)

    def back_release_estop(self) -> None:
        """Release the E-stop."""
        self.bed.press(CONTACT)
        self.bed.wait(1.0)

    def back_open_gates(self) -> None:
        """Open every gate."""
        self.bed.gates()
        self.bed.wait(1.0)

    def back_set_limits(self) -> None:
        """Have the limits of a machine."""
        self._set_limits(50.0, 500.0)

    def back_hold_enable(self) -> None:
        """Let go of the enabling button, and hold it."""
        self.bed.release(ENABLE)
        self.bed.wait(1.0)
        self.bed.press(ENABLE)
        self.bed.wait(1.0)

    def prove(self) -> None:
        """One detent moves X by one increment, and nothing else."""
        before = self._counts()
        self.bed.turn(1)
        assert self.bed["armed"] is True, f"why-not {self.bed['why-not']}"
        assert wrap32(self._counts() - before) == 10
        assert self.bed.jog_counts().keys() <= {"x"}
