#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Plays a day's work with each of some lesions, in one LinuxCNC."""

from __future__ import annotations

import time
import traceback
from typing import Any

from tests.lesions.harmed_pendant import HarmedPendant
from tests.lesions.machinist import Notes
from tests.lesions.scenario import Day
from tests.lesions.surgery import Part, Surgeon
from tests.linuxcnc.driver import Driver, arguments, finish


def main(driver: Driver) -> dict[str, Notes]:
    """Return what was seen with each lesion, by its id."""
    pendant = HarmedPendant()
    pendant.plug_in()
    driver.wait_pin("hal_mpg.connected", True)
    surgeon = Surgeon(driver, pendant)
    return {lesion["id"]: play(driver, pendant, surgeon, lesion["parts"]) for lesion in arguments()}


def play(driver: Driver, pendant: HarmedPendant, surgeon: Surgeon, parts: list[Part]) -> Notes:
    """Apply a lesion, live a day with it, and repair it."""
    start = time.monotonic()
    surgeon.chill()
    surgeon.cut(parts, "cold")
    surgeon.thaw()
    surgeon.switch_off([part["what"] for part in parts if part["kind"] == "rule"])
    has_timeout = not any(part["kind"] == "setp" and "watchdog.timeout-0" in part["what"] for part in parts)
    day = Day(driver, pendant, lambda: surgeon.cut(parts, "running"), has_timeout)
    notes: dict[str, Any] = {}
    try:
        notes = day.live()
    except Exception:  # noqa: BLE001  # it is the test's to tell; the next one is played in any case
        notes = {**day.notes, "exception": traceback.format_exc(limit=-4)}
    if not any(part["how"] == "SIGKILL" for part in parts):  # nothing can follow that
        surgeon.repair()
    return {**notes, "seconds": round(time.monotonic() - start, 2)}


finish(main)
