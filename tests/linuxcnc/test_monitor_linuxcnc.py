# SPDX-License-Identifier: GPL-2.0-or-later
"""`hal_mpg monitor --hal` in a running LinuxCNC: it sees everything, disturbs nothing, and goes with it."""

from __future__ import annotations

import time

from tests.beds.linuxcnc import ROOT, require_linuxcnc, run_linuxcnc


def test_a_jog_is_seen_and_not_disturbed() -> None:
    require_linuxcnc()
    began = time.monotonic()
    run = run_linuxcnc(
        "sim-4axis.ini",
        ROOT / "tests" / "linuxcnc" / "drive_monitor.py",
        virtual=ROOT / "config" / "pendants" / "generic-4axis.yaml",
    )
    lines = [line.split(None, 1)[1] for line in run.result["lines"]]
    for expected in (
        "pin    estop-ok TRUE",
        "pin    machine-is-on TRUE",
        "pin    armed TRUE",
        "pin    axis-select 0",
        "pin    why-not 0 (ready)",
        "pin    axis.x.jog-counts 50",
    ):
        assert expected in lines
    assert run.result["ended"] == 0
    assert abs(run.result["moved"] - 0.05) < 1e-6
    assert "the other monitor ended with 0" in run.output
    print(f"{time.monotonic() - began:.1f} s")
