# SPDX-License-Identifier: GPL-2.0-or-later
"""`make bench` measures: each program starts in the guest, follows the wheel, and leaves nothing behind.

What it measures is of no account here.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from bench.figures import programs
from bench.host import run_guest
from bench.serial import SERIAL
from tests.beds.require import skip_or_fail

PLAN: dict[str, Any] = {"detents": 20, "storm": 400, "rate": 500, "seconds": 2, "serial": SERIAL}


@pytest.fixture(scope="module")
def result() -> dict[str, Any]:
    if shutil.which("gcc") is None or not Path("/usr/include/linuxcnc/hal.h").exists():
        skip_or_fail("nothing to build the stopwatch with (Debian: gcc, libc6-dev, linuxcnc-uspace-dev)")
    return run_guest("guest_smoke.py", PLAN, print, 600)


@pytest.fixture(params=programs())
def notes(request: pytest.FixtureRequest, result: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = result["notes"][request.param]
    return found


def test_the_pin_follows_the_wheel(notes: dict[str, Any]) -> None:
    assert len(notes["taken"]) == PLAN["detents"]
    assert -1 not in notes["taken"]  # -2 is a standstill of the machine


def test_a_slow_storm_is_counted(notes: dict[str, Any]) -> None:
    storm = notes["storm"]
    assert storm["sent"] == PLAN["storm"]
    assert storm["disturbed"] or storm["counted"] == PLAN["storm"]
    assert storm["counted"] <= PLAN["storm"]
    assert storm["real_rate"] <= 1.05 * PLAN["rate"]


def test_the_program_is_seen_at_rest(notes: dict[str, Any]) -> None:
    assert 0 <= notes["rest"]["cpu"] < 1
    assert notes["rest"]["rss_kb"] > 500


def test_nothing_is_left_behind(notes: dict[str, Any]) -> None:
    assert notes["loaded by"] not in notes["left"]


def test_a_serial_pendant_is_measured_and_loses_nothing(result: dict[str, Any]) -> None:
    notes = result["serial"]
    assert len(notes["taken"]) == PLAN["detents"]
    assert -1 not in notes["taken"]
    for kind in ("good", "bad"):
        storm = notes[kind]
        assert storm["arrived"] + storm["dropped"] == storm["detents"] == PLAN["storm"], kind
    assert (notes["good"]["garbled"], notes["bad"]["garbled"] > 10) == (0, True)
    assert 0 < notes["rest"]["cpu"] < 1


def test_the_machine_is_named(result: dict[str, Any]) -> None:
    wanted = {
        "measured",
        "processor",
        "hal_mpg",
        "qemu",
        "command",
        "kernel",
        "linuxcnc",
        "python",
        "emulation",
    }
    assert wanted <= set(result["facts"])
    assert all(result["facts"].values())
