# SPDX-License-Identifier: GPL-2.0-or-later
"""Every form of a wheel and of a selector."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal_mpg.controls import Controls
from hal_mpg.events import (
    EV_ABS,
    EV_KEY,
    EV_REL,
    Connected,
    EventsLost,
    Frame,
    NodeState,
    SelectorStep,
    Snapshot,
)
from tests.core.bed import (
    ABS_RX,
    ABS_RY,
    ABS_WHEEL,
    CONTACT,
    ENABLE,
    READY,
    REL_DIAL,
    Bed,
    X,
    Y,
    make_profile,
)

FORWARD, BACKWARD = 115, 114  # KEY_VOLUMEUP, KEY_VOLUMEDOWN


def wheel(form: str, position: int | None = None) -> Controls:
    """Return the controls of a pendant with such a wheel, seeded."""
    controls = Controls(make_profile(wheel=form))
    controls.seed([NodeState(frozenset(), {} if position is None else {ABS_WHEEL: position})])
    return controls


def turned(controls: Controls, kind: int, code: int, values: list[int]) -> list[int | None]:
    return [controls.apply(0, (kind, code, value)) for value in values]


def test_a_relative_wheel() -> None:
    assert turned(wheel("{rel: REL_DIAL}"), EV_REL, REL_DIAL, [1, -1, 3, -7]) == [1, -1, 3, -7]


def test_an_inverted_wheel() -> None:
    assert turned(wheel("{rel: REL_DIAL, invert: true}"), EV_REL, REL_DIAL, [1, -2]) == [-1, 2]
    inverted = wheel("{abs: ABS_WHEEL, modulo: 256, invert: true}", 10)
    assert turned(inverted, EV_ABS, ABS_WHEEL, [11, 9]) == [-1, 2]


def test_counts_per_detent_give_whole_detents_only() -> None:
    controls = wheel("{rel: REL_DIAL, counts-per-detent: 4}")
    assert turned(controls, EV_REL, REL_DIAL, [1, 1, 1, 1, 3, 5, -3, -1]) == [0, 0, 0, 1, 0, 2, 0, -1]


@given(st.lists(st.integers(-50, 50), max_size=30), st.integers(1, 8))
def test_no_count_is_lost_over_whole_detents(counts: list[int], per_detent: int) -> None:
    controls = wheel(f"{{rel: REL_DIAL, counts-per-detent: {per_detent}}}")
    detents = sum(number or 0 for number in turned(controls, EV_REL, REL_DIAL, counts))
    assert abs(sum(counts) - detents * per_detent) < per_detent


@pytest.mark.parametrize(
    ("modulo", "start", "positions", "detents"),
    [
        (256, 254, [255, 0, 1, 0, 255], [1, 1, 1, -1, -1]),
        (65536, 65535, [0, 65534], [1, -2]),
        (256, 0, [127, 0], [127, -127]),
        (5, 0, [2, 4, 0], [2, 2, 1]),
        (256, 300, [45], [1]),  # a device that lies about its range
    ],
)
def test_an_absolute_wheel_wraps(modulo: int, start: int, positions: list[int], detents: list[int]) -> None:
    controls = wheel(f"{{abs: ABS_WHEEL, modulo: {modulo}}}", start)
    assert turned(controls, EV_ABS, ABS_WHEEL, positions) == detents


def test_half_a_turn_at_once_has_no_direction_and_is_dropped() -> None:
    controls = wheel("{abs: ABS_WHEEL, modulo: 256}", 0)
    assert turned(controls, EV_ABS, ABS_WHEEL, [128, 129]) == [0, 1]
    assert controls.wheel.unclear == 128


@pytest.mark.parametrize("nodes", [1, 2])
def test_the_first_word_of_a_wheel_whose_place_may_be_old_is_no_turn(nodes: int) -> None:
    """The kernel has 0, or where it stood when it was last read; it may stand elsewhere by now."""
    controls = wheel("{abs: ABS_WHEEL, modulo: 256}")
    at = [NodeState(frozenset(), {ABS_WHEEL: 0}), *[NodeState(frozenset(), {})] * (nodes - 1)]
    controls.seed(at, may_be_old=True)
    assert turned(controls, EV_ABS, ABS_WHEEL, [37, 38]) == [0, 1]
    assert controls.wheel.unclear == 1
    controls.heard(0)
    assert turned(controls, EV_ABS, ABS_WHEEL, [40]) == [2]


def test_where_its_first_word_has_no_place_it_stands_where_the_kernel_says() -> None:
    """With its first report a device tells all that differs."""
    controls = wheel("{abs: ABS_WHEEL, modulo: 256}")
    controls.seed([NodeState(frozenset(), {ABS_WHEEL: 9})], may_be_old=True)
    controls.heard(0)
    assert turned(controls, EV_ABS, ABS_WHEEL, [10]) == [1]
    assert controls.wheel.unclear == 0


@given(st.integers(3, 1000), st.lists(st.integers(-400, 400), max_size=20))
def test_an_absolute_wheel_follows_any_turning(modulo: int, moves: list[int]) -> None:
    controls = wheel(f"{{abs: ABS_WHEEL, modulo: {modulo}}}", 0)
    position = 0
    for wanted in moves:
        move = max(-((modulo - 1) // 2), min(wanted, (modulo - 1) // 2))
        position += move
        assert turned(controls, EV_ABS, ABS_WHEEL, [position % modulo]) == [move]


def test_a_wheel_that_is_silent_at_zero() -> None:
    """Contour Shuttle: the kernel delivers no REL value 0, so it goes from 255 to 1."""
    controls = wheel("{rel-absolute: REL_DIAL, modulo: 256}")
    assert turned(controls, EV_REL, REL_DIAL, [254, 255, 1, 2, 1, 255]) == [0, 1, 2, 1, -1, -2]
    assert controls.wheel.unclear == 1, "of the first one nobody knows where it came from"


def test_a_wheel_of_keys_counts_presses_but_neither_releases_nor_autorepeat() -> None:
    controls = wheel("{keys: {forward: KEY_VOLUMEUP, backward: KEY_VOLUMEDOWN}}")
    assert turned(controls, EV_KEY, FORWARD, [1, 2, 2, 0, 1, 0]) == [1, None, None, None, 1, None]
    assert turned(controls, EV_KEY, BACKWARD, [1, 2, 0]) == [-1, None, None]


@pytest.mark.parametrize("value", [1001, -1001, 2**31 - 1, -(2**31)])
def test_more_than_a_hand_can_do_is_refused(value: int) -> None:
    controls = wheel("{rel: REL_DIAL}")
    assert turned(controls, EV_REL, REL_DIAL, [value, 1]) == [0, 1]
    assert controls.wheel.unclear == abs(value)


def test_as_much_as_a_hand_can_do_is_taken_and_what_is_refused_adds_up() -> None:
    controls = wheel("{rel: REL_DIAL}")
    assert turned(controls, EV_REL, REL_DIAL, [1000, -1000, 1001, -1001]) == [1000, -1000, 0, 0]
    assert controls.wheel.unclear == 2002


def test_codes_of_nothing_mean_nothing() -> None:
    controls = wheel("{rel: REL_DIAL}")
    codes = [
        (EV_REL, 8, 1),
        (EV_ABS, REL_DIAL, 1),
        (EV_KEY, 700, 1),
        (4, 4, 1),
        (EV_REL, 11, 120),
        (99, 99, 1),
    ]
    assert [controls.apply(0, code) for code in codes] == [None] * len(codes)
    assert controls.axis.position is None


# Selectors.


def test_keys_off_and_both() -> None:
    bed = Bed(make_profile(axis='{keys: {"off": 0x122, x: 0x120, y: 0x121}}'))
    bed.plug_in({0x122, 0x126, CONTACT})
    bed.wait(1.0)
    assert bed["axis-select"] == -1
    bed.press(X)
    assert (bed["axis-select"], bed["axis.x.selected"]) == (-1, False)
    bed.release(0x122)
    assert (bed["axis-select"], bed["axis.x.selected"]) == (0, True)


def test_a_scale_that_can_be_off() -> None:
    bed = Bed(make_profile(scale='{keys: {"off": 0x126, x1: 0x127, x10: 0x128}}'))
    bed.plug_in({X, 0x126, CONTACT})
    assert (bed["scale-select"], bed["scale"]) == (-1, 0.0)
    bed.switch(0x126, 0x128)
    assert (bed["scale-select"], bed["scale"]) == (1, 0.01)


def test_a_state_is_believed_where_nothing_else_is_said() -> None:
    controls = Controls(make_profile())
    controls.seed([NodeState(READY, {})])
    assert controls.estop is False


def test_autorepeat_of_a_selector_changes_nothing() -> None:
    bed = Bed()
    bed.plug_in()
    bed.frame((EV_KEY, X, 2), (EV_KEY, Y, 2))
    assert bed["axis-select"] == 0


ABSOLUTE = {
    "axis": '{abs: ABS_RX, positions: {0: "off", 1: x, 2: y, 3: x}}',
    "scale": "{abs: ABS_RY, positions: {0: x1, 010: x10, -2: x100}}",
}


def test_absolute_selectors() -> None:
    bed = Bed(make_profile(**ABSOLUTE))
    bed.plug_in({CONTACT}, {ABS_RX: 2, ABS_RY: 10})
    assert (bed["axis-select"], bed["scale-select"]) == (1, 1)
    seen = []
    for value in (0, 1, 2, 3, 4, -1):
        bed.stand_at(value, ABS_RX)
        seen.append(bed["axis-select"])
    assert seen == [-1, 0, 1, 0, -1, -1]
    bed.stand_at(-2, ABS_RY)
    assert bed["scale-select"] == 2
    bed.stand_at(8, ABS_RY)
    assert bed["scale-select"] == -1


def test_absolute_selectors_after_lost_events() -> None:
    bed = Bed(make_profile(**ABSOLUTE))
    bed.plug_in({CONTACT}, {ABS_RX: 1, ABS_RY: 0})
    bed.lose_events(absolutes={ABS_RX: 2, ABS_RY: 10})
    assert (bed["axis-select"], bed["scale-select"]) == (1, 1)


STEPS = {
    "axis": '{next: 0x120, previous: 0x121, order: [x, "off", y, z]}',
    "scale": "{next: 0x122, order: [x1, x10, x100]}",
}


def test_selectors_that_are_stepped_through() -> None:
    bed = Bed(make_profile(**STEPS))
    bed.plug_in({CONTACT})
    assert (bed["axis-select"], bed["scale-select"]) == (0, 0)
    seen = []
    for key in (X, X, X, X, Y, Y, 0x122, 0x122, 0x122):
        bed.press(key)
        bed.frame((EV_KEY, key, 2))
        bed.release(key)
        seen.append((bed["axis-select"], bed["scale-select"]))
    assert seen == [(-1, 0), (1, 0), (2, 0), (0, 0), (2, 0), (1, 0), (1, 1), (1, 2), (1, 0)]


def test_after_a_reconnect_they_stand_at_their_first_positions() -> None:
    bed = Bed(make_profile(**STEPS))
    bed.plug_in({CONTACT})
    bed.press(Y)
    bed.press(0x122)
    assert (bed["axis-select"], bed["scale-select"]) == (2, 1)
    bed.unplug()
    bed.plug_in({CONTACT})
    assert (bed["axis-select"], bed["scale-select"]) == (0, 0)
    bed.press(Y)
    assert bed["axis-select"] == 2


def test_one_scale_needs_no_selector() -> None:
    head = "name: t\nmatch: [{name: t}]\nincrements:\n  only: {mm: 0.5, degree: 1}\n"
    bed = Bed(make_profile(head, without=("scale",)))
    bed.plug_in({X, CONTACT})
    assert (bed["scale-select"], bed["scale"]) == (0, 0.5)


# Several nodes of one device.


def test_a_key_on_two_nodes_is_held_while_either_says_so() -> None:
    bed = Bed()
    nodes = (NodeState(READY, {}), NodeState(READY, {}))
    bed.handle(Connected(bed.now, nodes))
    bed.wait(1.0)
    bed.frame((EV_KEY, CONTACT, 0), node=0)
    assert bed["estop-ok"] is True
    bed.frame((EV_KEY, CONTACT, 0), node=1)
    assert bed["estop-ok"] is False


def test_a_key_on_two_nodes_is_pressed_once() -> None:
    bed = Bed(make_profile(**STEPS))
    bed.handle(Connected(bed.now, (NodeState(frozenset(), {}), NodeState(frozenset(), {}))))
    for node in (0, 1):
        bed.frame((EV_KEY, 0x122, 1), (EV_KEY, ENABLE, 1), node=node)
    assert (bed["scale-select"], bed["enable"]) == (1, True)
    bed.frame((EV_KEY, ENABLE, 0), node=0)
    assert bed["enable"] is True
    bed.frame((EV_KEY, ENABLE, 0), node=1)
    assert bed["enable"] is False


def test_a_key_that_is_held_on_one_node_at_connect_is_no_press_until_all_let_go() -> None:
    bed = Bed()
    bed.handle(Connected(bed.now, (NodeState(READY | {ENABLE}, {}), NodeState(READY, {}))))
    bed.frame((EV_KEY, ENABLE, 1), node=1)
    assert bed["enable"] is False
    bed.frame((EV_KEY, ENABLE, 0), node=0)
    bed.frame((EV_KEY, ENABLE, 0), node=1)
    bed.frame((EV_KEY, ENABLE, 1), node=1)
    assert bed["enable"] is True


# Steps by HAL.


def test_hal_steps_a_selector_as_its_keys_do() -> None:
    bed = Bed(make_profile(**STEPS))
    bed.plug_in({CONTACT})
    seen = []
    for selector, by in (("axis", 1), ("axis", 1), ("axis", -1), ("scale", -1), ("scale", 1), ("scale", 1)):
        bed.handle(SelectorStep(selector, by))
        seen.append((bed["axis-select"], bed["scale-select"]))
    assert seen == [(-1, 0), (1, 0), (-1, 0), (-1, 2), (-1, 0), (-1, 1)]
    bed.press(0x122)
    assert bed["scale-select"] == 2, "the key goes on from there"


def test_a_step_by_hal_moves_nothing_and_each_detent_keeps_its_own_step() -> None:
    bed = Bed(make_profile(**STEPS)).arm({CONTACT})
    bed.turn(3)
    assert bed.jog_counts() == {"x": 3}
    writes = bed.handle(SelectorStep("scale", 1))
    assert {write.pin for write in writes} == {"scale-select", "scale"}
    bed.wait(10)
    assert bed.jog_counts() == {"x": 3}
    bed.turn(2)
    assert bed.jog_counts() == {"x": 3 + 2 * 10}
    now = bed.now
    turned = [Frame(now, 0, ((EV_REL, REL_DIAL, 1),))]
    bed.handle(*turned, SelectorStep("scale", 1), *turned)
    assert bed.jog_counts() == {"x": 23 + 10 + 100}
    assert bed["dropped"] == 0


def test_a_step_of_the_axis_by_hal_moves_neither_axis() -> None:
    bed = Bed(make_profile(**STEPS)).arm({CONTACT})
    bed.turn(4)
    for _ in range(2):
        writes = bed.handle(SelectorStep("axis", 1))
        assert not [write for write in writes if write.pin.endswith("jog-counts")]
    bed.wait(10)
    assert bed.jog_counts() == {"x": 4}
    bed.turn(1)
    assert bed.jog_counts() == {"x": 4, "y": 1}


def test_a_step_by_hal_arms_nothing_and_opens_no_gate() -> None:
    bed = Bed(make_profile(**STEPS))
    bed.plug_in({CONTACT})
    bed.wait(1.0)
    bed.handle(SelectorStep("scale", 1))
    bed.wait(1.0)
    bed.turn(5)
    assert (bed["armed"], bed.jog_counts(), bed["dropped"]) == (False, {}, 5)


def test_what_nobody_is_there_for_is_not_saved_up() -> None:
    bed = Bed(make_profile(**STEPS))
    assert bed.handle(SelectorStep("scale", 1), SelectorStep("axis", 1)) == []
    assert bed.pendant.positions == (None, None)
    bed.plug_in({CONTACT})
    assert (bed["axis-select"], bed["scale-select"]) == (0, 0)
    bed.handle(SelectorStep("scale", 1))
    bed.unplug()
    bed.handle(SelectorStep("scale", 1))
    bed.plug_in({CONTACT})
    assert bed["scale-select"] == 0


def test_a_step_while_lost_events_are_read_again_is_kept() -> None:
    bed = Bed(make_profile(**STEPS))
    bed.plug_in({CONTACT})
    bed.handle(EventsLost(bed.now, 0, ()), SelectorStep("scale", 1))
    bed.handle(Snapshot(bed.now, 0, bed.state()))
    assert bed["scale-select"] == 1
