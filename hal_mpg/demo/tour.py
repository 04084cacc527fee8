# SPDX-License-Identifier: GPL-2.0-or-later
"""The scripted tour: turns the wheel in every way, and compares where the axes are with where they should be.

Where they should be is reckoned here, from the detents that were turned and the profile's increments,
and not from anything that hal_mpg says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import NamedTuple

from hal_mpg.arming import WORDS, WhyNot
from hal_mpg.demo.session import Session
from hal_mpg.profile import ANGULAR_AXES

LIMIT_S = 30.0
"""How long anything may take, on a machine that is busy."""

PRESSES, PRESS_S = 5, 6.0
"""How often the reset button is pressed, and how long its effect is waited for, in seconds."""

TRIES = 5
"""How often detents are turned again that hal_mpg says it has discarded (it does so after a stall)."""

TOLERANCE = 1e-6
"""What is equal, in mm or degrees: far below the smallest increment, far above rounding."""

Turns = Mapping[str, tuple[str, int]]
"""For each axis that is turned: the scale, and the detents (signed)."""


class Row(NamedTuple):
    """The result for one axis, in mm or degrees."""

    axis: str
    should_be: Decimal
    is_at: float

    @property
    def unit(self) -> str:
        """The unit of the positions."""
        return unit_of(self.axis)

    @property
    def agrees(self) -> bool:
        """Whether the axis is where it should be."""
        return abs(float(self.should_be) - self.is_at) < TOLERANCE


class TourFailed(Exception):
    """Something that the tour relies on has not happened."""


def unit_of(axis: str) -> str:
    """Return the unit of an axis' position on the demo's machine."""
    return "deg" if axis in ANGULAR_AXES else "mm"


class Tour:
    """Plays the tour in a session; `say` is given each line of progress."""

    def __init__(self, session: Session, say: Callable[[str], None]) -> None:
        self._session, self._pendant, self._say = session, session.pendant, say
        self._should_be: dict[str, Decimal] = {}
        self._faults: list[str] = []

    def run(self) -> list[str]:
        """Play it; return what did not go as it should, beside the positions."""
        steps = (
            self._start,
            self._each_axis_at_each_scale,
            self._switch_in_mid_turn,
            self._let_go,
            self._press_estop,
            self._pull_the_plug,
            self._kill,
        )
        try:
            for step in steps:
                step()
        except TourFailed as failure:
            self._fault(str(failure))
        return self._faults

    def rows(self) -> list[Row]:
        """Return the result for each axis."""
        positions = self._session.status.positions or {}
        return [Row(axis, should, positions.get(axis, 0.0)) for axis, should in self._should_be.items()]

    def _start(self) -> None:
        self._ready()
        self._take_positions()
        self._say("E-stop reset, machine on, all axes homed, enabling button held: armed")

    def _each_axis_at_each_scale(self) -> None:
        for axis in self._pendant.axes:
            for scale in self._pendant.scales:
                self._turn({axis: (scale, 5)})
                self._turn({axis: (scale, -2)})
                step = f"{self._increment(axis, scale).normalize()} {unit_of(axis)}"
                self._say(f"{axis.upper()} {scale:5} 5 detents on, 2 back, {step} each   {self._where(axis)}")

    def _switch_in_mid_turn(self) -> None:
        scales = self._pendant.scales
        turns = {axis: (scales[i % len(scales)], 6) for i, axis in enumerate(self._pendant.axes)}
        self._turn(turns, in_turns=True)
        order = " ".join(f"{axis.upper()}@{scale}" for axis, (scale, _) in turns.items())
        self._say(f"axis and scale switched after every second detent, all at once: 3 times {order}")
        self._say(f"  {self._where(*turns)}")

    def _let_go(self) -> None:
        self._pendant.hold_enable(False)
        self._await(lambda: not self._pin("enable"), "the enabling button to be let go")
        self._turn_in_vain(7)
        self._say("enabling button let go, 7 detents: nothing moved")
        self._ready()
        self._turn({self._pendant.axis: (self._pendant.scale, -3)})
        self._say(f"held again, 3 detents back   {self._where(self._pendant.axis)}")

    def _press_estop(self) -> None:
        self._pendant.press_estop(True)
        self._await(lambda: self._session.status.state == "ESTOP", "the machine to be in E-stop")
        self._turn_in_vain(7)
        self._say("E-stop pressed: the machine is in E-stop; 7 detents: nothing moved")
        self._pendant.press_estop(False)
        self._await(lambda: not self._pin("estop"), "the E-stop to be released")
        if self._session.status.state != "ESTOP":
            self._fault("releasing the E-stop button has reset the E-stop")
        self._press_reset()
        self._await(lambda: not self._pendant.is_busy, "the reset button to be let go")
        self._ready()
        self._say("released, and the pendant's reset button pressed: E-stop reset; machine on again")
        self._turn({"x": (self._pendant.scales[1], -4)})
        self._say(f"X, 4 detents back   {self._where('x')}")

    def _press_reset(self) -> None:
        """Press the reset button, and once more where that was in vain, as a user would."""
        for _ in range(PRESSES):
            self._pendant.press_reset()
            if self._session.wait(lambda: self._session.status.state == "ESTOP_RESET", PRESS_S):
                return
            self._say("the reset button was pressed in vain; pressed again")
        raise TourFailed(f"the reset button did not act, pressed {PRESSES} times")

    def _pull_the_plug(self) -> None:
        self._pendant.unplug()
        self._await(lambda: self._session.status.state == "ESTOP", "the lost pendant to be an E-stop")
        self._await(lambda: not self._pin("connected"), "hal_mpg to notice the loss")
        self._pendant.select("y", self._pendant.scales[2])
        self._pendant.plug_in()
        self._await(lambda: bool(self._pin("connected")), "hal_mpg to find the pendant again")
        self._ready()
        if not self._agrees():
            self._fault("an axis has jumped when the pendant came back")
        self._say("unplugged: E-stop; plugged in again, its selector on another axis: no jump")
        self._turn({"y": (self._pendant.scales[2], 3)})
        self._say(f"Y, 3 detents on   {self._where('y')}")

    def _kill(self) -> None:
        session = self._session
        if not session.is_linuxcnc:
            return  # on the fake HAL the machine would die with it
        session.kill()
        self._await(lambda: session.status.state == "ESTOP", "the watchdog to trip")
        self._await(lambda: not session.status.answers, "the end of hal_mpg's heartbeat")
        session.recover()
        self._await(lambda: session.status.answers and bool(self._pin("connected")), "hal_mpg to come back")
        self._ready()
        if not self._agrees():
            self._fault("an axis has jumped when hal_mpg came back")
        self._say("hal_mpg killed: E-stop by the watchdog; brought back by `hal_mpg recover`: no jump")
        for detents in (2, -2):
            self._turn({"x": (self._pendant.scales[1], detents)})
        self._say(f"X, 2 detents on, 2 back   {self._where('x')}")

    def _ready(self) -> None:
        """Do what a user does until the wheel is armed."""
        session, pendant = self._session, self._pendant
        if session.status.next_command():
            session.power_up()
            self._await(lambda: not session.is_powering_up, "the machine to power up")
        session.wait(lambda: bool(self._pin("armed")) or self._pin("why-not") == WhyNot.NOT_ENABLED, LIMIT_S)
        if not self._pin("armed"):
            # It may be held: what was held while the pendant was plugged in is no press.
            pendant.hold_enable(False)
            pendant.hold_enable(True)
        if not session.wait(lambda: bool(self._pin("armed")), LIMIT_S):
            words = WORDS[WhyNot(int(self._pin("why-not")))]
            raise TourFailed(f"waited {LIMIT_S:.0f} s for the wheel to be armed: {words}")

    def _turn(self, turns: Turns, in_turns: bool = False) -> None:
        """Turn the wheel, and wait until every axis is where it should be.

        `in_turns`: two detents on each axis, then again, as fast as can be.
        """
        self._expect(turns)
        for _ in range(TRIES):
            self._ready()
            before = dict(self._session.status.pins or {})
            self._send(turns, in_turns)
            self._session.wait(
                lambda: self._agrees() or self._is_off() or bool(self._discarded(before, turns)),  # noqa: B023
                LIMIT_S,
            )
            if self._agrees():
                return
            if self._is_off():
                self._say("  (an E-stop in mid-turn: the axes stopped short; once more, from where they are)")
                self._take_positions()
                self._expect(turns)
                continue
            turns = self._discarded(before, turns)
            if not turns:
                break
            in_turns = False
            count = sum(abs(detents) for _, detents in turns.values())
            self._say(f"  (this computer stalled, and hal_mpg discarded {count} detents: turned again)")
        raise TourFailed(f"an axis is not where the wheel was turned to: {self._where(*turns)}")

    def _expect(self, turns: Turns) -> None:
        for axis, (scale, detents) in turns.items():
            self._should_be[axis] += detents * self._increment(axis, scale)

    def _take_positions(self) -> None:
        """Reckon from where the axes are."""
        for axis, position in (self._session.status.positions or {}).items():
            self._should_be[axis] = Decimal(repr(round(position, 9)))

    def _is_off(self) -> bool:
        return self._session.status.state != "ON"

    def _send(self, turns: Turns, in_turns: bool) -> None:
        pendant = self._pendant
        for _ in range(3 if in_turns else 0):
            for axis, (scale, _) in turns.items():
                pendant.select(axis, scale)
                pendant.detent(1)
                pendant.detent(1)
        for axis, (scale, detents) in {} if in_turns else turns.items():
            pendant.select(axis, scale)
            pendant.turn(detents)
            self._await(lambda: not pendant.is_busy, "the wheel to be turned")

    def _discarded(self, before: Mapping[str, float], turns: Turns) -> Turns:
        """Return the detents that hal_mpg says it has discarded, once all are accounted for."""
        lacking: dict[str, tuple[str, int]] = {}
        for axis, (scale, detents) in turns.items():
            counts, step = f"axis.{axis}.jog-counts", self._pin(f"axis.{axis}.jog-scale")
            moved = (self._pin(counts) - before[counts]) * step / float(self._increment(axis, scale))
            if round(moved) != detents:
                lacking[axis] = (scale, detents - round(moved))
        dropped = self._pin("dropped") - before["dropped"]
        return lacking if sum(abs(d) for _, d in lacking.values()) == dropped else {}

    def _turn_in_vain(self, detents: int) -> None:
        """Turn the wheel while it is not armed; each detent has to be accounted for, and move nothing."""
        before = self._pin("dropped")
        self._pendant.turn(detents)
        self._await(lambda: self._pin("dropped") - before == detents, "the detents to be dropped")
        if not self._agrees():
            self._fault("an axis has moved while the wheel was not armed")

    def _agrees(self) -> bool:
        return all(row.agrees for row in self.rows())

    def _pin(self, name: str) -> float:
        return float((self._session.status.pins or {}).get(name, 0))

    def _increment(self, axis: str, scale: str) -> Decimal:
        increment = next(i for i in self._session.profile.increments if i.scale == scale)
        distance = increment.degree if axis in ANGULAR_AXES else increment.mm
        if distance is None:
            raise TourFailed(f"the profile has no increment {scale} for axis {axis}")
        return distance

    def _where(self, *axes: str) -> str:
        places = [row for row in self.rows() if row.axis in axes]
        return "  ".join(f"{row.axis.upper()} {row.is_at:.3f} {row.unit}" for row in places)

    def _await(self, condition: Callable[[], bool], what: str) -> None:
        if not self._session.wait(condition, LIMIT_S):
            raise TourFailed(f"waited {LIMIT_S:.0f} s for {what}")

    def _fault(self, text: str) -> None:
        self._faults.append(text)
        self._say(f"WRONG: {text}")
