# SPDX-License-Identifier: GPL-2.0-or-later
"""One suite for two HALs: hal_mpg.fake_hal is only worth something while it passes on both.

The checks (checks_*.py) are functions of the HAL, so that the same code runs on the fake one here
and, all in one go, on the real one in a process in private namespaces (real_run.py).
"""

from __future__ import annotations

from types import ModuleType

import pytest

from hal_mpg.fake_hal import ProcessKilled
from tests.hal.contract import CHECKS
from tests.hal.expect import kills


@pytest.mark.parametrize("name", CHECKS)
def test_fake(fake_hal: ModuleType, name: str) -> None:
    check = CHECKS[name]
    if kills(check):
        with pytest.raises(ProcessKilled):
            check(fake_hal)
    else:
        check(fake_hal)


@pytest.mark.parametrize("name", CHECKS)
def test_real(real_outcomes: dict[str, str | None], name: str) -> None:
    outcome = real_outcomes[name]
    if kills(CHECKS[name]):
        assert outcome == "SIGSEGV"
    elif outcome is not None:
        pytest.fail(outcome, pytrace=False)
