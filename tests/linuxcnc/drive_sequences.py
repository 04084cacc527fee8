#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Plays one random sequence in joint mode, homes, and goes on in teleop mode."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from random import Random
from typing import Any

from tests.linuxcnc.driver import Driver, arguments, finish, wait_until
from tests.linuxcnc.sequence_oracle import Enable, Estop, HoldAxes, HoldScales, Turn
from tests.linuxcnc.sequence_player import HUMAN_GAP_S, SAME, Player, where
from tests.linuxcnc.sequence_steps import KINDS, Step, any_kind, make_step
from tests.linuxcnc.virtual_pendant import AXES

JOINT_STEPS = 40
"""How many steps are made before homing."""

SOME_WAY = 0.1
"""In mm or degrees: a jog that has gone so far is under way."""

WATCHDOG_S = 20.0


class Sequence(Player):
    """A player of whole steps."""

    aborted = 0
    """How many jogs were cut off before they were at their end."""

    def play(self, step: Step) -> None:
        """Do one step, and wait until it has been done."""
        axes = self.oracle.axes.values()
        if step.kind != "turn" or any(axis.way > axis.braking_way / 2 for axis in axes):
            self.rest()
        gap_s = HUMAN_GAP_S if step.is_human else 0.0
        match step.kind:
            case "turn":
                self.do(step.reports, gap_s)
                self.seen()
            case "enable":
                self.do([(Enable(False),)])
                self.let_go(step, gap_s)
            case "abort":
                self.abort(step)
            case "mode":
                self.change_mode(step, gap_s)
            case "estop":
                self.estop(step, gap_s)
            case "off":
                self.turn_off(step, gap_s)
            case "joint":
                self.toggle_teleop()
            case "storm":
                self.storm(step.reports, step.offers)
                self.rest()

    def let_go(self, step: Step, gap_s: float) -> None:
        """Turn while the enabling button is released, and once more while it is pressed again.

        The last turns and the press come at once, so that the wheel was not still for 0.2 s.
        """
        self.do(step.reports, gap_s)
        self.do([(Turn(1),), (Enable(True),), (Turn(-2),)])
        self.rest()
        self.armed()

    def abort(self, step: Step) -> None:
        """Let go of the enabling button in the middle of a jog; go on from where the axis stopped."""
        before = where(self.driver, self.oracle.axes)
        self.do(step.reports)
        self.seen()
        letter = self.oracle.held_axes
        moved = f"{letter} to have gone a part of its way"
        start = before[letter]
        wait_until(lambda: abs(where(self.driver, letter)[letter] - start) > SOME_WAY, moved)
        self.do([(Enable(False),), (Turn(3),)])
        self.seen()
        self.driver.wait_pin("motion.jog-stop", False)
        self.settle()
        for letter, stopped in where(self.driver, self.oracle.axes).items():
            axis = self.oracle.axes[letter]
            target = float(axis.position)
            low, high = sorted((before[letter], target))
            if not low - SAME <= stopped <= high + SAME:
                raise AssertionError(f"{letter} stopped at {stopped}, not between {low} and {high}")
            if abs(stopped - target) > SAME:
                self.aborted += 1
                axis.stands_at(Decimal(stopped))
        self.stopped()
        self.let_go(Step("enable", False, ()), 0.0)

    def change_mode(self, step: Step, gap_s: float) -> None:
        """Turn in MDI or automatic mode, and return to manual mode."""
        self.mode(self.rng.choice(["MDI", "AUTO"]))
        self.disarmed_by("hal_mpg.mode-is-manual")
        self.do(step.reports, gap_s)
        self.rest()
        self.mode("MANUAL")
        self.back()

    def estop(self, step: Step, gap_s: float) -> None:
        """Press the E-stop, turn, release it, turn, and reset."""
        self.do([(Estop(True),), (Turn(5),)])
        self.seen()
        self.disarmed_by("hal_mpg.machine-is-on")
        self.driver.wait_state("ESTOP")
        self.do(step.reports, gap_s)
        self.do([(Estop(False),), (Turn(-4),)])
        self.rest()
        self.driver.wait_pin("hal_mpg.estop-ok", True)
        self.driver.turn_on()
        self.back()

    def turn_off(self, step: Step, gap_s: float) -> None:
        """Turn the machine off as the GUI does, turn the wheel, and turn the machine on."""
        self.driver.ask_state("OFF")
        self.disarmed_by("hal_mpg.machine-is-on")
        self.do(step.reports, gap_s)
        self.rest()
        self.driver.turn_on()
        self.back()

    def toggle_teleop(self) -> None:
        """Change between teleop and joint mode."""
        self.is_joint_mode = not self.is_joint_mode
        self.set_teleop()

    def disarmed_by(self, gate: str) -> None:
        """Wait until a gate is shut, and hal_mpg has seen it."""
        self.driver.wait_pin(gate, False)
        self.driver.wait_pin("hal_mpg.armed", False)
        self.oracle.armed = False

    def back(self) -> None:
        """Return to the mode that was jogged in, and wait until the pendant is armed."""
        self.set_teleop()
        self.armed()

    def set_teleop(self) -> None:
        """Change to the mode that is wanted."""
        if not self.is_joint_mode:
            self.driver.teleop()
        else:
            self.driver.command.teleop_enable(0)
            self.driver.complete()
            self.driver.wait_pin("halui.mode.is-joint", True)
        self.rest()
        self.stopped()


def main(driver: Driver) -> dict[str, Any]:
    """Play, and return what the test is to look at."""
    seed, steps = arguments()["seed"], arguments()["steps"]
    driver.set_watchdog(WATCHDOG_S)
    rng = Random(seed)
    player = Sequence(driver, rng)
    driver.turn_on()
    driver.mode("MANUAL")
    player.set_teleop()
    player.do([(HoldAxes("x"), HoldScales(("x10",)), Enable(True))])
    player.armed()
    kinds: Counter[str] = Counter()
    step = None
    try:
        for number in range(steps):
            if number == JOINT_STEPS:
                player.home()
            kind = kind_of(number, rng)
            kinds[kind] += 1
            step = make_step(rng, kind, player.oracle, positions(driver))
            player.play(step)
        player.rest()
    except Exception as error:
        raise AssertionError(f"seed {seed}, step {sum(kinds.values())} ({step}): {error}") from error
    return {
        "pins": player.pins(),
        "predicted pins": player.oracle.pins(),
        "positions": where(driver, player.oracle.axes),
        "predicted positions": {x: float(a.position) for x, a in player.oracle.axes.items()},
        "received": player.oracle.received,
        "counted": player.oracle.taken,
        "kinds": kinds,
        "aborted": player.aborted,
        "forgotten": player.forgotten,
        "slowest_s": round(player.slowest_s, 3),
        "errors": sorted(set(driver.read_errors())),
    }


def kind_of(number: int, rng: Random) -> str:
    """Return the kind of a step. After homing there is one of each kind, before there are no modes."""
    once = list(KINDS)
    if JOINT_STEPS <= number < JOINT_STEPS + len(once):
        return once[number - JOINT_STEPS]
    kind = any_kind(rng)
    return "rest" if number < JOINT_STEPS and kind in ("mode", "joint") else kind


def positions(driver: Driver) -> str:
    """Return the positions of the pendant's axis selector, one of which the machine may lack."""
    letters = "".join(AXES)
    return letters[: max(driver.stat.joints, 4)]


finish(main)
