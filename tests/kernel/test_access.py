# SPDX-License-Identifier: GPL-2.0-or-later
"""install-udev and uninstall-udev on a real kernel and a real udevd: who may open which pendant, and when."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.beds.kernel import run_in_kernel

SHIPPED = "70-hal-mpg.rules"
STRANGER = "69-hal-mpg-1209-0002.rules"


@pytest.fixture(scope="module")
def notes() -> dict[str, Any]:
    run = run_in_kernel(Path(__file__).with_name("guest_access.py"), timeout_s=1200)
    print(run.output)  # pytest shows it if a test fails
    result: dict[str, Any] = run.result
    assert "error" not in result, result["error"]
    return result


def test_list_says_why_a_pendant_cannot_be_read_and_what_mends_it(notes: dict[str, Any]) -> None:
    (device,) = [d for d in json.loads(notes["listed before"]["out"])["devices"] if d["profiles"]]
    assert (device["vendor"], device["product"], device["bus"]) == ("1209", "0001", "USB")
    assert device["readable"] is False
    assert "it is for user root and group input (660)" in device["why_not"]
    assert device["command"].endswith("install-udev")
    assert "REL_DIAL" in device["nodes"][0]["codes"]  # sysfs tells, although it may not be opened
    assert device["profiles"][0]["missing"] == []


def test_an_ordinary_user_is_told_the_command_and_nothing_is_done(notes: dict[str, Any]) -> None:
    told = notes["as user"]
    assert (told["status"], told["files"]) == (2, [])
    assert told["err"].startswith("hal_mpg: install-udev: only root may change udev's rules; run: sudo ")
    assert told["err"].count("\n") == 1


def test_a_dry_run_needs_no_root_and_does_nothing(notes: dict[str, Any]) -> None:
    assert (notes["dry"]["status"], notes["dry"]["files"]) == (0, [])
    assert f"would write /etc/udev/rules.d/{SHIPPED}" in notes["dry"]["out"]


def test_who_is_not_in_the_group_is_told_so(notes: dict[str, Any]) -> None:
    told = notes["not in group"]
    assert (told["status"], told["files"]) == (4, [SHIPPED])
    assert "user nobody may not use it yet; " in told["err"]
    assert "sudo adduser nobody plugdev" in told["err"]
    assert "sudo adduser nobody plugdev" in notes["listed without group"]["out"]


def test_the_pendant_can_be_used_at_once(notes: dict[str, Any]) -> None:
    assert notes["in group"]["status"] == 0
    assert "user nobody may use it now" in notes["in group"]["out"]
    assert notes["reads"] is True
    (device,) = [d for d in json.loads(notes["listed after"]["out"])["devices"] if d["profiles"]]
    assert (device["readable"], device["command"]) == (True, None)


def test_a_second_time_does_nothing(notes: dict[str, Any]) -> None:
    assert notes["again"]["status"] == 0
    assert "written" not in notes["again"]["out"]
    assert "nothing to do: the rules are in place, and in force" in notes["again"]["out"]


def test_a_device_that_nobody_knows_can_be_named(notes: dict[str, Any]) -> None:
    before, listed = notes["stranger before"]
    assert before is False
    assert "install-udev --device /dev/input/event" in listed["out"]
    assert (notes["stranger"]["status"], notes["stranger"]["files"]) == (0, [STRANGER, SHIPPED])
    assert notes["stranger after"] is True
    assert notes["stranger replugged"] is True


def test_a_file_of_rules_is_named_so_that_it_comes_before_the_shipped_one(notes: dict[str, Any]) -> None:
    assert notes["knob before"] is False
    assert "/etc/udev/rules.d/69-80-knob.rules" in notes["knob"]["out"]
    assert notes["knob after"] is True


def test_uninstalling_takes_away_what_was_installed_and_no_more(notes: dict[str, Any]) -> None:
    assert (notes["gone"]["status"], notes["gone"]["files"]) == (0, ["71-mine-hal_mpg.rules"])
    assert notes["reads after"] == [False, False, False]
    assert "nothing to do" in notes["gone twice"]["out"]


def test_the_doctor_finds_what_keeps_a_pendant_from_being_read_and_nothing_else(
    notes: dict[str, Any],
) -> None:
    assert notes["doctor"] == {
        "unplugged": ["no-device"],
        "no rules": ["rule-missing"],
        "rules not in force": ["rule-not-in-force"],
        "not in the group": ["group"],
        "good": [],
        "grabbed": ["grabbed"],
        "not readable": ["not-readable"],
        "good again": [],
    }


def test_with_the_limits_that_are_installed_memory_is_locked_and_more_is_given(notes: dict[str, Any]) -> None:
    refusal, locked, *_ = notes["locked"]
    assert refusal == "None"
    assert int(locked.split()[1]) > 32 << 10
