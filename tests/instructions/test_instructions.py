# SPDX-License-Identifier: GPL-2.0-or-later
"""What hal_mpg does for an event does not grow without anybody's noticing: counted, not timed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.beds.require import skip_or_fail
from tests.instructions import budget
from tests.instructions.measure import ROOT, CannotCount, Counts, count


@pytest.fixture(scope="module")
def counts() -> Counts:
    """What was counted, of all cases."""
    try:
        return count()
    except CannotCount as reason:
        skip_or_fail(str(reason))


def test_no_case_is_beyond_its_budget(counts: Counts) -> None:
    over = [str(line) for line in budget.compare(counts, budget.read()) if line.is_over]
    if over:
        over.append("If that is meant: python -m tests.instructions --update; say why in the commit.")
        pytest.fail("\n".join(over), pytrace=False)


def test_every_case_has_a_budget(counts: Counts) -> None:
    assert not [str(line) for line in budget.compare(counts, budget.read()) if line.limit is None]


def test_what_a_detent_takes_does_not_grow_with_the_pendant(counts: Counts) -> None:
    for other in ("detent-4-axes", "detent-56-keys"):
        assert counts.whole[other] == pytest.approx(counts.whole["detent"], rel=0.05), other


def test_it_can_be_seen_where_the_work_is_done() -> None:
    command = [sys.executable, "-m", "tests.instructions", "--where", "detent"]
    done = subprocess.run(command, check=True, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=60)
    assert "one detent alone" in done.stdout
    assert "(pendant.py)" in done.stdout
