# SPDX-License-Identifier: GPL-2.0-or-later
"""Raw HID pendants are found by what they are, opened, read, lost and found again."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal_mpg import component
from hal_mpg.device_state import ASLEEP, OVERRUN
from hal_mpg.errors import DeviceError
from hal_mpg.events import Connected, DeviceEvent, Disconnected, Frame, Garbled
from hal_mpg.profile import Profile
from hal_mpg.profile_files import read_profile
from hal_mpg.profile_yaml import load_profile
from hal_mpg.sources import hidraw_nodes
from hal_mpg.sources.hidraw import LATE_S, LOOK_S, QUEUE, SETTLE_S, HidrawSource
from hal_mpg.sources.hidraw_nodes import (
    check_access,
    detect,
    hid_nodes,
    input_report_ids,
    is_hidraw,
    nodes_of,
)
from tests.core.hid_world import HidWorld
from tests.core.test_hid_reports import HB04, HB04_16, SHIPPED, WHB, WHB_SLEEPS, whb
from tests.core.test_serial_start import refused

SHUTTLE = read_profile(SHIPPED / "shuttle-xpress.yaml")
WHB_4 = read_profile(SHIPPED / "xhc-whb04b-4.yaml")
LAMP = load_profile(
    """
name: lamp
source: hidraw
match: [{vendor: 0x1209, product: 2}]
protocol:
  reports:
    - {length: 2, fields: {t: {at: 0, type: s8}, a: {at: 1}}, rules: [{set: {W: {rel: t}, A: {abs: a}}}]}
  lamps: {LAMP: {on: [1, 1], off: [1, 0]}}
