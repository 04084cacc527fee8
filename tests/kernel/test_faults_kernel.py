# SPDX-License-Identifier: GPL-2.0-or-later
"""The faults of the catalogue that need a real kernel: one boot plays them all; see drive_faults.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.beds.kernel import run_in_kernel
from tests.beds.linuxcnc import why_no_linuxcnc
from tests.beds.require import skip_or_fail
from tests.faults.catalogue import Fault, load
from tests.faults.results import Results, check, play_all, this_machine

FAULTS = load("kernel")

SCRIPT = Path(__file__).with_name("guest_faults.py")


class Played(NamedTuple):
    """What came of all faults, and the machine that they were played on."""

    results: Results
    machine: str


@pytest.fixture(scope="module")
def played() -> Played:
    """Return what drive_faults.py found."""
    reason = why_no_linuxcnc()
    if reason:
        skip_or_fail(reason)
    kernels: set[str] = set()

    def play(names: list[str]) -> Results:
        run = run_in_kernel(SCRIPT, arguments=names, timeout_s=1300)
        print(run.output)  # pytest shows it if a test fails
        found: dict[str, Any] = run.result
        kernels.add(found["kernel"])
        results: Results = found["results"]
        return results

    results = play_all(FAULTS, play)
    kernel = ", ".join(kernels)
    return Played(results, f"QEMU with 2 processors, Linux {kernel}, on {this_machine()}")


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.id for fault in FAULTS])
def test_fault(fault: Fault, played: Played) -> None:
    check(fault, played.results, played.machine)
