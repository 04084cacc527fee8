# SPDX-License-Identifier: GPL-2.0-or-later
"""One boot for the tests of the bed itself and of the udev rules: a boot costs 15 s and more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.beds.kernel import run_in_kernel


@pytest.fixture(scope="session")
def guest_notes() -> dict[str, dict[str, Any]]:
    """Return what guest_bed.py noted in the guest, by part: "bed" and "udev"."""
    run = run_in_kernel(Path(__file__).with_name("guest_bed.py"))
    print(run.output)  # pytest shows it if a test fails
    result: dict[str, dict[str, Any]] = run.result
    return result
