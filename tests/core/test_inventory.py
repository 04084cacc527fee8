# SPDX-License-Identifier: GPL-2.0-or-later
"""The pure parts of the inventory of devices, and of what `hal_mpg list` prints of it."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from evdev import ecodes

from hal_mpg.commands.list import as_json, as_text
from hal_mpg.devices import raw_hid
from hal_mpg.devices.input_codes import bit_map, code_name, kind_of
from hal_mpg.devices.inventory import Device, Fit, Node, access_command, fits
from hal_mpg.devices.ports import Port, port_refusal
from hal_mpg.devices.raw_hid import Hidden, all_devices, hidden_devices, needed, why_hidden, why_not_learned
from hal_mpg.profile import Identity
from hal_mpg.profile_files import read_profile
from hal_mpg.sources import evdev_nodes, hidraw_nodes
from hal_mpg.sources.evdev_nodes import Found
from hal_mpg.yaml_reader import code_names

CONFIG = Path(__file__).parents[2] / "config/pendants"
KNOWN = [(name, CONFIG / f"{name}.yaml", read_profile(CONFIG / f"{name}.yaml"))
         for name in ("generic-4axis", "generic-6axis")]  # fmt: skip
PENDANT = {1: frozenset(range(0x120, 0x12C)), 2: frozenset([ecodes.REL_DIAL])}
KEYBOARD = {1: frozenset(range(1, 120)), 0x11: frozenset([0, 1])}
MOUSE = {1: frozenset([ecodes.BTN_LEFT]), 2: frozenset([0, 1, 8])}


def node(codes: dict[int, frozenset[int]], number: int = 5, refusal: str = "", **identity: Any) -> Node:
    who = Identity(
        identity.get("vendor", 9), identity.get("product", 1), identity.get("name", "Thing"), "usb-1/input0"
    )
    return Node(f"/dev/input/event{number}", who, codes, refusal, 3)


def device(*nodes: Node) -> Device:
    return Device(nodes, fits(nodes, KNOWN))


@pytest.mark.parametrize(
    ("codes", "kind"),
    [
        (KEYBOARD, "keyboard"),
        (MOUSE, "mouse"),
        (PENDANT, "joystick"),
        ({1: frozenset([ecodes.KEY_POWER])}, "power button"),
        ({1: frozenset([ecodes.KEY_VOLUMEUP, ecodes.KEY_VOLUMEDOWN, ecodes.KEY_MUTE])}, "media keys"),
        ({1: frozenset([ecodes.BTN_SOUTH]), 3: frozenset([0, 1])}, "gamepad"),
        ({1: frozenset([ecodes.BTN_0]), 2: frozenset([ecodes.REL_DIAL])}, "knob"),
        ({5: frozenset([0])}, "sound, switches or lamps"),
        ({1: frozenset([ecodes.BTN_TOUCH, ecodes.BTN_TOOL_FINGER]), 3: frozenset([0, 1])}, "touchpad"),
        ({1: frozenset([ecodes.BTN_TOUCH]), 3: frozenset([0, 1])}, "touch screen"),
        ({3: frozenset([ecodes.ABS_WHEEL])}, ""),
        ({}, ""),
    ],
)
def test_what_a_device_looks_like(codes: dict[int, frozenset[int]], kind: str) -> None:
    assert kind_of(codes) == kind


def test_what_is_hardly_a_pendant() -> None:
    assert device(node(KEYBOARD)).is_everyday
    assert device(node(MOUSE)).is_everyday
    assert not device(node(KEYBOARD), node(MOUSE, 6)).is_everyday  # a macro pad looks like both
    assert not device(node(PENDANT)).is_everyday
    assert not device(node({})).is_everyday  # nothing is known of it
    assert not device(node(KEYBOARD, vendor=0x1209)).is_everyday  # a profile fits


def test_every_code_has_the_name_that_profiles_use() -> None:
    for name, number in code_names().items():
        kind = {"REL": 2, "ABS": 3, "MSC": 4, "LED": 0x11}.get(name.split("_")[0], 1)
        assert code_names()[code_name(kind, number)] == number
    assert [code_name(1, 0x120), code_name(1, 0x130), code_name(2, 7)] == ["BTN_TRIGGER", "BTN_A", "REL_DIAL"]
    assert [code_name(1, 0x2C0), code_name(1, 113), code_name(1, 0x110)] == [
        "BTN_TRIGGER_HAPPY1", "KEY_MUTE", "BTN_LEFT",
    ]  # fmt: skip
    assert code_name(1, 0x2FF) == "KEY 0x2ff"


def test_bit_maps_of_sysfs() -> None:
    assert bit_map("3 0 10000", 64) == {16, 128, 129}
    assert bit_map("fff 0 0 0 0", 64) == set(range(256, 268))
    assert bit_map("1 80000000", 32) == {31, 32}
    assert bit_map("0", 64) == set()
    with pytest.raises(ValueError, match="invalid literal"):
        bit_map("x", 64)


def test_the_first_fit_is_the_one_that_is_taken_and_what_is_missing_is_told() -> None:
    found = device(node({1: frozenset(range(0x120, 0x12C))}, vendor=0x1209)).fits
    assert [fit.name for fit in found] == ["generic-6axis", "generic-4axis"]
    assert found[0].missing == (("wheel", (2, ecodes.REL_DIAL)),)
    unread = device(node({}, vendor=0x1209, refusal="this user may not read it")).fits
    assert unread[0].missing == ()  # nobody knows


FOUR_AXES = frozenset(range(0x120, 0x12C)) - {0x124, 0x125}
"""The keys of a board without the positions b and c."""


def test_of_profiles_that_fit_the_one_whose_codes_are_there_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = {1: FOUR_AXES, 2: PENDANT[2]}
    assert [fit.name for fit in device(node(codes, vendor=0x1209)).fits] == ["generic-4axis", "generic-6axis"]
    found = Found("/dev/input/event5", (), node(codes, vendor=0x1209).identity, {1: set(FOUR_AXES), 2: {7}})
    monkeypatch.setattr(evdev_nodes, "unreadable_paths", list)
    monkeypatch.setattr(evdev_nodes.Nodes, "devices", lambda _: [[found]])
    known = [(name, profile) for name, _, profile in reversed(KNOWN)]
    assert [name for name, _ in evdev_nodes.detect(known, None)] == ["generic-4axis", "generic-6axis"]


def test_several_nodes_are_one_device() -> None:
    whole = device(node(KEYBOARD, 5, name="Pad"), node(MOUSE, 6, name="Pad Mouse", refusal="no"))
    assert (whole.name, whole.usb_id, whole.bus) == ("Pad", "0009:0001", "USB")
    assert whole.refusal == "/dev/input/event6: no"
    assert not whole.is_readable
    assert whole.codes[2] == {0, 1, 8}


def hidraw(root: Path, number: int, hid_id: str, name: str, inputs: int = 0, usb: str = "") -> Path:
    """Make what sysfs has of a raw HID node; `usb`: which USB device it is an interface of."""
    bus, vendor, product = (int(part, 16) for part in hid_id.split(":"))
    interface = root / "devices" / (usb or f"usb{number}") / f"{number}:1.0"
    hid = interface / f"{bus:04X}:{vendor:04X}:{product:04X}.{number:04X}"
    hid.mkdir(parents=True)
    (interface / "bInterfaceNumber").write_text(f"{number:02x}\n")
    (hid / "uevent").write_text(f"HID_ID={hid_id}\nHID_NAME={name}\nHID_PHYS=p\nHID_UNIQ=\n")
    for event in range(inputs):
        (hid / f"input/input{number}/event{10 * number + event}").mkdir(parents=True)
    node = root / "class" / f"hidraw{number}"
    node.mkdir(parents=True)
    (node / "device").symlink_to(hid)
    return hid


@pytest.fixture
def sys_hidraw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(hidraw_nodes, "SYS_HIDRAW", str(tmp_path / "class"))
    return tmp_path


def test_devices_that_linux_makes_no_input_node_of(sys_hidraw: Path) -> None:
    hidraw(sys_hidraw, 0, "0003:000010CE:0000EB93", "KTURT.LTD x")
    hidraw(sys_hidraw, 1, "0003:00001209:00000001", "MPG", inputs=1)
    hidraw(sys_hidraw, 2, "0018:00000001:00000001", "I2C thing")
    hidraw(sys_hidraw, 3, "0003:0000FFFE:0000FFFE", "Strange")
    hidraw(sys_hidraw, 4, "0003:0000FFFD:00000001", "Keys", inputs=1, usb="keyboard")
    hidraw(sys_hidraw, 5, "0003:0000FFFD:00000001", "Keys' lamps", usb="keyboard")
    known, strange = hidden_devices()
    assert known == Hidden("KTURT.LTD x", "10ce:eb93", "/dev/hidraw0", "xhc-whb04b-6")
    assert "by the profile xhc-whb04b-6" in why_hidden(known)
    assert strange == Hidden("Strange", "fffe:fffe", "/dev/hidraw3")
    assert "hal_mpg record --device /dev/hidraw3" in why_hidden(strange)


def test_what_there_is_in_the_place_of_learning_it(sys_hidraw: Path) -> None:
    hidraw(sys_hidraw, 0, "0003:00000B33:00000020", "Contour Design ShuttleXpress", inputs=1)
    hidraw(sys_hidraw, 1, "0003:0000FFFE:0000FFFE", "Strange")
    assert "by the profile shuttle-xpress" in why_not_learned("/dev/hidraw0")
    assert "hal_mpg record --device /dev/hidraw1" in why_not_learned("/dev/hidraw1")


def test_a_raw_hid_pendant_is_a_device_with_the_profiles_that_fit(
    sys_hidraw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidraw(sys_hidraw, 0, "0003:000010CE:0000EB70", "KTURT.LTD x")
    hidraw(sys_hidraw, 7, "0003:00000B33:00000020", "Contour Design ShuttleXpress", inputs=1)
    event = node(PENDANT, 70, vendor=0x0B33, product=0x20, name="Contour Design ShuttleXpress")
    keys = device(node(KEYBOARD, 3, name="Keys"))
    monkeypatch.setattr(raw_hid, "input_devices", lambda _profiles: [keys, Device((event,))])
    monkeypatch.setattr(raw_hid, "refusal", lambda _path, _fit: "")
    same, xhc, shuttle = all_devices()
    assert same == keys
    assert xhc.paths == ("/dev/hidraw0",)
    assert [fit.name for fit in xhc.fits] == ["xhc-hb04", "xhc-hb04-16"]
    assert (xhc.bus, xhc.usb_id, xhc.is_everyday) == ("USB", "10ce:eb70", False)
    assert shuttle.paths == ("/dev/hidraw7", "/dev/input/event70")
    assert [fit.name for fit in shuttle.fits] == ["shuttle-xpress"]
    # A Shuttle has nothing that is written to it, and an XHC has its display.
    assert (needed(shuttle.fits), needed(xhc.fits)) == (os.R_OK, os.R_OK | os.W_OK)
    lines = "\n".join(as_text([xhc, shuttle], [], [], []))
    assert "  node      /dev/hidraw7, raw HID" in lines and "  profile   xhc-hb04" in lines
    assert "nothing that could be told" not in lines
    mine = replace(xhc.nodes[0], refusal="this user may not read it: it is for root")
    refused = replace(xhc, nodes=(mine,))
    assert access_command(refused).endswith("install-udev")
    document = as_json([xhc], [], [], [])
    assert document["devices"][0]["nodes"][0]["raw_hid"] is True


DEVICES = [
    device(node(PENDANT, 5, vendor=0x1209, name="MPG")),
    device(
        node({}, 7, "this user may not read it: it is for user root and group input (660)", name="Secret")
    ),
    device(node(KEYBOARD, 3, name="Keys")),
]
REFUSED = "this user may not read it: it is for user root and group dialout (660)"
PORTS = [
    Port("/dev/ttyACM0", Identity(0x2341, 0x43, "Board", "1-1:1.0", "12"), REFUSED, ("/dev/serial/by-id/b",)),
    Port(
        "/dev/ttyACM1",
        Identity(0x1209, 1, "hal_mpg pendant", "1-2:1.0", "7"),
        fits=(Fit("line-protocol", Path("line-protocol.yaml"), KNOWN[0][2]),),
    ),
    Port("/dev/ttyS0"),
]


def test_the_list_for_people() -> None:
    lines = as_text(DEVICES, [Hidden("XHC", "10ce:eb70", "/dev/hidraw0")], PORTS, ["bad.yaml:1:1: is empty"])
    text = "\n".join(lines)
    assert lines[0] == "MPG   (USB 1209:0001, looks like: joystick)"
    assert "  has       12 keys (BTN_TRIGGER to BTN_BASE6); REL_DIAL" in lines
    assert "  profile   generic-6axis" in lines
    assert "NO: /dev/input/event7: this user may not read it" in text
    assert "install-udev --device /dev/input/event7" in text
    assert "hal_mpg record --device /dev/hidraw0 pendant.hid" in text
    assert "  Keys   (keyboard, /dev/input/event3)" in lines
    assert f"  /dev/ttyACM0   Board 2341:0043 serial 12   (NO access: {REFUSED})" in lines
    assert "  /dev/ttyS0" in lines
    assert "hal_mpg pendant   (USB 1209:0001, serial port)" in lines
    assert "  port      /dev/ttyACM1" in lines
    assert "  profile   line-protocol" in lines
    assert " learn --device /dev/serial/by-id/b " in text
    assert "profile passed over: bad.yaml:1:1: is empty" in lines
    assert "  node      /dev/input/event3" in as_text(DEVICES, [], [], [], shows_all=True)


def test_the_list_of_nothing_says_what_to_try() -> None:
    text = "\n".join(as_text(DEVICES[2:], [], [], []))
    assert "No pendant is plugged in" in text
    assert "lsusb" in text


def test_the_list_for_programs_has_the_same_keys_whatever_there_is() -> None:
    document = json.loads(
        json.dumps(as_json(DEVICES, [Hidden("XHC", "10ce:eb70", "/dev/hidraw0")], PORTS, []))
    )
    assert set(document) == {"devices", "without_input_node", "serial_ports", "profile_faults"}
    for kind in ("devices", "serial_ports"):
        assert len({frozenset(entry) for entry in document[kind]}) == 1
    board, pendant, own = document["serial_ports"]
    assert board["command"].endswith("install-udev --device /dev/ttyACM0")
    assert (pendant["profiles"][0]["name"], pendant["command"]) == ("line-protocol", None)
    assert (own["usb_id"], own["serial"], own["name"]) == (None, None, "ttyS0")
    assert document["devices"][0]["profiles"][0] == {
        "name": "generic-6axis", "file": str(CONFIG / "generic-6axis.yaml"), "missing": [],
    }  # fmt: skip
    assert document["devices"][1]["readable"] is False


def test_a_port_without_the_right_to_it(tmp_path: Path) -> None:
    assert port_refusal(str(tmp_path)) == ""
    if os.geteuid():
        assert "may not read" in port_refusal("/root/x")
