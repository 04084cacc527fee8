# SPDX-License-Identifier: GPL-2.0-or-later
"""One device that shows as several nodes; and nodes that may not be read."""

from __future__ import annotations

import time
from typing import Any

import pytest
from evdev import ecodes

from tests.umockdev.bed import KEY, REPORT, Bed, Node, Program, wait_until
from tests.umockdev.pendants import KEYBOARD, MOUSE, plug_pendant

# A macro pad with a knob, as such things come: they type, they have media keys, they have a wheel.
KEYS: dict[str, Any] = {"interface": 0, "keys": range(ecodes.KEY_ESC, ecodes.KEY_F12 + 1)}
MEDIA: dict[str, Any] = {"interface": 1, "keys": {ecodes.KEY_PLAYPAUSE, ecodes.KEY_MUTE}}
WHEEL: dict[str, Any] = {
    "interface": 2,
    "keys": {ecodes.BTN_LEFT, ecodes.KEY_F9},
    "relatives": [ecodes.REL_X, ecodes.REL_WHEEL],
}
OTHER: dict[str, Any] = {"interface": 3, "keys": {ecodes.KEY_SLEEP}}
PAUSE_S = 0.3
"""Between the nodes of one device: udev's work on each can take so long on a busy machine."""


def write_profile(bed: Bed, **other: object) -> str:
    return bed.write_profile(
        wheel={"rel": "REL_WHEEL"},
        axis={"keys": {"x": "KEY_F1", "y": "KEY_F2"}},
        enable={"key": "KEY_F9"},
        buttons={"home": "KEY_PLAYPAUSE"},
        **other,
    )


def plug_pad(bed: Bed, port: str = "1-1", down: tuple[int, ...] = (ecodes.KEY_F1,)) -> list[Node]:
    """Plug in the whole pad, with keys of its keyboard held; return its nodes in the order of interfaces."""
    keyboard = bed.plug(**KEYS, port=port, down=set(down))
    return [keyboard, *(bed.plug(**part, port=port) for part in (MEDIA, WHEEL, OTHER))]


def test_all_nodes_with_a_code_of_the_profile_are_taken_and_no_other(bed: Bed) -> None:
    pads = plug_pad(bed)
    twin = plug_pad(bed, port="1-2")
    bed.start("--pendant", write_profile(bed))
    assert [node.is_grabbed() for node in pads] == [True, True, True, False]
    for node in [pads[3], *twin]:
        node.wait_until_closed()


def test_what_they_say_comes_together(bed: Bed) -> None:
    keyboard, media, wheel, _ = plug_pad(bed)
    program = bed.start("--pendant", write_profile(bed))
    assert program.pin("axis-select") == 0
    wheel.press(ecodes.KEY_F9)
    program.wait("armed", True)
    wheel.turn(2, ecodes.REL_WHEEL)
    program.wait("axis.x.jog-counts", 2)
    keyboard.release(ecodes.KEY_F1)
    keyboard.press(ecodes.KEY_F2)
    program.wait("axis-select", 1)
    wheel.turn(-1, ecodes.REL_WHEEL)
    program.wait("axis.y.jog-counts", -1)
    media.press(ecodes.KEY_PLAYPAUSE)
    program.wait("button.home", True)


def test_what_several_nodes_say_is_taken_in_the_order_of_time(bed: Bed) -> None:
    keyboard, _, wheel, _ = plug_pad(bed)
    program = bed.start("--pendant", write_profile(bed))
    wheel.press(ecodes.KEY_F9)
    program.wait("armed", True)
    with program.frozen():
        wheel.turn(1, ecodes.REL_WHEEL)
        wait_until(wheel.has_unread, "the first turn to be there")
        keyboard.send((KEY, ecodes.KEY_F1, 0), REPORT, (KEY, ecodes.KEY_F2, 1), REPORT)
        wait_until(keyboard.has_unread, "the change of axis to be there")
        wheel.turn(3, ecodes.REL_WHEEL)
    program.wait_pins({"axis.x.jog-counts": 1, "axis.y.jog-counts": 3, "dropped": 0})


