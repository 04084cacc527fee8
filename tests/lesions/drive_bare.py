#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Looks at pins that no line has to do with: are they what surgery.py takes them for?"""

from __future__ import annotations

from tests.lesions.surgery import BARE
from tests.linuxcnc.driver import Driver, arguments, finish, hal


def main(driver: Driver) -> dict[str, float]:
    """Return those of the input pins named by the test that are something else."""
    inputs = {pin["NAME"]: pin["VALUE"] for pin in hal.get_info_pins() if pin["DIRECTION"] == hal.HAL_IN}
    return {
        name: inputs[name] for name in arguments() if name in inputs and inputs[name] != BARE.get(name, 0)
    }


finish(main)
