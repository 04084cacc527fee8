# SPDX-License-Identifier: GPL-2.0-or-later
"""The fuzzing finds what is wrong: for every invariant something that is broken on purpose."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from pathlib import Path
from random import Random

import pytest

from hal_mpg import decoders
from hal_mpg.controls import Controls
from hal_mpg.errors import ProfileError
from hal_mpg.pendant import Pendant
from hal_mpg.sources.frames import FrameBuilder
from tests.fuzz import loading, streams
from tests.fuzz.decoders import fuzz_controls
from tests.fuzz.lesions import LESIONS, NoJogStop, with_ledger
from tests.fuzz.player import play
from tests.fuzz.rounds import random_cases, run_round
from tests.fuzz.shrink import fails_as, shrink
from tests.fuzz.steps import Case, from_text, to_text
from tests.fuzz.violation import INVARIANTS, Violation

MOST_CASES = 150
NO_JOG_STOP = with_ledger(NoJogStop)


@lru_cache
def cases() -> tuple[Case, ...]:
    """Return sequences on many pendants."""
    return tuple(
        case for number in range(MOST_CASES // 5) for case in random_cases(Random(number), Counter(), 5)
    )


def first_violation(make: type[Pendant], invariants: set[str]) -> Case | None:
    """Return the first case in which a broken pendant breaks one of these invariants."""
    return next((case for case in cases() if any(fails_as(case, name, make) for name in invariants)), None)


@pytest.mark.parametrize(("make", "invariants"), LESIONS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_broken_pendant_is_caught(make: type[Pendant], invariants: set[str]) -> None:
    case = first_violation(make, invariants)
    assert case is not None, f"{make.__doc__} Nobody noticed."
    play(case)  # and a whole one is not


def test_every_invariant_is_proved() -> None:
    proved = {name for _, names in LESIONS for name in names} | {"profile", "lamps"}  # see test_raw_hid
    assert proved == INVARIANTS.keys()


def test_what_is_found_is_shrunk_and_saved_as_text() -> None:
    case = first_violation(NO_JOG_STOP, {"jog-stop"})
    assert case is not None
    small = from_text(to_text(shrink(case, "jog-stop", NO_JOG_STOP)))
    assert fails_as(small, "jog-stop", NO_JOG_STOP)
    assert small.events < case.events / 3
    assert small.events < 12


def test_a_round_tells_what_it_found() -> None:
    rounds = (run_round(1, number, NO_JOG_STOP) for number in range(20))
    finding = next(done.findings[0] for done in rounds if done.findings)
    assert finding.invariant == "jog-stop"
    assert fails_as(from_text(finding.text), "jog-stop", NO_JOG_STOP)


def test_a_decoder_that_turns_the_wrong_way_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = decoders.WheelDecoder._turned
    monkeypatch.setattr(decoders.WheelDecoder, "_turned", lambda self, counts: right(self, -counts))
    with pytest.raises(Violation, match="decoder"):
        fuzz_controls(Random(1), Counter())


def test_a_press_that_is_acted_on_too_late_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Controls, "distrust_press", lambda self, node, change: None)
    assert first_violation(Pendant, {"switches"}) is not None


def test_a_parser_that_cares_for_the_split_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = FrameBuilder.feed

    def forgetful(self: FrameBuilder, data: bytes, now: float) -> object:
        self._rest = b""
        return right(self, data, now)

    monkeypatch.setattr(FrameBuilder, "feed", forgetful)
    with pytest.raises(Violation, match="decoder"):
        for number in range(50):
            streams.fuzz_frames(Random(number), Counter())


@pytest.mark.parametrize(
    ("error", "invariant"),
    [
        (ValueError("no"), "exception"),
        (RecursionError(), "exception"),
        (ProfileError(["it is wrong"]), "profile"),
        (ProfileError(["p.yaml:1:1: two\nlines; no"]), "profile"),
    ],
    ids=repr,
)
def test_a_loader_that_lets_something_out_is_caught(
    error: Exception, invariant: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(path: Path) -> None:
        raise error

    monkeypatch.setattr(loading, "read_profile", broken)
    with pytest.raises(Violation) as caught:
        loading.load(b"name: x", tmp_path / "p.yaml", Counter())
    assert caught.value.invariant == invariant


def test_a_loader_that_never_ends_is_caught(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def endless(path: Path) -> None:
        while True:
            pass

    monkeypatch.setattr(loading, "read_profile", endless)
    monkeypatch.setattr(loading, "LONGEST_S", 0.1)
    with pytest.raises(Violation, match="took more than"):
        loading.load(b"name: x", tmp_path / "p.yaml", Counter())