def test_a_code_on_two_nodes_is_held_while_either_says_so(bed: Bed) -> None:
    keyboard, _, wheel, _ = plug_pad(bed)
    program = bed.start("--pendant", write_profile(bed))
    keyboard.press(ecodes.KEY_F9)
    program.wait("armed", True)
    wheel.press(ecodes.KEY_F9)
    keyboard.release(ecodes.KEY_F9)
    wheel.turn(1, ecodes.REL_WHEEL)
    program.wait_pins({"axis.x.jog-counts": 1, "enable": True, "armed": True})
    wheel.release(ecodes.KEY_F9)
    program.wait_pins({"enable": False, "armed": False})


@pytest.mark.parametrize("first", [0, 1, 2])
def test_all_are_lost_with_any_of_them(bed: Bed, first: int) -> None:
    nodes = plug_pad(bed)
    program = bed.start("--pendant", write_profile(bed))
    program.wait("connected", True)
    for node in (nodes[first], *nodes[:first], *nodes[first + 1 :]):
        node.unplug(releases=True)
    program.wait_pins({"connected": False, "axis-select": -1})
    for node in nodes:
        node.wait_until_closed()
    again = plug_pad(bed, port="1-2")
    wait_until(lambda: all(node.is_grabbed() for node in again[:3]), "all nodes to be open again")
    program.wait_pins({"connected": True, "axis-select": 0})


def pause(program: Program) -> None:
    """Let some time pass in which nothing should come of it; if something does, that is enough."""
    end = time.monotonic() + PAUSE_S
    while time.monotonic() < end and not program.pin("connected"):
        time.sleep(0.002)


def test_what_is_left_of_a_device_is_not_taken_for_it(bed: Bed) -> None:
    """The kernel takes the nodes away one after the other, and udev's word comes after each."""
    keyboard, *rest = plug_pad(bed)
    program = bed.start("--pendant", write_profile(bed))
    keyboard.unplug(releases=True)
    program.wait_for_line("pendant lost")
    pause(program)
    assert program.pins("connected", "reconnects") == {"connected": False, "reconnects": 0}
    for node in rest:
        node.unplug(releases=True)
    plug_pad(bed, port="1-2")
    program.wait_pins({"connected": True, "axis-select": 0, "reconnects": 1})


def test_nodes_that_come_one_after_the_other_are_all_taken(bed: Bed) -> None:
    """The kernel makes the nodes one after the other, and udev's word comes after each."""
    program = bed.start("--pendant", write_profile(bed))
    keyboard = bed.plug(**KEYS, port="1-1", down={ecodes.KEY_F1})
    pause(program)
    media = bed.plug(**MEDIA, port="1-1")
    pause(program)
    wheel = bed.plug(**WHEEL, port="1-1")
    nodes = [keyboard, media, wheel]
    wait_until(lambda: all(node.is_grabbed() for node in nodes), "all nodes to be taken")
    program.wait("connected", True)
    wheel.press(ecodes.KEY_F9)
    program.wait("armed", True)


def test_a_node_that_may_be_read_later_than_the_others_is_taken_too(bed: Bed) -> None:
    program = bed.start("--pendant", write_profile(bed))
    keyboard = bed.plug(**KEYS, port="1-1", down={ecodes.KEY_F1}, tell=False)
    wheel = bed.plug(**WHEEL, port="1-1", mode=0)
    pause(program)
    wheel.chmod(0o600)
    wait_until(lambda: keyboard.is_grabbed() and wheel.is_grabbed(), "both nodes to be taken")
    program.wait("connected", True)


