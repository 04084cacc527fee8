# SPDX-License-Identifier: GPL-2.0-or-later
"""A pendant is found by what it is, among other devices, and is had alone."""

from __future__ import annotations

import time

import pytest
from evdev import ecodes

from tests.umockdev.bed import REL, Bed
from tests.umockdev.pendants import DIAL, ENABLE, KEYBOARD, MOUSE, PENDANT, plug_pendant, start_armed


@pytest.mark.parametrize("arguments", [(), ("--pendant", "generic-6axis")], ids=["detected", "named"])
def test_it_is_found_by_its_id_among_other_devices(bed: Bed, arguments: tuple[str, ...]) -> None:
    others = [bed.plug(**KEYBOARD), bed.plug(**MOUSE)]
    pendant = plug_pendant(bed, name="No Word Of What It Is")
    program = bed.start(*arguments)
    assert program.pin("connected") is True
    assert pendant.is_open()
    for node in others:
        node.wait_until_closed()


def test_without_pendant_it_says_which_profile_it_uses(bed: Bed) -> None:
    plug_pendant(bed)
    program = bed.start()
    program.wait_for_line("using profile generic-6axis; .*generic-4axis.* fit as well")
    program.wait("connected", True)


def test_without_pendant_a_board_of_fewer_axes_gets_the_profile_whose_codes_it_has(bed: Bed) -> None:
    keys = sorted({*PENDANT["keys"]} - {ecodes.BTN_TOP2, ecodes.BTN_PINKIE})
    plug_pendant(bed, keys=keys)
    program = bed.start()
    program.wait_for_line("using profile generic-4axis; generic-5axis, generic-6axis fit as well")
    program.wait("connected", True)


def test_without_pendant_and_device_it_waits_for_the_usual_one(bed: Bed) -> None:
    bed.plug(**KEYBOARD)
    program = bed.start()
    program.wait_for_line("no known pendant is plugged in; taking generic-6axis")
    assert program.pins("connected", "estop-ok", "axis-select", "why-not") == {
        "connected": False,
        "estop-ok": False,
        "axis-select": -1,
        "why-not": 1,
    }
    plug_pendant(bed)
    program.wait_pins({"connected": True, "estop-ok": True, "axis-select": 0, "reconnects": 0})


def test_it_is_found_without_word_from_udev(bed: Bed) -> None:
    program = bed.start("--pendant", "generic-6axis")
    plug_pendant(bed, tell=False)
    program.wait("connected", True)


def test_nodes_of_two_digits_come_after_those_of_one(bed: Bed) -> None:
    later = plug_pendant(bed, number=10, port="1-1")
    first = plug_pendant(bed, number=9, port="1-2")
    bed.start("--pendant", "generic-6axis")
    assert first.is_grabbed()
    later.wait_until_closed()


def test_it_is_found_by_a_pattern_of_its_name_or_by_its_serial_number(bed: Bed) -> None:
    by_name = bed.write_profile(name="by name", match=[{"name": "Shop* MPG"}])
    by_serial = bed.write_profile(name="by serial", match=[{"vendor": 0x1209, "uniq": "A7?"}])
    one = plug_pendant(bed, name="Shopfloor MPG", vendor=0x4444, port="1-1")
    plug_pendant(bed, uniq="B70", port="1-2")
    two = plug_pendant(bed, uniq="A71", port="1-3")
    bed.start("--pendant", by_name, name="one")
    bed.start("--pendant", by_serial, name="two")
    assert one.is_grabbed()
    assert two.is_grabbed()


def test_it_is_grabbed_and_its_time_stamps_are_monotonic(bed: Bed) -> None:
    node = plug_pendant(bed)
    bed.start("--pendant", "generic-6axis")
    assert node.is_grabbed()
    assert node.clock() == time.CLOCK_MONOTONIC


def test_it_is_let_go_at_the_end(bed: Bed) -> None:
    node = plug_pendant(bed)
    program = bed.start("--pendant", "generic-6axis")
    assert program.stop() == 0
    node.wait_until_closed()


def test_no_grab_lets_others_see_it_and_works_the_same(bed: Bed) -> None:
    node = plug_pendant(bed)
    program = bed.start("--pendant", "generic-6axis", "--no-grab")
    assert node.is_open()
    assert not node.is_grabbed()
    node.press(ENABLE)
    program.wait("armed", True)
    node.turn(3)
    program.wait("axis.x.jog-counts", 3)


