# SPDX-License-Identifier: GPL-2.0-or-later
"""From raw data to figures, and to the tables that show them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

Data = dict[str, Any]
LIMIT, PEER, OURS = "c_loop", "hal_input", "hal_mpg"


@cache
def programs() -> dict[str, dict[str, Any]]:
    """Return the programs under test (programs.yaml)."""
    text = Path(__file__).with_name("programs.yaml").read_text(encoding="utf-8")
    table: dict[str, dict[str, Any]] = yaml.safe_load(text)
    return table


def title(name: str) -> str:
    """Return how a program is called on the page."""
    return str(programs()[name]["title"])


def titles() -> dict[str, str]:
    """Return how each program is called on the page."""
    return {name: title(name) for name in programs()}


def quantile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a table; all columns but the first are numbers."""
    lines = [f"| {' | '.join(head)} |", "| --- |" + " ---: |" * (len(head) - 1)]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows)]


def spread(values: Sequence[float], form: str) -> str:
    """Return the median, with the smallest and the largest."""
    middle = quantile(values, 0.5)
    return f"{middle:{form}} ({min(values):{form}} to {max(values):{form}})"
