#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Jogs a machine that `hal_mpg wiring` has wired: each axis by one detent at each scale, and the E-stop."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar

from tests.linuxcnc.driver import Driver, arguments, finish, hal, linuxcnc, process_of, wait_until
from tests.linuxcnc.virtual_pendant import AXES, ENABLE, SCALES, VirtualPendant

POSITIONS = {**AXES, "u": 0x130, "v": 0x131, "w": 0x132}
"""BTN_SOUTH, BTN_EAST, BTN_C."""

LETTERS = "xyzabcuvw"

HOME_LIMIT_S = 90.0

PATIENCE_S, WATCHDOG_S = 5.0, 0.13
"""How long hal_mpg may stand still: while something else is tested, and while that is."""

TRIES = 3

REST_PERIODS, PERIOD = 30, "motion-controller.time"
"""For how many of the servo thread's periods everything has to rest, and a pin that is another one in each.

Time is no measure: on a busy machine, the thread stands still in the middle of a jog.
"""

START_S, IDLE_S = 3.0, 0.3
"""How long a jog may take to begin, on a machine that is busy; and one that is not to move anything."""

Notes = dict[str, Any]

Places = TypeVar("Places")
"""Where everything is: by joints, or by axes."""


def main(driver: Driver) -> Notes:
    """Jog before homing, home, jog after it, and trip."""
    pendant = VirtualPendant(POSITIONS)
    start = time.monotonic()
    notes: Notes = {"seconds": {}}
    be_patient(driver, PATIENCE_S)
    before = driver.pin("motion.enable")
    pendant.plug_in()
    driver.wait_pin("hal_mpg.estop-ok", True)
    notes["enabled before reset"] = [before, driver.pin("motion.enable")]
    driver.turn_on()
    driver.mode("MANUAL")
    pendant.press(ENABLE)
    idle = arguments().get("idle", {"unhomed": "", "homed": ""})
    start_s = {when: {x: IDLE_S if x in idle[when] else START_S for x in letters(driver)} for when in idle}
    notes["unhomed"] = {x: jog_joints(driver, pendant, x, start_s["unhomed"][x]) for x in letters(driver)}
    home(driver)
    notes["seconds"]["homed"] = round(time.monotonic() - start, 1)
    notes["homed"] = {x: jog_axis(driver, pendant, x, start_s["homed"][x]) for x in letters(driver)}
    notes["limits"] = {letter: limits(driver, letter) for letter in letters(driver)}
    if arguments().get("door"):
        notes["door"] = door(driver, pendant, arguments()["door"])
    notes["estop"] = press_estop(driver, pendant)
    if arguments()["hang"]:
        notes["hang"] = hang(driver)
    notes["seconds"]["all"] = round(time.monotonic() - start, 1)
    notes["errors"] = sorted(set(driver.read_errors()))
    return notes


def be_patient(driver: Driver, timeout_s: float) -> None:
    """Set how long hal_mpg may stand still, whichever component looks after that; see `set_watchdog`."""
    for pin in ("watchdog.timeout-0", "mpg-heartbeat-ok.width"):
        with suppress(RuntimeError):  # there is no such pin
            driver.pin(pin)
            hal.set_p(pin, str(timeout_s))


def letters(driver: Driver) -> str:
    driver.stat.poll()
    return "".join(x for i, x in enumerate(LETTERS) if driver.stat.axis_mask & 1 << i)


def limits(driver: Driver, letter: str) -> list[float]:
    return [driver.pin(f"hal_mpg.axis.{letter}.max-{what}") for what in ("velocity", "acceleration")]


def joints(driver: Driver) -> list[float]:
    """Return where the joints are told to be, as HAL has it."""
    return [driver.pin(f"joint.{joint}.pos-cmd") for joint in range(driver.stat.joints)]


def still(driver: Driver, look: Callable[[bool], bool] = bool) -> None:
    """Wait until nothing moves any more, and LinuxCNC's task knows; `look` is told each time if it is."""
    last, period, periods = joints(driver), driver.pin(PERIOD), 0

    def rested() -> bool:
        nonlocal last, period, periods
        before, last = last, joints(driver)
        before_period, period = period, driver.pin(PERIOD)
        periods = periods + (period != before_period) if last == before else 0
        return look(periods >= REST_PERIODS)

    wait_until(rested, "nothing moves")
    driver.wait_stat(
        lambda: [joint["output"] for joint in driver.stat.joint[: len(last)]] == last, "the task"
    )


