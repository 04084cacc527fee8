# SPDX-License-Identifier: GPL-2.0-or-later
"""Shows the fault catalogue's totals at the end of a run, and keeps them where that is asked for."""

from __future__ import annotations

import signal
from typing import Any

from tests.faults import results

# What a shell starts in the background ignores Ctrl-C, and so would every program that a test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


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
