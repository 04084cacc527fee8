# SPDX-License-Identifier: GPL-2.0-or-later
"""SYN_DROPPED: what is void, what is read again, and what stays at rest until the wheel is still."""

from __future__ import annotations

import time

import pytest
from evdev import ecodes

from tests.umockdev.bed import DROPPED, KEY, REL, REPORT, Bed, Event, turned
from tests.umockdev.pendants import DIAL, ENABLE, ESTOP_RELEASED, RESET, X, Y, plug_pendant, start_armed

GAPS: dict[str, list[Event]] = {
    "between frames": [DROPPED, REPORT],
    "inside a frame": [(KEY, X, 1), DROPPED, (KEY, ENABLE, 1), REPORT],
    "without the frame's end": [DROPPED],
    "with an end of its own": [(KEY, X, 1), DROPPED, REPORT, REPORT],
}

PAUSE_S = 0.4
"""Longer than a released E-stop takes to be believed."""

gaps = pytest.mark.parametrize("gap", GAPS.values(), ids=GAPS.keys())


@gaps
def test_an_estop_that_was_actuated_in_the_lost_part_acts(bed: Bed, gap: list[Event]) -> None:
    node, program = start_armed(bed)
    node.let_go(ESTOP_RELEASED)
    node.send(*gap)
    program.wait_pins({"estop-ok": False, "estop": True, "armed": False, "axis.x.jog-enable": False})
    node.send(REPORT, *turned(2))
    program.wait("dropped", 2)
    assert program.pins("estop-ok", "counts") == {"estop-ok": False, "counts": 0}
    node.press(ESTOP_RELEASED)
    program.wait_pins({"estop-ok": True, "armed": True})


@gaps
def test_it_is_armed_again_by_itself_but_not_before_the_wheel_is_still(bed: Bed, gap: list[Event]) -> None:
    node, program = start_armed(bed)
    node.turn(3)
    program.wait("counts", 3)
    node.send(*gap, REPORT, *turned(5))
    program.wait_pins({"counts": 3, "dropped": 5})
    program.wait("armed", True)
    node.turn(1)
    program.wait_pins({"axis.x.jog-counts": 4, "counts": 4, "dropped": 5})


def test_detents_that_are_void_are_counted_as_dropped(bed: Bed) -> None:
    node, program = start_armed(bed)
    node.turn(1)
    program.wait("counts", 1)
    node.send((REL, DIAL, 2), DROPPED, (REL, DIAL, -3), REPORT)
    program.wait_pins({"axis.x.jog-counts": 1, "dropped": 5})


def test_detents_after_the_gap_are_void_until_the_next_report(bed: Bed) -> None:
    node, program = start_armed(bed)
    node.send(DROPPED)
    program.wait("armed", False)
    node.send((REL, DIAL, 4), REPORT)
    program.wait("dropped", 4)
    assert program.pin("counts") == 0


def test_selectors_are_read_again(bed: Bed) -> None:
    node, program = start_armed(bed)
    node.let_go(X)
    node.hold(Y)
    node.send(DROPPED, (KEY, X, 1), REPORT)
    program.wait_pins({"axis-select": 1, "axis.x.selected": False, "axis.y.selected": True})
    program.wait("armed", True)
    node.turn(2)
    program.wait_pins({"axis.x.jog-counts": 0, "axis.y.jog-counts": 2})


def test_detents_just_before_the_gap_are_counted_or_dropped_but_none_is_lost(bed: Bed) -> None:
    """Read together with the gap, they are dropped: what disarms is written before them."""
    node, program = start_armed(bed)
    node.send(*turned(3), DROPPED, REPORT)
    program.wait("armed", False)
    program.wait("armed", True)
    told = program.pins("counts", "axis.x.jog-counts", "dropped")
    assert told["counts"] == told["axis.x.jog-counts"]
    assert told["counts"] + told["dropped"] == 3