def ready(driver: Driver) -> None:
    try:
        driver.wait_pin("hal_mpg.why-not", 0)
    except TimeoutError as error:
        raise TimeoutError(
            f"{error}: it is {driver.pin('hal_mpg.why-not')}; on a soft limit: "
            f"{driver.pin('motion.on-soft-limit')}; "
            f"at {driver.positions()}, joints {joints(driver)}; {driver.read_errors()}"
        ) from None


class Turn(NamedTuple):
    """What is done to the wheel, and how long its axis may take to begin to move."""

    pendant: VirtualPendant
    letter: str
    detents: int
    start_s: float


def measure(driver: Driver, turn: Turn, where: Callable[[Driver], Places]) -> tuple[Places, Places]:
    """Turn the wheel; return where everything was before, and is after it has stopped.

    On a computer so busy that hal_mpg or the servo thread stands still, hal_mpg disarms, and what LinuxCNC
    has not yet done is dropped or stopped: it is turned once more then, as by a user.
    """
    for _ in range(TRIES):
        ready(driver)
        before = where(driver)
        if turn_wheel(driver, turn):
            break
    return before, where(driver)


def turn_wheel(driver: Driver, turn: Turn) -> bool:
    """Turn the wheel, and wait until the axis has moved (where it may) and stopped.

    Return whether its axis has got all of it, and hal_mpg was armed all the time. AssertionError where
    detents are neither on the axis' counter nor, every one of them, in `dropped`.
    """
    pin, start = f"hal_mpg.axis.{turn.letter}.jog-counts", joints(driver)
    counts, dropped = driver.pin(pin), driver.pin("hal_mpg.dropped")
    was_armed = True

    def look(is_over: bool) -> bool:
        nonlocal was_armed
        was_armed = was_armed and driver.pin("hal_mpg.armed")
        return is_over

    def is_told() -> bool:
        return bool(driver.pin(pin) != counts or driver.pin("hal_mpg.dropped") != dropped)

    turn.pendant.turn(turn.detents)
    wait_until(lambda: look(is_told()), f"counts of {turn.letter}")
    with suppress(TimeoutError):  # where nothing may move
        wait_until(lambda: look(joints(driver) != start), "motion", turn.start_s)
    still(driver, look)
    lost = driver.pin("hal_mpg.dropped") - dropped
    is_taken = driver.pin(pin) != counts
    assert lost == (0 if is_taken else abs(turn.detents)), f"{turn.letter}: taken {is_taken}, dropped {lost}"
    return was_armed and is_taken


def select(driver: Driver, pendant: VirtualPendant, letter: str, scale: str) -> None:
    pendant.select_axis(letter)
    pendant.select_scale(scale)
    driver.wait_pin(f"hal_mpg.axis.{letter}.selected", True)
    ready(driver)


def jog_joints(driver: Driver, pendant: VirtualPendant, letter: str, start_s: float) -> dict[str, float]:
    """Return which joints one detent moves before homing, and how far."""
    driver.command.teleop_enable(0)
    driver.complete()
    select(driver, pendant, letter, "x10")
    before, after = measure(driver, Turn(pendant, letter, 1, start_s), joints)
    moved = {str(n): round(b - a, 7) for n, (a, b) in enumerate(zip(before, after, strict=True))}
    return {joint: distance for joint, distance in moved.items() if distance}


def home(driver: Driver) -> None:
    """Home all joints, in the sequence of the INI file or one after the other."""
    ini = linuxcnc.ini(driver.stat.ini_filename)
    driver.command.teleop_enable(0)
    driver.complete()
    count = driver.stat.joints
    sequenced = all(ini.find(f"JOINT_{joint}", "HOME_SEQUENCE") for joint in range(count))
    for joint in [-1] if sequenced else range(count):
        driver.command.home(joint)
        driver.complete()
        wanted = range(count) if joint < 0 else [joint]
        wait_until(lambda w=wanted: homed(driver, w), f"homed {joint}", HOME_LIMIT_S)
    driver.teleop()
    still(driver)


