# SPDX-License-Identifier: GPL-2.0-or-later
"""MPG-run: detents become program time, no faster than programmed, and only while everything permits it."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal_mpg.arming import WhyNot
from hal_mpg.events import ProgramInput
from hal_mpg.program_run import AHEAD_S, DETENT_TIME_S, LONGEST_DETENT_S, SPREAD_S, ProgramRun, is_detent_time
from tests.core.bed import CONTACT, ENABLE, READY, REL_DIAL, X1, Bed, make_profile

RUN = 0x140
PROFILE = make_profile(axis=f"{{keys: {{x: 0x120, y: 0x121, mpg-run: {RUN}}}}}", without=("leds",))
AT_RUN = frozenset({RUN, X1, CONTACT})


def a_bed(keys: Iterable[int] = AT_RUN) -> Bed:
    """Return a bed in automatic mode, with the enabling button held, that has been still."""
    bed = Bed(PROFILE)
    bed.plug_in(keys)
    bed.gates(manual=False)
    bed.wait(1.0)
    bed.press(ENABLE)
    bed.wait(1.0)
    return bed


def select(bed: Bed, is_selected: bool, backward: bool = False, detent_time: float = DETENT_TIME_S) -> None:
    bed.handle(ProgramInput(is_selected, backward, detent_time))


# What it takes.


def test_at_its_position_detents_are_counted_as_program_time() -> None:
    bed = a_bed()
    assert (bed["mpg-run.selected"], bed["mpg-run.enable"], bed["why-not"]) == (True, True, WhyNot.READY)
    bed.turn(1)
    bed.wait(0.1)
    bed.turn(2)
    assert (bed["mpg-run.counts"], bed["dropped"]) == (3, 0)
    assert bed["mpg-run.time"] == pytest.approx(0.06)
    assert bed["counts"] == 0, "it is no jog"
    assert not bed.jog_counts()


def test_hal_selects_it_wherever_the_selector_stands_and_in_any_mode() -> None:
    bed = a_bed(READY)
    assert bed["mpg-run.selected"] is False
    assert bed["why-not"] == WhyNot.NOT_MANUAL
    select(bed, True)
    assert (bed["mpg-run.selected"], bed["mpg-run.enable"], bed["axis-select"]) == (True, True, -1)
    bed.gates(manual=True)
    bed.wait(1.0)
    bed.turn(1)
    assert bed["mpg-run.counts"] == 1
    assert not bed.jog_counts()
    select(bed, False)
    bed.turn(1)
    assert (bed["mpg-run.enable"], bed["mpg-run.counts"], bed.jog_counts()) == (False, 1, {"x": 1})


@pytest.mark.parametrize("gate", ["machine", "inhibit", "enable", "estop", "selector", "unplugged"])
def test_each_gate_ends_it_at_once_and_nothing_is_saved_up(gate: str) -> None:
    bed = a_bed()
    bed.turn(3)
    match gate:
        case "machine":
            writes = bed.gates(on=False, manual=False)
        case "inhibit":
            writes = bed.gates(manual=False, inhibit=True)
        case "enable":
            writes = bed.release(ENABLE)
        case "estop":
            writes = bed.release(CONTACT)
        case "selector":
            writes = bed.release(RUN)
        case _:
            writes = bed.unplug()
    assert ("mpg-run.enable", False) in writes
    assert (bed["mpg-run.enable"], bed["mpg-run.feed"], bed["mpg-run.counts"]) == (False, 0.0, 3)
    if gate != "unplugged":
        bed.turn(5)
        assert (bed["mpg-run.counts"], bed["mpg-run.time"]) == (3, pytest.approx(0.06))
        assert bed["dropped"] == 5


def test_it_waits_for_the_wheel_to_be_still_after_it_was_selected() -> None:
    bed = a_bed(READY)
    bed.turn(1)
    bed.wait(0.1)
    select(bed, True)
    assert (bed["mpg-run.enable"], bed["why-not"]) == (False, WhyNot.NOT_STILL)
    bed.turn(1)
    bed.wait(0.199)
    assert bed["mpg-run.enable"] is False
    bed.wait(0.002)
    assert bed["mpg-run.enable"] is True
    assert (bed["mpg-run.counts"], bed["dropped"]) == (0, 2)


def test_what_was_turned_in_the_batch_that_ends_it_is_dropped() -> None:
    bed = a_bed()
    bed.turn(1)
    bed.frame((2, REL_DIAL, 3), (1, ENABLE, 0), (2, REL_DIAL, 1))
    assert (bed["mpg-run.counts"], bed["mpg-run.time"], bed["dropped"]) == (1, pytest.approx(0.02), 4)


def test_back_is_dropped_unless_it_is_wanted() -> None:
    bed = a_bed()
    bed.turn(-3)
    assert (bed["mpg-run.counts"], bed["dropped"]) == (0, 3)
    select(bed, False, backward=True)
    bed.turn(-3)
    assert (bed["mpg-run.counts"], bed["dropped"]) == (-3, 3)
    assert bed["mpg-run.time"] == pytest.approx(-0.06)
    assert bed["mpg-run.feed"] > 0, "a speed, without a sign"


@pytest.mark.parametrize("seconds", [0.0, -0.02, nan, inf, LONGEST_DETENT_S * 1.01])
def test_what_is_no_time_drops_every_detent(seconds: float) -> None:
    assert not is_detent_time(seconds)
    bed = a_bed()
    select(bed, False, detent_time=seconds)
    bed.turn(2)
    assert (bed["mpg-run.counts"], bed["mpg-run.time"], bed["dropped"]) == (0, 0.0, 2)


def test_another_time_of_a_detent_is_for_those_to_come() -> None:
    bed = a_bed()
    bed.turn(2)
    select(bed, False, detent_time=0.001)
    bed.turn(1)
    assert bed["mpg-run.time"] == pytest.approx(0.041)


# How fast.


def test_even_turning_is_an_even_feed() -> None:
    for rate in (4, 5, 10, 20, 40):
        run, now = ProgramRun(), 100.0
        feeds = []
        for _ in range(40):
            now += 1 / rate
            run.turn(1, now)
            feeds.append(run.feed)
        assert feeds[-10:] == pytest.approx([rate * DETENT_TIME_S] * 10, rel=0.01)


def test_a_single_detent_is_spread_and_then_it_stands() -> None:
    run = ProgramRun()
    run.turn(1, 100.0)
    assert run.feed == pytest.approx(DETENT_TIME_S / SPREAD_S)


@given(
    st.lists(st.tuples(st.floats(0, 0.5), st.integers(-50, 50)), max_size=60),
    st.sampled_from([0.001, 0.02, 0.3, 1.0]),
    st.booleans(),
)
def test_no_more_is_asked_for_than_a_second_a_second(
    turns: list[tuple[float, int]], detent_s: float, backward: bool
) -> None:
    run, now = ProgramRun(), 100.0
    run.input = ProgramInput(False, backward, detent_s)
    ahead = 0.0  # of a program that runs at full feed whenever it can
    for seconds, detents in turns:
        now += seconds
        ahead = max(ahead - seconds, 0.0) if ahead > 0 else min(ahead + seconds, 0.0)
        before = run.time
        taken = run.turn(detents, now)
        assert 0 <= taken * (1 if detents > 0 else -1) <= abs(detents)
        assert backward or taken >= 0
        assert run.time - before == pytest.approx(taken * detent_s, abs=1e-9)
        ahead += taken * detent_s
        assert abs(ahead) <= AHEAD_S + detent_s + 1e-6
        assert 0 <= run.feed <= 1
        assert run.counter.count == pytest.approx(run.time / detent_s, abs=1e-6)
    if turns and run.feed:
        assert abs(run._left) / run.feed < SPREAD_S + AHEAD_S + detent_s, "it comes to an end soon"


# Without a pendant.


def test_without_a_pendant_it_is_selected_and_the_program_stands() -> None:
    bed = Bed(PROFILE)
    select(bed, True)
    assert (bed["mpg-run.selected"], bed["mpg-run.enable"], bed["connected"]) == (True, False, False)
    select(bed, False)
    assert bed["mpg-run.selected"] is False


def test_a_pendant_that_was_lost_at_the_position_leaves_it_selected_until_it_is_back() -> None:
    bed = a_bed()
    bed.unplug()
    assert (bed["mpg-run.selected"], bed["mpg-run.enable"]) == (True, False)
    bed.plug_in(AT_RUN)
    assert bed["mpg-run.selected"] is True
    bed.unplug()
    bed.plug_in(READY)
    assert bed["mpg-run.selected"] is False
    bed.unplug()
    assert bed["mpg-run.selected"] is False


def test_any_number_of_detents_may_come_at_one_instant() -> None:
    run = ProgramRun()
    for _ in range(5000):
        run.turn(1, 100.0)
    assert run.counter.count == 5, "0.1 s ahead"
    assert run.feed == 1.0
    once = ProgramRun()
    assert once.turn(5000, 100.0) == 5, "in one event or in many"