def test_one_that_is_busy_is_waited_for_and_taken_when_it_is_free(bed: Bed) -> None:
    node = plug_pendant(bed)
    first = bed.start("--pendant", "generic-6axis", name="first")
    second = bed.start("--pendant", "generic-6axis", name="second")
    assert second.pins("connected", "estop-ok") == {"connected": False, "estop-ok": False}
    second.wait_for_line(f"{node.path} .*: another program has grabbed it; end that one, or use --no-grab")
    assert first.stop() == 0
    second.wait_pins({"connected": True, "estop-ok": True, "reconnects": 0})
    assert node.is_grabbed()
    assert len([line for line in second.said() if "grabbed" in line]) == 1


def test_of_two_of_a_kind_the_free_one_is_taken(bed: Bed) -> None:
    nodes = [plug_pendant(bed, port="1-1"), plug_pendant(bed, port="1-2")]
    bed.start("--pendant", "generic-6axis", name="first")
    assert [node.is_grabbed() for node in nodes] == [True, False]
    second = bed.start("--pendant", "generic-6axis", name="second")
    assert second.pin("connected") is True
    assert [node.is_grabbed() for node in nodes] == [True, True]


def test_device_takes_a_node_that_does_not_match(bed: Bed) -> None:
    plug_pendant(bed, port="1-1")
    other = plug_pendant(bed, vendor=0x4444, port="1-2")
    program = bed.start("--pendant", "generic-6axis", "--device", other.path)
    assert program.pin("connected") is True
    assert other.is_grabbed()


def test_device_takes_a_link_such_as_those_of_udev(bed: Bed) -> None:
    plug_pendant(bed, port="1-1")
    second = plug_pendant(bed, port="1-2")
    program = bed.start("--pendant", "generic-6axis", "--device", second.link("by-path-mpg"))
    assert program.pin("connected") is True
    assert second.is_grabbed()


def test_device_without_pendant_takes_the_profile_that_fits_it(bed: Bed) -> None:
    plug_pendant(bed, port="1-1")
    second = plug_pendant(bed, port="1-2")
    program = bed.start("--device", second.path)
    program.wait_for_line("using profile generic-6axis")
    assert second.is_grabbed()


def test_device_that_no_profile_fits_ends_the_program(bed: Bed) -> None:
    keyboard = bed.plug(**KEYBOARD)
    program = bed.try_to_start("--device", keyboard.path)
    assert program.wait_for_end() == 2
    assert program.said() == [f"hal_mpg: no known profile fits {keyboard.path}; name one with --pendant"]


def test_a_name_full_of_control_characters_is_told_in_one_short_line(bed: Bed) -> None:
    evil = "MPG\n\x1b[31m\r\x07hal_mpg: all is well" + 200 * "x"
    plug_pendant(bed, name=evil)
    program = bed.start("--pendant", "generic-6axis", "-v")
    program.wait_for_line("pendant connected: MPG")
    text = "\n".join(program.said())
    assert "connected: MPG??[31m??hal_mpg: all is well" in text
    assert all(line.startswith("hal_mpg: ") and len(line) < 200 for line in program.said())
    assert all(char.isprintable() or char == "\n" for char in text)


def test_one_that_has_none_of_the_codes_is_told_of_and_passed_over(bed: Bed) -> None:
    bare = bed.plug(keys=[ecodes.KEY_A], relatives=[], port="1-1")
    program = bed.start("--pendant", "generic-6axis")
    program.wait_for_line(f"Test MPG Pendant at {bare.path} has no code of the profile")
    assert program.pin("connected") is False
    bare.wait_until_closed()
    real = plug_pendant(bed, port="1-2")
    program.wait("connected", True)
    assert real.is_grabbed()


def test_codes_that_it_lacks_are_named_and_the_rest_works(bed: Bed) -> None:
    node = bed.plug(**PENDANT | {"relatives": [ecodes.REL_X], "down": {ecodes.BTN_TRIGGER}})
    program = bed.start("--pendant", "generic-6axis")
    program.wait_for_line(f"has no code {DIAL:#x}, the profile's wheel")
    program.wait_pins({"connected": True, "axis-select": 0})
    node.send((REL, ecodes.REL_X, 1))


def test_a_second_pendant_of_another_name_has_pins_of_its_own(bed: Bed) -> None:
    node, first = start_armed(bed, port="1-1")
    plug_pendant(bed, port="1-2")
    second = bed.start("--pendant", "generic-6axis", name="mpg2")
    node.turn(2)
    first.wait("axis.x.jog-counts", 2)
    assert second.pins("axis.x.jog-counts", "counts", "dropped") == {
        "axis.x.jog-counts": 0,
        "counts": 0,
        "dropped": 0,
    }
