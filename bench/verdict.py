# SPDX-License-Identifier: GPL-2.0-or-later
"""What was asked for, what was measured, and whether it is met."""

from __future__ import annotations

from typing import NamedTuple


class Verdict(NamedTuple):
    """One line of the table at the top of the page."""

    text: str
    limit: str
    measured: str
    met: bool