def test_nodes_that_do_not_say_where_they_are_stay_apart(bed: Bed) -> None:
    keyboard = bed.plug(**KEYS, port="", down={ecodes.KEY_F2})
    wheel = bed.plug(**WHEEL, port="")
    program = bed.start("--pendant", write_profile(bed))
    program.wait("axis-select", 1)
    assert keyboard.is_grabbed()
    wheel.wait_until_closed()


def test_one_busy_node_keeps_the_whole_device_until_it_is_free(bed: Bed) -> None:
    keyboard, media, wheel, _ = plug_pad(bed)
    other = bed.write_profile(name="media only", axis={"keys": {"x": "KEY_PLAYPAUSE"}})
    first = bed.start("--pendant", other, "--device", media.path, name="first")
    wait_until(media.is_grabbed, "one node to be taken")
    keyboard.wait_until_closed()
    program = bed.start("--pendant", write_profile(bed))
    program.wait_for_line("another program has grabbed it")
    assert program.pin("connected") is False
    keyboard.wait_until_closed()
    assert first.stop() == 0
    program.wait("connected", True)
    assert keyboard.is_grabbed()
    assert wheel.is_grabbed()


@pytest.mark.parametrize("by_path", [False, True], ids=["match", "--device"])
@pytest.mark.parametrize("pendant", [("--pendant", "generic-6axis"), ()], ids=["named", "detected"])
def test_one_that_may_not_be_read_ends_the_start_in_one_line(
    bed: Bed, by_path: bool, pendant: tuple[str, ...]
) -> None:
    node = plug_pendant(bed, mode=0)
    device = ("--device", node.path) if by_path else ()
    program = bed.try_to_start(*pendant, *device)
    assert program.wait_for_end() == 4
    (line,) = program.said()
    assert line.startswith(f"hal_mpg: {node.path}: the pendant is there, but this user may not read it; ")
    assert not program.is_ready()


def test_another_device_that_may_not_be_read_does_not_matter(bed: Bed) -> None:
    bed.plug(**KEYBOARD, mode=0)
    plug_pendant(bed)
    program = bed.start("--pendant", "generic-6axis")
    assert program.pin("connected") is True
    assert program.said() == [line for line in program.said() if "pendant connected" in line]


@pytest.mark.parametrize("tell", [True, False], ids=["with udev", "without udev"])
def test_one_that_may_be_read_a_moment_after_it_came_is_taken(bed: Bed, tell: bool) -> None:
    program = bed.start("--pendant", "generic-6axis")
    node = plug_pendant(bed, mode=0)
    node.chmod(0o600, tell)
    program.wait_pins({"connected": True, "reconnects": 0})


def test_one_that_udev_is_still_at_work_on_is_not_complained_of(bed: Bed) -> None:
    program = bed.start("--pendant", "generic-6axis")
    node = plug_pendant(bed, mode=0)
    for port in ("2-1", "2-2"):  # udev's words for other devices come in the meantime
        other = bed.plug(**MOUSE | {"port": port})
        wait_until(other.was_looked_at, "the other device to be looked at")
    node.chmod(0o600)
    program.wait("connected", True)
    assert not [line for line in program.said() if "may not read" in line]


def test_one_that_may_not_be_read_after_the_start_is_told_of_once(bed: Bed) -> None:
    program = bed.start("--pendant", "generic-6axis")
    node = plug_pendant(bed, mode=0)
    program.wait_for_line(f"{node.path}: the pendant is there, but this user may not read it; ")
    assert program.pins("connected", "estop-ok") == {"connected": False, "estop-ok": False}
    node.chmod(0o600)
    program.wait("connected", True)
    assert len([line for line in program.said() if "may not read" in line]) == 1


def test_a_device_that_is_not_there_yet_is_waited_for(bed: Bed) -> None:
    program = bed.start("--pendant", "generic-6axis", "--device", "/dev/input/event7")
    plug_pendant(bed, number=6, port="1-1")
    node = plug_pendant(bed, number=7, port="1-2")
    program.wait("connected", True)
    assert node.is_grabbed()
