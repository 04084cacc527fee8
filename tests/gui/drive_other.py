#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Starts another GUI on the sample that has the panel of AXIS, and turns the wheel."""

from __future__ import annotations

from typing import Any

from tests.gui.gui import Gui
from tests.linuxcnc.driver import Driver, arguments, finish, hal
from tests.linuxcnc.virtual_pendant import ENABLE, VirtualPendant

COMPONENTS = {"gmoccapy": "gmoccapy", "qtdragon": "qtdragon"}


def signals() -> set[str]:
    """Return the names of all signals."""
    return {str(signal["NAME"]) for signal in hal.get_info_signals()}


def main(driver: Driver) -> dict[str, Any]:
    name: str = arguments()
    driver.set_watchdog(60.0)
    gui = Gui(name)
    gui.wait(lambda: hal.component_exists(COMPONENTS[name]), f"{name} in HAL")
    gui.wait(lambda: hal.component_is_ready(COMPONENTS[name]), f"{name} to be ready")
    # mpg-panel.tcl has been run when the last of hal_mpg's pins in it is in a net.
    gui.wait(lambda: "mpg-panel-dropped" in signals(), "the panel's file to be carried out")
    pendant = VirtualPendant()
    pendant.plug_in()
    pendant.select_axis("y")
    pendant.select_scale("x10")
    driver.power_up()
    pendant.press(ENABLE)
    driver.wait_pin("hal_mpg.armed", True)
    pendant.turn(3)
    gui.wait(lambda: abs(driver.positions()["y"] - 0.03) < 1e-6, "three clicks")
    gui.check()
    gui.end()
    return driver.positions()


finish(main)
