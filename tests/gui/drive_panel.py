#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Plays a pendant in a LinuxCNC with one of its GUIs; notes what the panel shows and the GUI selects."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.gui.axis_window import Axis
from tests.gui.gui import Gui, Seen
from tests.linuxcnc.driver import Driver, arguments, finish, hal, process_of
from tests.linuxcnc.virtual_pendant import ENABLE, VirtualPendant

LONG_S = 60.0
"""The watchdog's time: the GUIs take the processor for seconds."""

RECOVER_LIMIT_S = 60.0

SHORT_S = 0.5
"""The watchdog's time when nothing moves any more, and the machine is in E-stop."""

AWHILE_S = 1.0
"""Far longer than a GUI takes to follow."""


def main(driver: Driver) -> dict[str, Any]:
    name: str = arguments()
    driver.set_watchdog(LONG_S)
    gui = Axis() if name == "axis" else Gui(name)
    pendant = VirtualPendant()
    notes: dict[str, Any] = {"photos": {}}
    notes["no pendant"] = why(gui, "NO\nPENDANT")
    pendant.plug_in()
    pendant.select_axis("y")
    pendant.select_scale("x10")
    notes["off"] = why(gui, "MACHINE\nOFF")
    driver.turn_on()
    time.sleep(AWHILE_S)  # GUIs change the mode when the machine comes on, and that ends homing
    driver.home()
    notes["let go"] = why(gui, "HOLD\nENABLE")
    pendant.press(ENABLE)
    why(gui, "READY")
    pendant.turn(25)
    notes["ready"] = gui.wait_seen(lambda seen: seen["texts"].get("turned") == "25", "25 clicks")
    driver.wait_pin("hal_mpg.velocity", 0.0)
    gui.wait_seen(lambda seen: seen["texts"]["speed"] == "0/s", "the wheel to be still")
    notes["still"] = follow(driver, gui, "y", 0.01)
    notes["photos"]["ready"] = gui.photograph()
    pendant.select_axis("a")
    pendant.select_scale("x100")
    notes["a"] = follow(driver, gui, "a", 1.0)
    if isinstance(gui, Axis):
        notes.update(axis_alone(driver, gui, pendant))
    notes["positions"] = driver.positions()
    states(driver, gui, pendant, notes)
    gui.end()
    return notes


def why(gui: Gui, words: str) -> Seen:
    """Wait until the panel gives a reason; return what it shows."""
    return gui.wait_seen(lambda seen: seen["texts"].get("why") == words, f"the panel to say {words}")


def follow(driver: Driver, gui: Gui, axis: str, click: float) -> Seen:
    """Wait until the GUI has the pendant's axis (if it has one) and click; return what is to be seen."""

    def there(seen: Seen) -> bool:
        if seen["texts"]["selected"] != axis.upper():
            return False
        if "axis" not in seen:  # gmoccapy has no selected axis
            return abs(driver.pin("gmoccapy.jog.jog-increment") - click) < 1e-9
        entry = seen["angular"] if axis in "abc" and "angular" in seen else seen["increment"]
        number = entry.split(" ")[0]
        return seen["axis"] == axis and number not in ("", "Continuous") and float(number) == click

    seen = gui.wait_seen(there, f"the GUI to follow to {axis} and {click}")
    if "axis" not in seen:
        seen["increment"] = driver.pin("gmoccapy.jog.jog-increment")
    return seen


