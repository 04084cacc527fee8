# SPDX-License-Identifier: GPL-2.0-or-later
"""Sticks and rings: what is published of them, and above all when nothing is."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal_mpg.analog import DECIMALS
from hal_mpg.arming import WhyNot
from hal_mpg.axis import ANALOG_MARGIN_S
from hal_mpg.events import EV_ABS, EV_KEY, EV_REL, Connected, Frame, NodeState
from hal_mpg.pendant import STALE_S
from tests.core.bed import CONTACT, ENABLE, EPS, READY, X1, Bed, X, Y, make_profile, places

ABS_X, ABS_Y, RING = 0, 1, 8  # linux/input-event-codes.h: ABS_X, ABS_Y, REL_WHEEL
HOLD = 0x136  # BTN_TL
MIDDLE = 128

STICK = "{abs: ABS_X, range: [0, 255], axis: x, dead-zone: 0.1}"
HELD = "{abs: ABS_X, range: [0, 255], axis: x, hold: BTN_TL}"
BOTH = f"[{HELD}, {{abs: ABS_Y, range: [0, 255], axis: y, invert: true, hold: BTN_TL}}]"
SELECTED = "{abs: ABS_X, range: [0, 255], axis: selected}"
RINGED = "{rel-absolute: REL_WHEEL, range: [-7, 7], axis: selected, hold: BTN_TL}"


def bed(analog: str, value: int = MIDDLE) -> Bed:
    """Return an armed pendant with a stick that stands somewhere."""
    return Bed(make_profile(analog=analog)).arm(absolutes={ABS_X: value, ABS_Y: MIDDLE})


def stick(bed: Bed, value: int, code: int = ABS_X) -> object:
    """Move the stick; return what its axis (X, or Y) is told."""
    bed.frame((EV_ABS, code, value))
    return bed["axis.x.analog" if code == ABS_X else "axis.y.analog"]


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ("range: [0, 255]", {255: 1.0, 0: -1.0, 128: 0.0, 127: 0.0, 140: 0.0, 115: 0.0, 192: 0.451}),
        ("range: [0, 255], invert: true", {255: -1.0, 0: 1.0, 128: 0.0}),
        ("range: [0, 255], curve: 2", {255: 1.0, 0: -1.0, 192: 0.203, 64: -0.196}),
        ("range: [-7, 7], dead-zone: 0", {7: 1.0, 1: 0.143, -1: -0.143, 0: 0.0}),
        ("range: [-7, 7], dead-zone: 0.1", {7: 1.0, 1: 0.048, -7: -1.0, 0: 0.0}),
        ("range: [-32768, 32767]", {32767: 1.0, -32768: -1.0, 0: 0.0, 3276: 0.0, 4000: 0.025}),
        ("range: [0, 255]", {1000: 1.0, -1000: -1.0}),  # beyond what it said
    ],
)
def test_what_is_told_of_a_stick(form: str, told: dict[int, float]) -> None:
    """Worked out by hand: (how far from the middle - dead zone) / (1 - dead zone), to the power of curve."""
    low, high = (int(end) for end in form.split("[")[1].split("]")[0].split(","))
    pendant = bed(f"{{abs: ABS_X, axis: x, {form}}}", (low + high) // 2)
    assert {value: stick(pendant, value) for value in told} == told


@given(
    low=st.integers(-40_000, 0),
    way=st.integers(20, 70_000),
    dead_zone=st.integers(60, 900),
    curve=st.integers(200, 10_000),
    invert=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_it_begins_at_0_at_the_edge_and_ends_at_1_and_never_falls_between(
    low: int, way: int, dead_zone: int, curve: int, invert: bool
) -> None:
    form = f"range: [{low}, {low + way}], dead-zone: {dead_zone / 1000}, curve: {curve / 1000}"
    middle, half = low + way / 2, way / 2
    pendant = bed(f"{{abs: ABS_X, axis: x, {form}, invert: {str(invert).lower()}}}", round(middle))
    values = sorted({low, low + way, *(low + way * n // 40 for n in range(41))})
    told = [float(str(stick(pendant, value))) * (-1 if invert else 1) for value in values]
    assert (told[0], told[-1]) == (-1.0, 1.0)
    assert all(before <= after for before, after in pairwise(told))
    for value, level in zip(values, told, strict=True):
        if abs(value - middle) <= dead_zone / 1000 * half - EPS * way:
            assert level == 0, "in the dead zone"
        beyond = (abs(value - middle) / half - dead_zone / 1000) / (1 - dead_zone / 1000)
        assert abs(level) == pytest.approx(max(beyond, 0.0) ** (curve / 1000), abs=0.6 * 10**-DECIMALS)


def test_only_axes_that_a_stick_moves_have_the_pin() -> None:
    names = {pin.name for pin in Bed(make_profile(analog=STICK)).pendant.pins}
    assert {name for name in names if name.endswith(".analog")} == {"axis.x.analog"}
    names = {pin.name for pin in Bed(make_profile(analog=SELECTED)).pendant.pins}
    assert {name for name in names if name.endswith(".analog")} == {f"axis.{a}.analog" for a in "xyza"}
    assert not [pin for pin in Bed().pendant.pins if pin.name.endswith(".analog")]


# What disarms: it goes to 0 at once, and comes back only after the stick was in its dead zone.

ENDS = {
    "enabling button": (lambda bed: bed.release(ENABLE), lambda bed: bed.press(ENABLE)),
    "E-stop": (lambda bed: bed.release(CONTACT), lambda bed: bed.press(CONTACT)),
    "machine off": (lambda bed: bed.gates(on=False), lambda bed: bed.gates()),
    "not in manual": (lambda bed: bed.gates(manual=False), lambda bed: bed.gates()),
    "inhibited": (lambda bed: bed.gates(inhibit=True), lambda bed: bed.gates()),
    "hold": (lambda bed: bed.release(HOLD), lambda bed: bed.press(HOLD)),
}


@pytest.mark.parametrize("reason", ENDS)
def test_it_falls_to_0_and_nothing_starts_again_by_itself(reason: str) -> None:
    end, again = ENDS[reason]
    pendant = bed(HELD)
    pendant.press(HOLD)
    assert stick(pendant, 255) == 1.0
    writes = end(pendant)
    assert ("axis.x.analog", 0.0) in writes
    gating = {
        pin
        for pin in places(writes)
        if pin in ("armed", "jog-stop") or pin.endswith((".jog-enable", ".analog"))
    }
    others = {
        place for pin, place in places(writes).items() if pin not in {*gating, "estop-ok", "estop", "enable"}
    }
    assert all(places(writes)["axis.x.analog"] < place for place in others), "before anything that can wait"
    again(pendant)
    pendant.wait(2.0)
    assert reason == "hold" or pendant["armed"] is True
    assert pendant["axis.x.analog"] == 0.0, "it is still deflected"
    assert stick(pendant, 200) == 0.0, "and still"
    assert stick(pendant, MIDDLE) == 0.0
    assert stick(pendant, 255) == 1.0


@pytest.mark.parametrize("reason", [name for name in ENDS if name != "hold"])
def test_disarming_stops_a_jog_that_a_stick_may_have_started(reason: str) -> None:
    pendant = bed(HELD)
    pendant.press(HOLD)
    stick(pendant, 255)
    pendant.wait(30.0)
    ENDS[reason][0](pendant)
    assert pendant["jog-stop"] is True
    assert stick(pendant, MIDDLE) == 0.0


def test_a_stick_that_was_let_go_long_ago_needs_no_stop() -> None:
    pendant = bed(STICK)
    stick(pendant, 255)
    stick(pendant, MIDDLE)
    pendant.wait(1.0)
    pendant.limit("x", 10.0, 100.0)
    pendant.release(ENABLE)
    assert not pendant.times("jog-stop", True)


def test_a_stick_that_is_deflected_when_it_is_plugged_in_moves_nothing() -> None:
    pendant = bed(STICK, 255)
    assert pendant["axis.x.analog"] == 0.0
    assert stick(pendant, 250) == 0.0
    assert stick(pendant, MIDDLE) == 0.0
    assert stick(pendant, 250) != 0.0


def test_of_several_nodes_the_one_that_speaks_of_a_stick_has_it() -> None:
    """A device that does not say how it stands before it is moved."""
    pendant = Bed(make_profile(analog=STICK))
    pendant.handle(Connected(pendant.now, (NodeState(frozenset(READY), {}), NodeState(frozenset(), {}))))
    pendant.wait(1.0)
    pendant.press(ENABLE)
    pendant.wait(1.0)
    pendant.frame((EV_ABS, ABS_X, 255), node=1)
    assert pendant["axis.x.analog"] == 0.0
    pendant.frame((EV_ABS, ABS_X, MIDDLE), node=1)
    pendant.frame((EV_ABS, ABS_X, 255), node=1)
    assert pendant["axis.x.analog"] == 1.0


def test_a_hold_button_that_is_held_when_it_is_plugged_in_is_no_press() -> None:
    pendant = Bed(make_profile(analog=HELD)).arm({*READY, HOLD}, {ABS_X: MIDDLE})
    assert stick(pendant, 255) == 0.0


def test_what_the_kernel_remembers_from_long_ago_does_not_count() -> None:
    """It is deflected, but the kernel has not heard of that when the pendant is opened."""
    pendant = Bed(make_profile(analog=STICK))
    pendant.handle(Connected(pendant.now, (NodeState(frozenset(READY), {ABS_X: MIDDLE}),), may_be_old=True))
    pendant.wait(1.0)
    pendant.frame((EV_KEY, CONTACT, 1), (EV_KEY, ENABLE, 0), (EV_ABS, ABS_X, 255))
    pendant.frame((EV_KEY, ENABLE, 1))
    pendant.wait(1.0)
    assert pendant["armed"] is True
    assert pendant["axis.x.analog"] == 0.0
    assert stick(pendant, 250) == 0.0
    assert stick(pendant, MIDDLE) == 0.0
    assert stick(pendant, 255) == 1.0


def test_a_press_of_hold_and_a_deflection_in_one_frame_move_nothing() -> None:
    """Whatever is first in the frame, both were so at the same time."""
    for order in (1, -1):
        pendant = bed(HELD)
        pendant.frame(*((EV_KEY, HOLD, 1), (EV_ABS, ABS_X, 255))[::order])
        assert pendant["axis.x.analog"] == 0.0


def test_one_hold_for_both_sticks() -> None:
    pendant = bed(BOTH)
    assert (stick(pendant, 255), stick(pendant, 255, ABS_Y)) == (0.0, 0.0)
    stick(pendant, MIDDLE)
    stick(pendant, MIDDLE, ABS_Y)
    pendant.press(HOLD)
    assert (stick(pendant, 255), stick(pendant, 255, ABS_Y)) == (1.0, -1.0)
    assert pendant["axis.x.analog"] == 1.0


def test_a_stick_of_the_selected_axis_has_to_come_back_when_another_is_selected() -> None:
    pendant = bed(SELECTED)
    assert stick(pendant, 255) == 1.0
    pendant.switch(X, Y)
    assert (pendant["axis.x.analog"], pendant["axis.y.analog"]) == (0.0, 0.0)
    assert stick(pendant, 250, ABS_X) == pendant["axis.y.analog"] == 0.0
    stick(pendant, MIDDLE)
    stick(pendant, 255)
    assert (pendant["axis.x.analog"], pendant["axis.y.analog"]) == (0.0, 1.0)


def test_two_sticks_of_one_axis_add_up_and_no_further_than_to_1() -> None:
    both = "[{abs: ABS_X, range: [0, 255], axis: x}, {abs: ABS_Y, range: [0, 255], axis: selected}]"
    pendant = bed(both)
    stick(pendant, 192)
    pendant.frame((EV_ABS, ABS_Y, 192))
    assert pendant["axis.x.analog"] == pytest.approx(0.902)
    pendant.frame((EV_ABS, ABS_Y, 255))
    assert pendant["axis.x.analog"] == 1.0


def test_detents_of_an_axis_that_a_stick_moves_are_dropped_and_counted() -> None:
    pendant = bed(STICK)
    pendant.limit("x", 50.0, 500.0)
    stick(pendant, 255)
    assert not pendant.pendant.foreseen
    pendant.turn(3)
    assert (pendant["dropped"], pendant.jog_counts()) == (3, {})
    pendant.switch(X, Y)
    pendant.turn(2)
    assert (pendant["dropped"], pendant.jog_counts()) == (3, {"y": 2}), "another axis is free"
    pendant.switch(Y, X)
    stick(pendant, MIDDLE)
    pendant.turn(1)
    assert (pendant["dropped"], pendant.jog_counts()) == (4, {"y": 2}), "LinuxCNC may not know of it yet"
    pendant.wait(ANALOG_MARGIN_S + EPS)
    pendant.turn(1)
    assert (pendant["dropped"], pendant.jog_counts()) == (4, {"x": 1, "y": 2})
    assert pendant.pendant.foreseen


def test_while_detents_are_dropped_for_a_stick_it_is_not_ready() -> None:
    pendant = bed(STICK)
    assert pendant["why-not"] == WhyNot.READY
    stick(pendant, 255)
    assert (pendant["why-not"], pendant["armed"]) == (WhyNot.NOT_STILL, True)
    pendant.switch(X, Y)
    assert pendant["why-not"] == WhyNot.READY, "another axis is free"
    pendant.switch(Y, X)
    assert pendant["why-not"] == WhyNot.NOT_STILL
    stick(pendant, MIDDLE)
    pendant.wait(ANALOG_MARGIN_S - 10 * EPS)
    assert pendant["why-not"] == WhyNot.NOT_STILL, "LinuxCNC may not know of it yet"
    pendant.wait(20 * EPS)
    assert pendant["why-not"] == WhyNot.READY
    pendant.turn(1)
    assert pendant.jog_counts() == {"x": 1}


def test_limits_that_are_netted_meanwhile_do_not_let_detents_through() -> None:
    pendant = bed(STICK)
    stick(pendant, 255)
    pendant.limit("x", 50.0, 500.0)
    pendant.turn(1)
    assert (pendant["dropped"], pendant.jog_counts()) == (1, {})


def test_what_is_read_too_late_moves_nothing() -> None:
    pendant = bed(STICK)
    pendant.wait(5.0)
    pendant.handle(Frame(pendant.now - STALE_S - 0.1, 0, ((EV_ABS, ABS_X, 255),)))
    assert pendant["axis.x.analog"] == 0.0
    assert stick(pendant, 250) == 0.0, "it was not seen in its dead zone since"
    stick(pendant, MIDDLE)
    assert stick(pendant, 255) == 1.0


def test_lost_events_stop_it_until_it_was_in_its_dead_zone() -> None:
    pendant = bed(STICK)
    stick(pendant, 255)
    pendant.lose_events(absolutes={ABS_X: 255})
    assert pendant["axis.x.analog"] == 0.0
    pendant.wait(1.0)
    assert stick(pendant, 250) == 0.0
    stick(pendant, MIDDLE)
    assert stick(pendant, 255) == 1.0


def test_unplugging_stops_it() -> None:
    pendant = bed(STICK)
    stick(pendant, 255)
    writes = pendant.unplug()
    assert ("axis.x.analog", 0.0) in writes
    assert pendant["jog-stop"] is True


def test_every_way_out_writes_0() -> None:
    writes = bed(SELECTED).pendant.safe_writes()
    assert {("axis.x.analog", 0.0), ("axis.a.analog", 0.0)} <= {*writes}


def test_while_a_stick_moves_an_axis_the_pendant_is_busy() -> None:
    """HAL's gates are looked at more often, then, though the device says nothing."""
    pendant = bed(STICK)
    pendant.wait(10.0)
    assert not pendant.pendant.is_busy(pendant.now)
    stick(pendant, 255)
    pendant.wait(60.0)
    assert pendant.pendant.is_busy(pendant.now)


