# SPDX-License-Identifier: GPL-2.0-or-later
"""Compiled once for all tests, and removed afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.avr.bed import remove_build, require_avr


@pytest.fixture(scope="session", autouse=True)
def compiled() -> Iterator[None]:
    """Skip where nothing can be compiled; clean up."""
    require_avr()
    yield
    remove_build()
