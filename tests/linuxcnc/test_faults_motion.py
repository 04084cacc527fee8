# SPDX-License-Identifier: GPL-2.0-or-later
"""Faults of modes, limits and of other jogging, in a real LinuxCNC with a virtual pendant."""

from __future__ import annotations

import pytest

from tests.beds.linuxcnc import ROOT, require_linuxcnc, run_linuxcnc
from tests.faults.catalogue import Fault, load
from tests.faults.results import Results, check, play_all, this_machine

FAULTS = [fault for fault in load("linuxcnc") if fault.part == "linuxcnc-motion"]

LIMIT_S = 900.0
"""For all of them, on a machine that is busy with others; it takes two minutes."""


@pytest.fixture(scope="module")
def results(request: pytest.FixtureRequest) -> Results:
    """Return what came of the faults that are asked for, from one run of LinuxCNC."""
    require_linuxcnc()
    driver = ROOT / "tests" / "linuxcnc" / "drive_faults_motion.py"
    profile = ROOT / "config" / "pendants" / "generic-4axis.yaml"
    items = [item for item in request.session.items if item.path == request.path]
    wanted = [item.callspec.params["fault"].id for item in items if isinstance(item, pytest.Function)]

    def play(names: list[str]) -> Results:
        run = run_linuxcnc("sim-3axis.ini", driver, virtual=profile, arguments=names, timeout_s=LIMIT_S)
        print(run.output)
        found: Results = run.result
        return found

    return play_all([fault for fault in FAULTS if fault.id in wanted], play)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_fault(fault: Fault, results: Results) -> None:
    check(fault, results, this_machine())
