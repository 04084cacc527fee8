# SPDX-License-Identifier: GPL-2.0-or-later
"""The bed itself: a USB pendant that the kernel enumerates, and that can be pulled and replugged.

If these fail, failures of the other tests in this directory mean nothing.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from evdev import ecodes

from tests.beds.kernel import ROOT

BUS_USB = 3  # linux/input.h
KEY, REL = ecodes.EV_KEY, ecodes.EV_REL


@pytest.fixture
def notes(guest_notes: dict[str, dict[str, Any]]) -> dict[str, Any]:
    part = guest_notes["bed"]
    assert "error" not in part, part["error"]
    return part


def test_the_guest_can_write_to_the_repository_without_changing_it(notes: dict[str, Any]) -> None:
    assert notes["scratch"]
    assert not [name for name in notes["scratch"] if (ROOT / name).exists()]


def test_the_kernel_enumerates_the_gadget_as_a_usb_input_device(notes: dict[str, Any]) -> None:
    assert notes["id"] == [BUS_USB, 0x1209, 0x0001]
    assert notes["name"] == "hal_mpg tests MPG Pendant"
    assert notes["uniq"] == "001"
    assert "/dummy_hcd.0/" in notes["sysfs"]


def test_buttons_and_wheel_have_the_codes_of_a_hid_joystick(notes: dict[str, Any]) -> None:
    assert notes["keys"] == list(range(0x120, 0x130))
    assert notes["rel"] == [ecodes.REL_DIAL]


def test_a_report_is_one_frame(notes: dict[str, Any]) -> None:
    assert notes["press"] == [[[KEY, 0x120, 1], [KEY, 0x129, 1]]]
    assert notes["release"] == [[[KEY, 0x120, 0]]]


def test_the_kernel_knows_which_buttons_are_held(notes: dict[str, Any]) -> None:
    assert notes["held"] == [0x120, 0x129]
    assert notes["still held"] == [0x129]


def test_each_detent_is_a_frame_of_its_own(notes: dict[str, Any]) -> None:
    assert notes["turn"] == [[[REL, ecodes.REL_DIAL, -1]]] * 3


def test_detents_can_be_put_together(notes: dict[str, Any]) -> None:
    assert notes["storm"] == [[[REL, ecodes.REL_DIAL, 127]], [[REL, ecodes.REL_DIAL, 73]]]


def test_two_pendants_differ_in_node_and_port(notes: dict[str, Any]) -> None:
    node, sysfs = notes["other"]
    assert node != notes["node"]
    assert "/dummy_hcd.1/" in sysfs


def test_an_open_node_fails_with_enodev_after_the_unplug(notes: dict[str, Any]) -> None:
    assert notes["gone"] == "ENODEV"


def test_replugged_into_the_other_port_the_pendant_is_another_node(notes: dict[str, Any]) -> None:
    assert re.fullmatch(r"/dev/input/event\d+", notes["second node"])
    assert notes["second node"] != notes["node"]
    assert "/dummy_hcd.1/" in notes["second sysfs"]


def test_a_replugged_pendant_works(notes: dict[str, Any]) -> None:
    assert [REL, ecodes.REL_DIAL, 1] in notes["second turn"][0]


def test_a_wheel_that_the_kernel_takes_for_a_stick_is_told_count_by_count(notes: dict[str, Any]) -> None:
    assert notes["smoothed"]["before"] == [], "the kernel swallows single counts"
    assert notes["smoothed"]["after"] == list(range(1011, 1021))
