#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Drives LinuxCNC in the guest through this bed's faults, or through those whose ids are its arguments."""

from __future__ import annotations

import platform
from typing import Any

from tests.faults import play
from tests.faults.catalogue import load
from tests.kernel.kernel_stage import KernelStage
from tests.linuxcnc.driver import Driver, arguments, finish

POLL_S = 0.0005
"""Looking more often leaves an emulated processor too little time for all the others."""


def main(driver: Driver) -> dict[str, Any]:
    play.POLL_S = POLL_S
    stage = KernelStage(driver)
    wanted = arguments()
    faults = [fault for fault in load("kernel") if not wanted or fault.id in wanted]
    results = {fault.id: play.play(stage, fault, stage.tell).as_json() for fault in faults}
    return {"kernel": platform.release(), "results": results}


if __name__ == "__main__":
    finish(main)
