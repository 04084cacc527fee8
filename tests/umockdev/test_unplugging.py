# SPDX-License-Identifier: GPL-2.0-or-later
"""A pendant that goes away, and comes back on another port under another number."""

from __future__ import annotations

import pytest
from evdev import ecodes

from tests.umockdev.bed import ABS, REPORT, Bed, wait_until
from tests.umockdev.pendants import (
    ENABLE,
    ESTOP_RELEASED,
    KEYBOARD,
    SELECTED,
    X1,
    X,
    Y,
    plug_pendant,
    start_armed,
)

LOST = {
    "connected": False,
    "estop-ok": False,
    "estop": True,
    "enable": False,
    "armed": False,
    "axis.x.jog-enable": False,
    "axis.x.selected": False,
    "axis-select": -1,
    "scale-select": -1,
    "scale": 0.0,
    "reset": False,
    "why-not": 1,
}
COUNTERS = ("counts", "axis.x.jog-counts", "axis.y.jog-counts")


def test_unplugged_at_rest_everything_is_safe_and_the_counts_stand(bed: Bed) -> None:
    node, program = start_armed(bed)
    node.turn(6)
    program.wait("axis.x.jog-counts", 6)
    node.unplug()
    program.wait_pins(LOST)
    program.wait("velocity", 0.0)
    assert program.pins(*COUNTERS, "reconnects") == {
        "counts": 6,
        "axis.x.jog-counts": 6,
        "axis.y.jog-counts": 0,
        "reconnects": 0,
    }
    program.wait_for_line("pendant lost .*No such device.*plug it in again, then reset the E-stop")
    node.wait_until_closed()


def test_unplugged_in_mid_turn_the_counts_stand_from_then_on(bed: Bed) -> None:
    node, program = start_armed(bed)
    node.turn(200)
    node.unplug(releases=True)
    program.wait_pins(LOST)
    before = program.pins(*COUNTERS, "dropped")
    assert before["counts"] == before["axis.x.jog-counts"] <= 200
    plug_pendant(bed, port="1-2")
    program.wait("connected", True)
    assert program.pins(*COUNTERS, "dropped") == before


def test_plugged_into_another_port_it_is_known_again_and_nothing_jumps(bed: Bed) -> None:
    bed.plug(**KEYBOARD)
    node, program = start_armed(bed)
    node.turn(5)
    program.wait("axis.x.jog-counts", 5)
    node.unplug(releases=True)
    program.wait_pins(LOST)
    again = plug_pendant(bed, SELECTED | {ENABLE}, number=27, port="2-4.1")
    program.wait_pins({"connected": True, "reconnects": 1, "axis-select": 0, "estop-ok": True})
    assert again.is_grabbed()
    # The enabling button is held as it was, but that was not pressed on this connection.
    again.turn(2)
    program.wait_pins({"dropped": 2, "armed": False, "why-not": 6, "counts": 5, "axis.x.jog-counts": 5})
    again.release(ENABLE)
    again.press(ENABLE)
    program.wait("armed", True)
    again.turn(-1)
    program.wait_pins({"axis.x.jog-counts": 4, "counts": 4, "dropped": 2})


def test_the_estop_stays_until_its_contact_says_that_it_is_released(bed: Bed) -> None:
    node, program = start_armed(bed)
    node.unplug(releases=True)
    program.wait_pins(LOST)
    again = plug_pendant(bed, {Y, X1}, port="1-2")
    program.wait_pins({"connected": True, "axis-select": 1, "why-not": 2})
    assert program.pins("estop-ok", "estop") == {"estop-ok": False, "estop": True}
    again.press(ESTOP_RELEASED)
    program.wait_pins({"estop-ok": True, "estop": False})


