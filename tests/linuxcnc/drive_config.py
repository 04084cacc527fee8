#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Drives one of the sample configurations, and notes what test_configs.py looks at.

In one run, since starting LinuxCNC is the slow part. The notes are facts; the test judges them.
"""

from __future__ import annotations

import os
import signal
from typing import Any

from tests.linuxcnc.driver import Driver, finish, linuxcnc, process_of, wait_until
from tests.linuxcnc.virtual_pendant import ENABLE, RESET, VirtualPendant

TRIPS = 3
"""How often each kind of trip is timed; the fastest counts, the others are the machine's load."""

WATCHDOG_S = 0.13
"""What the configurations set; it applies while the watchdog itself is tested."""

PATIENT_WATCHDOG_S = 5.0

Notes = dict[str, Any]


def main(driver: Driver) -> Notes:
    """Go through a day's work, from a missing pendant to one whose program was killed."""
    pendant = VirtualPendant()
    letters = [x for i, x in enumerate("xyzabcuvw") if driver.stat.axis_mask & 1 << i]
    notes: Notes = {"letters": "".join(letters)}
    notes["watchdog_s"] = driver.set_watchdog(PATIENT_WATCHDOG_S)
    notes["limits"] = {x: limits(driver, x) for x in letters}
    notes["absent"] = try_reset(driver)
    pendant.plug_in()
    driver.wait_pin("hal_mpg.estop-ok", True)
    notes["plugged in"] = driver.state()
    driver.power_up()
    notes["gates"] = gates(driver)
    pendant.press(ENABLE)
    pendant.select_scale("x10")
    notes["axes"] = {x: jog(driver, pendant, x) for x in letters}
    notes["joints"] = jog_in_joint_mode(driver, pendant, letters[-1])
    notes["jog-stop"] = stop_jog(driver, pendant)
    notes["errors before trips"] = list(driver.read_errors())
    notes["estop"] = [press_estop(driver, pendant, by_pendant=i % 2 == 1) for i in range(TRIPS)]
    notes["gui estop"] = gui_estop(driver)
    notes["program"] = trip_in_program(driver, pendant)
    notes["unplug"] = unplug(driver, pendant)
    notes["second trip"] = second_trip(driver, pendant)
    notes["hang"] = [hang(driver) for _ in range(TRIPS)]
    notes["errors"] = sorted(set(driver.read_errors()))
    notes["kill"] = kill(driver)
    return notes


def limits(driver: Driver, letter: str) -> list[list[float]]:
    """Return what hal_mpg was told of the axis, and what the INI file says."""
    section = f"AXIS_{letter.upper()}"
    ini = linuxcnc.ini(driver.stat.ini_filename)
    names = ("max-velocity", "max-acceleration")
    told = [driver.pin(f"hal_mpg.axis.{letter}.{name}") for name in names]
    return [told, [float(ini.find(section, name)) for name in ("MAX_VELOCITY", "MAX_ACCELERATION")]]


def try_reset(driver: Driver) -> Notes:
    """Ask for a reset that must be refused, and return how things are when it has been tried."""
    driver.ask_state("ESTOP_RESET")  # waits until iocontrol has raised its request
    return {"enable": driver.pin("motion.enable"), "state": driver.state()}


def gates(driver: Driver) -> Notes:
    """Return hal_mpg's gates in each mode, and with the machine off."""
    notes = {}
    for mode in ("MDI", "AUTO", "MANUAL"):
        driver.mode(mode)
        driver.wait_pin(f"halui.mode.is-{mode.lower()}", True)
        notes[mode] = [driver.pin("hal_mpg.mode-is-manual"), driver.pin("hal_mpg.machine-is-on")]
    driver.ask_state("OFF")
    driver.wait_pin("halui.machine.is-on", False)
    notes["OFF"] = [driver.pin("hal_mpg.mode-is-manual"), driver.pin("hal_mpg.machine-is-on")]
    driver.turn_on()
    driver.teleop()
    return notes