def test_a_button_that_went_down_in_the_lost_part_is_no_press(bed: Bed) -> None:
    node = plug_pendant(bed)
    program = bed.start("--pendant", "generic-6axis")
    node.hold(ENABLE, RESET)
    node.send((REL, DIAL, 1), DROPPED, REPORT)
    program.wait_pins({"dropped": 1, "why-not": 6})
    assert program.pins("enable", "reset", "armed") == {"enable": False, "reset": False, "armed": False}
    node.release(ENABLE)
    node.press(ENABLE)
    program.wait("armed", True)


def test_the_enabling_button_that_was_let_go_in_the_lost_part_disarms(bed: Bed) -> None:
    node, program = start_armed(bed)
    node.let_go(ENABLE)
    node.send(DROPPED, REPORT)
    program.wait_pins({"enable": False, "armed": False, "why-not": 6})


def test_an_absolute_wheel_goes_on_from_where_it_stands_now(bed: Bed) -> None:
    node = bed.plug(keys={X}, absolutes={ecodes.ABS_WHEEL: 100}, down={X})
    wheel = {"abs": "ABS_WHEEL", "modulo": 65536}
    program = bed.start("--pendant", bed.write_profile(wheel=wheel))
    program.wait("armed", True)
    node.stood_at(ecodes.ABS_WHEEL, 140)
    node.send(DROPPED, (ecodes.EV_ABS, ecodes.ABS_WHEEL, 120), REPORT)
    program.wait("dropped", 40)
    program.wait("armed", True)
    node.stand_at(ecodes.ABS_WHEEL, 142)
    program.wait_pins({"axis.x.jog-counts": 2, "dropped": 40})


def test_a_position_as_relative_movement_is_unknown_after_a_gap(bed: Bed) -> None:
    node = plug_pendant(bed)
    wheel = {"rel-absolute": "REL_DIAL", "modulo": 256}
    program = bed.start("--pendant", bed.write_profile(wheel=wheel))
    program.wait("armed", True)
    node.send((REL, DIAL, 10), REPORT, (REL, DIAL, 12), REPORT)
    program.wait_pins({"axis.x.jog-counts": 2, "dropped": 1})
    node.send(DROPPED, REPORT, (REL, DIAL, 33), REPORT)
    program.wait("dropped", 2)
    program.wait("armed", True)
    node.send((REL, DIAL, 34), REPORT)
    program.wait_pins({"axis.x.jog-counts": 3, "dropped": 2})


def test_the_state_is_newer_than_all_that_was_read_with_the_gap(bed: Bed) -> None:
    """The E-stop was released once more in the lost part, and is actuated by now."""
    node, program = start_armed(bed)
    node.let_go(ESTOP_RELEASED)
    node.send(DROPPED, REPORT, (KEY, ESTOP_RELEASED, 1), REPORT)
    program.wait_pins({"estop-ok": False, "estop": True, "armed": False})
    node.turn(2)
    program.wait("dropped", 2)
    end = time.monotonic() + PAUSE_S
    while time.monotonic() < end and not program.pin("estop-ok"):
        time.sleep(0.002)
    assert program.pins("estop-ok", "estop", "why-not") == {"estop-ok": False, "estop": True, "why-not": 2}


def test_a_step_that_was_read_with_the_gap_is_taken(bed: Bed) -> None:
    node = bed.plug(keys={ecodes.BTN_A}, relatives=[DIAL])
    axis = {"next": "BTN_A", "order": ["x", "y", "z"]}
    program = bed.start("--pendant", bed.write_profile(axis=axis))
    program.wait_pins({"axis-select": 0, "armed": True})
    node.hold(ecodes.BTN_A)
    node.send(DROPPED, REPORT, (KEY, ecodes.BTN_A, 1), REPORT)
    program.wait("axis-select", 1)
    node.release(ecodes.BTN_A)
    node.press(ecodes.BTN_A)
    program.wait("axis-select", 2)


def test_gap_upon_gap(bed: Bed) -> None:
    node, program = start_armed(bed)
    gaps = [event for _ in range(40) for event in (*turned(1), (REL, DIAL, 1), DROPPED, REPORT)]
    node.send(DROPPED, REPORT, *gaps)
    program.wait_pins({"axis.x.jog-counts": 0, "dropped": 80})
    program.wait("armed", True)
