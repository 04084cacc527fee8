# SPDX-License-Identifier: GPL-2.0-or-later
"""A serial pendant on a real kernel: a USB gadget that speaks the protocol, udev, the tools, LinuxCNC."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from tests.beds.kernel import run_in_kernel
from tests.beds.linuxcnc import why_no_linuxcnc
from tests.beds.require import skip_or_fail
from tests.linuxcnc.serial_checks import CHECKS, Notes

SILENCE_S = 0.15
STILL_S = 0.25
"""An emulated processor stands still now and then, for about so long at most; the median does not."""

LINK = "/dev/serial/by-id/usb-hal_mpg_tests_hal_mpg_pendant_001-if00"


@pytest.fixture(scope="module")
def all_notes() -> dict[str, Notes]:
    reason = why_no_linuxcnc()
    if reason:
        skip_or_fail(reason)
    run = run_in_kernel(Path(__file__).with_name("guest_serial.py"), timeout_s=2400)
    print(run.output)  # pytest shows it if a test fails
    result: dict[str, Notes] = run.result
    return result


def part(notes: dict[str, Notes], name: str) -> Notes:
    assert "error" not in notes[name], notes[name]["error"]
    return notes[name]


@pytest.fixture
def rules(all_notes: dict[str, Notes]) -> Notes:
    return part(all_notes, "rules")


@pytest.fixture
def tools(all_notes: dict[str, Notes]) -> Notes:
    return part(all_notes, "tools")


@pytest.fixture
def times(all_notes: dict[str, Notes]) -> Notes:
    return part(all_notes, "times")


@pytest.fixture
def jog(all_notes: dict[str, Notes]) -> Notes:
    return part(all_notes, "jog")


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_jogging(check: Callable[[Notes], None], jog: Notes) -> None:
    check(jog)


def port_of(listed: list[dict[str, Any]], name: str) -> dict[str, Any]:
    (found,) = (port for port in listed if port["name"] == name)
    return found


def test_without_the_rules_a_modem_manager_may_have_it_and_users_may_not(rules: Notes) -> None:
    before = rules["before"]
    assert (before["group"], before["ignored"], before["device ignored"]) == ("dialout", None, False)
    listed = port_of(rules["listed before"], "hal_mpg pendant")
    assert (listed["readable"], listed["profiles"][0]["name"]) == (False, "line-protocol")
    assert listed["command"].endswith("install-udev --device /dev/ttyACM0")  # no file of rules names it yet


def test_a_pendant_that_says_that_it_is_ours_is_known_to_the_rules(rules: Notes) -> None:
    after = rules["after"]
    assert (after["group"], after["mode"]) == ("plugdev", "660")
    assert (after["ignored"], after["device ignored"]) == ("1", True)
    assert {"uaccess", "seat"} <= set(after["tags"])
    assert rules["installed"]["status"] == 0
    assert "hal_mpg pendant at /dev/ttyACM0: group plugdev may use it now" in rules["installed"]["out"]


def test_list_shows_it_with_its_profile_and_what_tells_it_from_others(rules: Notes) -> None:
    listed = port_of(rules["listed"], "hal_mpg pendant")
    assert (listed["usb_id"], listed["serial"], listed["readable"]) == ("1209:0001", "001", True)
    assert LINK in listed["links"]
    assert "hal_mpg pendant   (USB 1209:0001, serial port)" in rules["text"]
    assert "  profile   line-protocol" in rules["text"]


def test_another_board_is_left_alone_until_it_is_named(rules: Notes) -> None:
    before, after = rules["stranger"], rules["stranger after"]
    assert (before["group"], before["ignored"], before["device ignored"]) == ("dialout", None, False)
    assert (after["group"], after["ignored"], after["device ignored"]) == ("plugdev", "1", True)
    assert "69-hal-mpg-2341-0043-stranger.rules" in rules["stranger installed"]["out"]


def test_silence_trips_in_time_and_not_before(times: Notes) -> None:
    taken = [s for s in times["silent"] if s >= 0]
    assert len(taken) >= 10
    assert min(taken) > SILENCE_S - 0.03  # the last line's way is part of it
    assert median(taken) < SILENCE_S + 0.05
    assert max(taken) < SILENCE_S + 0.05 + STILL_S


def test_a_pulled_plug_and_a_pressed_estop_trip_at_once(times: Notes) -> None:
    for kind in ("unplugged", "pressed"):
        taken = [s for s in times[kind] if s >= 0]
        assert taken, kind
        assert median(taken) < 0.05, (kind, taken)
        assert max(taken) < 0.05 + STILL_S, (kind, taken)


def test_it_is_found_again_at_either_port(times: Notes) -> None:
    assert len(times["plugged"]) == 5
    assert median(times["plugged"]) < 3  # enumeration and udev take most of it, on an emulated machine


def test_it_is_back_as_soon_as_it_speaks_again(times: Notes) -> None:
    assert median(times["back"]) < 0.1


def test_a_bad_wire_alone_loses_no_pendant(times: Notes) -> None:
    lost, _, garbled = times["lost on a bad wire"]
    assert garbled > 100
    assert lost <= 1  # see docs/serial-protocol.md: seven bad lines in a row come every few minutes


def test_it_ends_as_it_should(times: Notes) -> None:
    assert times["status"] == 0


def wrong(said: Notes) -> list[str]:
    findings = json.loads(said["out"])["findings"]
    return [finding["id"] for finding in findings if finding["id"].startswith(("port", "no-dev", "rule"))]


def test_the_doctor_hears_it_and_says_what_keeps_it_from_being_heard(tools: Notes) -> None:
    assert wrong(tools["doctor"]) == ["port-speaks"]
    assert wrong(tools["doctor while recorded"]) == ["port-busy"]
    assert wrong(tools["doctor, silent"]) == ["port-silent"]
    assert wrong(tools["doctor, unplugged"]) == ["no-device"]


def test_check_says_how_it_is_spoken_with(tools: Notes) -> None:
    assert tools["check"]["status"] == 0
    assert "hal_mpg's line protocol, at 115200 baud, 8N1" in tools["check"]["out"]


def test_monitor_shows_it_with_a_profile_and_without(tools: Notes) -> None:
    for kind in ("monitor", "monitor without profile"):
        assert tools[kind]["status"] == 0, kind
        assert "hal_mpg pendant at /dev/ttyACM0" in tools[kind]["out"], kind
        assert "estop-ok TRUE" in tools[kind]["out"], kind


def test_what_was_recorded_does_the_same_when_it_is_replayed(tools: Notes) -> None:
    assert tools["record"]["status"] == 0
    assert ", 0 refused" in tools["record"]["err"]
    pins = json.loads(tools["replay"]["out"])["pins"]
    assert pins["axis.x.jog-counts"] == 7
    assert pins["dropped"] == 0
