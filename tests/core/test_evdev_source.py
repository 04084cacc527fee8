# SPDX-License-Identifier: GPL-2.0-or-later
"""Reading input nodes where the device answers at the worst moment; a pipe stands for each node.

What a whole device does is tried in tests/umockdev.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hal_mpg.events import (
    EV_ABS,
    EV_KEY,
    EV_REL,
    Connected,
    DeviceEvent,
    Disconnected,
    EventsLost,
    Frame,
    Snapshot,
)
from hal_mpg.sources import evdev
from hal_mpg.sources.evdev import EvdevSource
from hal_mpg.sources.evdev_nodes import Nodes
from hal_mpg.sources.frames import FIRST_BYTES
from hal_mpg.sources.hotplug import Hotplug
from tests.core.bed import CONTACT, READY, REL_DIAL, Bed, X, Y, make_profile
from tests.core.evdev_table import CODES, DETENT, DROPPED, REPORT, Table, table_in


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    with table_in(tmp_path, monkeypatch) as table:
        yield table


def read(source: EvdevSource) -> list[DeviceEvent]:
    return source.read(source.descriptors(), 0.5)


def kinds(events: list[DeviceEvent]) -> list[str]:
    return [type(event).__name__ for event in events]


def test_the_state_comes_after_all_that_was_read_before_it(table: Table) -> None:
    table.add()
    source = EvdevSource(make_profile())
    bed = Bed()
    bed.handle(*source.search(bed.now))
    bed.wait(1.0)
    assert bed["estop-ok"] is True
    table.keys = READY - {CONTACT}  # the E-stop was actuated once more after the last event
    table.say(DROPPED, REPORT, (EV_KEY, CONTACT, 1), REPORT)
    events = read(source)
    assert kinds(events) == ["EventsLost", "Frame", "Snapshot"]
    bed.handle(*events)
    bed.wait(1.0)
    assert bed["estop-ok"] is False


def test_what_was_read_elsewhere_is_told_once(table: Table) -> None:
    table.add()
    source = EvdevSource(make_profile())
    assert source.sole_node() is None, "nothing is open"
    source.search(0.0)
    node = source.sole_node()
    assert node is not None
    table.say(DETENT, REPORT)
    source.take_up(os.read(node, FIRST_BYTES))
    table.say((EV_KEY, Y, 1), REPORT)
    assert [event.changes for event in read(source)] == [(DETENT,)]
    assert [event.changes for event in read(source)] == [((EV_KEY, Y, 1),)]
    source.close()
    assert source.sole_node() is None


@pytest.mark.parametrize("detents", [8, 9, 10, 20])
def test_what_may_be_only_a_part_is_read_on(table: Table, detents: int) -> None:
    table.add()
    source = EvdevSource(make_profile())
    source.search(0.0)
    for _ in range(detents):
        table.say(DETENT, REPORT)
    node = source.sole_node()
    assert node is not None
    source.take_up(os.read(node, FIRST_BYTES))
    assert sum(change[2] for event in read(source) for change in event.changes) == detents


def test_what_was_read_of_a_node_that_is_gone_since_is_told_first(table: Table) -> None:
    table.add()
    source = EvdevSource(make_profile())
    source.search(0.0)
    for _ in range(9):
        table.say(DETENT, REPORT)
    node = source.sole_node()
    assert node is not None
    source.take_up(os.read(node, FIRST_BYTES))
    os.close(table.writers[0])
    table.writers.clear()
    assert sum(change[2] for event in read(source) for change in event.changes) == 9
    assert kinds(read(source)) == ["Disconnected"]


def test_of_two_nodes_none_is_read_elsewhere(table: Table) -> None:
    """What the other has said meanwhile may come before it."""
    table.add("usb-1/input0", codes={EV_KEY: CODES[EV_KEY]})
    table.add("usb-1/input1", codes={EV_REL: [REL_DIAL]})
    source = EvdevSource(make_profile())
    source.search(0.0)
    assert source.sole_node() is None


def test_a_step_among_what_was_read_with_a_gap_is_taken_once(table: Table) -> None:
    steps = make_profile(axis="{next: 0x120, order: [x, y, z]}")
    table.add()
    source = EvdevSource(steps)
    bed = Bed(steps)
    table.keys = frozenset({CONTACT})
    bed.handle(*source.search(bed.now))
    table.keys = frozenset({CONTACT, X})
    table.say(DROPPED, REPORT, (EV_KEY, X, 1), REPORT)
    bed.handle(*read(source))
    assert bed["axis-select"] == 1


def test_gap_upon_gap_asks_for_the_state_once(table: Table) -> None:
    table.add()
    source = EvdevSource(make_profile())
    source.search(0.0)
    table.say(DROPPED, REPORT, DETENT, REPORT, DROPPED, REPORT, DETENT, REPORT)
    assert kinds(read(source)) == ["EventsLost", "Frame", "EventsLost", "Frame", "Snapshot"]


def test_of_two_nodes_the_state_of_one_does_not_come_before_its_own_events(table: Table) -> None:
    table.add("usb-1/input0", codes={EV_KEY: CODES[EV_KEY]})
    table.add("usb-1/input1", codes={EV_REL: [REL_DIAL]})
    source = EvdevSource(make_profile())
    source.search(0.0)
    table.say(DROPPED, REPORT, at=1.0)
    table.say((EV_KEY, Y, 1), REPORT, at=3.0)
    table.say(DETENT, REPORT, node=1, at=2.0)
    events = read(source)
    assert [(type(event), event.node) for event in events] == [
        (EventsLost, 0),
        (Frame, 1),
        (Frame, 0),
        (Snapshot, 0),
    ]


def test_what_was_read_before_the_device_went_is_not_lost(table: Table) -> None:
    table.add()
    source = EvdevSource(make_profile())
    source.search(0.0)
    table.say(DETENT, REPORT, (EV_KEY, CONTACT, 0), REPORT, DROPPED, REPORT)
    table.is_gone = True
    events = read(source)
    assert kinds(events) == ["Frame", "Frame", "EventsLost", "Disconnected"]
    assert source.descriptors(), "the pins are to be written before the device is closed"
    source.close()
    assert source.descriptors() == []


def test_an_axis_that_stays_smoothed_is_told_and_used(
    table: Table, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(descriptor: int, code: int) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(evdev, "stop_smoothing", refuse)
    monkeypatch.setattr(evdev, "absolute_value", lambda descriptor, code: 7)
    table.add(codes=CODES | {EV_ABS: [8]})
    source = EvdevSource(make_profile(wheel="{abs: ABS_WHEEL, modulo: 256}"))
    assert kinds(source.search(0.0)) == ["Connected"]
    assert "the kernel swallows small movements of absolute axis 8" in capsys.readouterr().err


def test_a_device_that_goes_while_its_state_is_read_is_none(table: Table) -> None:
    table.add()
    table.is_gone = True
    source = EvdevSource(make_profile())
    assert (source.search(0.0), source.descriptors()) == ([], [])


def test_a_device_that_lacks_a_normally_open_estop_is_never_taken(
    table: Table, capsys: pytest.CaptureFixture[str]
) -> None:
    table.add(codes={EV_REL: [REL_DIAL], EV_KEY: [key for key in CODES[EV_KEY] if key != CONTACT]})
    source = EvdevSource(make_profile(estop="{key: 0x129, contact: normally-open}"))
    for now in range(10):
        assert (source.search(float(now)), source.descriptors()) == ([], [])
    (line,) = capsys.readouterr().err.splitlines()
    assert "lacks the profile's normally open E-stop" in line


def test_a_normally_closed_estop_that_the_device_lacks_is_actuated(table: Table) -> None:
    table.add(codes={EV_REL: [REL_DIAL], EV_KEY: [key for key in CODES[EV_KEY] if key != CONTACT]})
    table.keys = READY - {CONTACT}
    source, bed = EvdevSource(make_profile()), Bed()
    source.search(0.0)
    bed.handle(*source.search(2.0))
    bed.wait(1.0)
    assert (bed["connected"], bed["estop-ok"], bed["why-not"]) == (True, False, 2)


def test_a_device_that_lacks_something_else_is_taken_after_a_while(
    table: Table, capsys: pytest.CaptureFixture[str]
) -> None:
    table.add(codes={EV_REL: [REL_DIAL], EV_KEY: [key for key in CODES[EV_KEY] if key != 0x12F]})
    source = EvdevSource(make_profile())
    assert source.search(0.0) == []
    assert [type(event) for event in source.search(2.0)] == [Connected]
    assert "0x12f" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("first", "second", "devices"),
    [
        (("py-evdev-uinput", ""), ("py-evdev-uinput", ""), 2),
        (("", ""), ("", ""), 2),
        (("py-evdev-uinput", "A1"), ("py-evdev-uinput", "A1"), 1),
        (("py-evdev-uinput", "A1"), ("py-evdev-uinput", "A2"), 2),
        (("usb-1/input0", ""), ("usb-1/input1", ""), 1),
        (("usb-1/input0", ""), ("usb-2/input0", ""), 2),
    ],
)
def test_nodes_of_one_device_and_of_two(
    table: Table, first: tuple[str, str], second: tuple[str, str], devices: int
) -> None:
    table.add(*first)
    table.add(*second)
    assert len(Nodes().devices()) == devices


def test_too_many_words_of_udev_do_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    class Socket:
        def recv(self, size: int) -> None:
            raise OSError(errno.ENOBUFS, "No buffer space available")

    hotplug = Hotplug()
    monkeypatch.setattr(hotplug, "_socket", Socket())
    hotplug.drain()


def test_disconnected_is_told_with_a_reason(table: Table) -> None:
    table.add()
    source = EvdevSource(make_profile())
    source.search(0.0)
    os.close(table.writers.pop())
    (event,) = read(source)
    assert isinstance(event, Disconnected)
    assert "end of file" in event.reason
