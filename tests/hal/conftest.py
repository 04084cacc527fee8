# SPDX-License-Identifier: GPL-2.0-or-later
"""The two HALs of the contract tests."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import pytest

import hal_mpg.fake_hal
from tests.hal.real_hal import run_on_real_hal

pytest.register_assert_rewrite(
    "tests.hal.checks_component",
    "tests.hal.checks_items",
    "tests.hal.checks_signals",
    "tests.hal.checks_values",
)


@pytest.fixture
def fake_hal() -> Iterator[ModuleType]:
    """The fake module, empty."""
    hal_mpg.fake_hal.reset()
    yield hal_mpg.fake_hal
    hal_mpg.fake_hal.reset()


@pytest.fixture(scope="session")
def real_outcomes() -> dict[str, str | None]:
    """What came of each check on the real HAL: None (good), a traceback, or a signal's name."""
    return run_on_real_hal()
