# SPDX-License-Identifier: GPL-2.0-or-later
"""Shows the fault catalogue's totals at the end of a run, and keeps them where that is asked for."""

from __future__ import annotations

from typing import Any

from tests.faults import results


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print how many faults ended as they should."""
    lines = results.summary()
    if lines:
        terminalreporter.section("fault catalogue (docs/faults.md)")
        for line in lines:
            terminalreporter.write_line(line)


def pytest_sessionfinish() -> None:
    """Keep the results for docs/faults.md."""
    results.keep()
