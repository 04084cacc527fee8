# SPDX-License-Identifier: GPL-2.0-or-later
"""The reports that switch a raw HID pendant's lamps."""

from __future__ import annotations

import pytest

from hal_mpg.hid_lamps import LampReports
from hal_mpg.profile_yaml import load_profile

TEXT = """\
name: Lamps
source: hidraw
match: [{vendor: 0x1209}]
protocol:
  reports: [{length: 2, fields: {turn: {at: 0, type: s8}}, rules: [{set: {W: {rel: turn}, X: {key: 1}}}]}]
  lamps:
    POWER: {on: [5, 1], off: [5, 0], as: feature}
    GREEN: {report: [16, 7, 0x40], at: 2, bit: 0}
    RED: {report: [16, 7, 0x40], at: 2, bit: 6}
    FAULT: {on: [6, 1, 2], off: [6, 0]}
    BRIGHT: {report: [16, 8, 0], at: 2, mask: 0xff}
    BLUE: {report: [16, 7, 0x40], at: 1, bit: 3}
    SAME: {report: [16, 7, 0x40], at: 2, bit: 0, as: feature}
increments: {x1: {mm: 0.001}}
controls:
  wheel: {rel: W}
  axis: {keys: {x: X}}
  leds: {power: POWER, green: GREEN, red: RED, fault: FAULT, bright: BRIGHT, blue: BLUE, same: SAME}
"""
PROFILE = load_profile(TEXT, "p.yaml")
OUT = dict.fromkeys((name for name, _ in PROFILE.leds), False)


def test_lamps_of_one_report_have_one_key() -> None:
    lamps = LampReports(PROFILE, 1)
    assert lamps.of(OUT) == {
        1: ["power"],
        2: ["green", "red", "blue"],
        4: ["fault"],
        5: ["bright"],
        7: ["same"],
    }
    assert lamps.of(["blue", "fault"]) == {2: ["blue"], 4: ["fault"]}
    assert lamps.of([]) == {}


@pytest.mark.parametrize(
    ("key", "lit", "report"),
    [
        (1, [], (b"F", bytes([5, 0]))),
        (1, ["power", "red"], (b"F", bytes([5, 1]))),
        (2, [], (b"O", bytes([16, 7, 0x40]))),
        (2, ["power", "bright", "same"], (b"O", bytes([16, 7, 0x40]))),
        (2, ["green"], (b"O", bytes([16, 7, 0x41]))),
        (2, ["red"], (b"O", bytes([16, 7, 0]))),
        (2, ["green", "red", "blue"], (b"O", bytes([16, 15, 1]))),
        (4, [], (b"O", bytes([6, 0]))),
        (4, ["fault"], (b"O", bytes([6, 1, 2]))),
        (5, ["bright"], (b"O", bytes([16, 8, 255]))),
        (7, ["same"], (b"F", bytes([16, 7, 0x41]))),
    ],
)
def test_each_lamp_is_in_its_report_as_it_has_to_be(
    key: int, lit: list[str], report: tuple[bytes, bytes]
) -> None:
    assert LampReports(PROFILE, 1).report(key, {**OUT, **dict.fromkeys(lit, True)}) == report
