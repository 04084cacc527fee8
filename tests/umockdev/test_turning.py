# SPDX-License-Identifier: GPL-2.0-or-later
"""Each form of a wheel and of a selector, from the node to the counters."""

from __future__ import annotations

import pytest
from evdev import ecodes

from tests.umockdev.bed import KEY, REL, REPORT, Bed, Program, turned, wait_until
from tests.umockdev.pendants import X1, X10, X100, X, Y, plug_pendant, start_armed

FORWARD, BACKWARD = ecodes.KEY_VOLUMEUP, ecodes.KEY_VOLUMEDOWN
NEXT, PREVIOUS = ecodes.BTN_A, ecodes.BTN_B


def counted(program: Program, pin: str) -> int:
    """Return the detents that are on a counter, or in `dropped`."""
    return sum(program.pins(pin, "dropped").values())


def test_a_relative_wheel_counts_both_ways_in_multiples_of_the_smallest_step(bed: Bed) -> None:
    node, program = start_armed(bed)
    assert program.pin("axis.x.jog-scale") == 0.001
    node.turn(5)
    node.turn(-8)
    program.wait_pins({"axis.x.jog-counts": -3, "counts": -3})
    node.send((KEY, X1, 0), (KEY, X10, 1), REPORT, *turned(2))
    node.send((KEY, X10, 0), (KEY, X100, 1), REPORT, (REL, ecodes.REL_DIAL, 3), REPORT)
    program.wait_pins({"axis.x.jog-counts": -3 + 20 + 300, "counts": 2, "dropped": 0})


def test_axis_and_scale_change_among_detents_of_one_read(bed: Bed) -> None:
    node, program = start_armed(bed)
    node.send(
        *turned(2),
        *[(KEY, X, 0), (KEY, Y, 1), REPORT],
        *turned(3),
        *[(KEY, X1, 0), (KEY, X10, 1), REPORT],
        *turned(-1),
        *[(KEY, Y, 0), REPORT],
        *turned(4),  # between the positions
        *[(KEY, X, 1), REPORT],
        *turned(1),
    )
    program.wait_pins({"axis.x.jog-counts": 12, "axis.y.jog-counts": -7, "dropped": 4, "counts": 9})


def test_a_wheel_of_four_counts_a_detent_that_is_mounted_the_other_way(bed: Bed) -> None:
    node = plug_pendant(bed)
    wheel = {"rel": "REL_DIAL", "counts-per-detent": 4, "invert": True}
    program = bed.start("--pendant", bed.write_profile(wheel=wheel))
    program.wait("armed", True)
    node.turn(11)
    program.wait("axis.x.jog-counts", -2)
    node.turn(1)
    program.wait("axis.x.jog-counts", -3)


def test_an_absolute_wheel_goes_on_over_its_end(bed: Bed) -> None:
    node = bed.plug(keys={X}, absolutes={ecodes.ABS_WHEEL: 65534}, down={X})
    wheel = {"abs": "ABS_WHEEL", "modulo": 65536}
    program = bed.start("--pendant", bed.write_profile(wheel=wheel))
    program.wait("armed", True)
    node.stand_at(ecodes.ABS_WHEEL, 65535)
    program.wait("axis.x.jog-counts", 1)
    node.stand_at(ecodes.ABS_WHEEL, 2)
    program.wait("axis.x.jog-counts", 4)
    node.stand_at(ecodes.ABS_WHEEL, 65533)
    program.wait_pins({"axis.x.jog-counts": -1, "dropped": 0})


def test_a_position_that_is_sent_as_relative_movement(bed: Bed) -> None:
    """A Contour Shuttle: its first position says nothing, and it is silent at 0."""
    node = plug_pendant(bed)
    wheel = {"rel-absolute": "REL_DIAL", "modulo": 256}
    program = bed.start("--pendant", bed.write_profile(wheel=wheel))
    program.wait("armed", True)
    node.send((REL, ecodes.REL_DIAL, 254), REPORT)
    program.wait("dropped", 1)
    for position in (255, 1, 2):
        node.send((REL, ecodes.REL_DIAL, position), REPORT)
    program.wait_pins({"axis.x.jog-counts": 4, "dropped": 1})


def test_a_pair_of_keys_counts_presses_only_not_autorepeat(bed: Bed) -> None:
    node = bed.plug(keys={X, FORWARD, BACKWARD}, down={X})
    wheel = {"keys": {"forward": "KEY_VOLUMEUP", "backward": "KEY_VOLUMEDOWN"}}
    program = bed.start("--pendant", bed.write_profile(wheel=wheel))
    program.wait("armed", True)
    node.press(FORWARD)
    node.send(*[event for _ in range(5) for event in ((KEY, FORWARD, 2), REPORT)])
    node.release(FORWARD)
    node.press(FORWARD)
    node.release(FORWARD)
    node.press(BACKWARD)
    program.wait_pins({"axis.x.jog-counts": 1, "counts": 1, "dropped": 0})
    for key in (BACKWARD, FORWARD):
        node.release(key)
    node.press(BACKWARD)
    node.press(BACKWARD)
    program.wait("axis.x.jog-counts", -1)


