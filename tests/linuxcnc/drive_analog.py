#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Moves axes by sticks, and measures how fast they go, and how soon they stand when something ends it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Any

from tests.linuxcnc.driver import Driver, finish, process_of, wait_until
from tests.linuxcnc.virtual_pendant import ENABLE, VirtualPendant

STICK_X, STICK_Y, RING, HOLD = 0, 1, 5, 0x136
"""Of sticks.yaml: ABS_X, ABS_Y, ABS_RZ, BTN_TL (linux/input-event-codes.h)."""

MIDDLE, END, HALF = 128, 255, 192
REST_S = 0.3
"""An axis that stood still for so long has come to rest."""

STILL_S = 0.5
"""How long it is looked that nothing moves."""

SPEED_OVER_S = 0.2
AGAIN, PATIENCE_S = 10, 3.0
SEEN_S = 0.3
"""Without realtime, the servo thread may stand still while the heartbeat changes, and see nothing of it."""

TRIES = 3
PATIENT_WATCHDOG_S = 5.0

Notes = dict[str, Any]


class Machine:
    """The machine, and the hands at its pendant."""

    def __init__(self, driver: Driver) -> None:
        """Plug in a pendant whose sticks are in their middle."""
        self.driver = driver
        self.pendant = VirtualPendant()
        for code, value in ((STICK_X, MIDDLE), (STICK_Y, MIDDLE), (RING, 0)):
            self.pendant.move(code, value)

    def where(self, letter: str = "x") -> float:
        """Return where an axis is commanded to be, in mm, in the servo thread's own word."""
        return float(self.driver.pin(f"joint.{'xyz'.index(letter)}.pos-cmd"))

    def stays(self) -> list[float]:
        """Return how far each axis moves while nobody wants it to."""
        before = [self.where(letter) for letter in "xyz"]
        time.sleep(STILL_S)
        return [self.where(letter) - at for letter, at in zip("xyz", before, strict=True)]

    def jog(self, code: int = STICK_X, value: int = END, letter: str = "x", selected: str = "x") -> None:
        """Hold the button, push a stick from its middle, and wait until its axis goes evenly.

        Where the servo thread stands still for a tenth of a second, hal_mpg takes the machine for off, and
        wants the stick in its middle again: then all over again.
        """
        for _ in range(AGAIN):
            self.back()
            self.pendant.select_axis(selected)
            self.pendant.press(HOLD)
            before = self.where(letter)
            self.pendant.move(code, value)
            end = time.monotonic() + PATIENCE_S
            while abs(self.where(letter) - before) < 0.5 and time.monotonic() < end:
                time.sleep(0.001)
            time.sleep(0.15)  # it accelerates for 0.05 s
            if self.asked(letter) and time.monotonic() < end:
                return
        raise TimeoutError(f"{letter} does not move")

    def asked(self, letter: str) -> float:
        """Return what hal_mpg asks for, -1 to 1."""
        return float(self.driver.pin(f"hal_mpg.axis.{letter}.analog"))

    def speed(self, letter: str = "x") -> float:
        """Return how fast an axis goes now, in mm/s: the middle one of several measurements."""
        found = []
        for _ in range(3):
            start, at = time.monotonic(), self.where(letter)
            time.sleep(SPEED_OVER_S)
            found.append((self.where(letter) - at) / (time.monotonic() - start))
        return sorted(found)[1]

    def stop_by(self, act: Callable[[], object], letter: str = "x") -> Notes:
        """End a jog; return how long and how far the axis went on, and what `jog-stop` and errors say."""
        start, before = time.monotonic(), self.where(letter)
        act()
        acted = time.monotonic()
        moved_at, at = acted, self.where(letter)
        while time.monotonic() < moved_at + REST_S:
            now = self.where(letter)
            if now != at:
                moved_at, at = time.monotonic(), now
            time.sleep(0.0005)
        return {"seconds": moved_at - start, "way": abs(at - before)}

    def back(self) -> None:
        """Bring every stick to its middle, let go of its button, and arm."""
        self.pendant.move(STICK_X, MIDDLE)
        self.pendant.move(STICK_Y, MIDDLE)
        self.pendant.move(RING, 0)
        self.pendant.release(HOLD, ENABLE)
        self.driver.wait_pin("hal_mpg.armed", False)
        self.pendant.press(ENABLE)
        self.driver.wait_pin("hal_mpg.armed", True)
        self.driver.read_errors()

    def go(self) -> None:
        """Push the stick of X to its end; inwards, seen from where X is."""
        self.jog(STICK_X, END if self.where() < 0 else 0)


def main(driver: Driver) -> Notes:
    """Do all of it; the way that ends the program comes last."""
    watchdog_s = driver.set_watchdog(PATIENT_WATCHDOG_S)
    machine, notes = Machine(driver), {}
    notes["nothing starts by itself"] = nothing_starts(machine)
    notes["joint mode"] = joint_mode(machine)
    driver.home()
    notes["speeds"] = speeds(machine)
    notes["detents"] = detents(machine)
    notes["stops"] = {name: stops(machine, name) for name in STOPS}
    notes["stops"]["SIGSTOP"] = [stopped(machine, watchdog_s) for _ in range(TRIES)]
    notes["stops"]["SIGKILL"] = [killed(machine, watchdog_s)]
    return notes


