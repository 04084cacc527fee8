# SPDX-License-Identifier: GPL-2.0-or-later
"""What a test does when the machine lacks something that it needs."""

from __future__ import annotations

import importlib
import os
from typing import Any, NoReturn

import pytest

REQUIRE = "HAL_MPG_REQUIRE"
"""Environment variable: set to 1, a missing LinuxCNC (or kernel, ...) fails instead of skipping."""


RELEASE = "HAL_MPG_RELEASE"
"""Environment variable: set to 1, as `make test-release` does, slow beds play all that they have.

Otherwise some of them play one of each kind.
"""


def is_release() -> bool:
    """Tell whether this is the run before a release, which may take hours."""
    return os.environ.get(RELEASE) == "1"


def skip_or_fail(reason: str) -> NoReturn:
    """Skip the running test with `reason` (one line), or fail it where HAL_MPG_REQUIRE=1.

    CI sets HAL_MPG_REQUIRE=1, so that a bed that has gone missing there does not pass in silence.
    """
    if os.environ.get(REQUIRE) == "1":
        pytest.fail(f"{REQUIRE}=1, but {reason}", pytrace=False)
    pytest.skip(reason)


def need_module(name: str, package: str) -> Any:
    """Return a module, at the top of a test file; without it, all its tests are skipped (or fail, as above).

    `package`: Debian's, for who wants to have it.
    """
    try:
        return importlib.import_module(name)
    except ImportError:
        reason = f"no Python module {name} (Debian: {package})"
        if os.environ.get(REQUIRE) == "1":
            pytest.fail(f"{REQUIRE}=1, but {reason}", pytrace=False)
        pytest.skip(reason, allow_module_level=True)
