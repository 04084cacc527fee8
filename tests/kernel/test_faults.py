# SPDX-License-Identifier: GPL-2.0-or-later
"""The faults of the catalogue that need a real kernel: one boot plays them all; see drive_faults.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.beds.kernel import run_in_kernel
from tests.beds.linuxcnc import why_no_linuxcnc
from tests.beds.require import skip_or_fail
from tests.faults.catalogue import Fault, load
from tests.faults.results import check, this_machine

FAULTS = load("kernel")


@pytest.fixture(scope="module")
def played() -> dict[str, Any]:
    """Return what drive_faults.py found."""
    reason = why_no_linuxcnc()
    if reason:
        skip_or_fail(reason)
    run = run_in_kernel(Path(__file__).with_name("guest_faults.py"), timeout_s=1800)
    print(run.output)  # pytest shows it if a test fails
    found: dict[str, Any] = run.result
    return found


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.id for fault in FAULTS])
def test_fault(fault: Fault, played: dict[str, Any]) -> None:
    machine = f"QEMU without hardware support, 2 processors, Linux {played['kernel']}, on {this_machine()}"
    check(fault, played["results"], machine)
