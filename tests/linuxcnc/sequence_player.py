# SPDX-License-Identifier: GPL-2.0-or-later
"""Plays sequences at a virtual pendant, and compares pins and positions with the oracle's."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from decimal import Decimal
from random import Random

from hal_mpg.events import EV_KEY, EV_REL, Change, Frame, to_line
from tests.linuxcnc.driver import Driver, linuxcnc, wait_until
from tests.linuxcnc.sequence_oracle import (
    Action,
    Enable,
    Estop,
    HoldAxes,
    HoldScales,
    Offer,
    Oracle,
    Report,
    Turn,
    faults_of_storm,
)
from tests.linuxcnc.virtual_pendant import AXES, ENABLE, ESTOP_CONTACT, REL_DIAL, SCALES, VirtualPendant

SAME = 2e-6
"""In mm or degrees. LinuxCNC takes an axis to be there from acceleration · period² / 1000 on (simple_tp.c,
TINY_DP), which is 0.9e-6 here; the smallest step is 1e-3.
"""

HUMAN_GAP_S = 0.008
"""The mean time between two things that a quick hand does."""

SETTLED_S = 0.1
"""An axis that has not moved for so long, after all counts are on the pins, has stopped."""


class Hands(VirtualPendant):
    """A virtual pendant whose reports can carry several changes, and come many at once."""

    def __init__(self) -> None:
        """Prepare a pendant that is not plugged in yet."""
        super().__init__()
        self._held: dict[str, set[int]] = {
            "axis": set(),
            "scale": set(),
            "enable": set(),
            "estop": {ESTOP_CONTACT},
        }

    def do(self, reports: Iterable[Report], gap: Callable[[], float] | None = None) -> None:
        """Make reports, all at once or with `gap` (seconds) before each."""
        if gap is None:
            self._send(reports)
            return
        for report in reports:
            time.sleep(gap())
            self._send([report])

    def _send(self, reports: Iterable[Report]) -> None:
        if self._connection is None:
            raise RuntimeError("the pendant is not plugged in")
        lines = []
        for report in reports:
            changes = tuple(change for action in report for change in self._changes(action))
            lines.append(to_line(Frame(time.monotonic(), 0, changes)) + "\n")
        self._connection.sendall("".join(lines).encode())

    def _changes(self, action: Action) -> list[Change]:
        match action:
            case Turn(detents):
                return [(EV_REL, REL_DIAL, detents)]
            case HoldAxes(letters):
                return self._hold("axis", {AXES[letter] for letter in letters})
            case HoldScales(names):
                return self._hold("scale", {SCALES[name] for name in names})
            case Enable(pressed):
                return self._hold("enable", {ENABLE} if pressed else set())
            case Estop(pressed):  # the contact is normally closed
                return self._hold("estop", set() if pressed else {ESTOP_CONTACT})

    def _hold(self, control: str, keys: set[int]) -> list[Change]:
        """Return the changes from the keys held to these: first those that are let go of."""
        before, self._held[control] = self._held[control], keys
        ups = [(EV_KEY, key, 0) for key in sorted(before - keys)]
        return ups + [(EV_KEY, key, 1) for key in sorted(keys - before)]


def axis_limits(driver: Driver) -> dict[str, tuple[str, str]]:
    """Return the velocity and acceleration of each axis of the machine, as the INI file says them."""
    ini = linuxcnc.ini(driver.stat.ini_filename)
    letters = [x for i, x in enumerate("xyzabc") if driver.stat.axis_mask & 1 << i]
    names = ("MAX_VELOCITY", "MAX_ACCELERATION")
    return {
        x: (ini.find(f"AXIS_{x.upper()}", names[0]), ini.find(f"AXIS_{x.upper()}", names[1])) for x in letters
    }


def where(driver: Driver, letters: Iterable[str]) -> dict[str, float]:
    """Return the commanded positions now. In these configurations joints are axes."""
    return {letter: driver.pin(f"joint.{'xyzabc'.index(letter)}.pos-cmd") for letter in letters}


class Player:
    """Does to pendant and machine what a step says, waits for it, and holds it against the oracle."""

    def __init__(self, driver: Driver, rng: Random, follows: bool = True) -> None:
        """Plug a pendant in. `follows`: positions have to be the oracle's whenever axes rest."""
        self.driver = driver
        self.rng = rng
        self.follows = follows
        self.oracle = Oracle(axis_limits(driver))
        self.hands = Hands()
        self.slowest_s = self.forgotten = 0.0
        self.is_joint_mode = True
        self.hands.plug_in()
        driver.wait_pin("hal_mpg.estop-ok", True)

    def do(self, reports: Iterable[Report], gap_s: float = 0.0) -> None:
        """Make reports, all at once or with random gaps, and tell the oracle."""
        reports = list(reports)
        for report in reports:
            self.oracle.apply(report)
        mean = 1 / gap_s if gap_s else 0.0
        self.hands.do(reports, (lambda: min(self.rng.expovariate(mean), 5 * gap_s)) if mean else None)

    def pins(self) -> dict[str, int]:
        """Return hal_mpg's counting pins."""
        return {pin: self.driver.pin(f"hal_mpg.{pin}") for pin in self.oracle.pins()}

    def seen(self) -> None:
        """Wait until the pins say that all was received, each detent for what it was for."""
        expected = self.oracle.pins()
        try:
            taken_s = wait_until(lambda: self.pins() == expected, "the pins")
        except TimeoutError:
            pins = self.pins()
            wrong = {name: (pins[name], expected[name]) for name in pins if pins[name] != expected[name]}
            raise AssertionError(f"pins are not as predicted (is, should be): {wrong}") from None
        self.slowest_s = max(self.slowest_s, taken_s)

    def rest(self) -> None:
        """Wait until all has been received, and all axes stand where they should."""
        self.seen()
        if self.follows:
            try:
                wait_until(lambda: not self.wrong() and not self.is_jogging(), "the axes")
            except TimeoutError:
                raise AssertionError(
                    f"positions are not as predicted (is, should be): {self.wrong()}"
                ) from None
        else:
            self.settle()
        self.oracle.rest()

    def settle(self) -> None:
        """Wait until the axes stand, wherever."""
        last = where(self.driver, self.oracle.axes)
        since = time.monotonic()

        def stands() -> bool:
            nonlocal last, since
            now = where(self.driver, self.oracle.axes)
            if now != last or self.is_jogging():
                last, since = now, time.monotonic()
            return time.monotonic() - since > SETTLED_S

        wait_until(stands, "the axes to stand")

    def is_jogging(self) -> bool:
        """Tell whether LinuxCNC is jogging."""
        return bool(self.driver.pin("motion.jog-is-active"))

    def wrong(self) -> dict[str, tuple[float, float]]:
        """Return the axes that are not where they should be, and both positions."""
        positions = where(self.driver, self.oracle.axes)
        expected = {letter: float(axis.position) for letter, axis in self.oracle.axes.items()}
        return {x: (positions[x], expected[x]) for x in positions if abs(positions[x] - expected[x]) > SAME}

    def stopped(self) -> None:
        """Note where the axes stand, after what makes LinuxCNC forget where they were to go.

        That is when they are disabled, and when the mode changes: what little was missing is not
        made up for then. `forgotten` is the sum of it. The joints follow the axes by a few periods
        (cubic interpolation), and are looked at when they stand.
        """
        self.settle()
        for letter, position in where(self.driver, self.oracle.axes).items():
            axis = self.oracle.axes[letter]
            self.forgotten += abs(position - float(axis.position))
            axis.stands_at(Decimal(position))

    def mode(self, name: str) -> None:
        """Change to a mode; LinuxCNC refuses until its task, too, knows that jogging is over."""
        wanted = getattr(linuxcnc, f"MODE_{name}")

        def accepts() -> bool:
            self.driver.command.mode(wanted)
            self.driver.complete()
            self.driver.stat.poll()
            return bool(self.driver.stat.task_mode == wanted)

        wait_until(accepts, f"mode {name}")

    def armed(self) -> None:
        """Wait until the pendant is armed, which it was not."""
        self.driver.wait_pin("hal_mpg.armed", True)
        self.oracle.armed = True

    def home(self) -> None:
        """Home all joints, where they stand; that place is 0 then. Armed before and after."""
        self.rest()
        self.driver.home()
        self.is_joint_mode = False
        for axis in self.oracle.axes.values():
            axis.stands_at(Decimal(0))
        self.rest()

    def storm(self, reports: Iterable[Report], offers: tuple[Offer, ...]) -> None:
        """Turn faster than axes can follow, at once, and check what was taken."""
        reports = list(reports)
        before = self.oracle.dropped
        offered = sum(abs(offer.detents) for offer in offers)

        def is_complete() -> bool:
            pins = self.pins()
            taken = sum(
                abs(pins[f"axis.{o.letter}.jog-counts"] - self.oracle.axes[o.letter].count)
                / self.oracle.axes[o.letter].multiple(o.scale)
                for o in offers
            )
            return abs(taken + pins["dropped"] - before - offered) < 1e-9

        start = time.monotonic()
        self.hands.do(reports)
        try:
            wait_until(is_complete, "all detents on a counter or in `dropped`")
        except TimeoutError:
            raise AssertionError(
                f"{offered} detents in {offers}, dropped were {before}: {self.pins()}"
            ) from None
        pins = self.pins()
        faults = faults_of_storm(self.oracle, offers, pins, time.monotonic() - start)
        if faults:
            raise AssertionError("; ".join(faults))
        self.oracle.take_storm([action for report in reports for action in report], offers, pins)
