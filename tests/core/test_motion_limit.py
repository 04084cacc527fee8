# SPDX-License-Identifier: GPL-2.0-or-later
"""Rule 3: bounded run-on, whole detents; against a simulation of LinuxCNC's planner for jogs."""

from __future__ import annotations

from itertools import pairwise
from math import inf, nan, sqrt
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hal_mpg.motion_limit import FOLLOW_S, MotionLimit
from tests.core.bed import ENABLE, READY, X1, X100, Bed

PERIOD_S = 0.001


class SimplePlanner:
    """LinuxCNC's simple_tp.c: goes to a target within limits of velocity and acceleration."""

    def __init__(self, velocity: float, acceleration: float) -> None:
        self.max_velocity, self.max_acceleration = velocity, acceleration
        self.target = self.position = self.velocity = 0.0

    def period(self) -> None:
        step = self.max_acceleration * PERIOD_S
        error = self.target - self.position
        wanted = 0.0
        if abs(error) > step * PERIOD_S * 0.001:
            speed = sqrt(2 * self.max_acceleration * abs(error) + step * step) - step
            wanted = min(speed, self.max_velocity) * (1 if error > 0 else -1)
        self.velocity += max(-step, min(step, wanted - self.velocity))
        self.position += self.velocity * PERIOD_S

    def run_until_still(self) -> None:
        for _ in range(60_000):
            if self.velocity == 0 and abs(self.target - self.position) < 1e-9 + self.max_acceleration * 1e-9:
                return
            self.period()
        raise AssertionError("the axis never stops")


limits = st.tuples(st.floats(0.5, 200), st.floats(5, 5000))
spins = st.lists(
    st.tuples(st.integers(1, 300), st.integers(0, 25), st.sampled_from([1, 1, 1, -1, 4, -20])),
    min_size=1,
    max_size=8,
)
"""Spins of the wheel: how many events, how many milliseconds between them, detents in each."""


