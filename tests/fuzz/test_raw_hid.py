# SPDX-License-Identifier: GPL-2.0-or-later
"""A few rounds with raw HID pendants; `python -m tests.fuzz` does many."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from hal_mpg.hid_lamps import LampReports
from hal_mpg.protocols import hid_reports
from tests.fuzz.raw_hid import REPORTS, fuzz_raw_hid
from tests.fuzz.violation import Violation


@pytest.mark.parametrize("seed", range(30))
def test_rounds(seed: int) -> None:
    covered: Counter[str] = Counter()
    fuzz_raw_hid(Random(seed), covered)
    assert covered["reports of raw HID pendants"] == REPORTS


def find_something() -> None:
    with pytest.raises(Violation):
        for seed in range(20):
            fuzz_raw_hid(Random(seed), Counter())


def test_a_decoder_that_gives_detents_to_the_new_selection_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hid_reports._Choice, "is_made_anew", lambda self, changes: False)
    find_something()


def test_a_decoder_that_forgets_how_a_key_was_pressed_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hid_reports.HidReports, "_hold", lambda self, held, values: None)
    find_something()


def test_lamps_that_are_put_out_with_others_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    as_it_is = LampReports.report

    def forgetful(self: LampReports, key: int, lit: dict[str, bool]) -> tuple[bytes, bytes]:
        last = [name for name in lit if lit[name]][-1:]
        return as_it_is(self, key, {name: name in last for name in lit})

    monkeypatch.setattr(LampReports, "report", forgetful)
    find_something()
