# SPDX-License-Identifier: GPL-2.0-or-later
"""The main job, on a real kernel: a USB pendant is plugged in, and its wheel moves a real LinuxCNC."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.beds.kernel import run_in_kernel
from tests.beds.linuxcnc import why_no_linuxcnc
from tests.beds.require import skip_or_fail

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def notes() -> dict[str, Any]:
    reason = why_no_linuxcnc()
    if reason:
        skip_or_fail(reason)
    run = run_in_kernel(HERE / "guest_jog.py", arguments=["drive_jog.py"], timeout_s=900)
    print(run.output)  # pytest shows it if a test fails
    result: dict[str, Any] = run.result
    return result


def positions(place: dict[str, Any]) -> dict[str, float]:
    return {axis: round(at, 5) for axis, at in place["is"].items()}


def test_every_axis_moves_by_every_increment_exactly(notes: dict[str, Any]) -> None:
    linear, angular = 0.004 - 0.04 + 0.4, 0.04 - 0.4 + 4
    expected = dict.fromkeys("xyz", round(linear, 5)) | dict.fromkeys("abc", round(angular, 5))
    assert positions(notes["jogged"]) == expected


def test_what_was_turned_with_the_button_let_go_is_counted_as_dropped(notes: dict[str, Any]) -> None:
    assert notes["jogged"]["pins"]["dropped"] == 6 * 3 * 3


def test_before_its_first_report_the_estop_counts_as_actuated(notes: dict[str, Any]) -> None:
    assert notes["estop before"] is True


def test_unplugging_trips_the_estop_and_moves_nothing(notes: dict[str, Any]) -> None:
    assert notes["unplugged"]["pins"]["estop-ok"] is False
    assert notes["unplugged"]["pins"]["axis-select"] == -1
    assert positions(notes["unplugged"]) == positions(notes["jogged"])


def test_plugging_in_on_another_port_resets_nothing_by_itself_and_moves_nothing(
    notes: dict[str, Any],
) -> None:
    assert notes["reconnects"] == 1
    assert notes["still stopped"] == "ESTOP"
    assert positions(notes["back"]) == positions(notes["jogged"])


def test_after_a_reset_it_jogs_again_without_a_jump(notes: dict[str, Any]) -> None:
    before, after = positions(notes["back"]), positions(notes["jogged again"])
    assert {axis: round(after[axis] - before[axis], 5) for axis in after} == {
        "x": 0, "y": -0.6, "z": 0, "a": 0, "b": 0, "c": 0,
    }  # fmt: skip