increments: {x1: {mm: 0.001}}
controls: {wheel: {rel: W}, axis: {abs: A, positions: {1: x}}, leds: {ready: LAMP}}
""",
    "lamp.yaml",
)
NO_IDS = bytes([0x75, 8, 0x95, 5, 0x81, 2])


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HidWorld:
    return HidWorld(tmp_path, monkeypatch)


def opened(profile: Profile = WHB, device: str | None = None) -> HidrawSource:
    """Return a source that has searched at the time 10."""
    source = HidrawSource(profile, device)
    assert source.search(10.0) == []  # it has yet to speak
    return source


def read(source: HidrawSource, now: float = 10.01) -> list[DeviceEvent]:
    return source.read(source.descriptors(), now)


def kinds(events: list[DeviceEvent]) -> list[str]:
    return [type(event).__name__ for event in events]


# What there is.


def test_what_sysfs_says_of_a_node(world: HidWorld) -> None:
    world.plug("hidraw10", interface=None)
    world.plug("hidraw2", called="XHC \t\x1b[1m" + "x" * 200, uniq="17", interface=3, port="2-4")
    first, second = hid_nodes()
    assert (first.path, first.interface) == (str(world.dev / "hidraw2"), 3)
    assert (first.identity.vendor, first.identity.product, first.identity.uniq) == (0x10CE, 0xEB93, "17")
    assert len(first.identity.name) <= 80
    assert first.identity.name.isprintable()
    assert first.report_ids == {4}
    assert (second.interface, second.identity.phys) == (None, "usb-0000:00:14.0-1/inputNone")


def test_a_machine_without_any(world: HidWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hidraw_nodes, "SYS_HIDRAW", "/nowhere")
    assert hid_nodes() == []
    assert hidraw_nodes.input_nodes_of("/dev/hidraw0") == []


@pytest.mark.parametrize("said", ["", "HID_ID=1:2\n", "HID_ID=0003:zz:11\n", "=\n\n=="])
def test_a_node_of_which_nothing_is_told_is_none(world: HidWorld, said: str) -> None:
    device = world.plug("hidraw0")
    (device.folder / "uevent").write_text(said)
    assert hid_nodes() == []


@pytest.mark.parametrize(
    ("descriptor", "ids"),
    [
        (bytes([0x85, 4, 0x81, 2]), {4}),
        (bytes([0x85, 4, 0x81, 2, 0x85, 6, 0xB1, 2, 0x85, 9, 0x81, 0]), {4, 9}),  # 6 is a feature report
        (bytes([0x75, 8, 0x81, 2]), {0}),
        (bytes([0x86, 5, 0, 0x81, 2]), {5}),
        (bytes([0xFE, 2, 0, 0x85, 9, 0x85, 4, 0x81, 2]), {4}),  # a long item, passed over
        (b"", set()),
        (bytes([0x85]), set()),
        (bytes([0xFE]), set()),
    ],
)
def test_report_ids(descriptor: bytes, ids: set[int]) -> None:
    assert input_report_ids(descriptor) == ids


@given(st.binary(max_size=200))
def test_any_descriptor_is_read(descriptor: bytes) -> None:
    assert all(number >= 0 for number in input_report_ids(descriptor))


def test_what_is_a_raw_hid_node(tmp_path: Path) -> None:
    link = tmp_path / "pendant"
    link.symlink_to("/dev/hidraw7")
    assert is_hidraw("/dev/hidraw3")
    assert is_hidraw(str(link))
    assert not any(map(is_hidraw, ("/dev/input/event3", "/dev/hidraw", "/dev/hidrawx", "")))


# Which is the pendant.


def test_it_is_found_by_what_it_is_and_a_clone_too(world: HidWorld) -> None:
    world.plug("hidraw0", usb_id="046D:C52B", port="1-2")
    world.plug("hidraw1", usb_id="10CE:EB91")
    source = opened()
    assert source.node is not None
    assert source.node.path == str(world.dev / "hidraw1")
    assert source.description == f"KTURT.LTD at {world.dev / 'hidraw1'}"
    source.close()


def test_of_several_interfaces_the_one_with_the_reports_is_taken(world: HidWorld) -> None:
    world.plug("hidraw0", interface=0, descriptor=NO_IDS)
    world.plug("hidraw1", interface=1)
    assert [node.path for node in nodes_of(WHB, None)] == [str(world.dev / "hidraw1")]


def test_a_profile_may_name_the_interface(world: HidWorld) -> None:
    world.plug("hidraw0", interface=0)
    world.plug("hidraw1", interface=1)
    [match, _] = WHB.match
    profile = WHB._replace(match=(match._replace(interface=1),))
    assert [node.path for node in nodes_of(profile, None)] == [str(world.dev / "hidraw1")]


def test_a_device_without_the_profiles_reports_is_told_of_and_taken(
    world: HidWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    device = world.plug("hidraw0", descriptor=NO_IDS)
    source = opened()
    assert "says that it has not all of the profile's reports; is" in capsys.readouterr().err
    source.close()
    world.plug("hidraw1", descriptor=NO_IDS, interface=1)
    source = opened()
    assert "and neither has any other of its 2 nodes; is" in capsys.readouterr().err
    device.says(whb())
    assert kinds(read(source)) == ["Connected"]
    source.close()


def test_a_node_that_is_named_is_taken_whatever_it_is(world: HidWorld) -> None:
    device = world.plug("hidraw0", usb_id="1209:0001")
    assert nodes_of(WHB, None) == []
    source = opened(device=device.path)
    device.says(whb())
    assert kinds(read(source)) == ["Connected"]
    source.close()


def test_which_profiles_fit_what_is_plugged_in(world: HidWorld) -> None:
    known = [("whb-4", WHB_4), ("whb-6", WHB), ("shuttle", SHUTTLE)]
    assert detect(known, None) == []
    device = world.plug("hidraw0")
    assert [name for name, _ in detect(known, None)] == ["whb-6", "whb-4"]
    assert [name for name, _ in detect(known, device.path)] == ["whb-6", "whb-4"]
    assert detect(known, "/dev/hidraw99") == []


def test_of_both_fronts_of_the_hb04_the_one_with_more_keys_is_taken(world: HidWorld) -> None:
    world.plug("hidraw0", usb_id="10CE:EB70")
    assert [name for name, _ in detect([("xhc-hb04-16", HB04_16), ("xhc-hb04", HB04)], None)] == [
        "xhc-hb04",
        "xhc-hb04-16",
    ]


def test_a_pendant_that_may_not_be_read_is_told(world: HidWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    device = world.plug("hidraw0")
    monkeypatch.setattr(os, "access", lambda path, mode: path != device.path)
    for look in (lambda: detect([("whb", WHB)], None), lambda: check_access(WHB, None)):
        with pytest.raises(DeviceError, match="this user may not read it; install the udev rules"):
            look()


@pytest.mark.parametrize(("profile", "usb_id"), [(WHB, "10CE:EB93"), (LAMP, "1209:0002")])
def test_a_pendant_that_is_written_to_has_to_be_writable_at_the_start(
    profile: Profile, usb_id: str, world: HidWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = world.plug("hidraw0", usb_id=usb_id)
    monkeypatch.setattr(os, "access", lambda path, mode: path != device.path or mode == os.R_OK)
    with pytest.raises(DeviceError, match=f"{device.path}: it may be read, but not written to.*udev rules"):
        check_access(profile, None)


def test_a_pendant_that_is_only_read_need_not_be_writable_at_the_start(
    world: HidWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = world.plug("hidraw0", usb_id="0B33:0020")
    monkeypatch.setattr(os, "access", lambda path, mode: path != device.path or mode == os.R_OK)
    check_access(SHUTTLE, None)


def test_without_a_name_the_profile_is_that_of_what_is_plugged_in(world: HidWorld) -> None:
    world.plug("hidraw3", usb_id="10CE:EB91")
    names = [name for name, _ in component._fitting(None)]
    assert names[:2] == ["xhc-whb04b-6", "xhc-whb04b-4"]
    assert [name for name, _ in component._fitting(str(world.dev / "hidraw3"))] == names[:2]


def test_a_start_with_what_is_no_raw_hid_device(capsys: pytest.CaptureFixture[str]) -> None:
    status, said = refused(["--pendant", "xhc-hb04", "--device", "/dev/null"], capsys)
    assert status == 2
    assert "/dev/null: is no raw HID device; use one such as /dev/hidraw3" in said


def test_a_start_with_a_pendant_that_may_not_be_read(
    world: HidWorld, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    device = world.plug("hidraw0", usb_id="10CE:EB70")
    monkeypatch.setattr(component, "load_hal", lambda: None)
    monkeypatch.setattr(os, "access", lambda path, mode: path != device.path)
    status, said = refused(["--pendant", "xhc-hb04"], capsys)
    assert (status, f"{device.path}: the pendant is there, but this user may not read it" in said) == (
        4,
        True,
    )


# Reading.


def test_each_read_takes_all_that_has_come(world: HidWorld) -> None:
    device = world.plug("hidraw0")
    source = opened()
    device.says(whb(), whb(turned=2), whb(turned=-1))
    connected, *frames = read(source)
    assert isinstance(connected, Connected)
    assert [event.changes for event in frames if isinstance(event, Frame)] == [((2, 1, 2),), ((2, 1, -1),)]
    assert read(source) == []
    source.close()


def test_a_report_that_is_too_long_is_no_report(world: HidWorld) -> None:
    device = world.plug("hidraw0")
    source = opened()
    device.says(whb() + bytes(500), whb())
    assert [*map(type, read(source))] == [Connected, Garbled]
    assert source.decoder.garbled == 1
    device.says(bytes(3))
    assert read(source, 11.0) == [Garbled(11.0, 2)]
    source.close()


def test_what_was_read_late_is_as_old_as_the_last_look(world: HidWorld) -> None:
    device = world.plug("hidraw0")
    source = opened()
    device.says(whb())
    read(source)
    assert source.next_deadline() == pytest.approx(10.01 + LOOK_S)
    assert source.tick(10.11) == []
    device.says(whb(turned=1))
    assert [event.time for event in read(source, 10.11 + LATE_S + 0.01)] == [10.11]
    device.says(whb(turned=1))
    assert [event.time for event in read(source, 10.3)] == [10.3]
    source.close()


def test_a_look_finds_what_epoll_has_not_told_of_yet(world: HidWorld) -> None:
    device = world.plug("hidraw0")
    source = opened()
    device.says(whb())
    assert kinds(source.tick(10.1)) == ["Connected"]
    source.close()


def test_a_full_queue_means_that_reports_were_lost(world: HidWorld) -> None:
    device = world.plug("hidraw0")
    source = opened()
    device.says(whb(), *[whb(turned=1)] * (QUEUE - 1))
    *events, last = read(source)
    assert (len(events), last) == (QUEUE, Disconnected(10.01, OVERRUN))
    source.let_go()
    assert source.descriptors()  # it is still there
    device.says(whb([3], axis=0x12))
    assert kinds(read(source)) == ["Connected"]
    source.close()


def test_a_queue_with_room_left_has_lost_nothing(world: HidWorld) -> None:
    device = world.plug("hidraw0")
    source = opened()
    device.says(whb(), *[whb(turned=1)] * (QUEUE - 2))
    assert kinds(read(source)) == ["Connected", *["Frame"] * (QUEUE - 2)]
    source.close()


def test_asleep_it_stays_open(world: HidWorld) -> None:
    device = world.plug("hidraw0")
    source = opened()
    device.says(whb(), WHB_SLEEPS)
    assert read(source)[1:] == [Disconnected(10.01, ASLEEP)]
    source.let_go()
    device.says(whb(), whb())
    assert kinds(read(source, 10.1)) == ["Connected"]
    source.close()


# Lost, and found again.


def test_unplugged_it_is_lost_at_once_and_closed_when_the_pins_are_safe(world: HidWorld) -> None:
    device = world.plug("hidraw0")
    source = opened()
    closing: list[int] = []
    source.before_closing = closing.append
    device.says(whb(), whb(turned=1))
    device.unplug()
    connected, frame, lost = read(source)
    assert (type(connected), type(frame), type(lost)) == (Connected, Frame, Disconnected)
    assert isinstance(lost, Disconnected)
    assert lost.reason == f"{device.path}: No such device"
    [descriptor] = source.descriptors()
    assert (read(source), source.tick(11.0)) == ([], [])  # it is told once
    assert closing == []
    source.let_go()
    assert (closing, source.descriptors(), source.descriptor) == ([descriptor], [], None)
    assert source.search(12.0) == []
    again = world.plug("hidraw5", port="3-3")
    source.search(13.0)
    again.says(whb())
    assert kinds(read(source, 13.1)) == ["Connected"]
    source.close()


def test_unplugged_before_it_has_spoken_it_is_looked_for_again(world: HidWorld) -> None:
    device = world.plug("hidraw0")
    source = opened()
    device.unplug()
    assert read(source) == []
    assert source.descriptors() == []


def test_one_that_was_lost_asleep_is_no_second_loss(world: HidWorld) -> None:
    device = world.plug("hidraw0")
    source = opened()
    device.says(whb(), WHB_SLEEPS)
    read(source)
    source.let_go()
    device.unplug()
    assert read(source, 10.2) == []
    assert source.descriptors() == []


def test_whoever_has_it_open_has_it_alone_until_it_is_closed(tmp_path: Path) -> None:
    """What locks a node locks a file as well."""
    node = tmp_path / "hidraw0"
    node.touch()
    first, second = HidrawSource(WHB), HidrawSource(WHB)
    first.descriptor = first._open(str(node))
    with pytest.raises(BlockingIOError):
        second._open(str(node))
    shared = os.dup(first.descriptor)  # as who writes to the display has it
    first.close()
    second.descriptor = second._open(str(node))
    second.close()
    os.close(shared)


def test_one_that_is_only_read_need_not_be_writable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node = tmp_path / "hidraw0"
    node.touch()
    open_truly = os.open

    def as_an_ordinary_user(path: str, flags: int) -> int:
        if flags & os.O_RDWR:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return open_truly(path, flags)

    monkeypatch.setattr(os, "open", as_an_ordinary_user)
    source = HidrawSource(SHUTTLE)
    source.descriptor = source._open(str(node))
    source.close()
    with pytest.raises(PermissionError):
        HidrawSource(WHB)._open(str(node))  # which has a display


# What is told.


def test_it_is_told_that_it_has_yet_to_speak(world: HidWorld, capsys: pytest.CaptureFixture[str]) -> None:
    world.plug("hidraw0")
    source = opened()
    assert "turn its wheel or press a key" in capsys.readouterr().err
    source.close()
    source.search(11.0)
    assert capsys.readouterr().err == ""
    world.devices[str(world.dev / "hidraw0")].says(whb())
    read(source, 11.1)
    source.close()
    source.search(12.0)  # it was connected meanwhile
    assert "turn its wheel or press a key" in capsys.readouterr().err
    source.close()


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.EWOULDBLOCK, "another program has it; end that one"),
        (errno.EACCES, "install the udev rules"),
        (errno.EINVAL, "Invalid argument"),
    ],
)
def test_what_cannot_be_opened_is_told_once_and_not_too_soon(
    world: HidWorld, capsys: pytest.CaptureFixture[str], number: int, says: str
) -> None:
    device = world.plug("hidraw0")
    world.refusals[device.path] = number
    source = opened()
    source.search(10.0 + SETTLE_S / 2)
    assert capsys.readouterr().err == ""
    source.search(10.0 + SETTLE_S)
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1
    source.search(12.0)
    assert capsys.readouterr().err == ""
    del world.refusals[device.path]
    source.search(13.0)
    assert source.descriptors()
    source.close()


def test_one_that_has_just_gone_is_not_told_of(world: HidWorld, capsys: pytest.CaptureFixture[str]) -> None:
    device = world.plug("hidraw0")
    for number in (errno.ENODEV, errno.ENOENT, errno.ENXIO, errno.EIO):
        world.refusals[device.path] = number
        source = opened()
        source.search(20.0)
    assert capsys.readouterr().err == ""


def test_input_nodes_that_refuse_to_be_grabbed_are_told_of_when_udev_had_the_time(
    world: HidWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    device = world.plug("hidraw0")
    (device.folder / "input" / "input9" / "event4").mkdir(parents=True)
    (device.folder / "input" / "input10" / "event12").mkdir(parents=True)
    (world.dev / "event4").touch()  # a file, which refuses every request of an input node
    (world.dev / "event12").touch()
    source = opened()
    capsys.readouterr()
    source.tick(10.1)
    assert capsys.readouterr().err == ""
    source.tick(10.0 + SETTLE_S)
    said = capsys.readouterr().err
    assert said.index("event4 cannot be grabbed (Inappropriate ioctl") < said.index("event12")
    source.tick(11.05)
    assert capsys.readouterr().err == ""
    source.close()
    free = HidrawSource(WHB, grab=False)
    free.search(20.0)
    free.tick(20.0 + SETTLE_S)
    assert "grabbed" not in capsys.readouterr().err
    free.close()
