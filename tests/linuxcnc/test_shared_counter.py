# SPDX-License-Identifier: GPL-2.0-or-later
"""The experiment of docs/experiments/shared-counter.md: one counter for all axes ends wrong."""

from __future__ import annotations

import os
import platform
import subprocess
from typing import Any

import pytest

from tests.beds.linuxcnc import ROOT, require_linuxcnc, run_linuxcnc

HERE = ROOT / "tests" / "linuxcnc"

SEED = int(os.environ.get("HAL_MPG_SEED", "3"))

SEQUENCES = {
    "all at once": {"seed": SEED, "rounds": 40, "gap_s": 0.0},
    "4 ms apart": {"seed": SEED, "rounds": 40, "gap_s": 0.004},
    "20 ms apart": {"seed": SEED, "rounds": 15, "gap_s": 0.02},
}
"""Rounds of 12 turns or changes, and the mean time between them."""

OURS, SHARED = "a counter for each axis", "one shared counter"

SMALLEST_MM = 0.001

Results = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def results() -> Results:
    """Return how far each axis was off after each sequence, with each wiring."""
    require_linuxcnc()
    arguments = {"seed": SEED, "sequences": SEQUENCES, "hal": (HERE / "shared-counter.hal").read_text()}
    run = run_linuxcnc(
        "sim-3axis.ini",
        HERE / "drive_shared_counter.py",
        virtual=ROOT / "config" / "pendants" / "generic-4axis.yaml",
        arguments=arguments,
    )
    print(table(run.result))
    found: Results = run.result
    return found


def test_a_counter_for_each_axis_is_exact(results: Results) -> None:
    for name, result in results.items():
        assert result[OURS] == {"x": 0.0, "y": 0.0, "z": 0.0}, f"seed {SEED}, {name}"


@pytest.mark.parametrize("name", ["all at once", "4 ms apart"])
def test_one_shared_counter_ends_wrong(results: Results, name: str) -> None:
    errors = results[name][SHARED].values()
    assert max(abs(error) for error in errors) >= SMALLEST_MM, f"seed {SEED}"


def table(results: Results) -> str:
    """Return the results as docs/experiments/shared-counter.md shows them."""
    lines = [
        f"{versions()}, seed {SEED}, errors in mm (X, Y, Z):",
        "",
        f"| turns and changes | detents | changes | {OURS} | {SHARED} |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, result in results.items():
        errors = [
            ", ".join(f"{error:+.3f}" for error in result[wiring].values()) for wiring in (OURS, SHARED)
        ]
        lines.append(f"| {name} | {result['detents']} | {result['changes']} | {errors[0]} | {errors[1]} |")
    return "\n".join(lines)


def versions() -> str:
    """Return what this ran on."""
    info = subprocess.run(["linuxcnc_var", "LINUXCNCVERSION"], capture_output=True, text=True, check=False)
    machine = f"{platform.machine()}, {os.cpu_count()} CPUs, POSIX non-realtime"
    return f"LinuxCNC {info.stdout.strip()}, {machine}"
