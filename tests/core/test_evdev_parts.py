# SPDX-License-Identifier: GPL-2.0-or-later
"""Several input devices that are one pendant, sticks, and lamps that take a number; pipes stand for nodes."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hal_mpg.devices import inventory
from hal_mpg.devices.inventory import Node, input_devices
from hal_mpg.events import EV_ABS, EV_KEY, EV_MSC, EV_REL, Connected, Disconnected, Frame
from hal_mpg.profile import Identity, Profile
from hal_mpg.profile_files import find_profile, read_profile
from hal_mpg.sources import evdev
from hal_mpg.sources.evdev import SETTLE_S, EvdevSource
from hal_mpg.sources.evdev_nodes import detect
from hal_mpg.sources.frames import INPUT_EVENT
from tests.core.bed import make_profile
from tests.core.evdev_table import REPORT, Table, table_in

ABS_X, REL_X, REL_DIAL, BTN_0, BTN_1 = 0, 0, 7, 0x100, 0x101
MSC_PULSELED = 1


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    with table_in(tmp_path, monkeypatch) as table:
        table.keys = frozenset()
        yield table


@pytest.fixture
def raspberry() -> Profile:
    return read_profile(find_profile("rpi-rotary"))


def add(table: Table, name: str, codes: dict[int, list[int]], phys: str = "", vendor: int = 0) -> Any:
    """Lay a device on the table."""
    table.add(phys, codes=codes)
    device = list(table.devices.values())[-1]
    device.name, device.info.vendor, device.info.product = name, vendor, vendor
    return device


def add_encoder(table: Table) -> None:
    add(table, "rotary@11", {EV_REL: [REL_X]})


def add_button(table: Table, code: int) -> None:
    """As drivers/input/keyboard/gpio_keys.c has it: all of them have the same phys."""
    add(table, f"button@{code:x}", {EV_KEY: [code]}, "gpio-keys/input0", 1)


def unplug(table: Table, number: int) -> None:
    """Take a device away, and its node."""
    os.close(table.writers.pop(number))
    path = list(table.devices)[number]
    Path(path).unlink()


def test_the_parts_are_one_pendant_read_in_time_order_and_lost_together(
    table: Table, raspberry: Profile
) -> None:
    add_encoder(table)
    add_button(table, BTN_0)
    add_button(table, BTN_1)
    source = EvdevSource(raspberry)
    (connected,) = source.search(0.0)
    assert isinstance(connected, Connected)
    assert len(connected.nodes) == 3
    assert source.description.startswith("button@100, button@101, rotary@11 at ")
    table.say((EV_REL, REL_X, 1), REPORT, node=0, at=1.2)
    table.say((EV_KEY, BTN_0, 1), REPORT, node=1, at=1.1)
    table.say((EV_REL, REL_X, -1), REPORT, node=0, at=1.3)
    events = source.read(source.descriptors(), 1.5)
    assert [(event.time, event.changes) for event in events if isinstance(event, Frame)] == [
        (pytest.approx(1.1), ((EV_KEY, BTN_0, 1),)),
        (pytest.approx(1.2), ((EV_REL, REL_X, 1),)),
        (pytest.approx(1.3), ((EV_REL, REL_X, -1),)),
    ]
    unplug(table, 0)
    assert isinstance(source.read(source.descriptors(), 2.0)[-1], Disconnected)
    source.let_go()
    assert source.search(2.1) == [], "the encoder is not there, so there is no pendant"


def test_without_one_of_its_parts_it_is_none(table: Table, raspberry: Profile) -> None:
    add_encoder(table)
    source = EvdevSource(raspberry)
    assert [source.search(now) for now in (0.0, SETTLE_S + 0.1, 60.0)] == [[]] * 3
    add_button(table, BTN_0)
    assert source.search(61.0) == [], "the other button may still come"
    add_button(table, BTN_1)
    assert source.search(61.5)


def test_a_part_that_is_named_waits_for_the_others(table: Table, raspberry: Profile) -> None:
    add_encoder(table)
    source = EvdevSource(raspberry, next(iter(table.devices)))
    assert [source.search(now) for now in (0.0, 60.0)] == [[], []]
    for code in (BTN_0, BTN_1):
        add_button(table, code)
    (connected,) = source.search(61.0)
    assert isinstance(connected, Connected)
    assert len(connected.nodes) == 3


def test_it_is_found_with_no_option_given(table: Table, raspberry: Profile) -> None:
    known = [("generic", make_profile()), ("rpi", raspberry)]
    add_button(table, BTN_0)
    assert detect(known, None) == []
    add_encoder(table)
    assert detect(known, None) == [("rpi", raspberry)]


def test_the_list_of_devices_shows_one(monkeypatch: pytest.MonkeyPatch, raspberry: Profile) -> None:
    nodes = {
        f"/dev/input/event{number}": Node(f"/dev/input/event{number}", Identity(0, 0, name), {})
        for number, name in enumerate(("lid", "rotary@11", "keyboard", "button@16"))
    }
    monkeypatch.setattr(inventory, "node_paths", lambda: list(nodes))
    monkeypatch.setattr(inventory, "look_at", nodes.get)
    profiles = [("rpi", Path("rpi.yaml"), raspberry)]
    devices = {device.paths: [fit.name for fit in device.fits] for device in input_devices(profiles)}
    assert devices == {
        ("/dev/input/event0",): [],
        ("/dev/input/event2",): [],
        ("/dev/input/event1", "/dev/input/event3"): ["rpi"],
    }
    del nodes["/dev/input/event3"]
    assert all(not device.fits for device in input_devices(profiles)), "a part of it is no pendant"


def test_a_lamp_is_sent_its_number(table: Table) -> None:
    profile = read_profile(find_profile("powermate"))
    codes = {EV_KEY: [BTN_0], EV_REL: [REL_DIAL], EV_MSC: [MSC_PULSELED]}
    device = add(table, "Griffin PowerMate", codes, vendor=0x077D)
    device.info.product = 0x0410
    sent: list[tuple[int, int, int]] = []
    device.set_led = lambda number, value, kind: sent.append((kind, number, value))
    source = EvdevSource(profile)
    source.search(0.0)
    source.set_led("ready", True)
    source.set_led("ready", False)
    assert sent == [(EV_MSC, MSC_PULSELED, 255), (EV_MSC, MSC_PULSELED, 0)]


def test_what_is_written_is_an_event_of_the_lamps_type() -> None:
    from hal_mpg.input_node import InputNode

    reader, writer = os.pipe()
    node = InputNode.__new__(InputNode)
    node.fd = writer
    node.set_led(MSC_PULSELED, 255, EV_MSC)
    assert INPUT_EVENT.unpack(os.read(reader, 100)) == (0, 0, EV_MSC, MSC_PULSELED, 255)
    node.close()
    os.close(reader)


@pytest.fixture
def stick(table: Table, monkeypatch: pytest.MonkeyPatch) -> Table:
    """A pendant with a stick and a wheel that says where it stands, both of which the kernel smooths."""
    codes = {EV_REL: [REL_DIAL], EV_ABS: [ABS_X, 8], EV_KEY: list(range(0x120, 0x130))}
    add(table, "test", codes)
    monkeypatch.setattr(evdev, "absolute_value", lambda descriptor, code: {ABS_X: 512}.get(code, 3))
    monkeypatch.setattr(evdev, "absolute_range", lambda descriptor, code: (0, 1023))
    return table


def test_the_range_of_a_stick_is_the_devices_and_its_smoothing_stays(
    stick: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    smooth: list[int] = []
    monkeypatch.setattr(evdev, "stop_smoothing", lambda descriptor, code: smooth.append(code))
    wheel = "{abs: ABS_WHEEL, modulo: 256}"
    (connected,) = EvdevSource(make_profile(wheel=wheel, analog="{abs: ABS_X, axis: x}")).search(0.0)
    assert isinstance(connected, Connected)
    assert connected.nodes[0].absolutes == {8: 3, ABS_X: 512}
    assert connected.nodes[0].ranges == {ABS_X: (0, 1023)}
    assert smooth == [8], "each count of a wheel is a detent; a stick trembles"


def test_where_a_ring_stands_is_not_summed_up(table: Table) -> None:
    """Three times 3 is a ring that is held at 3, and no 9."""
    ring = "{rel-absolute: REL_WHEEL, range: [-7, 7], axis: selected, hold: BTN_TL}"
    add(table, "test", {EV_REL: [REL_DIAL, 8], EV_KEY: list(range(0x120, 0x140))})
    source = EvdevSource(make_profile(analog=ring))
    source.search(0.0)
    for _ in range(3):
        table.say((EV_REL, 8, 3), REPORT)
    events = source.read(source.descriptors(), 1.0)
    assert [event.changes for event in events if isinstance(event, Frame)] == [((EV_REL, 8, 3),)] * 3


def test_the_kernels_answer_of_a_range_is_read_right(monkeypatch: pytest.MonkeyPatch) -> None:
    """struct input_absinfo: value, minimum, maximum, fuzz, flat, resolution (linux/input.h)."""
    from hal_mpg import input_node

    answer = struct.pack("6i", 7, -32768, 32767, 16, 128, 0)
    monkeypatch.setattr(input_node.fcntl, "ioctl", lambda descriptor, request, data: answer)
    assert input_node.absolute_range(0, ABS_X) == (-32768, 32767)
