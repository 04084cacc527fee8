# SPDX-License-Identifier: GPL-2.0-or-later
"""udev/70-hal-mpg.rules, on a real udevd: what each line does, and what it leaves alone."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def notes(guest_notes: dict[str, dict[str, Any]]) -> dict[str, Any]:
    part = guest_notes["udev"]
    assert "error" not in part, part["error"]
    return part


def test_the_node_is_for_group_plugdev(notes: dict[str, Any]) -> None:
    event = notes["after"]["event"]
    assert (event["group"], event["mode"]) == ("plugdev", "660")


def test_users_in_plugdev_can_open_the_node_and_others_can_not(notes: dict[str, Any]) -> None:
    assert notes["before"]["event"]["plugdev may open"] is False
    assert notes["after"]["event"]["plugdev may open"] is True
    assert notes["after"]["event"]["others may open"] is False


def test_the_user_at_the_seat_gets_access(notes: dict[str, Any]) -> None:
    # "seat" is added by 71-seat.rules to what has "uaccess": this file was early enough. Not with
    # the USB pendant, which looks like a joystick, and joysticks are for the seat anyway.
    assert not {"uaccess", "seat"} & set(notes["knob before"]["tags"])
    assert {"uaccess", "seat"} <= set(notes["knob after"]["tags"])


def test_libinput_leaves_the_pendant_alone(notes: dict[str, Any]) -> None:
    assert notes["before"]["event"]["libinput ignores"] is None
    assert notes["after"]["event"]["libinput ignores"] == "1"


def test_the_pendant_is_kept_awake_against_a_power_saver(notes: dict[str, Any]) -> None:
    assert notes["before"]["usb"]["power"] == "auto"
    assert notes["after"]["usb"]["power"] == "on"


def test_the_joystick_node_is_left_as_it_was(notes: dict[str, Any]) -> None:
    assert notes["after"]["js"] == notes["before"]["js"]


def test_another_device_is_left_as_it_was(notes: dict[str, Any]) -> None:
    assert notes["stranger"] == notes["before"]


def test_one_line_adds_a_pendant_that_is_not_on_usb(notes: dict[str, Any]) -> None:
    before, after = notes["knob before"], notes["knob after"]
    assert (before["group"], before["libinput ignores"]) == ("input", None)
    assert (after["group"], after["mode"], after["libinput ignores"]) == ("plugdev", "660", "1")
    assert after["plugdev may open"] is True