@given(limits, st.sampled_from([0.001, 0.01, 0.1, 1.0]), spins)
def test_run_on_is_bounded_and_the_axis_rests_on_a_whole_detent(
    limit: tuple[float, float], distance: float, history: list[tuple[int, int, int]]
) -> None:
    velocity, acceleration = limit
    bound = velocity**2 / (2 * acceleration) + velocity * 0.1 + distance
    model = MotionLimit()
    model.set_limits(velocity, acceleration, 0.0)
    axis = SimplePlanner(velocity, acceleration)
    now, counted = 0, 0
    for events, pause, detents in history:
        for _ in range(min(events, 2000 // (pause + 1))):
            taken = model.accept(detents, distance, now * PERIOD_S)
            assert abs(taken) <= abs(detents)
            assert taken * detents >= 0
            counted += taken
            axis.target = counted * distance
            assert abs(axis.target - axis.position) <= bound * (1 + 1e-6), "it would run on for too long"
            for _ in range(pause):
                axis.period()
            now += pause
    axis.run_until_still()
    assert axis.position == pytest.approx(counted * distance, abs=distance * 0.01 + 1e-5)


@given(limits, st.sampled_from([0.001, 0.1, 1.0]))
def test_a_single_detent_is_always_taken(limit: tuple[float, float], distance: float) -> None:
    model = MotionLimit()
    model.set_limits(*limit, 0.0)
    assert model.accept(-1, distance, 10.0) == -1


def test_slow_turning_is_taken_whole() -> None:
    model = MotionLimit()
    model.set_limits(10.0, 100.0, 0.0)
    taken = sum(model.accept(1, 0.1, number * 0.02) for number in range(500))  # half as fast as it can
    assert taken == 500


@given(limits)
@example((10.0, 1000.0))
@example((0.9999885694707903, 2450.0))
def test_fast_turning_is_taken_as_fast_as_the_axis_can(limit: tuple[float, float]) -> None:
    velocity, acceleration = limit
    model = MotionLimit()
    model.set_limits(velocity, acceleration, 0.0)
    distance = velocity / 100
    taken = sum(model.accept(1, distance, number * 0.002) for number in range(1000))
    ramp = velocity / acceleration  # seconds that it takes to reach full speed
    assert taken * distance >= velocity * (2.0 - ramp) * 0.97
    assert taken * distance <= velocity * (2.0 + 0.1) + distance + velocity**2 / acceleration


def test_without_a_velocity_limit_everything_is_taken() -> None:
    for velocity in (0.0, inf, 1e200, 1.1e9):
        model = MotionLimit()
        model.set_limits(velocity, 100.0, 0.0)
        assert model.accept(-1000, 1.0, 1.0) == -1000
        assert model.is_moving(1e6), "nobody knows"


@pytest.mark.parametrize(
    "limits",
    [(nan, 1.0), (-1.0, 1.0), (1.0, nan), (1.0, -inf), (1.0, 5e-324), (5e-324, 1), (0.9e-9, 1), (1, 0.9e-9)],
)
def test_with_a_limit_that_is_none_nothing_is_taken(limits: tuple[float, float]) -> None:
    model = MotionLimit()
    model.set_limits(*limits, 0.0)
    assert model.accept(3, 0.001, 1.0) == 0
    model.set_limits(1.0, 1.0, 1.0)
    assert model.accept(3, 0.001, 1.0) == 3


@pytest.mark.parametrize("acceleration", [0.0, inf, 1e200])
def test_without_an_acceleration_limit_only_the_velocity_counts(acceleration: float) -> None:
    model = MotionLimit()
    model.set_limits(10.0, acceleration, 0.0)
    taken = model.accept(1000, 0.1, 1.0)
    assert 0.1 * taken <= 10.0 * 0.1 + 0.1
    assert taken >= 5
    assert not model.is_moving(1.2)


def test_moving_ends_when_the_way_is_done() -> None:
    model = MotionLimit()
    model.set_limits(1.0, 10.0, 0.0)
    assert not model.is_moving(0.0)
    model.accept(1, 0.05, 1.0)
    assert model.is_moving(1.05)
    assert not model.is_moving(2.0)


def test_after_a_stop_the_rest_of_the_way_is_forgotten() -> None:
    model = MotionLimit()
    model.set_limits(10.0, 1000.0, 0.0)
    assert model.accept(5, 0.1, 0.0) == 5
    assert model.accept(1000, 0.1, 0.01) <= 2
    model.stop(0.01)
    assert not model.is_moving(0.1)
    assert model.accept(5, 0.1, 0.1) == 5


def test_a_stop_brakes_from_the_speed_that_the_axis_has_by_then() -> None:
    """The last detent was long before the stop; what the axis did meanwhile counts as well."""
    model = MotionLimit()
    model.set_limits(50.0, 50.0, 0.0)
    assert model.accept(200, 0.1, 0.0) == 200
    model.stop(0.61)  # at 30.5 units/s, so it takes as long again to stand
    assert model.is_moving(0.71)
    assert model.is_moving(1.2)
    assert not model.is_moving(1.3)
    assert model.accept(1, 0.1, 1.3) == 1


def test_turning_back_is_taken_while_the_axis_still_goes_forth() -> None:
    model = MotionLimit()
    model.set_limits(10.0, 100.0, 0.0)
    model.accept(1000, 0.1, 0.0)
    assert model.accept(-5, 0.1, 0.01) == -5


def test_what_is_too_fast_is_dropped_and_never_queued() -> None:
    bed = Bed()
    bed.limit("x", 5.0, 50.0)
    bed.arm(READY - {X1} | {X100})
    for _ in range(300):
        bed.turn(1)
        bed.wait(0.001)
    counts = int(bed["axis.x.jog-counts"])
    assert counts // 100 + int(bed["dropped"]) == 300
    assert counts % 100 == 0, "whole detents"
    assert counts * 0.001 <= 5.0 * 0.3 + 25 / 100 + 5.0 * 0.1 + 0.1
    bed.wait(5.0)
    assert bed["axis.x.jog-counts"] == counts


def test_the_limit_of_one_axis_is_not_that_of_another() -> None:
    bed = Bed()
    bed.limit("x", 1.0, 10.0)
    bed.arm({0x121, X100, 0x129})
    bed.turn(500)
    assert (bed["axis.y.jog-counts"], bed["dropped"]) == (50_000, 0)


def test_a_change_of_scale_keeps_the_bound() -> None:
    random = Random(1)
    model = MotionLimit()
    velocity, acceleration = 20.0, 300.0
    model.set_limits(velocity, acceleration, 0.0)
    axis = SimplePlanner(velocity, acceleration)
    for _ in range(3000):
        distance = random.choice((0.001, 0.01, 0.1, 1.0))
        axis.target += model.accept(random.choice((1, -1, 5)), distance, _ * PERIOD_S) * distance
        assert abs(axis.target - axis.position) <= 400 / 600 + 2.0 + 1.0
        axis.period()


def test_more_time_never_leaves_less_room() -> None:
    taken = []
    for pause in (0.0, 0.01, 0.05, 0.2, 1.0):
        model = MotionLimit()
        model.set_limits(10.0, 100.0, 0.0)
        model.accept(1000, 0.1, 1.0)
        taken.append(model.accept(1000, 0.1, 1.0 + pause))
    assert all(first <= second for first, second in pairwise(taken))


def test_moving_ends_when_it_has_braked_and_not_before() -> None:
    """1 mm at 1 mm/s² takes 2 s: one to speed up, one to brake."""
    model = MotionLimit()
    model.set_limits(5.0, 1.0, 0.0)
    model.accept(1, 1.0, 0.0)
    assert model.is_moving(1.95)
    assert not model.is_moving(2.05)


def test_of_several_detents_at_once_only_those_taken_are_counted() -> None:
    bed = Bed()
    bed.limit("x", 5.0, 50.0)
    bed.arm(READY - {X1} | {X100})
    bed.turn(50)
    taken = int(bed["axis.x.jog-counts"]) // 100
    assert 1 <= taken <= 8
    assert (bed["counts"], bed["dropped"]) == (50, 50 - taken)


def test_jogs_that_were_stopped_leave_room_for_new_ones() -> None:
    bed = Bed()
    bed.limit("x", 0.1, 0.01)  # an axis that takes more than ten seconds for what it was told
    bed.arm(READY - {X1} | {X100})
    bed.turn(50)
    first = int(bed["axis.x.jog-counts"])
    assert first > 0
    bed.wait(0.3)
    bed.release(ENABLE)
    bed.press(ENABLE)
    bed.wait(0.5)
    bed.turn(50)
    assert int(bed["axis.x.jog-counts"]) >= 2 * first - 100


@pytest.mark.parametrize("sign", [1, -1])
def test_an_axis_that_is_called_back_stands_first_and_then_comes_back(sign: int) -> None:
    """At 1 s it is at 0.5 with a speed of 1; it stands at 1.0, and 2 s later it is back at 0."""
    model = MotionLimit()
    model.set_limits(2.0, 1.0, 0.0)
    assert model.accept(sign * 3, 1.0, 0.0) == sign * 3
    assert model.accept(sign * -3, 1.0, 1.0) == sign * -3
    assert model.is_moving(2.0)
    assert model.is_moving(3.99)
    assert not model.is_moving(4.01)


@pytest.mark.parametrize("sign", [1, -1])
def test_an_axis_that_is_called_back_to_where_it_is_cannot_stop_there(sign: int) -> None:
    model = MotionLimit()
    model.set_limits(2.0, 1.0, 0.0)
    model.accept(sign * 3, 1.0, 0.0)
    assert model.accept(sign * -5, 0.5, 1.0) == sign * -5
    assert model.is_moving(1.0)
    assert model.is_moving(1.0 + 1.0 + sqrt(2) - 0.01)
    assert not model.is_moving(1.0 + 1.0 + sqrt(2) + 0.01)


def test_more_on_the_way_is_taken_up_without_standing() -> None:
    """At 1 s it has a speed of 1 and 0.5 to go; with 3 more it speeds up to 2, and brakes for 2 s."""
    model = MotionLimit()
    model.set_limits(100.0, 1.0, 0.0)
    model.accept(1, 1.0, 0.0)
    model.accept(3, 1.0, 1.0)
    assert model.is_moving(3.9995)
    assert not model.is_moving(4.0005)


def test_just_accepted_is_under_way_already() -> None:
    model = MotionLimit()
    model.set_limits(1.0, 1.0, 0.0)
    assert model.accept(1, 1.0, 5.0) == 1
    assert model.is_moving(5.0)


@pytest.mark.parametrize("velocity", [1.0, 6.0])
def test_a_velocity_limit_that_is_lowered_holds_for_what_is_under_way(velocity: float) -> None:
    """The worst is assumed: that it brakes to a stand, and makes the rest of its way at the new speed."""
    model = MotionLimit()
    model.set_limits(10.0, 100.0, 0.0)
    left = model.accept(100, 0.1, 0.0) * 0.1 - 0.5  # after 0.1 s of speeding up
    left += model.accept(100, 0.1, 0.1) * 0.1
    model.set_limits(velocity, 100.0, 0.1)
    end = 0.1 + 0.1 + (left - 0.5) / velocity + velocity / 100.0
    assert model.is_moving(end - 0.002)
    assert not model.is_moving(end + 0.002)


def test_a_velocity_limit_that_is_lowered_while_the_axis_brakes_delays_nothing() -> None:
    model = MotionLimit()
    model.set_limits(100.0, 1.0, 0.0)
    model.accept(1, 1.0, 0.0)
    model.set_limits(0.5, 1.0, 1.0)  # at a speed of 1, which it has to brake from anyway
    assert not model.is_moving(2.1)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_stop_brakes_in_either_direction(sign: int) -> None:
    model = MotionLimit()
    model.set_limits(50.0, 50.0, 0.0)
    model.accept(sign * 200, 0.1, 0.0)
    model.stop(0.6)  # at a speed of 30
    assert model.is_moving(1.19)
    assert not model.is_moving(1.21)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_stop_brakes_from_a_low_speed(sign: int) -> None:
    model = MotionLimit()
    model.set_limits(50.0, 50.0, 0.0)
    model.accept(sign * 200, 0.1, 0.0)
    model.stop(0.01)  # at a speed of 0.5
    assert model.is_moving(0.019)
    assert not model.is_moving(0.021)


def test_the_slowest_and_the_fastest_limits_are_limits() -> None:
    slow, lazy, fast = MotionLimit(), MotionLimit(), MotionLimit()
    slow.set_limits(1e-9, 1e-9, 0.0)
    assert slow.accept(1000, 1.0, 0.0) == 1
    lazy.set_limits(1.0, 1e-9, 0.0)  # it takes half a billion to stop
    assert lazy.accept(1000, 1.0, 0.0) == 1000
    fast.set_limits(1e9, 1e9, 0.0)
    assert fast.accept(10**10, 1.0, 0.0) == pytest.approx(1e9 / 2 + 1e9 * FOLLOW_S, rel=1e-3)


def test_the_room_is_the_way_to_stop_and_45_ms_and_one_detent() -> None:
    model = MotionLimit()
    model.set_limits(10.0, 1000.0, 0.0)  # 0.05 and 0.45
    assert model.accept(100, 0.05, 0.0) == 10 + 1


@pytest.mark.parametrize("clump_s", [0.008, 0.01, 0.02])
def test_a_wheel_as_fast_as_the_axis_loses_nothing_though_its_detents_come_in_clumps(clump_s: float) -> None:
    model, distance = MotionLimit(), 50.0 * clump_s / 5
    model.set_limits(50.0, 500.0, 0.0)
    assert all(model.accept(5, distance, number * clump_s) == 5 for number in range(300))


def test_what_the_axis_is_doing_already_takes_no_room_in_its_own_direction() -> None:
    model = MotionLimit()
    model.set_limits(2.0, 1.0, 0.0)  # 2 to stop, and 0.09
    assert model.accept(1, 1.0, 0.0) == 1
    assert model.accept(100, 0.1, 0.9) == 14 + 1  # 0.405 of it is made


@pytest.mark.parametrize("sign", [1, -1])
def test_turning_back_needs_room_for_the_stop_that_comes_first(sign: int) -> None:
    model = MotionLimit()
    model.set_limits(2.0, 1.0, 0.0)
    assert model.accept(sign, 1.0, 0.0) == sign
    room = 2.09 + 0.595 - 0.405  # 0.595 to go at a speed of 0.9
    assert model.accept(sign * -100, 0.1, 0.9) == -sign * (int(room / 0.1) + 1)