def nothing_starts(machine: Machine) -> dict[str, list[float]]:
    """Plug in, arm, press hold and select with every stick at its end; return what moved."""
    pendant, driver = machine.pendant, machine.driver
    for code, value in ((STICK_X, END), (STICK_Y, 0), (RING, 7)):
        pendant.move(code, value)
    pendant.plug_in()
    driver.wait_pin("hal_mpg.estop-ok", True)
    driver.turn_on()
    driver.mode("MANUAL")
    found = {"on": machine.stays()}
    pendant.select_scale("x1")
    pendant.select_axis("x")
    pendant.press(ENABLE)
    driver.wait_pin("hal_mpg.armed", True)
    found["armed"] = machine.stays()
    pendant.press(HOLD)
    found["hold"] = machine.stays()
    pendant.select_axis("y")
    pendant.select_axis("z")
    found["selected"] = machine.stays()
    return found


def joint_mode(machine: Machine) -> float:
    """Move a joint before it is homed; return how fast it went."""
    machine.jog()
    speed = machine.speed()
    machine.stop_by(lambda: machine.pendant.move(STICK_X, MIDDLE))
    return speed


def speeds(machine: Machine) -> dict[str, tuple[float, float]]:
    """Return what hal_mpg asked for (-1 to 1) and how fast the axis went, for several ways to push."""
    found = {}
    cases = (
        ("x end", STICK_X, END, "x"),
        ("x half back", STICK_X, 255 - HALF, "x"),
        ("y end, inverted", STICK_Y, END, "y"),
        ("ring on z", RING, 5, "z"),
    )
    for name, code, value, letter in cases:
        while name not in found:
            machine.jog(code, value, letter, selected="z")
            asked, speed = machine.asked(letter), machine.speed(letter)
            if machine.asked(letter) == asked:
                found[name] = asked, speed
            machine.stop_by(machine.back, letter)
    return found


def detents(machine: Machine) -> Notes:
    """Turn the wheel on an axis that a stick moves, on another, and after it; return what became of it."""
    driver, pendant = machine.driver, machine.pendant
    machine.jog(STICK_X, 0)
    dropped = driver.pin("hal_mpg.dropped")
    pendant.turn(5)
    driver.wait_pin("hal_mpg.dropped", dropped + 5)
    y = machine.where("y")
    pendant.select_axis("y")
    pendant.turn(7)
    wait_until(lambda: abs(machine.where("y") - y - 0.007) < 1e-6, "Y to go on by 7 detents")
    machine.stop_by(lambda: pendant.move(STICK_X, MIDDLE))
    pendant.select_axis("x")
    x = machine.where()
    pendant.turn(11)
    wait_until(lambda: abs(machine.where() - x - 0.011) < 1e-6, "X to go on by 11 detents")
    return {
        "counted": driver.pin("hal_mpg.axis.x.jog-counts"),
        "dropped": driver.pin("hal_mpg.dropped") - dropped,
    }


STOPS: dict[str, Callable[[Machine], object]] = {
    "let go": lambda machine: machine.pendant.move(STICK_X, MIDDLE),
    "hold released": lambda machine: machine.pendant.release(HOLD),
    "enabling button released": lambda machine: machine.pendant.release(ENABLE),
    "E-stop": lambda machine: machine.pendant.press_estop(),
    "unplugged": lambda machine: machine.pendant.unplug(),
}


def stops(machine: Machine, name: str) -> list[Notes]:
    """End a jog in one way, several times."""
    found = []
    for _ in range(TRIES):
        machine.go()
        found.append(machine.stop_by(lambda: STOPS[name](machine)))
        found[-1]["stays"] = machine.stays()
        if name == "unplugged":
            machine.pendant.plug_in()
        machine.pendant.release_estop()
        restore(machine)
        found[-1]["stays on again"] = machine.stays()  # though the stick is where it was
    return found


def restore(machine: Machine) -> None:
    """Have the machine switched on."""
    machine.driver.wait_pin("hal_mpg.estop-ok", True)
    if machine.driver.state() != "ON":
        machine.driver.turn_on()
        machine.driver.teleop()


def go_with_watchdog(machine: Machine, watchdog_s: float) -> int:
    """Start a jog with the watchdog as the samples have it; return hal_mpg's process.

    A machine that is busy with other things may trip it meanwhile: then all over again.
    """
    while True:
        machine.driver.set_watchdog(PATIENT_WATCHDOG_S)
        restore(machine)
        machine.go()
        machine.driver.set_watchdog(watchdog_s)
        machine.driver.wait_heartbeats()
        time.sleep(SEEN_S)
        if machine.driver.state() == "ON" and machine.driver.pin("hal_mpg.axis.x.analog"):
            return process_of("hal_mpg")


def stopped(machine: Machine, watchdog_s: float) -> Notes:
    """Stop the process, as a hang would; return what came of it, and let it go on."""
    process = go_with_watchdog(machine, watchdog_s)
    found = machine.stop_by(lambda: os.kill(process, signal.SIGSTOP))
    found["stick"] = machine.driver.pin("halui.axis.x.analog")
    machine.driver.set_watchdog(PATIENT_WATCHDOG_S)
    os.kill(process, signal.SIGCONT)
    found["stays"] = machine.stays()
    return found


def killed(machine: Machine, watchdog_s: float) -> Notes:
    """Kill the process; return what came of it."""
    process = go_with_watchdog(machine, watchdog_s)
    found = machine.stop_by(lambda: os.kill(process, signal.SIGKILL))
    found["stick"] = machine.driver.pin("halui.axis.x.analog")
    found["stays"] = machine.stays()
    return found


finish(main)
