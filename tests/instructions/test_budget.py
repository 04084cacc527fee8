# SPDX-License-Identifier: GPL-2.0-or-later
"""The budget by itself: what is over it, and what is said then."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.instructions import budget
from tests.instructions.budget import TO_PIN, WHOLE
from tests.instructions.measure import Counts

WRITTEN = {"real": {"3.11": {"detent": {WHOLE: 20.0, TO_PIN: 4.0}}}}


def counts(whole: float, to_pin: float = 4.0, hal: str = "real", python: str = "3.11.2") -> Counts:
    return Counts(hal, python, {"smallest": 6000.0, "detent": 6000 * whole}, {"detent": 6000 * to_pin})


def over(found: Counts) -> list[str]:
    return [str(line) for line in budget.compare(found, WRITTEN) if line.is_over]


def test_a_tenth_more_is_allowed_and_no_more() -> None:
    assert over(counts(22.0)) == []
    assert over(counts(23.0)) == [
        "one detent alone: 23.00 smallest loops, +15 % beside the 20.00 of the budget, which allows 22.15 "
        "(python -m tests.instructions --where detent)"
    ]


def test_the_way_to_the_pin_has_a_budget_of_its_own() -> None:
    assert [line.split(":")[0] for line in over(counts(20.0, to_pin=5.0))] == [
        "one detent alone, until its pin is written"
    ]


def test_a_python_without_figures_of_its_own_is_allowed_more() -> None:
    assert over(counts(24.0, python="3.13.1")) == []
    assert over(counts(26.0, python="3.13.1")) != []


def test_what_has_no_budget_is_not_over_it_but_is_told() -> None:
    lines = list(budget.compare(counts(99.0, hal="fake"), WRITTEN))
    assert [line.limit for line in lines] == [None, None]
    assert not any(line.is_over for line in lines)
    assert "no budget" in str(lines[0])


def test_what_is_written_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "FILE", tmp_path / "budget.yaml")
    budget.write(counts(20.0))
    budget.write(counts(9.0, hal="fake", python="3.9.1"))
    budget.write(counts(8.0, hal="fake", python="3.13.0"))
    found = budget.read()
    assert found["real"] == WRITTEN["real"]
    assert list(found["fake"]) == ["3.9", "3.13"]
    assert found["fake"]["3.13"]["detent"][WHOLE] == 8.0
