# SPDX-License-Identifier: GPL-2.0-or-later
"""How many instructions each case may take: as many smallest loops as it took, and a little more.

The smallest loop is counted in the same run, so that a budget says how much hal_mpg does, and not how good
the compiler was that made this Python.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

from tests.instructions.cases import CASES
from tests.instructions.measure import Counts

FILE = Path(__file__).with_name("budget.yaml")
HEADROOM = 0.10
UNKNOWN_HEADROOM = 0.25
"""For a Python whose own figures are not in the file; between 3.11 and 3.13 there is less than that."""

SLACK = 0.15
"""Smallest loops: by a few hundred instructions two runs may differ, and some figures are small."""

WHOLE, TO_PIN = "whole", "to-pin"

HEAD = """\
# SPDX-License-Identifier: GPL-2.0-or-later
# What each case took when this was written, by HAL and Python: as many times the smallest loop in Python.
# Written by `python -m tests.instructions --update`, for the HAL and the Python that it finds.
"""

Ratios = dict[str, dict[str, float]]
"""Case -> WHOLE and TO_PIN -> times the smallest loop."""


class Line(NamedTuple):
    """One figure beside its budget."""

    case: str
    part: str
    ratio: float
    written: float | None  # what is in the file
    limit: float | None

    @property
    def is_over(self) -> bool:
        """Whether the budget does not suffice; what has none has none to exceed."""
        return self.limit is not None and self.ratio > self.limit

    def __str__(self) -> str:
        what = CASES[self.case].words + (", until its pin is written" if self.part == TO_PIN else "")
        if self.written is None or self.limit is None:
            return f"{what}: {self.ratio:.2f} smallest loops; there is no budget for it yet"
        growth = 100 * (self.ratio / self.written - 1)
        return (
            f"{what}: {self.ratio:.2f} smallest loops, {growth:+.0f} % beside the {self.written:.2f} of the "
            f"budget, which allows {self.limit:.2f} (python -m tests.instructions --where {self.case})"
        )


def ratios(counts: Counts) -> Ratios:
    """Return what was counted, as times the smallest loop."""
    smallest = counts.whole["smallest"]
    found = {name: {WHOLE: count / smallest} for name, count in counts.whole.items() if name in CASES}
    for name in counts.to_pin.keys() & found.keys():
        found[name][TO_PIN] = counts.to_pin[name] / smallest
    return found


def compare(counts: Counts, budget: dict[str, dict[str, Ratios]]) -> Iterator[Line]:
    """Yield each figure beside its budget."""
    written, headroom = _entry(counts, budget)
    for case, parts in ratios(counts).items():
        for part, ratio in parts.items():
            before = written.get(case, {}).get(part)
            limit = None if before is None else before * (1 + headroom) + SLACK
            yield Line(case, part, ratio, before, limit)


def _entry(counts: Counts, budget: dict[str, dict[str, Ratios]]) -> tuple[Ratios, float]:
    """Return the figures for this HAL and Python, and the head-room; for another Python, the latest one's."""
    of_hal = budget.get(counts.hal, {})
    if version(counts) in of_hal:
        return of_hal[version(counts)], HEADROOM
    return of_hal[max(of_hal, key=_numbers)] if of_hal else {}, UNKNOWN_HEADROOM


def version(counts: Counts) -> str:
    """Return which Python it was, without what changes nothing."""
    return ".".join(counts.python.split(".")[:2])


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(".")]


def read() -> dict[str, dict[str, Ratios]]:
    """Return the file: HAL -> Python -> ratios."""
    found: dict[str, dict[str, Ratios]] = yaml.safe_load(FILE.read_text()) if FILE.exists() else {}
    return found


def write(counts: Counts) -> None:
    """Put these figures in the place of those of the same HAL and Python."""
    budget = read()
    budget.setdefault(counts.hal, {}).setdefault(version(counts), {}).update(ratios(counts))
    lines = []
    for hal, versions in sorted(budget.items(), reverse=True):
        lines.append(f"{hal}:")
        for python in sorted(versions, key=_numbers):
            lines.append(f'  "{python}":')
            for case in CASES:
                parts = versions[python].get(case, {})
                figures = ", ".join(f"{part}: {ratio:.3f}" for part, ratio in parts.items())
                lines += [f"    {case}: {{{figures}}}"] if figures else []
    FILE.write_text(HEAD + "\n".join(lines) + "\n")
