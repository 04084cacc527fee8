# SPDX-License-Identifier: GPL-2.0-or-later
"""Hypothesis without a clock, and with the same examples each time; HYPOTHESIS_EXAMPLES sets how many."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

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