# The range, as the device says.


def test_a_range_that_the_profile_does_not_give_is_the_devices() -> None:
    pendant = Bed(make_profile(analog="{abs: ABS_X, axis: x, dead-zone: 0.1, curve: 2}"))
    state = NodeState(frozenset({X, X1, CONTACT}), {ABS_X: 512}, {ABS_X: (0, 1023)})
    pendant.handle(Connected(pendant.now, (state,)))
    pendant.wait(1.0)
    pendant.press(ENABLE)
    pendant.wait(1.0)
    assert stick(pendant, 1023) == 1.0


def test_a_stick_of_which_nobody_knows_the_range_moves_nothing() -> None:
    pendant = bed("{abs: ABS_X, axis: x}")
    assert [stick(pendant, value) for value in (128, 255, 0, 128, 32767)] == [0.0] * 5


# Rings that report where they stand as relative movement.


def ring(bed: Bed, value: int, *others: tuple[int, int, int]) -> object:
    """Turn the ring; at 0, the kernel says nothing of it."""
    bed.frame(*([(EV_REL, RING, value)] if value else []), *others)
    return bed["axis.x.analog"]


def test_a_ring_is_at_0_where_a_frame_says_nothing_of_it() -> None:
    pendant = bed(RINGED)
    pendant.press(HOLD)
    assert ring(pendant, 7, (EV_REL, 7, 1)) == 1.0
    assert ring(pendant, 3) == pytest.approx(0.365)
    assert ring(pendant, 0, (EV_REL, 7, 1)) == 0.0
    assert ring(pendant, -7) == -1.0
    pendant.release(HOLD)
    assert pendant["axis.x.analog"] == 0.0


