# SPDX-License-Identifier: GPL-2.0-or-later
"""A few rounds with other people's protocols; `python -m tests.fuzz` does many."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from hal_mpg.protocols.foreign_state import State
from tests.fuzz.serial_foreign import fuzz_foreign, fuzz_pattern
from tests.fuzz.violation import Violation


@pytest.mark.parametrize("seed", range(20))
def test_rounds(seed: int) -> None:
    covered: Counter[str] = Counter()
    fuzz_foreign(Random(seed), covered)
    assert covered["words of foreign pendants"] == 60


def test_patterns_are_of_both_kinds() -> None:
    covered: Counter[str] = Counter()
    random = Random(6)
    for _ in range(300):
        fuzz_pattern(random, covered)
    assert covered["patterns accepted"] > 30 and covered["patterns refused"] > 100


def test_a_decoder_that_loses_a_detent_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    true = State.changed
    monkeypatch.setattr(State, "changed", lambda self, changes, now: true(self, changes[:2], now))
    with pytest.raises(Violation):
        for seed in range(20):
            fuzz_foreign(Random(seed), Counter())