def jog(driver: Driver, pendant: VirtualPendant, letter: str) -> Notes:
    """Jog one axis by three detents, and return where everything went and what its pins are."""
    pendant.select_axis(letter)
    driver.wait_pin(f"halui.axis.{letter}.is-selected", True)
    before = driver.positions()
    turn(driver, pendant, letter, 3)
    after = driver.positions()
    joint = "xyzabc".index(letter)
    outputs = {
        "counts": driver.pin(f"hal_mpg.axis.{letter}.jog-counts"),
        "enable": driver.pin(f"hal_mpg.axis.{letter}.jog-enable"),
        "scale": driver.pin(f"hal_mpg.axis.{letter}.jog-scale"),
    }
    return {
        "moved": {x: round(after[x] - before[x], 6) for x in after},
        "hal_mpg": outputs,
        "axis": {name: driver.pin(f"axis.{letter}.jog-{name}") for name in outputs},
        "joint": {name: driver.pin(f"joint.{joint}.jog-{name}") for name in outputs},
    }


def jog_in_joint_mode(driver: Driver, pendant: VirtualPendant, letter: str) -> float:
    """Return how far the axis goes by three detents in joint mode, as before homing."""
    driver.command.teleop_enable(0)
    driver.complete()
    driver.wait_pin("halui.mode.is-joint", True)
    pendant.select_axis(letter)
    before = driver.positions()[letter]
    turn(driver, pendant, letter, 3)
    moved = driver.positions()[letter] - before
    driver.teleop()
    return round(moved, 6)


def turn(driver: Driver, pendant: VirtualPendant, letter: str, detents: int) -> None:
    """Turn the wheel, and wait until the axis has arrived where it should."""
    driver.wait_pin(f"hal_mpg.axis.{letter}.selected", True)
    driver.wait_pin("hal_mpg.armed", True)
    target = driver.positions()[letter] + detents * driver.pin("hal_mpg.scale")
    pendant.turn(detents)
    arrived = f"{letter} to arrive at {target}"
    wait_until(lambda: abs(driver.positions()[letter] - target) < 1e-6, arrived)
    at_rest(driver)


def stop_jog(driver: Driver, pendant: VirtualPendant) -> Notes:
    """Let go of the enabling button in the middle of a jog."""
    pendant.select_axis("x")
    pendant.select_scale("x100")
    driver.wait_pin("hal_mpg.armed", True)
    pendant.turn(20)
    driver.wait_pin("motion.jog-is-active", True)
    pendant.release(ENABLE)
    driver.wait_pin("motion.jog-stop", True)
    driver.wait_pin("motion.jog-stop", False)
    at_rest(driver)
    enables = [driver.pin(f"axis.{x}.jog-enable") for x in driver.positions()]
    pendant.press(ENABLE)
    return {"enables": enables}


def at_rest(driver: Driver) -> None:
    """Wait until no axis is jogging."""
    driver.wait_pin("motion.jog-is-active", False)


def press_estop(driver: Driver, pendant: VirtualPendant, by_pendant: bool) -> Notes:
    """Press the E-stop, release it, and reset: with the pendant's button, or the GUI's."""
    pendant.press_estop()
    trip_s = driver.wait_pin("motion.motion-enabled", False)
    driver.wait_state("ESTOP")
    pressed = try_reset(driver)
    pendant.release_estop()
    driver.wait_pin("hal_mpg.estop-ok", True)
    released = {"enable": driver.pin("motion.enable"), "state": driver.state()}
    if by_pendant:
        pendant.press(RESET)
        driver.wait_state("ESTOP_RESET")
        pendant.release(RESET)
        driver.ask_state("ON")
        driver.wait_state("ON")
    else:
        driver.turn_on()
    return {"trip_s": trip_s, "reset while pressed": pressed, "released": released}