def homed(driver: Driver, wanted: Any) -> bool:
    driver.stat.poll()
    driver.read_errors()
    return all(driver.stat.homed[joint] for joint in wanted)


def direction(driver: Driver, letter: str, position: float) -> int:
    """Return the way in which there is more room."""
    index = LETTERS.index(letter)
    low, high = driver.stat.axis[index]["min_position_limit"], driver.stat.axis[index]["max_position_limit"]
    return 1 if high - position >= position - low else -1


def jog_axis(driver: Driver, pendant: VirtualPendant, letter: str, start_s: float) -> dict[str, Any]:
    """Return how far everything goes by one detent at each scale."""
    found = {}
    for scale in SCALES:
        select(driver, pendant, letter, scale)
        way = direction(driver, letter, driver.positions()[letter])
        before, after = measure(driver, Turn(pendant, letter, way, start_s), Driver.positions)
        moved = {x: round((after[x] - before[x]) * way, 7) for x in after}
        found[scale] = {x: distance for x, distance in moved.items() if distance}
    return found


def door(driver: Driver, pendant: VirtualPendant, name: str) -> Notes:
    """Turn the wheel while a signal on motion.jog-inhibit rises and is TRUE; return what moves after that.

    `opened`: when it falls, without another detent; `then`: by one detent.
    """
    letter = letters(driver)[0]
    select(driver, pendant, letter, "x10")
    way = direction(driver, letter, driver.positions()[letter])
    for detent in range(40):
        if detent == 20:
            set_signal(name, "TRUE")
        pendant.turn(way)
        time.sleep(0.005)
    driver.wait_pin("hal_mpg.inhibit", True)
    pendant.turn(way)
    still(driver)
    before = driver.positions()
    set_signal(name, "FALSE")
    ready(driver)
    time.sleep(START_S / 3)
    still(driver)
    after = driver.positions()
    moved = {x: round(after[x] - before[x], 7) for x in after}
    first, last = measure(driver, Turn(pendant, letter, way, START_S), Driver.positions)
    then = {x: round((last[x] - first[x]) * way, 7) for x in last}
    return {"opened": without_zeros(moved), "then": without_zeros(then), "letter": letter}


def set_signal(name: str, value: str) -> None:
    subprocess.run(["halcmd", "sets", name, value], check=True, timeout=10, capture_output=True)


def without_zeros(moved: dict[str, float]) -> dict[str, float]:
    return {letter: distance for letter, distance in moved.items() if distance}


def press_estop(driver: Driver, pendant: VirtualPendant) -> Notes:
    """Press the E-stop, try to reset, release, and turn on again."""
    start = time.monotonic()
    pendant.press_estop()
    driver.wait_pin("motion.enable", False)
    notes: Notes = {"trip_s": round(time.monotonic() - start, 4)}
    driver.wait_state("ESTOP")
    driver.ask_state("ESTOP_RESET")
    notes["reset while pressed"] = [driver.pin("motion.enable"), driver.state()]
    pendant.release_estop()
    driver.wait_pin("hal_mpg.estop-ok", True)
    notes["released"] = [driver.pin("motion.enable"), driver.state()]
    driver.turn_on()
    notes["on again"] = driver.state()
    return notes


def hang(driver: Driver) -> Notes:
    """Stop the process of hal_mpg, and let it go on."""
    be_patient(driver, WATCHDOG_S)
    for _ in range(6):  # until the time that was set applies
        time.sleep(0.1)
    process = process_of("hal_mpg")
    start = time.monotonic()
    os.kill(process, signal.SIGSTOP)
    driver.wait_pin("motion.enable", False)
    notes: Notes = {"trip_s": round(time.monotonic() - start, 4)}
    driver.ask_state("ESTOP_RESET")
    notes["reset while it stands still"] = driver.pin("motion.enable")
    os.kill(process, signal.SIGCONT)
    be_patient(driver, PATIENCE_S)
    driver.turn_on()
    notes["on again"] = driver.state()
    return notes


if __name__ == "__main__":
    finish(main)