def test_key_releases_on_unplugging_do_not_release_a_normally_open_estop(bed: Bed) -> None:
    node = plug_pendant(bed, {X, ESTOP_RELEASED})  # the contact is the other way round here
    profile = bed.write_profile(estop={"key": "BTN_BASE4", "contact": "normally-open"})
    program = bed.start("--pendant", profile)
    program.wait("why-not", 2)
    node.unplug(releases=True)
    program.wait_pins({"connected": False, "estop-ok": False, "estop": True})
    again = plug_pendant(bed, {X, ESTOP_RELEASED}, port="1-2")
    program.wait_pins({"connected": True, "why-not": 2, "estop-ok": False})
    again.release(ESTOP_RELEASED)
    program.wait("estop-ok", True)


@pytest.mark.parametrize("on_disconnect", ["disarm", "estop"])
def test_without_an_estop_button_the_profile_says_what_a_loss_is(bed: Bed, on_disconnect: str) -> None:
    node = plug_pendant(bed, {X})
    program = bed.start("--pendant", bed.write_profile(on_disconnect=on_disconnect))
    program.wait_pins({"armed": True, "estop-ok": True})
    node.unplug()
    stays_ok = on_disconnect == "disarm"
    program.wait_pins({"connected": False, "armed": False, "enable": False, "estop-ok": stays_ok})
    plug_pendant(bed, {X}, port="1-2")
    program.wait_pins({"connected": True, "estop-ok": True, "armed": True})


def test_an_absolute_wheel_that_was_turned_meanwhile_makes_no_jump(bed: Bed) -> None:
    wheel = {"abs": "ABS_WHEEL", "modulo": 65536}
    node = bed.plug(keys={X}, absolutes={ecodes.ABS_WHEEL: 10}, down={X})
    program = bed.start("--pendant", bed.write_profile(wheel=wheel))
    program.wait("armed", True)
    node.send((ABS, ecodes.ABS_WHEEL, 12), REPORT)
    program.wait("axis.x.jog-counts", 2)
    node.unplug()
    program.wait("connected", False)
    again = bed.plug(keys={X}, absolutes={ecodes.ABS_WHEEL: 900}, down={X}, port="1-2")
    program.wait_pins({"connected": True, "armed": True, "axis.x.jog-counts": 2})
    again.send((ABS, ecodes.ABS_WHEEL, 903), REPORT)
    program.wait_pins({"axis.x.jog-counts": 5, "dropped": 0})


def test_it_comes_and_goes(bed: Bed) -> None:
    node = plug_pendant(bed)
    program = bed.start("--pendant", "generic-6axis")
    for round_number in range(1, 6):
        node.unplug(releases=True)
        program.wait_pins(LOST)
        node = plug_pendant(bed, port=f"1-{round_number + 1}")
        program.wait_pins({"connected": True, "reconnects": round_number, "estop-ok": True, "axis-select": 0})


def test_it_is_missed_without_word_from_udev_and_found_again(bed: Bed) -> None:
    node = plug_pendant(bed, tell=False)
    program = bed.start("--pendant", "generic-6axis")
    node.unplug()
    program.wait_pins(LOST)
    plug_pendant(bed, port="1-2", tell=False)
    program.wait_pins({"connected": True, "reconnects": 1})


def test_another_of_its_kind_takes_its_place(bed: Bed) -> None:
    node, program = start_armed(bed, port="1-1")
    other = plug_pendant(bed, port="1-2")
    other.wait_until_closed()
    node.unplug()
    program.wait_pins({"connected": True, "reconnects": 1, "armed": False})
    wait_until(other.is_grabbed, "the other to be grabbed")


def test_one_that_is_revoked_is_lost_and_found_again(bed: Bed) -> None:
    node, program = start_armed(bed)
    node.turn(2)
    program.wait("counts", 2)
    node.revoke()
    program.wait_for_line("pendant lost")
    program.wait_pins({"connected": True, "reconnects": 1, "estop-ok": True, "enable": False, "why-not": 6})
    assert node.is_grabbed()
    node.turn(3)
    program.wait_pins({"dropped": 3, "counts": 2, "armed": False})
