#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Jogs while `hal_mpg monitor --hal` looks on; a second one is still there when LinuxCNC ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.linuxcnc.driver import Driver, finish, wait_until
from tests.linuxcnc.virtual_pendant import ENABLE, VirtualPendant

MONITOR = f"{sys.executable} -m hal_mpg monitor --hal --plain"


def main(driver: Driver) -> dict[str, Any]:
    """Jog X, unplug, and return what the monitor printed, and where X is."""
    driver.set_watchdog(5.0)
    shown = Path("monitor.out").resolve()
    watcher = subprocess.Popen(f"exec {MONITOR} >{shown}", shell=True)
    pendant = VirtualPendant()
    pendant.plug_in()
    driver.wait_pin("hal_mpg.estop-ok", True)
    driver.power_up()
    pendant.press(ENABLE)
    pendant.select_scale("x10")
    pendant.select_axis("x")
    driver.wait_pin("hal_mpg.armed", True)
    driver.wait_pin("hal_mpg.axis.x.selected", True)
    before = driver.positions()["x"]
    pendant.turn(5)
    wait_until(lambda: abs(driver.positions()["x"] - before - 0.05) < 1e-6, "X to be there")
    _wait_for_line(shown, "axis.x.jog-counts 50")
    watcher.terminate()
    ended = watcher.wait(30)
    # This one has to go with LinuxCNC, and is not to keep it up; it says so in LinuxCNC's output.
    subprocess.Popen(f"{MONITOR} >/dev/null; echo the other monitor ended with $?", shell=True)
    wait_until(lambda: _monitors(driver) == 1, "the other monitor")
    return {
        "lines": shown.read_text().splitlines(),
        "ended": ended,
        "moved": driver.positions()["x"] - before,
    }


def _wait_for_line(file: Path, text: str) -> None:
    wait_until(lambda: text in file.read_text(), text)


def _monitors(driver: Driver) -> int:
    """Return how many components of monitors there are."""
    done = subprocess.run(["halcmd", "show", "comp"], capture_output=True, text=True, check=True)
    return done.stdout.count(" monitor-")


finish(main)
