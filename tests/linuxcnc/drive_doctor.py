#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs commands beside a running LinuxCNC, as its user would in a terminal; notes what they print."""

from __future__ import annotations

import subprocess
from typing import Any

from tests.linuxcnc.driver import Driver, arguments, finish
from tests.linuxcnc.virtual_pendant import VirtualPendant


def main(driver: Driver) -> list[dict[str, Any]]:
    """Carry out each command of the arguments in a shell."""
    driver.set_watchdog(5.0)
    pendant = VirtualPendant({"x": 0x120})
    pendant.plug_in()
    driver.wait_pin("hal_mpg.estop-ok", True)
    notes = []
    for command in arguments():
        done = subprocess.run(command, shell=True, check=False, capture_output=True, text=True)
        notes.append({"status": done.returncode, "out": done.stdout, "err": done.stderr})
    return notes


finish(main)
