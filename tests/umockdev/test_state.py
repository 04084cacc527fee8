# SPDX-License-Identifier: GPL-2.0-or-later
"""What the switches say is read from the device before it is shown; and lamps, the way back."""

from __future__ import annotations

import pytest
from evdev import ecodes

from tests.umockdev.bed import Bed, wait_until
from tests.umockdev.pendants import (
    ENABLE,
    ESTOP_RELEASED,
    RESET,
    X1,
    X10,
    Y,
    Z,
    plug_pendant,
    start_armed,
)


def test_switches_that_stood_before_the_start_are_known_at_the_first_beat(bed: Bed) -> None:
    plug_pendant(bed, {Y, X10, ESTOP_RELEASED})
    program = bed.start("--pendant", "generic-6axis")
    wanted = {"connected": True, "axis-select": 1, "axis.y.selected": True, "scale-select": 1, "scale": 0.01}
    assert program.pins(*wanted) == wanted
    # It counts as actuated until it is ready, and E-stop pulses are never short.
    program.wait_pins({"estop-ok": True, "estop": False})


def test_an_estop_that_was_actuated_before_the_start_stays_so(bed: Bed) -> None:
    node = plug_pendant(bed, {Y, X1})
    program = bed.start("--pendant", "generic-6axis")
    node.press(Z)  # something to wait for
    program.wait("why-not", 2)
    program.wait("axis-select", -1)
    assert program.pins("estop-ok", "estop") == {"estop-ok": False, "estop": True}
    node.press(ESTOP_RELEASED)
    program.wait_pins({"estop-ok": True, "estop": False})


@pytest.mark.parametrize("contact", ["normally-closed", "normally-open"])
@pytest.mark.parametrize("held", [True, False])
def test_either_contact_of_an_estop(bed: Bed, contact: str, held: bool) -> None:
    node = plug_pendant(bed, {ESTOP_RELEASED} if held else set())
    profile = bed.write_profile(estop={"key": "BTN_BASE4", "contact": contact})
    program = bed.start("--pendant", profile)
    is_released = held is (contact == "normally-closed")
    program.wait("estop-ok", is_released)
    (node.release if held else node.press)(ESTOP_RELEASED)
    program.wait("estop-ok", not is_released)


def test_a_button_held_before_the_start_is_no_press(bed: Bed) -> None:
    node = plug_pendant(bed, {Y, X1, ESTOP_RELEASED, ENABLE, RESET})
    program = bed.start("--pendant", "generic-6axis")
    program.wait("why-not", 6)
    node.turn(2)
    program.wait("dropped", 2)
    assert program.pins("enable", "reset", "armed") == {"enable": False, "reset": False, "armed": False}
    node.release(ENABLE, RESET)
    node.press(RESET)
    program.wait("reset", True)
    node.press(ENABLE)
    program.wait_pins({"enable": True, "armed": True, "counts": 0})


def test_two_positions_at_once_are_a_fault_until_one_is_left(bed: Bed) -> None:
    node = plug_pendant(bed, {Y, Z, X1, ESTOP_RELEASED})
    program = bed.start("--pendant", "generic-6axis")
    assert program.pins("axis-select", "axis.y.selected", "axis.z.selected") == {
        "axis-select": -1,
        "axis.y.selected": False,
        "axis.z.selected": False,
    }
    node.press(ENABLE)
    program.wait("why-not", 9)
    node.release(Y)
    program.wait_pins({"axis-select": 2, "why-not": 0, "armed": True})


def test_absolute_axes_are_read_before_the_first_beat(bed: Bed) -> None:
    scale = {"abs": "ABS_RY", "positions": {"0": "off", "5": "x1", "6": "x10"}}
    profile = bed.write_profile(
        axis={"abs": "ABS_RX", "positions": {"0": "off", "1": "x", "2": "y"}},
        scale=scale,
        increments={"x1": {"mm": 0.001}, "x10": {"mm": 0.01}},
    )
    absolutes = {ecodes.ABS_RX: 2, ecodes.ABS_RY: 6}
    bed.plug(relatives=[ecodes.REL_DIAL], absolutes=absolutes)
    program = bed.start("--pendant", profile)
    wanted = {"axis-select": 1, "scale-select": 1, "scale": 0.01}
    assert program.pins(*wanted) == wanted


def test_the_estop_disarms_and_what_is_turned_then_is_dropped(bed: Bed) -> None:
    node, program = start_armed(bed)
    node.release(ESTOP_RELEASED)
    program.wait_pins({"estop-ok": False, "armed": False, "axis.x.jog-enable": False})
    node.turn(1)
    program.wait("dropped", 1)
    assert program.pin("axis.x.jog-counts") == 0


def test_lamps_are_switched_by_their_pins(bed: Bed) -> None:
    node = plug_pendant(bed, leds=[ecodes.LED_MISC, ecodes.LED_MUTE])
    program = bed.start("--pendant", bed.write_profile(leds={"ready": "LED_MISC", "quiet": "LED_MUTE"}))
    lamps: dict[int, int] = {}

    def shown() -> dict[int, int]:
        lamps.update({code: value for kind, code, value in node.written() if kind == ecodes.EV_LED})
        return lamps

    program.set_pin("led.ready", True)
    wait_until(lambda: shown() == {ecodes.LED_MISC: 1, ecodes.LED_MUTE: 0}, "one lamp to be lit")
    program.set_pin("led.ready", False)
    program.set_pin("led.quiet", True)
    wait_until(lambda: shown() == {ecodes.LED_MISC: 0, ecodes.LED_MUTE: 1}, "the other lamp to be lit")


def test_a_pendant_that_comes_back_shows_the_lamps_again(bed: Bed) -> None:
    node = plug_pendant(bed, leds=[ecodes.LED_MISC])
    program = bed.start("--pendant", bed.write_profile(leds={"ready": "LED_MISC"}))
    lit = [ecodes.EV_LED, ecodes.LED_MISC, 1]
    program.set_pin("led.ready", True)
    wait_until(lambda: lit in node.written(), "the lamp to be lit")
    node.unplug()
    program.wait("connected", False)
    again = plug_pendant(bed, leds=[ecodes.LED_MISC], port="1-4")
    wait_until(lambda: lit in again.written(), "the lamp to be lit again")


def test_a_lamp_that_the_pendant_lacks_does_no_harm(bed: Bed) -> None:
    plug_pendant(bed)
    program = bed.start("--pendant", bed.write_profile(leds={"ready": "LED_MISC"}))
    program.set_pin("led.ready", True)
    program.wait_pins({"connected": True, "axis-select": 0})
