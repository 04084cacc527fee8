#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Says to which pins the buttons of the pendant are netted: that LinuxCNC has started is most of it."""

from __future__ import annotations

import subprocess

from tests.linuxcnc.driver import Driver, finish


def main(driver: Driver) -> dict[str, str]:
    """Return the signal of each button, "" where it has none."""
    lines = subprocess.run(
        ["halcmd", "-s", "show", "pin", "hal_mpg.button"], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    words = [line.split() for line in lines if line.strip()]
    return {each[4]: each[-1] if "==>" in each else "" for each in words}


finish(main)
