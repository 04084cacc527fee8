# SPDX-License-Identifier: GPL-2.0-or-later
"""A short run of the fuzzing, with a fixed seed; it has to reach everything. `make fuzz` is the long one."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from hal_mpg.arming import WhyNot
from tests.fuzz.coverage import NAMES, PINS
from tests.fuzz.loading import fuzz_loading
from tests.fuzz.player import play
from tests.fuzz.rounds import random_cases, run_round
from tests.fuzz.steps import from_text, to_text

SEED = 30
ROUNDS = 20
PROFILES = 60
REACHED = {*NAMES.values(), *PINS.values(), *(f"why-not {why.name}" for why in WhyNot if why <= 10)} | {
    f"jogged with {form}{what}"
    for forms, what in (
        (("RelativeWheel", "AbsoluteWheel", "KeyWheel"), ""),
        (("KeySelector", "AbsSelector", "StepSelector"), " for the axis"),
        (("KeySelector", "AbsSelector", "StepSelector", "NoneType"), " for the scale"),
    )
    for form in forms
}
REACHED |= {
    "writes of jog-counts",
    "counters that went over 32 bits",
    "detents jogged",
    "detents dropped",
    "detents on overrides",
    "detents that ran a program",
    "detents refused by the speed limit",
    "illegal orders",
    "profiles accepted",
    "profiles refused",
    "profiles that run",
    "frames built",
    "lines that are events",
    "lines refused",
    "options taken",
    "options refused",
    "events of virtual pendants",
    "serial pendants connected",
    "serial pendants lost",
    "lines of serial pendants",
    "detents of serial pendants",
    "words of foreign pendants",
    "reports of raw HID pendants",
    "patterns accepted",
    "patterns refused",
}
"""What a run has to have done, or it would have tested nothing."""


def test_what_always_holds_does() -> None:
    covered: Counter[str] = Counter()
    for number in range(ROUNDS):
        done = run_round(SEED, number)
        again = f"python -m tests.fuzz --seed {SEED} --round {number}"
        assert not done.findings, f"{again}\n{done.findings[0].text[:2000]}"
        covered.update(done.covered)
    assert not {what for what in REACHED if covered[what] < 1}
    assert covered["events"] > 1000 * ROUNDS
    assert covered["batches armed"] > covered["batches"] / 4


@pytest.mark.parametrize("chunk", range(2))
def test_any_bytes_are_a_profile_or_faults(chunk: int, tmp_path: Path) -> None:
    covered: Counter[str] = Counter()
    for number in range(chunk * PROFILES, (chunk + 1) * PROFILES):
        fuzz_loading(Random(f"{SEED}/{number}"), covered, tmp_path)
    assert covered["profiles accepted"] > PROFILES / 10
    assert covered["profiles refused"] > PROFILES / 2


def test_a_round_is_repeated_by_its_seed() -> None:
    one, two = run_round(SEED, 3), run_round(SEED, 3)
    for done in (one, two):
        del done.covered["longest load, ms"]
    assert one.covered == two.covered
    assert run_round(SEED + 1, 3).covered != one.covered


def test_a_case_is_the_same_after_its_text() -> None:
    for case in random_cases(Random(SEED), Counter(), 5):
        again = from_text(to_text(case, "a comment\nof two lines"))
        assert to_text(again) == to_text(case)
        assert play(again) == play(case)
