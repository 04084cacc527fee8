# SPDX-License-Identifier: GPL-2.0-or-later
"""Faults of hal_mpg's process and of HAL, in a real LinuxCNC with a virtual pendant."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence

import pytest

from tests.beds.linuxcnc import ROOT, require_linuxcnc, run_linuxcnc
from tests.beds.require import skip_or_fail
from tests.faults.catalogue import Fault, load
from tests.faults.results import Results, check, play_all, this_machine
from tests.linuxcnc.processes_realtime import may_have_realtime, realtime
from tests.linuxcnc.processes_starts import STARTS, play_start, start_first

HERE = ROOT / "tests" / "linuxcnc"

PARTS = {
    "linuxcnc-processes": "hal_mpg",
    "linuxcnc-processes-loop": "tests.linuxcnc.processes_faulty",
    "linuxcnc-processes-pressure": "hal_mpg",
}
"""Each part's faults are played in one run of LinuxCNC, with this module in hal_mpg's place."""

ALONE = "linuxcnc-processes-alone"
"""The part of which each fault needs a LinuxCNC of its own."""

FAULTS = [fault for fault in load("linuxcnc") if fault.part in PARTS]
FAULTS_ALONE = [fault for fault in load("linuxcnc") if fault.part == ALONE]

DRIVER = HERE / "drive_faults_processes.py"

IDS = "HAL_MPG_FAULT_IDS"
"""Environment variable: only these faults, with commas between them."""

PRESSURE = "HAL_MPG_PRESSURE_S"
"""Environment variable: how long the pressure lasts, in seconds. `make faults` wants 600."""

SHORT_PRESSURE_S = "45"

LIMIT_S = 900.0
"""For one part, on a machine that is busy with others; it takes about a minute."""

_played: dict[str, Results] = {}


def results_of(part: str) -> Results:
    """Return what came of the faults of a part; it is played when it is asked for first."""
    if part not in _played:
        if part == "linuxcnc-processes-pressure":
            require_pressure()
        _played[part] = {}  # if this run fails, no other fault of it is to try again
        ids = [name for name in os.environ.get(IDS, "").split(",") if name]
        faults = [fault for fault in FAULTS if fault.part == part and (not ids or fault.id in ids)]
        _played[part] = play_all(faults, lambda names: play(part, names, PARTS[part]))
    return _played[part]


def require_pressure() -> None:
    """Skip (or fail) the running test without what it takes to load this computer, and to withstand that."""
    if shutil.which("stress-ng") is None:
        skip_or_fail("stress-ng is not installed")
    if not may_have_realtime():
        pytest.skip("this user may have no realtime priorities, and hal_mpg is held up without")


def play(part: str, ids: Sequence[str], module: str = "hal_mpg", before: str = "") -> Results:
    """Play a part, or some of it, in a LinuxCNC of its own, with a module in hal_mpg's place."""
    require_linuxcnc()
    pressure_s = int(os.environ.get(PRESSURE, SHORT_PRESSURE_S))
    with realtime() as marked:
        run = run_linuxcnc(
            "sim-3axis.ini",
            DRIVER,
            virtual=ROOT / "config" / "pendants" / "generic-4axis.yaml",
            program=HERE / "processes_program.sh",
            env={"HAL_MPG_MODULE": module, **marked},
            before=before,
            arguments={"part": part, "ids": ids, "pressure_s": pressure_s},
            timeout_s=LIMIT_S + pressure_s,
        )
    print(run.output)
    found: Results = run.result
    return found


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_fault(fault: Fault) -> None:
    check(fault, results_of(fault.part), this_machine())


@pytest.mark.parametrize("fault", FAULTS_ALONE, ids=lambda fault: fault.id)
def test_fault_alone(fault: Fault) -> None:
    require_linuxcnc()
    if fault.do[0] in STARTS:
        results = {fault.id: play_start(fault, DRIVER).as_json()}
    else:
        before = start_first("--name", "early", name="early") if fault.do == ["look"] else ""
        results = play_all([fault], lambda names: play(ALONE, names, before=before))
    check(fault, results, this_machine())
