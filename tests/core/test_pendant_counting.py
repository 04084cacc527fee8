# SPDX-License-Identifier: GPL-2.0-or-later
"""Rules 1, 2 and 4: every detent is where it belongs, none is lost in silence, counts never jump."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal_mpg.counter import Counter
from hal_mpg.events import EV_KEY, EV_REL, Connected, EventsLost, Frame, Gates, NodeState, Snapshot
from hal_mpg.machine import Machine
from hal_mpg.wheel_speed import WheelSpeed
from tests.core.bed import ENABLE, FEED, HOME, READY, REL_DIAL, RESET, X1, X10, X100, Bed, X, Y, make_profile

TURN = (EV_REL, REL_DIAL, 1)
KEYS = "{keys: {forward: KEY_VOLUMEUP, backward: KEY_VOLUMEDOWN}}"
FORWARD = 115  # KEY_VOLUMEUP


def as_s32(number: int) -> int:
    """Return what 32 bits keep of a number."""
    return int.from_bytes((number % 2**32).to_bytes(4, "little"), "little", signed=True)


def test_a_detent_moves_the_selected_axis_by_the_selected_scale() -> None:
    bed = Bed().arm()
    bed.turn(1)
    bed.switch(X1, X10)
    bed.turn(1)
    bed.switch(X, Y)
    bed.turn(-2)
    bed.switch(X10, X100)
    bed.turn(1)
    assert bed.jog_counts() == {"x": 11, "y": 80}
    assert (bed["counts"], bed["dropped"]) == (1, 0)


def test_within_one_frame_the_order_of_the_kernel_decides() -> None:
    bed = Bed().arm()
    bed.frame(TURN, (EV_KEY, X, 0), (EV_KEY, Y, 1), TURN, (EV_KEY, X1, 0), (EV_KEY, X10, 1), TURN)
    assert bed.jog_counts() == {"x": 1, "y": 11}


def test_within_one_batch_the_order_of_the_frames_decides() -> None:
    bed = Bed().arm()
    now = bed.now
    to_y = Frame(now, 0, ((EV_KEY, X, 0), (EV_KEY, Y, 1)))
    bed.handle(Frame(now, 0, (TURN,)), to_y, Frame(now, 0, (TURN, TURN)))
    assert bed.jog_counts() == {"x": 1, "y": 2}


def test_between_two_positions_a_detent_is_dropped() -> None:
    bed = Bed().arm()
    bed.release(X)
    bed.turn(2)
    bed.press(Y)
    bed.turn(-1)
    assert bed.jog_counts() == {"y": -1}
    assert (bed["counts"], bed["dropped"]) == (1, 2)


def test_at_two_positions_at_once_a_detent_is_dropped() -> None:
    bed = Bed().arm()
    bed.press(Y)
    bed.turn(3)
    assert (bed.jog_counts(), bed["dropped"], bed["axis-select"]) == ({}, 3, -1)


def test_with_no_scale_or_two_of_them_a_detent_is_dropped() -> None:
    bed = Bed().arm()
    bed.release(X1)
    bed.turn(3)
    assert (bed["scale-select"], bed["scale"], bed["dropped"]) == (-1, 0.0, 3)
    bed.press(X10, X100)
    bed.turn(-1)
    assert (bed["scale-select"], bed["dropped"], bed.jog_counts()) == (-1, 4, {})


def test_a_position_of_an_axis_that_the_machine_does_not_have_is_off() -> None:
    bed = Bed(machine=Machine(axes=frozenset("xz"))).arm()
    bed.switch(X, Y)
    bed.turn(1)
    assert (bed["axis-select"], bed["why-not"], bed["dropped"], bed["scale"]) == (-1, 8, 1, 0.0)


def test_the_axis_index_is_the_place_in_the_profile_and_not_in_the_machine() -> None:
    bed = Bed(machine=Machine(axes=frozenset("yz")))
    bed.plug_in({Y, X10})
    assert bed["axis-select"] == 1
    assert (bed["axis.y.selected"], bed["axis.z.selected"]) == (True, False)
    assert (bed["scale-select"], bed["scale"]) == (1, 0.01)


def test_scale_is_the_distance_of_a_detent_in_machine_units() -> None:
    bed = Bed(machine=Machine(units="inch"))
    bed.plug_in({X, X100})
    assert bed["scale"] == 0.01
    bed.switch(X, 0x123)
    assert bed["scale"] == 1.0
    assert bed["axis.x.jog-scale"] == 0.0001


@pytest.mark.parametrize("sign", [1, -1])
def test_an_axis_counter_wraps_at_32_bits(sign: int) -> None:
    increments = (Decimal("0.001"), Decimal("1"), Decimal("1000"))
    bed = Bed(machine=Machine(increments=increments)).arm()
    bed.switch(X1, X100)
    total = 0
    for _ in range(7):
        bed.turn(sign * 999)
        total += sign * 999 * 1_000_000
        assert bed["axis.x.jog-counts"] == as_s32(total)
    assert abs(total) > 2**32


@pytest.mark.parametrize("sign", [1, -1])
def test_counts_wraps_at_32_bits(sign: int) -> None:
    bed = Bed().arm()
    bed.pendant._ledger._counts.count = sign * (2**31 - 500)  # a life of turning
    bed.turn(sign * 999)
    assert bed["counts"] == as_s32(sign * (2**31 + 499))


def test_dropped_wraps_at_32_bits() -> None:
    bed = Bed().arm()
    for _ in range(3):
        bed.turn(-(2**31))
    assert bed["dropped"] == as_s32(3 * 2**31)


def test_an_override_position_counts_on_the_target_and_no_axis() -> None:
    bed = Bed().arm()
    bed.switch(X, FEED)
    bed.turn(2)
    bed.turn(-1)
    assert (bed["feed-override.counts"], bed.jog_counts(), bed["dropped"]) == (1, {}, 0)
    assert (bed["axis-select"], bed["counts"], bed["why-not"]) == (-1, 1, 0)


def test_overrides_count_in_any_mode_but_are_neither_armed_nor_counts() -> None:
    bed = Bed().arm()
    bed.switch(X, FEED)
    bed.gates(manual=False)
    bed.wait(0.5)
    bed.turn(4)
    assert (bed["feed-override.counts"], bed["counts"], bed["armed"]) == (4, 0, False)
    assert bed["why-not"] == 0
    assert bed["dropped"] == 0


@pytest.mark.parametrize("gates", [{"on": False}, {"inhibit": True}])
def test_overrides_need_the_other_gates(gates: dict[str, bool]) -> None:
    bed = Bed().arm()
    bed.switch(X, FEED)
    bed.gates(**gates)
    bed.wait(0.5)
    bed.turn(4)
    assert (bed["feed-override.counts"], bed["dropped"]) == (0, 4)


def test_overrides_of_the_batch_that_disarms_are_taken_back_and_dropped() -> None:
    """What disarms is written first, so whoever watches `inhibit` and the like would not obey any more."""
    bed = Bed().arm()
    bed.turn(-(2**31))
    bed.switch(X, FEED)
    bed.turn(5)
    turns = [Frame(bed.now, 0, ((EV_REL, REL_DIAL, detents),)) for detents in (3, -1)]
    writes = dict(bed.handle(*turns, Gates(True, True, True)))
    assert "feed-override.counts" not in writes
    assert (bed["feed-override.counts"], bed["counts"]) == (5, 5)
    assert bed["dropped"] == as_s32(2**31 + 4)


def test_overrides_that_were_published_stay() -> None:
    bed = Bed().arm()
    bed.switch(X, FEED)
    bed.turn(2)
    bed.gates(inhibit=True)
    bed.unplug()
    assert (bed["feed-override.counts"], bed["dropped"]) == (2, 0)


def test_overrides_that_are_read_far_too_late_are_dropped_with_those_before_them() -> None:
    bed = Bed().arm()
    bed.switch(X, FEED)
    bed.handle(Frame(bed.now, 0, (TURN,)), Frame(bed.now - 5.0, 0, (TURN,)))
    assert (bed["feed-override.counts"], bed["dropped"]) == (0, 2)


def test_two_overrides_of_the_batch_that_disarms_are_taken_back() -> None:
    axis = f"{{keys: {{x: {X}, y: {Y}, feed-override: {FEED}, rapid-override: 0x12d}}}}"
    bed = Bed(make_profile(axis=axis)).arm()
    bed.switch(X, FEED)
    swap = Frame(bed.now, 0, ((EV_KEY, FEED, 0), (EV_KEY, 0x12D, 1)))
    turn = Frame(bed.now, 0, (TURN,))
    bed.handle(turn, swap, turn, turn, Frame(bed.now, 0, ((EV_KEY, ENABLE, 0),)))
    assert (bed["feed-override.counts"], bed["rapid-override.counts"], bed["dropped"]) == (0, 0, 3)


def test_an_override_needs_no_scale() -> None:
    bed = Bed().arm({FEED, 0x129})
    bed.turn(1)
    assert (bed["feed-override.counts"], bed["why-not"]) == (1, 0)


def test_counts_freeze_and_go_on_after_everything_that_disarms() -> None:
    bed = Bed().arm()
    bed.turn(5)
    bed.release(ENABLE)
    bed.turn(1)
    bed.unplug()
    bed.wait(1.0)
    assert bed.jog_counts() == {"x": 5}
    bed.arm()
    assert bed.jog_counts() == {"x": 5}
    bed.turn(1)
    assert (bed.jog_counts(), bed["counts"], bed["dropped"]) == ({"x": 6}, 6, 1)


@pytest.mark.parametrize(
    ("wheel", "before", "after"),
    [
        ("{abs: ABS_WHEEL, modulo: 65536}", 65000, 12),
        ("{abs: ABS_WHEEL, modulo: 256, invert: true}", 3, 250),
    ],
)
def test_an_absolute_wheel_is_seeded_anew_on_reconnect(wheel: str, before: int, after: int) -> None:
    bed = Bed(make_profile(wheel=wheel)).arm(absolutes={8: before})
    bed.stand_at(before + 1)
    counts = bed.jog_counts()
    assert abs(int(counts["x"])) == 1
    bed.unplug()
    bed.wait(1.0)
    bed.arm(absolutes={8: after})
    assert bed.jog_counts() == counts
    bed.stand_at(after + 1)
    assert abs(int(bed["axis.x.jog-counts"])) == 2
    assert bed["dropped"] == 0


def test_an_absolute_wheel_that_turned_while_disarmed_has_nothing_saved_up() -> None:
    bed = Bed(make_profile(wheel="{abs: ABS_WHEEL, modulo: 256}")).arm(absolutes={8: 10})
    bed.release(ENABLE)
    bed.stand_at(60)
    bed.press(ENABLE)
    bed.wait(1.0)
    assert bed["armed"]
    bed.stand_at(61)
    assert (bed.jog_counts(), bed["dropped"]) == ({"x": 1}, 50)


def test_an_absolute_wheel_that_turned_while_events_were_lost_has_nothing_saved_up() -> None:
    bed = Bed(make_profile(wheel="{abs: ABS_WHEEL, modulo: 256}")).arm(absolutes={8: 10})
    bed.lose_events(absolutes={8: 40})
    bed.wait(1.0)
    bed.stand_at(41)
    assert (bed.jog_counts(), bed["dropped"]) == ({"x": 1}, 30)


def test_a_relative_wheel_with_positions_has_nothing_saved_up_after_lost_events() -> None:
    bed = Bed(make_profile(wheel="{rel-absolute: REL_DIAL, modulo: 256}")).arm()
    bed.turn(11)
    bed.wait(1.0)
    bed.turn(12)
    assert bed.jog_counts() == {"x": 1}
    bed.lose_events((EV_REL, REL_DIAL, 13))  # and then on to 32, of which nobody knows
    bed.wait(1.0)
    bed.turn(33)
    bed.turn(34)
    assert abs(int(bed["axis.x.jog-counts"]) - 2) <= 1, "a jump by what was turned unseen"


def test_a_relative_wheel_with_positions_is_no_absolute_axis() -> None:
    """The place of another control of the device, whatever its number, is not that of the wheel."""
    bed = Bed(make_profile(wheel="{rel-absolute: REL_DIAL, modulo: 256}")).arm(absolutes={0: 5, 7: 5})
    bed.turn(11)
    assert (bed.jog_counts(), bed["dropped"]) == ({}, 1)


def test_a_relative_wheel_with_positions_keeps_its_place_when_another_node_lost_events() -> None:
    bed = Bed(make_profile(wheel="{rel-absolute: REL_DIAL, modulo: 256}", without=("enable",)))
    bed.held = set(READY)
    bed.handle(Connected(bed.now, (NodeState(frozenset(), {}), bed.state())))
    bed.wait(1.0)
    bed.turn(11)
    bed.turn(12)
    assert (bed.jog_counts(), bed["dropped"]) == ({"x": 1}, 1)
    bed.handle(EventsLost(bed.now, 1, ()), Snapshot(bed.now, 1, bed.state()))
    bed.wait(1.0)
    bed.turn(13)
    assert (bed.jog_counts(), bed["dropped"]) == ({"x": 2}, 1)


def silent(places: str = "{rel-absolute: REL_DIAL, modulo: 256}") -> Bed:
    """Return an armed pendant whose wheel stands at 254: the kernel tells of no relative movement of 0."""
    bed = Bed(make_profile(wheel=places)).arm()
    bed.turn(253)
    bed.wait(1.0)
    bed.turn(254)
    assert (bed.jog_counts(), bed["dropped"]) == ({"x": 1}, 1)
    return bed


def test_place_0_is_silent_and_no_detent_is_lost_for_that() -> None:
    bed = silent()
    for place in (255, 1, 2, 1, 255, 254):
        bed.turn(place)
    assert (bed.jog_counts(), bed["dropped"]) == ({"x": 1}, 1)


@pytest.mark.parametrize(
    ("last", "next_one", "axis_counts", "dropped"), [(255, 1, 1, 2), (255, 2, 2, 2), (254, 1, 1, 3)]
)
def test_a_detent_that_ended_on_the_silent_place_is_not_the_next_axis(
    last: int, next_one: int, axis_counts: int, dropped: int
) -> None:
    bed = silent()
    bed.turn(last)
    x = int(bed["axis.x.jog-counts"])
    bed.switch(X, Y)  # in a frame that says nothing of the wheel: it stands at 0
    bed.turn(next_one)
    assert (bed.jog_counts(), bed["dropped"]) == ({"x": x, "y": axis_counts}, dropped)
    bed.turn(next_one + 1)
    assert (bed.jog_counts(), bed["dropped"]) == ({"x": x, "y": axis_counts + 1}, dropped)


def test_a_detent_back_that_ended_on_the_silent_place_is_not_the_next_axis() -> None:
    bed = silent()
    for place in (255, 1):
        bed.turn(place)
    bed.switch(X, Y)
    bed.turn(255)
    assert (bed.jog_counts(), bed["dropped"]) == ({"x": 4, "y": -1}, 2)


def test_a_detent_that_ended_on_the_silent_place_is_not_at_the_next_scale() -> None:
    bed = silent()
    bed.turn(255)
    bed.switch(X1, X100)
    bed.turn(1)
    assert (bed.jog_counts(), bed["dropped"]) == ({"x": 2 + 100}, 2)


def test_a_detent_that_ended_on_the_silent_place_while_disarmed_is_not_saved_up() -> None:
    bed = silent()
    bed.turn(255)
    bed.gates(inhibit=True)
    bed.gates(inhibit=False)
    bed.wait(1.0)
    bed.turn(1)
    assert (bed.jog_counts(), bed["dropped"]) == ({"x": 3}, 2)


def test_half_a_turn_is_no_way_past_the_silent_place() -> None:
    bed = silent()
    bed.switch(X, Y)
    bed.turn(254 - 128)
    assert (bed.jog_counts(), bed["dropped"]) == ({"x": 1}, 1 + 128)


def test_part_of_a_detent_is_not_saved_up_while_disarmed() -> None:
    bed = Bed(make_profile(wheel="{rel: REL_DIAL, counts-per-detent: 4}")).arm()
    bed.turn(3)
    bed.release(ENABLE)
    bed.wait(1.0)
    bed.press(ENABLE)
    bed.wait(1.0)
    bed.turn(1)
    assert bed.jog_counts() == {}
    bed.turn(3)
    assert bed.jog_counts() == {"x": 1}


def test_part_of_a_detent_is_kept_while_armed() -> None:
    bed = Bed(make_profile(wheel="{rel: REL_DIAL, counts-per-detent: 4}")).arm()
    bed.turn(3)
    bed.wait(1.0)
    bed.press(HOME)
    bed.turn(1)
    assert bed.jog_counts() == {"x": 1}


def test_a_detent_that_is_taken_back_is_taken_back_once() -> None:
    """All in one batch: a detent with no axis, disarmed, armed again, disarmed again."""
    bed = Bed().arm()
    bed.release(X)
    start = bed.now
    bed.wait(0.4)
    hands = [(0.01, TURN), (0.02, (EV_KEY, ENABLE, 0)), (0.03, (EV_KEY, ENABLE, 1))]
    hands += [(0.3, (EV_KEY, HOME, 1)), (0.32, (EV_KEY, ENABLE, 0))]
    bed.handle(*(Frame(start + time, 0, (change,)) for time, change in hands))
    assert (bed["counts"], bed["dropped"]) == (0, 1)


def test_a_new_counter_has_nothing_to_take_back() -> None:
    counter = Counter()
    assert (counter.take_back(), counter.count) == (0, 0)


def test_a_counter_takes_back_what_nobody_has_seen() -> None:
    counter = Counter()
    counter.add(10, 1)
    counter.published()
    counter.add(-200, -2)
    counter.add(100, 1)
    assert (counter.take_back(), counter.count) == (3, 10)
    assert (counter.take_back(), counter.count) == (0, 10)


def test_detents_in_lost_events_are_dropped() -> None:
    bed = Bed().arm()
    bed.lose_events((EV_REL, REL_DIAL, 2), (EV_REL, REL_DIAL, -1), (EV_KEY, X, 0))
    assert (bed["dropped"], bed.jog_counts()) == (3, {})


def test_detents_that_are_read_far_too_late_are_dropped_and_disarm() -> None:
    bed = Bed().arm()
    writes = bed.handle(Frame(bed.now - 5.0, 0, (TURN, TURN)))
    assert (bed.jog_counts(), bed["dropped"]) == ({}, 2)
    assert ("axis.x.jog-enable", False) in writes
    bed.wait(1.0)
    assert bed["armed"] is True
    bed.turn(1)
    assert bed.jog_counts() == {"x": 1}


@pytest.mark.parametrize(("late", "counted"), [(0.45, {"x": 1}), (0.55, {})])
def test_half_a_second_is_too_late(late: float, counted: dict[str, int]) -> None:
    bed = Bed().arm()
    bed.handle(Frame(bed.now - late, 0, (TURN,)))
    assert bed.jog_counts() == counted


def test_switches_that_are_read_far_too_late_count_nevertheless() -> None:
    bed = Bed().arm()
    bed.handle(Frame(bed.now - 5.0, 0, ((EV_KEY, 0x129, 0),)))
    assert bed["estop-ok"] is False


@pytest.mark.parametrize("key", [HOME, RESET])
@pytest.mark.parametrize(("late", "is_pressed"), [(0.45, True), (0.55, False), (10.0, False)])
def test_a_press_that_is_read_far_too_late_is_none(key: int, late: float, is_pressed: bool) -> None:
    bed = Bed().arm()
    pin = {HOME: "button.home", RESET: "reset"}[key]
    bed.handle(Frame(bed.now - late, 0, ((EV_KEY, key, 1),)), Frame(bed.now - late, 0, ((EV_KEY, key, 0),)))
    assert bed[pin] is is_pressed
    bed.wait(1.0)
    bed.handle(Frame(bed.now - late, 0, ((EV_KEY, key, 1),)))
    bed.wait(1.0)
    assert bed[pin] is is_pressed, "it is held still"
    bed.release(key)
    bed.wait(1.0)
    bed.press(key)
    assert bed[pin] is True


def test_what_was_pressed_in_time_stays_so_whatever_comes_late() -> None:
    bed = Bed().arm()
    bed.press(HOME)
    bed.handle(Frame(bed.now - 5.0, 0, ((EV_KEY, HOME, 2), (EV_KEY, X, 0), (EV_KEY, Y, 1))))
    assert (bed["button.home"], bed["axis-select"]) == (True, 1)
    bed.wait(1.0)
    bed.handle(Frame(bed.now - 5.0, 0, ((EV_KEY, HOME, 0),)))
    assert bed["button.home"] is False


def test_a_late_press_of_the_enabling_button_counts_for_it_is_held_now() -> None:
    bed = Bed().arm()
    bed.release(ENABLE)
    bed.handle(Frame(bed.now - 5.0, 0, ((EV_KEY, ENABLE, 1),)))
    assert bed["enable"] is True


def test_a_lying_value_moves_nothing_and_is_dropped() -> None:
    bed = Bed().arm()
    bed.turn(100_000)
    assert (bed.jog_counts(), bed["counts"], bed["dropped"]) == ({}, 0, 100_000)


def test_a_wheel_of_keys_that_is_held_is_still() -> None:
    """What the kernel repeats of a held key is no turning, and neither is its release."""
    bed = Bed(make_profile(wheel=KEYS)).arm()
    bed.press(FORWARD)
    assert (bed.jog_counts(), bed["velocity"]) == ({"x": 1}, pytest.approx(5.0))
    for _ in range(30):
        bed.wait(0.033)
        bed.frame((EV_KEY, FORWARD, 2))
    assert (bed["velocity"], bed["armed"]) == (0.0, True)
    bed.release(FORWARD)
    assert (bed["velocity"], bed.jog_counts(), bed["dropped"]) == (0.0, {"x": 1}, 0)


def test_a_wheel_of_keys_that_is_held_does_not_hold_up_arming() -> None:
    bed = Bed(make_profile(wheel=KEYS))
    bed.plug_in(READY | {FORWARD})
    bed.press(ENABLE)
    for _ in range(15):
        bed.wait(0.033)
        bed.frame((EV_KEY, FORWARD, 2))
    assert (bed["armed"], bed["why-not"], bed["dropped"]) == (True, 0, 0)
    bed.release(FORWARD)
    assert bed["armed"] is True


def test_presses_in_lost_events_are_detents_and_what_else_a_key_says_is_none() -> None:
    bed = Bed(make_profile(wheel=KEYS)).arm()
    bed.lose_events((EV_KEY, FORWARD, 1), *[(EV_KEY, FORWARD, 2)] * 3, (EV_KEY, FORWARD, 0))
    assert (bed["dropped"], bed.jog_counts()) == (1, {})


def test_parts_of_a_detent_in_lost_events_are_none() -> None:
    bed = Bed(make_profile(wheel="{rel: REL_DIAL, counts-per-detent: 4}")).arm()
    bed.lose_events((EV_REL, REL_DIAL, 4), (EV_REL, REL_DIAL, -3))
    assert bed["dropped"] == 1


@pytest.mark.parametrize("modulo", [255, 256])
def test_whatever_an_absolute_wheel_cannot_tell_adds_up(modulo: int) -> None:
    """First positions of which nobody knows where they came from, half turns, what was turned unseen."""
    form = f"{{abs: ABS_WHEEL, modulo: {modulo}, counts-per-detent: 2}}"
    bed = Bed(make_profile(wheel=form))
    for _ in range(2):
        bed.plug_in()
        bed.stand_at(10)
        bed.unplug()
    assert bed["dropped"] == 2
    bed.arm(absolutes={8: 0})
    for _ in range(2):
        bed.lose_events(absolutes={8: 20})
        bed.lose_events(absolutes={8: 0})
    assert bed["dropped"] == 2 + 4 * 10
    bed.wait(1.0)
    bed.stand_at(50)
    assert bed.jog_counts() == {"x": 25}
    if modulo == 256:
        bed.stand_at(50 + 128)
        bed.stand_at(50)
        assert bed["dropped"] == 2 + 4 * 10 + 2 * 64


def test_velocity_is_measured_from_one_detent_to_the_next() -> None:
    bed = Bed().arm()
    bed.turn(1)
    bed.wait(0.1)
    bed.turn(1)
    assert bed["velocity"] == pytest.approx(10.0)


def test_velocity_is_measured_over_20_ms_at_least() -> None:
    speed = WheelSpeed()
    assert [speed.turned(1, time) for time in (0.0, 0.01, 0.02)] == pytest.approx([5.0, 5.0, 100.0])


def test_velocity_is_shown_until_the_wheel_was_still_for_200_ms() -> None:
    bed = Bed().arm()
    bed.turn(1)
    bed.wait(0.1)
    assert "velocity" not in dict(bed.pendant.tick(bed.now))
    bed.wait(0.11)
    assert bed["velocity"] == 0.0


def test_a_pendant_is_busy_for_a_second_after_a_turn_of_the_wheel() -> None:
    bed = Bed().arm()
    assert not bed.pendant.is_busy(bed.now)
    bed.turn(1)
    assert bed.pendant.is_busy(bed.now + 0.9)
    assert not bed.pendant.is_busy(bed.now + 1.1)


def test_velocity_is_that_of_the_wheel_and_zero_when_still() -> None:
    bed = Bed().arm()
    for _ in range(20):
        bed.wait(0.01)
        bed.turn(-1)
    assert bed["velocity"] == pytest.approx(-100.0, rel=0.2)
    bed.wait(0.5)
    assert bed["velocity"] == 0.0


@given(
    st.sampled_from(["mm", "inch"]),
    st.lists(st.decimals("0.0001", "10", places=4), min_size=3, max_size=3, unique=True),
    st.lists(st.tuples(st.sampled_from([X1, X10, X100]), st.integers(-5, 5)), max_size=12),
)
def test_counter_times_smallest_distance_is_the_exact_sum(
    units: str, increments: list[Decimal], turns: list[tuple[int, int]]
) -> None:
    bed = Bed(machine=Machine(units=units, increments=tuple(increments))).arm()
    scale = X1
    expected = Decimal(0)
    for new, detents in turns:
        if new != scale:
            bed.switch(scale, new)
            scale = new
        bed.turn(detents)
        expected += detents * increments[[X1, X10, X100].index(scale)]
    step = Decimal(str(bed["axis.x.jog-scale"])).quantize(Decimal("0.0001"))
    assert int(bed["axis.x.jog-counts"]) * step == expected
