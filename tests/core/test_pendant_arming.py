# SPDX-License-Identifier: GPL-2.0-or-later
"""Rules 5 and 7: when it is armed, how it is disarmed, and pulses that are never too short."""

from __future__ import annotations

import pytest

from hal_mpg.events import EV_KEY, EV_REL, Frame, Gates
from tests.core.bed import CONTACT, ENABLE, EPS, HOME, READY, REL_DIAL, RESET, Bed, make_profile, places


@pytest.mark.parametrize("still", [0.0, 0.05, 0.199])
def test_it_is_not_armed_before_the_wheel_was_still_for_200_ms(still: float) -> None:
    bed = Bed()
    bed.plug_in()
    bed.wait(1.0)
    bed.turn(1)
    bed.wait(still)
    bed.press(ENABLE)
    assert bed["armed"] is False
    bed.turn(1)
    assert (bed["armed"], bed.jog_counts(), bed["dropped"]) == (False, {}, 2)
    bed.wait(0.199)
    assert bed["armed"] is False
    bed.wait(0.002)
    assert bed["armed"] is True


def test_a_wheel_that_never_rests_is_never_armed() -> None:
    bed = Bed()
    bed.plug_in()
    bed.wait(1.0)
    for number in range(30):
        bed.turn(1)
        if number == 10:
            bed.press(ENABLE)
        bed.wait(0.19)
    assert (bed.jog_counts(), bed["dropped"]) == ({}, 30)


def test_part_of_a_detent_is_a_turn_of_the_wheel_as_well() -> None:
    bed = Bed(make_profile(wheel="{rel: REL_DIAL, counts-per-detent: 4}"))
    bed.plug_in()
    bed.wait(1.0)
    bed.press(ENABLE)
    bed.release(ENABLE)
    bed.turn(1)
    bed.wait(0.1)
    bed.press(ENABLE)
    assert bed["armed"] is False
    bed.wait(0.11)
    assert bed["armed"] is True


def test_reading_late_does_not_make_the_wheel_still() -> None:
    bed = Bed()
    bed.plug_in()
    bed.wait(1.0)
    bed.turn(1)
    start = bed.now
    bed.wait(0.21)
    press = Frame(start + 0.15, 0, ((EV_KEY, ENABLE, 1),))
    bed.handle(press, Frame(start + 0.16, 0, ((EV_REL, REL_DIAL, 1),)))
    assert (bed.jog_counts(), bed["dropped"]) == ({}, 2), "it was still for 0.16 s only"


def test_gates_that_open_late_do_not_make_the_wheel_still() -> None:
    """The frame was there before, although it is read in the same batch."""
    bed = Bed().arm()
    bed.gates(manual=False)
    bed.wait(1.0)
    bed.turn(1)
    start = bed.now
    bed.wait(0.25)
    bed.handle(Gates(True, True, False), Frame(start + 0.1, 0, ((EV_REL, REL_DIAL, 1),)))
    assert (bed.jog_counts(), bed["dropped"]) == ({}, 2)


def test_a_pendant_without_an_enabling_button_is_always_enabled() -> None:
    bed = Bed(make_profile(without=("enable",)))
    assert bed["enable"] is False, "nothing is known yet"
    bed.plug_in()
    bed.wait(1.0)
    assert (bed["enable"], bed["armed"]) == (True, True)


def test_arming_enables_before_it_counts() -> None:
    """LinuxCNC ignores counts that change while jog-enable is FALSE: they would be lost in silence."""
    bed = Bed()
    bed.plug_in()
    bed.wait(1.0)
    turn = Frame(bed.now, 0, ((EV_REL, REL_DIAL, 1),))
    order = places(bed.handle(Frame(bed.now, 0, ((EV_KEY, ENABLE, 1),)), turn))
    if bed.jog_counts():
        assert order["axis.x.jog-enable"] < order["axis.x.jog-counts"]
    else:
        assert bed["dropped"] == 1


def test_after_a_jog_disarming_pulses_jog_stop_for_50_ms_at_least() -> None:
    bed = Bed().arm()
    bed.turn(1)
    bed.wait(0.05)
    bed.release(ENABLE)
    begin = bed.now
    assert bed["jog-stop"] is True
    bed.wait(0.049)
    assert bed["jog-stop"] is True
    bed.wait(1.0)
    assert bed["jog-stop"] is False
    assert bed.times("jog-stop", False)[-1] - begin >= 0.05 - EPS


def test_where_nothing_was_jogged_there_is_nothing_to_stop() -> None:
    bed = Bed().arm()
    bed.wait(1.0)
    bed.release(ENABLE)
    bed.wait(1.0)
    assert bed.times("jog-stop", True) == []


def test_where_the_axis_has_arrived_for_long_there_is_nothing_to_stop() -> None:
    bed = Bed()
    bed.limit("x", 10.0, 100.0)
    bed.arm()
    bed.turn(1)
    bed.wait(60.0)
    bed.release(ENABLE)
    assert bed.times("jog-stop", True) == []


@pytest.mark.parametrize(("after", "is_stopped"), [(0.45, True), (0.55, False)])
def test_an_axis_that_should_just_have_arrived_is_stopped_nevertheless(
    after: float, is_stopped: bool
) -> None:
    """A real one lags what is expected of it, but not by half a second."""
    bed = Bed()
    bed.limit("x", 10.0, 100.0)
    bed.arm()
    bed.turn(1)
    bed.wait(after)
    bed.release(ENABLE)
    assert bed["jog-stop"] is is_stopped


def test_what_was_stopped_once_is_not_stopped_again() -> None:
    bed = Bed()
    bed.limit("x", 10.0, 100.0)
    bed.arm()
    bed.turn(1)
    for _ in range(2):
        bed.wait(0.3)
        bed.release(ENABLE)
        bed.wait(0.1)
        bed.press(ENABLE)
    assert len(bed.times("jog-stop", True)) == 1


