# SPDX-License-Identifier: GPL-2.0-or-later
"""The order of what several nodes say, where it arrives while it is being read."""

from __future__ import annotations

from evdev import ecodes

from tests.umockdev.bed import DROPPED, KEY, REPORT, Bed, Node, turned, wait_until

F1 = ecodes.KEY_F1


def plug(bed: Bed) -> tuple[Node, Node, str]:
    """Plug in a keyboard and a wheel that are one device; return them, and their profile."""
    keyboard = bed.plug(keys={F1}, interface=0)
    wheel = bed.plug(relatives=[ecodes.REL_DIAL], interface=1)
    return keyboard, wheel, bed.write_profile(axis={"keys": {"x": "KEY_F1"}})


def test_a_node_that_spoke_before_another_was_read_goes_first(bed: Bed) -> None:
    keyboard, wheel, profile = plug(bed)
    bed.ask("start_reader", profile)
    wheel.turn(1)
    wait_until(wheel.has_unread, "the first turn to be there")
    # From here on the loop knows that the wheel is ready, and that the keyboard is not.
    keyboard.press(F1)
    wait_until(keyboard.has_unread, "the key to be there")
    wheel.turn(1)
    frames = bed.ask("read_nodes", [1])

    def has_read_all() -> bool:
        if len(frames) < 3:
            frames.extend(bed.ask("read_nodes", [0, 1]))
        return len(frames) >= 3

    wait_until(has_read_all, "all to be read")
    assert frames == [["Frame", 1], ["Frame", 0], ["Frame", 1]]


def test_what_was_read_before_a_gap_stays_before_it(bed: Bed) -> None:
    keyboard, wheel, profile = plug(bed)
    bed.ask("start_reader", profile)
    wheel.send(*turned(1))
    keyboard.send((KEY, F1, 1), REPORT, DROPPED)  # later than the time at which the loop woke up
    wait_until(lambda: wheel.has_unread() and keyboard.has_unread(), "both to be there")
    events = [event for event in bed.ask("read_nodes", [0, 1]) if event[1] == 0]
    assert events == [["Frame", 0], ["EventsLost", 0], ["Snapshot", 0]]
