#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Presses every button in every state, and notes what LinuxCNC does; see test_buttons.py."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hal_mpg.pins import DO as DO_PINS
from hal_mpg.pins import REQUESTS
from tests.linuxcnc.driver import Driver, arguments, finish, hal, linuxcnc, wait_until
from tests.linuxcnc.virtual_pendant import ENABLE, VirtualPendant

FIRST_BUTTON = 0x2C0
BUTTONS = {
    "start-or-pause": 0,
    "step": 1,
    "stop": 2,
    "home-all": 3,
    "zero-axis": 4,
    "go-to-zero": 5,
    "safe-z": 6,
    "probe-z": 7,
    "spindle-toggle": 8,
    "flood": 9,
}
"""The requests that buttons.yaml has a button for, by mpg-buttons.hal; the rest is set by hand."""

POSITIONS = {"x": 0x120, "y": 0x121, "z": 0x122, "a": 0x123, "feed-override": 0x2D0}
DO = (*DO_PINS, *(f"zero.{axis}" for axis in "xyza"))
WAIT_S = 5.0
QUIET_S = 0.1
MOVES = 0.0005
SLOW = 0.2
"""Of the rapid speed: motions that are to be stopped last for seconds, however late somebody looks."""


class Hand:
    """Presses buttons, and looks what comes of it."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.pendant = VirtualPendant(POSITIONS)

    def press(self, request: str) -> None:
        """Press what asks for something, and let go."""
        if request in BUTTONS:
            key = FIRST_BUTTON + BUTTONS[request]
            self.pendant.press(key)
            self.pendant.release(key)
        else:
            pin = f"hal_mpg.request.{request}"
            hal.set_p(pin, "TRUE")
            self.wait(lambda: False, 0.08)
            hal.set_p(pin, "FALSE")

    def done(self) -> set[str]:
        """Return which `do.*` are TRUE."""
        return {name for name in DO if self.driver.pin(f"hal_mpg.do.{name}")}

    def wait(self, condition: Any, limit_s: float) -> bool:
        """Wait for a condition; tell whether it came."""
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            if condition():
                return True
            time.sleep(0.002)
        return False

    def ask(self, request: str) -> dict[str, Any]:
        """Ask for something; return what was done first, how soon, and the reason where it was refused."""
        driver = self.driver
        before, found = driver.pin("hal_mpg.refused"), set[str]()
        start = time.monotonic()
        self.press(request)

        def answered() -> bool:
            found.update(self.done())
            return bool(found) or driver.pin("hal_mpg.refused") != before

        answered()
        self.wait(answered, WAIT_S)
        took = time.monotonic() - start
        refused = driver.pin("hal_mpg.refused") - before
        why = driver.pin("hal_mpg.why-not") if refused else 0
        return {"did": sorted(found), "refused": refused, "why": why, "took": took}

    def refusals(self, requests: Iterable[str], moves: bool = False) -> dict[str, Any]:
        """Ask for each; return the reasons, what was done all the same, and whether the machine moved.

        `moves`: X does so anyway, and is to go on.
        """
        driver, found = self.driver, {}
        for request in requests:
            before = driver.positions()
            note = self.ask(request)
            self.wait(self.done, QUIET_S)
            after = driver.positions()
            note["moved"] = any(
                abs(after[axis] - before[axis]) > MOVES for axis in after if axis != "x" or not moves
            )
            note["goes on"] = abs(after["x"] - before["x"]) > MOVES
            note["did"] = sorted({*note["did"], *self.done()})
            found[request] = note
        return found

    def do(self, request: str, seconds: float = 20.0) -> dict[str, Any]:
        """Ask for something, and wait until the wheel works again."""
        note = self.ask(request)
        self.wait(lambda: not self.done() and self.driver.pin("hal_mpg.armed"), seconds)
        time.sleep(0.05)
        return {**note, **self.state()}

    def state(self) -> dict[str, Any]:
        """Return where the machine is, in machine and in work coordinates, and what it does."""
        driver = self.driver
        positions = driver.positions()
        stat = driver.stat
        work = {axis: driver.pin(f"halui.axis.{axis}.pos-relative") for axis in positions}
        return {
            "machine": positions,
            "work": work,
            "offset": list(stat.g5x_offset),
            "system": stat.g5x_index,
            "mode": stat.task_mode,
            "spindle": driver.pin("spindle.0.on"),
            "flood": driver.pin("halui.flood.is-on"),
            "armed": driver.pin("hal_mpg.armed"),
            "errors": [driver.errors.pop(0) for _ in driver.read_errors()[:]],
        }

    def mdi(self, command: str) -> None:
        """Have LinuxCNC carry out an MDI command, and be in manual mode again."""
        self.driver.mode("MDI")
        self.driver.command.mdi(command)
        self.driver.complete()
        self.driver.mode("MANUAL")
        self.driver.wait_pin("hal_mpg.armed", True)

    def select(self, axis: str) -> None:
        """Turn the selector; the wheel is ready."""
        self.pendant.select_axis(axis)
        self.driver.wait_pin("hal_mpg.armed", True)

    def rest(self) -> None:
        """Wait until the machine is in manual mode, and nothing goes on."""
        self.driver.mode("MANUAL")
        self.driver.wait_pin("hal_mpg.armed", True)
        self.driver.wait_pin("motion.in-position", True)
        time.sleep(0.3)


def main(driver: Driver) -> dict[str, Any]:
    """Go through all states."""
    driver.set_watchdog(5.0)
    hand = Hand(driver)
    pendant = hand.pendant
    notes: dict[str, Any] = {}
    pendant.plug_in()
    driver.wait_pin("hal_mpg.estop-ok", True)
    pendant.press(ENABLE)
    pendant.select_scale("x100")
    pendant.select_axis("x")
    driver.ask_state("ESTOP_RESET")
    driver.wait_state("ESTOP_RESET")
    wait = [name for name in REQUESTS if name not in ("stop", "machine-on", "machine-off", "manual-mode")]
    notes["off"] = hand.refusals(wait)
    notes["machine-on"] = hand.do("machine-on")
    notes["not homed"] = hand.refusals(arguments()["not homed"])
    notes["home"] = hand.do("home-all")
    notes["home again"] = hand.do("home-all")
    notes["zero"] = zeros(hand)
    notes["moves"] = moves(hand)
    notes["spindle"] = [hand.do(name, 1.0) for name in ("spindle-toggle", "zero-axis", "spindle-toggle")]
    notes["flood"] = [hand.do("flood", 1.0) for _ in range(4)]
    notes["program"] = program(hand)
    notes["states"] = states(hand)
    notes["lost"] = lost(hand)
    pendant.press_estop()
    driver.wait_pin("motion.motion-enabled", False)
    notes["estop"] = hand.refusals(wait)
    return notes


def zeros(hand: Hand) -> list[dict[str, Any]]:
    """Zero an axis in several work systems; return each time what was before and after."""
    found = []
    for axis, system, setting in (
        ("x", "G54", ""),
        ("y", "G55", ""),
        ("z", "G54", "G92 X3 Y4 Z5"),
        ("x", "G55", "G10 L2 P0 R30"),
        ("a", "G59.3", "G92.1"),
    ):
        hand.mdi(f"{system} G0 X12 Y7 Z-3 A5")
        if setting:
            hand.mdi(setting)
        hand.select(axis)
        time.sleep(0.1)
        before = hand.state()
        others = {}
        after = hand.do("zero-axis")
        time.sleep(0.1)
        after = {**after, **hand.state()}
        for other in ("G54", "G55", "G59.3"):
            hand.mdi(other)
            others[other] = list(hand.state()["offset"])
        found.append({"axis": axis, "system": system, "before": before, "after": after, "offsets": others})
    hand.mdi("G10 L2 P2 R0")
    hand.mdi("G92.1 G54 G0 X0 Y0 Z0 A0")
    return found


def moves(hand: Hand) -> dict[str, Any]:
    """Go to zero, up, and down to the plate; and stop each of them by letting go."""
    found: dict[str, Any] = {}
    hand.mdi("G54 G10 L2 P1 X5 Y-6 Z-15 A0 R0")
    hand.mdi("G91 G0 X20 Y10 Z-4")
    found["safe-z"] = hand.do("safe-z")
    found["go-to-zero"] = hand.do("go-to-zero")
    found["modal"] = list(hand.driver.stat.gcodes)
    hand.mdi("G90 G53 G0 Z0")
    found["probe-z"] = hand.do("probe-z")
    found["trip"] = hand.driver.stat.probed_position[2]
    hand.mdi("G53 G0 Z60")
    found["no plate"] = hand.do("probe-z", 40.0)
    hand.mdi("G53 G0 X150 Y0 Z0")
    hand.driver.command.rapidrate(SLOW)
    for end in ("enable", "stop", "pause"):
        hand.ask("go-to-zero")
        wait_until(lambda: hand.driver.pin("motion.current-vel") > 1, "motion")
        start = time.monotonic()
        if end == "enable":
            hand.pendant.release(ENABLE)
        else:
            hand.press(end)
        wait_until(lambda: hand.driver.pin("motion.current-vel") == 0, "rest")
        found[f"ended by {end}"] = {
            "took": time.monotonic() - start,
            "why": hand.driver.pin("hal_mpg.why-not"),
        }
        hand.pendant.press(ENABLE)
        hand.driver.wait_pin("hal_mpg.armed", True)
        found[f"ended by {end}"].update(hand.state())
        time.sleep(0.3)
    hand.driver.command.rapidrate(1.0)
    return found


def load(driver: Driver, text: str) -> None:
    path = Path("buttons.ngc").absolute()
    path.write_text(text)
    driver.mode("AUTO")
    driver.command.program_open(str(path))
    driver.complete()
    driver.mode("MANUAL")
    driver.wait_pin("hal_mpg.armed", True)


def program(hand: Hand) -> dict[str, Any]:
    """Start, pause, go on with, step and stop a program."""
    driver, found = hand.driver, {}
    found["nothing loaded"] = hand.do("cycle-start", 4.0)
    load(driver, "G21 G90 G54\nG0 X0 Y0\nG1 F600 X1\nX2\nX3\nX30\nM2\n")

    def interp(name: str) -> None:
        wait_until(lambda: driver.pin(f"halui.program.is-{name}"), name)

    for button in ("start-or-pause", "cycle-start"):
        found[button] = hand.ask(button)
        interp("running")
        wait_until(lambda: driver.pin("motion.current-vel") > 1, "motion")
        found["paused"] = hand.ask("start-or-pause" if button == "cycle-start" else "pause")
        interp("paused")
        wait_until(lambda: driver.pin("motion.current-vel") == 0, "rest")
        time.sleep(0.3)
        found["resumed"] = hand.ask("start-or-pause" if button == "cycle-start" else "resume")
        wait_until(lambda: driver.pin("motion.current-vel") > 1, "motion")
        found["stopped"] = hand.ask("stop")
        interp("idle")
        time.sleep(0.4)
        found["after stop"] = hand.state()
    found["manual"] = hand.do("manual-mode", 3.0)
    hand.mdi("G54 G0 X0 Y0")
    places = []
    for place in range(6):
        hand.ask("step")
        time.sleep(0.7)
        if place < 5:  # the last one is long, and is stopped
            hand.wait(lambda: driver.pin("motion.in-position") and not hand.done(), WAIT_S)
        places.append(hand.state()["work"]["x"])
    found["steps"] = places
    hand.press("stop")
    interp("idle")
    time.sleep(0.4)
    return found


def lost(hand: Hand) -> dict[str, Any]:
    """Lose machine or pendant in the middle of a motion and of a start: nothing may go on after that."""
    driver, pendant, found = hand.driver, hand.pendant, {}
    for end in ("estop", "unplug"):
        for request in ("go-to-zero", "start-or-pause"):
            driver.command.rapidrate(1.0)
            hand.mdi("G90 G53 G0 X60 Y0 Z0")
            driver.command.rapidrate(SLOW)
            time.sleep(0.3)
            hand.ask(request)
            if request == "go-to-zero":
                wait_until(lambda: driver.pin("motion.current-vel") > 1, "motion")
            (pendant.press_estop if end == "estop" else pendant.unplug)()
            driver.wait_pin("motion.motion-enabled", False)
            driver.wait_pin("motion.current-vel", 0.0)
            time.sleep(0.3)
            at = driver.positions()
            (pendant.release_estop if end == "estop" else pendant.plug_in)()
            driver.wait_pin("hal_mpg.estop-ok", True)
            driver.turn_on()
            driver.mode("MANUAL")
            pendant.release(ENABLE)
            pendant.press(ENABLE)
            driver.wait_pin("hal_mpg.armed", True)
            done: list[str] = []
            hand.wait(lambda done=done: done.extend(hand.done()), 1.0)
            found[f"{request}, {end}"] = {"at": at, "later": driver.positions(), "did": done}
    driver.command.rapidrate(1.0)
    driver.read_errors()
    driver.errors.clear()
    return found


def states(hand: Hand) -> dict[str, Any]:
    """Ask for what must not be while a program runs, is paused, an MDI command runs, an axis moves."""
    driver, found, table = hand.driver, {}, arguments()
    hand.rest()
    load(driver, "G21 G90 G54\nG1 F60 X100\nM2\n")
    driver.mode("AUTO")
    driver.command.auto(linuxcnc.AUTO_RUN, 0)
    driver.wait_pin("halui.program.is-running", True)
    found["running"] = hand.refusals(table["running"], moves=True)
    driver.command.auto(linuxcnc.AUTO_PAUSE)
    driver.wait_pin("halui.program.is-paused", True)
    driver.wait_pin("motion.current-vel", 0.0)
    found["paused"] = hand.refusals(table["paused"])
    driver.command.abort()
    driver.complete()
    driver.mode("MDI")
    time.sleep(0.2)
    found["MDI mode"] = hand.refusals(table["MDI mode"])
    driver.command.mdi("G1 F60 X50")
    driver.wait_pin("halui.program.is-running", True)
    found["MDI"] = hand.refusals(table["running"], moves=True)
    driver.command.abort()
    driver.complete()
    hand.rest()
    driver.command.jog(linuxcnc.JOG_CONTINUOUS, 0, 0, 0.5)
    driver.wait_pin("motion.jog-is-active", True)
    time.sleep(0.1)
    found["jogging"] = hand.refusals(table["jogging"], moves=True)
    driver.command.jog(linuxcnc.JOG_STOP, 0, 0)
    hand.rest()
    hand.pendant.turn(1)
    found["turned"] = {"zero-axis": hand.ask("zero-axis")}
    hand.rest()
    hand.pendant.release(ENABLE)
    time.sleep(0.1)
    found["not enabled"] = hand.refusals(table["not enabled"])
    hand.pendant.press(ENABLE)
    return found


if __name__ == "__main__":
    finish(main)
