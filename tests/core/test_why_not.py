# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of `why-not`, of which the smallest that applies is shown; and rule 5 with it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hal_mpg.arming import JOG_GATES, WORDS, Latch, WhyNot
from hal_mpg.events import EventsLost
from tests.core.bed import CONTACT, ENABLE, FEED, READY, X1, X10, Bed, X, Y, make_profile


def lose_events(bed: Bed) -> None:
    bed.handle(EventsLost(bed.now, 0, ()))


CAUSES: dict[int, Callable[[Bed], object]] = {
    1: Bed.unplug,
    2: lambda bed: bed.release(CONTACT),
    3: lambda bed: bed.gates(inhibit=True),
    4: lambda bed: bed.gates(on=False),
    5: lambda bed: bed.gates(manual=False),
    6: lambda bed: bed.release(ENABLE),
    8: lambda bed: bed.release(X),
    9: lambda bed: bed.press(Y),
    10: lose_events,
}
"""What has to be done to a ready pendant to see each value."""

DISARMING = (1, 2, 3, 4, 5, 6, 10)


def test_a_ready_pendant() -> None:
    bed = Bed().arm()
    assert (bed["why-not"], bed["armed"]) == (0, True)


@pytest.mark.parametrize("value", CAUSES)
def test_each_cause_alone(value: int) -> None:
    bed = Bed().arm()
    CAUSES[value](bed)
    bed.wait(1.0)
    assert bed["why-not"] == value


def test_a_wheel_that_is_not_still() -> None:
    bed = Bed().arm()
    bed.release(ENABLE)
    bed.turn(1)
    bed.wait(0.1)
    bed.press(ENABLE)
    assert (bed["why-not"], bed["armed"]) == (7, False)
    bed.wait(0.11)
    assert (bed["why-not"], bed["armed"]) == (0, True)


def test_a_wheel_that_turns_while_the_mode_becomes_manual() -> None:
    bed = Bed().arm()
    bed.gates(manual=False)
    bed.wait(1.0)
    bed.turn(1)
    bed.gates(manual=True)
    assert (bed["why-not"], bed["armed"]) == (7, False)
    bed.wait(0.21)
    assert (bed["why-not"], bed["armed"]) == (0, True)


@pytest.mark.parametrize("counts", [1, 4], ids=["a detent", "part of a detent"])
def test_it_is_armed_by_time_alone_where_an_override_is_armed_already(counts: int) -> None:
    bed = Bed(make_profile(wheel=f"{{rel: REL_DIAL, counts-per-detent: {counts}}}")).arm()
    bed.switch(X, FEED)
    bed.gates(manual=False)
    bed.wait(1.0)
    bed.turn(1)
    bed.gates(manual=True)
    assert (bed["armed"], bed["why-not"]) == (False, 0)
    bed.wait(0.21)
    assert bed["armed"] is True


def test_no_scale_is_a_selector_fault() -> None:
    bed = Bed().arm()
    bed.release(X1)
    assert bed["why-not"] == 9


def test_a_selector_that_stands_nowhere_is_no_fault() -> None:
    bed = Bed()
    bed.plug_in(READY - {X})
    bed.press(ENABLE)
    bed.wait(1.0)
    assert bed["why-not"] == 8


def test_no_axis_comes_before_no_scale() -> None:
    bed = Bed().arm()
    bed.release(X1)
    bed.release(X)
    assert bed["why-not"] == 8


def test_no_axis_comes_before_two_scales() -> None:
    bed = Bed().arm()
    bed.release(X)
    bed.press(X10)
    assert bed["why-not"] == 8


PAIRS = [(a, b) for a in CAUSES for b in CAUSES if a < b and (a, b) != (8, 9)]  # none and two at once


@pytest.mark.parametrize(("small", "large"), PAIRS)
def test_the_smaller_of_two_is_shown(small: int, large: int) -> None:
    bed = Bed().arm()
    if small == 1:  # what comes from the device cannot be seen without it
        bed.unplug()
        if large in (3, 4, 5):
            CAUSES[large](bed)
    elif {small, large} <= {3, 4, 5}:
        bed.gates(inhibit=3 in (small, large), on=4 not in (small, large), manual=5 not in (small, large))
    else:
        CAUSES[large](bed)
        CAUSES[small](bed)
    bed.wait(1.0)
    assert bed["why-not"] == small


@pytest.mark.parametrize("value", DISARMING)
def test_what_disarms_disarms_at_once_and_stops_every_axis(value: int) -> None:
    bed = Bed().arm()
    bed.turn(1)
    bed.wait(0.1)
    CAUSES[value](bed)
    assert bed["armed"] is False
    assert not [pin for pin, is_on in bed.pins.items() if pin.endswith(".jog-enable") and is_on]
    assert bed["jog-stop"] is True, "a jog may still be running"


class StuckLatch(Latch):
    """One that nothing can disarm any more."""

    def update(self, reasons: set[WhyNot], is_still: bool) -> None:
        self.armed = True


@pytest.mark.parametrize("value", DISARMING)
def test_a_fault_in_arming_alone_enables_no_axis(value: int) -> None:
    bed = Bed().arm()
    bed.pendant._jog = StuckLatch(JOG_GATES)
    bed.gates()
    assert bed["axis.x.jog-enable"] is True
    CAUSES[value](bed)
    assert bed["armed"] is True, "it is broken"
    assert not [pin for pin, is_on in bed.pins.items() if pin.endswith(".jog-enable") and is_on]


@pytest.mark.parametrize("value", [2, 3, 4, 5, 6, 10])
def test_while_disarmed_detents_are_dropped(value: int) -> None:
    bed = Bed().arm()
    CAUSES[value](bed)
    bed.turn(3)
    assert (bed["dropped"], bed["counts"], bed.jog_counts()) == (3, 0, {})


@pytest.mark.parametrize("value", [8, 9])
def test_a_selector_disarms_nothing(value: int) -> None:
    bed = Bed().arm()
    CAUSES[value](bed)
    assert bed["armed"] is True
    bed.turn(2)
    assert (bed["counts"], bed["dropped"]) == (2, 2), "counted while armed, whatever the axis"


def test_jog_enable_is_true_on_every_axis_while_armed() -> None:
    bed = Bed().arm()
    enables = [value for pin, value in bed.pins.items() if pin.endswith(".jog-enable")]
    assert enables == [True] * 4


def test_each_value_has_words() -> None:
    assert set(WORDS) == set(WhyNot)
    assert [int(value) for value in WhyNot] == list(range(19))


def test_a_held_enabling_button_at_connect_is_no_enabling() -> None:
    bed = Bed()
    bed.plug_in(READY | {ENABLE})
    bed.wait(1.0)
    assert (bed["enable"], bed["armed"], bed["why-not"]) == (False, False, 6)
    bed.release(ENABLE)
    bed.press(ENABLE)
    bed.wait(1.0)
    assert (bed["enable"], bed["armed"], bed["why-not"]) == (True, True, 0)
