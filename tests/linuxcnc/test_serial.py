# SPDX-License-Identifier: GPL-2.0-or-later
"""A pendant that speaks the line protocol, at a pseudo-terminal, and a whole LinuxCNC."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.beds.linuxcnc import require_linuxcnc, run_linuxcnc
from tests.beds.serial_hands import PtyBench, served, write_profile
from tests.beds.serial_pendant import FULL, Firmware
from tests.linuxcnc.serial_checks import CHECKS, Notes

HERE = Path(__file__).parent
SILENCE_S = 1.0
"""Real times are not what is looked at here: a busy machine must not lose the pendant by itself."""


@pytest.fixture(scope="module")
def notes() -> Any:
    require_linuxcnc()
    with tempfile.TemporaryDirectory(prefix="hal_mpg-serial-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        profile = write_profile(folder / "pendant.yaml", f"port: {folder / 'port'}", SILENCE_S, FULL)
        bench = PtyBench(folder / "port", Firmware(FULL))
        bench.plug()
        bench.hand.turn(30, rate=500)
        try:
            with served(bench, folder / "hands"):
                run = run_linuxcnc(
                    "sim-6axis.ini",
                    HERE / "drive_serial.py",
                    pendant=str(profile),
                    arguments={"socket": str(folder / "hands"), "seed": 6, "steps": 40},
                    timeout_s=300,
                )
        finally:
            bench.unplug()
        print(run.output)  # pytest shows it if a test fails
        yield run.result


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_serial_pendant(check: Callable[[Notes], None], notes: Notes) -> None:
    check(notes)