def test_selectors_by_absolute_axes(bed: Bed) -> None:
    node = bed.plug(relatives=[ecodes.REL_DIAL], absolutes={ecodes.ABS_RX: 1, ecodes.ABS_RY: 0})
    profile = bed.write_profile(
        axis={"abs": "ABS_RX", "positions": {"0": "off", "1": "x", "2": "y"}},
        scale={"abs": "ABS_RY", "positions": {"0": "x1", "1": "x10"}},
        increments={"x1": {"mm": 0.001}, "x10": {"mm": 0.01}},
    )
    program = bed.start("--pendant", profile)
    program.wait("armed", True)
    node.turn(1)
    node.stand_at(ecodes.ABS_RX, 2)
    node.turn(1)
    node.stand_at(ecodes.ABS_RY, 1)
    node.turn(1)
    node.stand_at(ecodes.ABS_RX, 0)
    node.turn(1)
    program.wait_pins({"axis.x.jog-counts": 1, "axis.y.jog-counts": 11, "dropped": 1, "axis-select": -1})
    node.stand_at(ecodes.ABS_RX, 7)  # no position of the profile
    node.turn(1)
    program.wait_pins({"dropped": 2, "axis-select": -1})


def test_a_selector_that_is_stepped_through(bed: Bed) -> None:
    node = bed.plug(keys={NEXT, PREVIOUS}, relatives=[ecodes.REL_DIAL])
    axis = {"next": "BTN_A", "previous": "BTN_B", "order": ["x", "y", "z"]}
    program = bed.start("--pendant", bed.write_profile(axis=axis))
    program.wait_pins({"axis-select": 0, "armed": True})
    for key, position in [(NEXT, 1), (NEXT, 2), (NEXT, 0), (PREVIOUS, 2), (PREVIOUS, 1)]:
        node.press(key)
        program.wait("axis-select", position)
        node.send((KEY, key, 2), REPORT)
        node.release(key)
    node.turn(2)
    program.wait("axis.y.jog-counts", 2)


def test_a_step_key_that_was_held_before_the_start_is_no_step(bed: Bed) -> None:
    node = bed.plug(keys={NEXT}, relatives=[ecodes.REL_DIAL], down={NEXT})
    axis = {"next": "BTN_A", "order": ["x", "y"]}
    program = bed.start("--pendant", bed.write_profile(axis=axis))
    program.wait("armed", True)
    assert program.pin("axis-select") == 0
    node.release(NEXT)
    node.turn(1)
    program.wait("axis.x.jog-counts", 1)


def test_an_override_position_turns_the_override_and_no_axis(bed: Bed) -> None:
    node = plug_pendant(bed, {X})
    axis = {"keys": {"feed-override": "BTN_TRIGGER", "x": "BTN_THUMB"}}
    program = bed.start("--pendant", bed.write_profile(axis=axis))
    program.wait("armed", True)
    program.set_pin("mode-is-manual", False)
    program.wait("armed", False)
    node.turn(-4)
    program.wait_pins({"feed-override.counts": -4, "axis.x.jog-counts": 0, "dropped": 0})


@pytest.mark.parametrize("gate", ["inhibit", "machine-is-on", "mode-is-manual"])
def test_a_gate_disarms_and_nothing_is_saved_up(bed: Bed, gate: str) -> None:
    node, program = start_armed(bed)
    shut = gate == "inhibit"
    program.set_pin(gate, shut)
    program.wait_pins({"armed": False, "axis.x.jog-enable": False})
    node.turn(7)
    program.wait("dropped", 7)
    program.set_pin(gate, not shut)
    program.wait("armed", True)
    node.turn(2)
    program.wait_pins({"axis.x.jog-counts": 2, "dropped": 7})


def test_a_storm_of_300_detents_in_one_piece_is_counted_to_the_last(bed: Bed) -> None:
    node, program = start_armed(bed)
    node.turn(300)
    program.wait_pins({"axis.x.jog-counts": 300, "counts": 300, "dropped": 0})
    node.turn(-300)
    program.wait_pins({"axis.x.jog-counts": 0, "counts": 0, "dropped": 0})


def test_what_an_axis_cannot_follow_in_a_storm_is_dropped_and_counted(bed: Bed) -> None:
    node, program = start_armed(bed)
    program.set_pin("axis.x.max-velocity", 0.01)
    program.set_pin("axis.x.max-acceleration", 1)
    storms = 0

    def has_dropped_of_a_storm() -> bool:
        nonlocal storms
        node.turn(300)
        storms += 1
        wait_until(lambda: counted(program, "axis.x.jog-counts") == 300 * storms, "every detent somewhere")
        return bool(program.pin("dropped"))

    # The limits are not read at once, so the first storm may get through.
    wait_until(has_dropped_of_a_storm, "the limits to be kept")
    assert program.pin("counts") == 300 * storms