def test_a_ring_that_is_turned_when_hold_is_pressed_moves_nothing() -> None:
    pendant = bed(RINGED)
    ring(pendant, 5)
    assert ring(pendant, 5, (EV_KEY, HOLD, 1)) == 0.0
    assert ring(pendant, 6) == 0.0


def test_detents_of_a_wheel_beside_a_ring_count_as_ever() -> None:
    pendant = bed(RINGED)
    pendant.turn(2)
    pendant.press(HOLD)
    ring(pendant, 0, (EV_REL, 7, 1))
    assert pendant.jog_counts() == {"x": 3}
    assert pendant["dropped"] == 0


def test_what_another_node_says_tells_nothing_of_the_ring() -> None:
    pendant = Bed(make_profile(analog=RINGED))
    pendant.handle(Connected(pendant.now, (NodeState(frozenset(READY), {}), NodeState(frozenset(), {}))))
    pendant.wait(1.0)
    pendant.frame((EV_KEY, ENABLE, 1))
    pendant.wait(1.0)
    pendant.frame((EV_KEY, HOLD, 1))
    pendant.frame((EV_REL, RING, 5), node=1)
    assert pendant["axis.x.analog"] == 0.0, "nobody knows yet which node it is on, or whether it was at 0"
    pendant.frame((EV_KEY, HOLD, 0))
    pendant.frame((EV_KEY, HOLD, 1))
    assert pendant["axis.x.analog"] == 0.0, "the other node's silence of it is no 0"
    pendant.frame((EV_KEY, 0x100, 1), node=1)
    pendant.frame((EV_REL, RING, 5), node=1)
    assert pendant["axis.x.analog"] > 0.0