def gui_estop(driver: Driver) -> Notes:
    """Stop by the GUI's button, and reset."""
    driver.ask_state("ESTOP")  # waits until iocontrol has dropped user-enable-out
    notes = {"enable": driver.pin("motion.enable")}
    driver.wait_state("ESTOP")
    driver.turn_on()
    return notes


def trip_in_program(driver: Driver, pendant: VirtualPendant) -> Notes:
    """Press the E-stop during an MDI command, and return how far it went on after the reset."""
    driver.mode("MDI")
    driver.command.mdi("G1 F600 X50")
    start = driver.positions()["x"]
    wait_until(lambda: abs(driver.positions()["x"] - start) > 0.1, "the command to move X")
    pendant.press_estop()
    driver.wait_state("ESTOP")
    pendant.release_estop()
    driver.wait_pin("hal_mpg.estop-ok", True)
    idle = linuxcnc.INTERP_IDLE
    driver.wait_state("ESTOP")
    driver.wait_stat(lambda: driver.stat.interp_state == idle, "the interpreter to be idle")
    before = driver.positions()["x"]
    driver.turn_on()
    driver.mode("MANUAL")
    driver.teleop()
    return {"went on": abs(driver.positions()["x"] - before)}


def unplug(driver: Driver, pendant: VirtualPendant) -> Notes:
    """Pull the plug, put it back, and reset."""
    pendant.unplug()
    driver.wait_state("ESTOP")
    missing = try_reset(driver)
    pendant.plug_in()
    driver.wait_pin("hal_mpg.estop-ok", True)
    back = {"enable": driver.pin("motion.enable"), "state": driver.state()}
    driver.turn_on()
    return {"missing": missing, "back": back}


def second_trip(driver: Driver, pendant: VirtualPendant) -> Notes:
    """Press the E-stop again while a reset is under way: it stays tripped, and can be reset."""
    pendant.press_estop()
    driver.wait_state("ESTOP")
    pendant.release_estop()
    driver.wait_pin("hal_mpg.estop-ok", True)
    driver.command.state(linuxcnc.STATE_ESTOP_RESET)
    driver.wait_pin("motion.enable", True)
    pendant.press_estop()
    driver.wait_pin("motion.enable", False)
    pendant.release_estop()
    driver.wait_pin("hal_mpg.estop-ok", True)
    driver.complete()
    driver.wait_pin("iocontrol.0.user-request-enable", False)
    driver.wait_state("ESTOP")
    notes = {"enable": driver.pin("motion.enable")}
    driver.turn_on()
    return notes


def hang(driver: Driver) -> Notes:
    """Stop hal_mpg's process in its tracks, let it go on, and reset."""
    process = process_of("hal_mpg")
    driver.set_watchdog(WATCHDOG_S)
    driver.wait_heartbeats()
    os.kill(process, signal.SIGSTOP)
    trip_s = driver.wait_pin("motion.motion-enabled", False)
    driver.wait_state("ESTOP")
    hanging = try_reset(driver)
    driver.set_watchdog(PATIENT_WATCHDOG_S)
    os.kill(process, signal.SIGCONT)
    driver.wait_pin("watchdog.ok-out", True)
    driver.wait_pin("hal_mpg.estop-ok", True)
    back = {"enable": driver.pin("motion.enable")}
    driver.turn_on()
    return {"trip_s": trip_s, "hanging": hanging, "back": back}


def kill(driver: Driver) -> Notes:
    """Kill hal_mpg's process, which leaves its pins as they were. Nothing can follow this."""
    driver.set_watchdog(WATCHDOG_S)
    driver.wait_heartbeats()
    os.kill(process_of("hal_mpg"), signal.SIGKILL)
    trip_s = driver.wait_pin("motion.motion-enabled", False)
    driver.wait_state("ESTOP")
    left = driver.pin("hal_mpg.estop-ok")
    return {"trip_s": trip_s, "estop-ok": left, "reset": try_reset(driver)}


finish(main)
