# SPDX-License-Identifier: GPL-2.0-or-later
"""The write that may be made before the rest: never another one than the whole way leads to."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal_mpg.controls import Controls
from hal_mpg.events import EV_ABS, EV_KEY, EV_REL, AxisLimit, Change, Frame, Gates, NodeState, PinWrite
from hal_mpg.motion_limit import MotionLimit
from tests.core.bed import ABS_WHEEL, ENABLE, READY, REL_DIAL, X1, X100, Bed, X, Y, foreseen, make_profile

WHEELS = {
    "relative": ("{rel: REL_DIAL}", EV_REL, REL_DIAL),
    "inverted": ("{rel: REL_DIAL, invert: true}", EV_REL, REL_DIAL),
    "four counts": ("{rel: REL_DIAL, counts-per-detent: 4}", EV_REL, REL_DIAL),
    "absolute": ("{abs: ABS_WHEEL, modulo: 16}", EV_ABS, ABS_WHEEL),
    "absolute, two counts": ("{abs: ABS_WHEEL, modulo: 16, counts-per-detent: 2}", EV_ABS, ABS_WHEEL),
    "relative-absolute": ("{rel-absolute: REL_DIAL, modulo: 256}", EV_REL, REL_DIAL),
    "keys": ("{keys: {forward: KEY_VOLUMEUP, backward: KEY_VOLUMEDOWN}}", EV_KEY, 115),
}
FORWARD: Change = (EV_REL, REL_DIAL, 1)


@pytest.mark.parametrize("name", WHEELS)
@given(values=st.lists(st.integers(-3, 20), max_size=30))
def test_what_is_foreseen_of_the_next_count_is_what_it_gives(name: str, values: list[int]) -> None:
    form, kind, code = WHEELS[name]
    controls = Controls(make_profile(wheel=form))
    controls.seed([NodeState(frozenset(), {ABS_WHEEL: 5})])
    for value in values:
        controls.apply(0, (kind, code, value))
    before = controls.wheel.unclear
    for change, detents in controls.next_turns():
        twin = Controls(make_profile(wheel=form))
        twin.seed([NodeState(frozenset(), {ABS_WHEEL: 5})])
        for value in values:
            twin.apply(0, (kind, code, value))
        assert twin.apply(0, change) == detents
    assert controls.wheel.unclear == before, "to foresee is not to turn"


@given(
    limit=st.tuples(st.floats(0.5, 200), st.floats(5, 5000)),
    distance=st.sampled_from([0.001, 0.01, 0.1, 1.0]),
    history=st.lists(st.tuples(st.floats(0, 0.3), st.integers(-30, 30)), max_size=12),
    later=st.floats(0, 2),
    sign=st.sampled_from([1, -1]),
)
def test_what_will_be_accepted_is_accepted_however_much_later(
    limit: tuple[float, float],
    distance: float,
    history: list[tuple[float, int]],
    later: float,
    sign: int,
) -> None:
    model, now = MotionLimit(), 10.0
    model.set_limits(*limit, now)
    for wait, detents in history:
        now += wait
        if detents:
            model.accept(detents, distance, now)
    if model.will_accept(sign, distance):
        assert model.accept(sign, distance, now + later) == sign


def armed_bed(limit: AxisLimit | None = None) -> Bed:
    bed = Bed()
    if limit:
        bed.handle(limit)
    bed.plug_in(READY)
    bed.wait(0.3)
    bed.press(ENABLE)
    assert bed["armed"]
    return bed


def at_once(bed: Bed, *changes: Change, age: float = 0.0) -> list[PinWrite]:
    """Return what is written before the rest; the frame is handled, too, and has nothing to add to it."""
    frame = Frame(bed.now - age, 0, changes)
    first = foreseen(bed.pendant, [frame], bed.now)
    for pin, value in first:
        bed.pins[pin] = value
    rest = bed.handle(frame)
    assert not {write.pin for write in first} & {write.pin for write in rest}
    return first


def test_a_detent_alone_is_counted_at_once_and_once() -> None:
    bed = armed_bed()
    assert at_once(bed, FORWARD) == [PinWrite("axis.x.jog-counts", 1)]
    assert at_once(bed, FORWARD) == [PinWrite("axis.x.jog-counts", 2)]
    assert at_once(bed, (EV_REL, REL_DIAL, -1)) == [PinWrite("axis.x.jog-counts", 1)]
    assert (bed["axis.x.jog-counts"], bed["counts"], bed["dropped"]) == (1, 1, 0)


def test_after_a_selector_it_is_the_new_axis_and_the_new_scale() -> None:
    bed = armed_bed()
    bed.switch(X, Y)
    bed.switch(X1, X100)
    assert at_once(bed, FORWARD) == [PinWrite("axis.y.jog-counts", 100)]


@pytest.mark.parametrize(
    "shut",
    [
        lambda bed: bed.release(ENABLE),
        lambda bed: bed.handle(Gates(machine_is_on=True, mode_is_manual=False, inhibit=False)),
        lambda bed: bed.unplug(),
        lambda bed: bed.release(X),
        lambda bed: bed.release(X1),
        lambda bed: bed.press(Y),
    ],
)
def test_nothing_is_certain_where_nothing_would_move(shut: Callable[[Bed], object]) -> None:
    bed = armed_bed()
    shut(bed)
    assert not bed.pendant.foreseen


def test_more_than_one_count_and_more_than_the_wheel_goes_the_whole_way() -> None:
    bed = armed_bed()
    assert at_once(bed, (EV_REL, REL_DIAL, 2)) == []
    assert at_once(bed, FORWARD, (EV_KEY, ENABLE, 0)) == []
    assert bed["axis.x.jog-counts"] == 2


def test_a_stale_detent_is_not_made_at_once() -> None:
    bed = armed_bed()
    bed.wait(1.0)
    assert at_once(bed, FORWARD, age=0.6) == []
    assert (bed["axis.x.jog-counts"], bed["dropped"]) == (0, 1)


def test_a_detent_that_the_axis_cannot_follow_is_not_made_at_once() -> None:
    bed = armed_bed(AxisLimit("x", 0.001, 1.0))
    seen = [len(at_once(bed, FORWARD)) for _ in range(5)]
    assert seen[0] == 1
    assert seen[-1] == 0
    assert bed["dropped"] == 5 - int(bed["axis.x.jog-counts"])
