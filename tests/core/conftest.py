# SPDX-License-Identifier: GPL-2.0-or-later
"""Hypothesis without a clock, and with the same examples each time; HYPOTHESIS_EXAMPLES sets how many."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, settings

from hal_mpg import messages

settings.register_profile(
    "core",
    max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "50")),
    deadline=None,
    derandomize="HYPOTHESIS_EXAMPLES" not in os.environ,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("core")

pytest.register_assert_rewrite("tests.core.bed", "tests.core.oracle", "tests.core.simulation")


@pytest.fixture(params=["full", "closed", "none"])
def dead_stderr(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A standard error that takes nothing: a full disk behind it, closed, or none from the start."""
    with io.TextIOWrapper(io.FileIO("/dev/full", "w"), write_through=True) as file:
        if request.param == "closed":
            file.close()
        # Not in the real `sys`: pytest puts its own there before each test.
        stderr = None if request.param == "none" else file
        monkeypatch.setattr(messages, "sys", SimpleNamespace(stderr=stderr))
        yield