def test_an_axis_that_is_under_way_for_long_is_stopped() -> None:
    bed = Bed()
    bed.limit("x", 0.01, 0.1)
    bed.arm(READY - {0x126} | {0x128})
    bed.turn(1)  # 0.1 mm at 0.01 mm/s
    bed.wait(8.0)
    bed.release(ENABLE)
    assert bed["jog-stop"] is True


def test_it_is_not_armed_while_jogs_are_stopped() -> None:
    bed = Bed().arm()
    bed.turn(1)
    bed.wait(0.3)
    bed.release(ENABLE)
    bed.press(ENABLE)
    assert (bed["jog-stop"], bed["armed"]) == (True, False)
    bed.wait(0.3)
    assert (bed["jog-stop"], bed["armed"]) == (False, True)


@pytest.mark.parametrize(("pin", "key"), [("reset", RESET), ("button.home", HOME)])
def test_a_short_press_is_a_pulse_of_50_ms(pin: str, key: int) -> None:
    bed = Bed()
    bed.plug_in()
    bed.wait(1.0)
    bed.frame((EV_KEY, key, 1), (EV_KEY, key, 0))
    start = bed.now
    assert bed[pin] is True
    bed.wait(0.049)
    assert bed[pin] is True
    bed.wait(0.01)
    assert bed[pin] is False
    assert bed.times(pin, False)[-1] - start >= 0.05 - EPS


@pytest.mark.parametrize(("pin", "key"), [("reset", RESET), ("button.home", HOME)])
def test_a_long_press_lasts_as_long_as_it_is_held(pin: str, key: int) -> None:
    bed = Bed()
    bed.plug_in()
    bed.wait(1.0)
    bed.press(key)
    bed.wait(3.0)
    assert bed[pin] is True
    bed.release(key)
    assert bed[pin] is False


@pytest.mark.parametrize(("pin", "key"), [("reset", RESET), ("button.home", HOME)])
def test_a_button_that_is_held_at_connect_is_no_press(pin: str, key: int) -> None:
    bed = Bed()
    bed.plug_in(READY | {key})
    bed.wait(1.0)
    assert bed.times(pin, True) == []
    bed.release(key)
    bed.press(key)
    assert bed[pin] is True


def test_a_press_that_bounces_is_one_pulse() -> None:
    bed = Bed()
    bed.plug_in()
    bed.wait(1.0)
    for _ in range(5):
        bed.press(RESET)
        bed.wait(0.002)
        bed.release(RESET)
        bed.wait(0.002)
    bed.wait(1.0)
    assert (len(bed.times("reset", True)), len(bed.times("reset", False))) == (1, 1)


def test_a_pulse_that_ends_leaves_another_one_alone() -> None:
    bed = Bed()
    bed.plug_in()
    bed.wait(1.0)
    for key in (RESET, HOME):
        bed.frame((EV_KEY, key, 1), (EV_KEY, key, 0))
        bed.now += 0.03
    bed.turn(1)  # whatever comes first
    assert (bed["reset"], bed["button.home"]) == (False, True)
    bed.wait(0.03)
    assert (bed["reset"], bed["button.home"]) == (False, False)


@pytest.mark.parametrize(("held", "after"), [(0.0, 0.1), (0.04, 0.06), (0.06, 0.05), (3.0, 0.05)])
def test_estop_ok_comes_back_after_100_ms_and_50_ms_of_a_released_contact(held: float, after: float) -> None:
    bed = Bed().arm()
    bed.release(CONTACT)
    bed.wait(held)
    bed.press(CONTACT)
    bed.wait(after - 0.001)
    assert bed["estop-ok"] is False
    bed.wait(0.002)
    assert bed["estop-ok"] is True


@pytest.mark.parametrize("held", [0.0, 0.01, 0.09, 0.2])
def test_estop_ok_stays_false_for_100_ms_at_least(held: float) -> None:
    bed = Bed().arm()
    bed.release(CONTACT)
    start = bed.now
    assert (bed["estop-ok"], bed["estop"]) == (False, True)
    bed.wait(held)
    bed.press(CONTACT)
    bed.wait(1.0)
    assert (bed["estop-ok"], bed["estop"]) == (True, False)
    assert bed.times("estop-ok", True)[-1] - start >= max(0.1, held) - EPS


def test_an_estop_within_one_frame_is_seen() -> None:
    bed = Bed().arm()
    writes = bed.frame((EV_KEY, CONTACT, 0), (EV_KEY, CONTACT, 1))
    assert ("estop-ok", False) in writes
    assert bed["armed"] is False


def test_releasing_the_estop_arms_nothing_by_itself_while_the_wheel_turns() -> None:
    bed = Bed().arm()
    bed.release(CONTACT)
    bed.press(CONTACT)
    for _ in range(20):
        bed.wait(0.05)
        bed.turn(1)
    assert (bed.jog_counts(), bed["dropped"]) == ({}, 20)


def test_estop_and_estop_ok_are_never_both_true() -> None:
    bed = Bed()
    bed.plug_in()
    bed.now += 5.0  # a long stall: the first thing after it is a frame that says nothing
    bed.frame()
    bed.wait(0.0)
    assert bed["estop"] is not bed["estop-ok"]


def test_after_connecting_the_wheel_has_to_be_still_first() -> None:
    """Nobody knows what it did before."""
    bed = Bed(make_profile(without=("enable", "estop")))
    for _ in range(2):
        bed.plug_in()
        bed.wait(0.199)
        assert bed["armed"] is False
        bed.wait(0.002)
        assert bed["armed"] is True
        bed.unplug()
        bed.wait(3.0)
