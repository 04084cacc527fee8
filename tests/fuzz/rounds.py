# SPDX-License-Identifier: GPL-2.0-or-later
"""One round of everything, made from the run's seed and the round's number alone."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from hal_mpg.errors import UsageError
from hal_mpg.pendant import Pendant
from hal_mpg.profile_yaml import load_profile
from tests.fuzz.decoders import fuzz_controls
from tests.fuzz.loading import fuzz_loading
from tests.fuzz.player import MakePendant, play
from tests.fuzz.profiles import random_machine, random_profile
from tests.fuzz.raw_hid import fuzz_raw_hid
from tests.fuzz.sequences import random_case
from tests.fuzz.serial_foreign import fuzz_foreign
from tests.fuzz.serial_lines import fuzz_lines
from tests.fuzz.shrink import shrink
from tests.fuzz.steps import Case, to_text
from tests.fuzz.streams import fuzz_streams
from tests.fuzz.violation import Violation

CASES, PROFILES = 20, 3
"""How many sequences are played, and how many profiles are loaded, in one round."""


@dataclass(slots=True)
class Finding:
    """A violation, and what shows it again: a text (a case to replay, or the bytes of a profile)."""

    number: int
    invariant: str
    what: str
    text: str


@dataclass(slots=True)
class Round:
    """What came of one round."""

    number: int
    covered: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)


def random_cases(random: Random, covered: Counter[str], count: int = CASES) -> list[Case]:
    """Return random sequences on one random pendant and machine."""
    while True:
        text = random_profile(random)
        profile = load_profile(text, "fuzz.yaml")
        machine = random_machine(random, profile)
        try:
            axes = tuple(steps.axis for steps in machine.steps_of(profile))
        except UsageError:
            covered["pendants that do not fit their machine"] += 1
            continue
        return [random_case(random, text, profile, machine, axes) for _ in range(count)]


def run_round(seed: int, number: int, make: MakePendant = Pendant) -> Round:
    """Do one round; the first case of each kind that it finds is shrunk."""
    done = Round(number)
    random = Random(f"{seed}/{number}")
    for case in random_cases(random, done.covered):
        try:
            done.covered += play(case, make)
        except Violation as violation:
            is_new = violation.invariant not in {finding.invariant for finding in done.findings}
            small = shrink(case, violation.invariant, make) if is_new else case
            done.findings.append(found(number, violation, small))
    with tempfile.TemporaryDirectory() as folder:
        acts: list[Callable[[], None]] = [
            lambda: fuzz_controls(random, done.covered),
            lambda: fuzz_streams(random, done.covered),
        ]
        acts += [lambda: fuzz_loading(random, done.covered, Path(folder))] * PROFILES
        acts += [lambda: fuzz_lines(Random(f"{seed}/{number}/lines"), done.covered)]
        acts += [lambda: fuzz_foreign(Random(f"{seed}/{number}/foreign"), done.covered)]
        acts += [lambda: fuzz_raw_hid(Random(f"{seed}/{number}/raw hid"), done.covered)]
        for act in acts:
            try:
                act()
            except Violation as violation:
                done.findings.append(found(number, violation))
    return done


def found(number: int, violation: Violation, case: Case | None = None) -> Finding:
    """Return what is to be told of a violation, with the case, where it is one of a sequence."""
    text = "\n".join([str(violation)[:2000], *getattr(violation, "__notes__", ())])
    if case is not None:
        text = to_text(case, text)
    return Finding(number, violation.invariant, str(violation)[:400], text)