def axis_alone(driver: Driver, gui: Axis, pendant: VirtualPendant) -> dict[str, Any]:
    """Play what only AXIS has: the mouse chooses, a jog by it ends as it began, Touch Off stays as asked."""
    notes: dict[str, Any] = {}
    gui.choose("z")
    time.sleep(AWHILE_S)
    notes["chosen by the mouse"] = gui.seen()
    pendant.select_axis("x")
    follow(driver, gui, "x", 0.1)
    gui.choose_increment(0)
    gui.hold_plus()
    driver.wait_pin("axis.x.kb-jog-active", True)
    pendant.select_axis("y")
    pendant.select_scale("x1")
    time.sleep(AWHILE_S)
    notes["while jogging"] = gui.seen()
    gui.let_go_of_plus()
    driver.wait_pin("axis.x.kb-jog-active", False)
    notes["after jogging"] = follow(driver, gui, "y", 0.001)
    window = gui.touch_off()
    pendant.select_axis("z")
    time.sleep(AWHILE_S)
    notes["while asking"] = gui.seen()
    gui.press_ok(window)
    notes["after asking"] = follow(driver, gui, "z", 0.001)
    driver.stat.poll()
    notes["offsets"] = list(driver.stat.g5x_offset)
    return notes


def states(driver: Driver, gui: Gui, pendant: VirtualPendant, notes: dict[str, Any]) -> None:
    """Play what is left: the wheel runs the program, E-stop, unplugged, hal_mpg stands still, or ends."""
    hal.set_p("hal_mpg.mpg-run.select", "TRUE")
    notes["mpg-run"] = gui.wait_seen(lambda seen: seen["texts"]["selected"] == "RUN", "RUN")
    hal.set_p("hal_mpg.mpg-run.select", "FALSE")
    pendant.press_estop()
    why(gui, "E-STOP")
    # On AXIS, the reason and the rest of the panel are drawn by two.
    notes["estop"] = gui.wait_seen(
        lambda seen: "E-STOP" in seen["lit"] and "ARMED" not in seen["lit"], "the lamps of an E-stop"
    )
    time.sleep(AWHILE_S)  # what was said is drawn a moment later
    notes["photos"]["estop"] = gui.photograph()
    pendant.unplug()
    why(gui, "NO\nPENDANT")
    notes["unplugged"] = gui.wait_seen(
        lambda seen: seen["texts"]["selected"] == seen["texts"]["click"] == "-", "nothing to be selected"
    )
    process = process_of("hal_mpg")
    os.kill(process, signal.SIGSTOP)
    notes["stopped"] = why(gui, "NO\nHAL_MPG")
    os.kill(process, signal.SIGCONT)
    why(gui, "NO\nPENDANT")
    driver.set_watchdog(SHORT_S)
    driver.wait_heartbeats()
    notes["killed"] = killed(driver, gui, signal.SIGKILL)
    notes["component"] = recover(driver)
    notes["recovered"] = why(gui, "NO\nPENDANT")
    pendant.plug_in()
    why(gui, "E-STOP")
    pendant.select_axis("x")
    x = gui.wait_seen(lambda seen: seen["texts"]["selected"] == "X", "X")
    notes["recovered and x"] = follow(driver, gui, "x", 0.001) if isinstance(gui, Axis) else x
    notes["ended"] = killed(driver, gui, signal.SIGTERM)
    pendant.unplug()
    recover(driver)
    why(gui, "NO\nPENDANT")
    pendant.plug_in()
    notes["recovered again"] = gui.wait_seen(lambda seen: seen["texts"]["selected"] == "X", "X again")


def killed(driver: Driver, gui: Gui, number: int) -> Seen:
    """Have hal_mpg end by a signal; return what is to be seen then."""
    os.kill(process_of("hal_mpg"), number)
    driver.wait_pin("watchdog.ok-out", False)
    return gui.wait_seen(
        lambda seen: seen["texts"].get("why") == "NO\nHAL_MPG" and "ALIVE" not in seen["lit"],
        "the panel to say that hal_mpg does not run",
    )


def recover(driver: Driver) -> str:
    """Start hal_mpg again, as a user does in a terminal; return the component's name."""
    driver.stat.poll()
    command = ["hal_mpg", "recover", driver.stat.ini_filename]
    subprocess.run(command, check=True, timeout=RECOVER_LIMIT_S)
    words = Path(f"/proc/{process_of('hal_mpg')}/cmdline").read_text().split("\0")
    return words[words.index("--name") + 1] if "--name" in words else "hal_mpg"


finish(main)
