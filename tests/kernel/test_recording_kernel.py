# SPDX-License-Identifier: GPL-2.0-or-later
"""Recordings of a real USB pendant: ours and evemu's say the same, and evemu makes a device of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.beds.kernel import run_in_kernel
from tests.beds.require import skip_or_fail


@pytest.fixture(scope="module")
def notes() -> dict[str, Any]:
    run = run_in_kernel(Path(__file__).with_name("guest_recording.py"))
    print(run.output)  # pytest shows it if a test fails
    result: dict[str, Any] = run.result
    assert "error" not in result, result["error"]
    return result


def test_what_is_recorded_is_replayed(notes: dict[str, Any]) -> None:
    assert notes["recorder"] == 0
    assert (notes["ours"]["axis.y.jog-counts"], notes["ours"]["dropped"]) == (30, 0)


def test_what_evemu_recorded_does_the_same(notes: dict[str, Any]) -> None:
    if not notes["has evemu"]:
        skip_or_fail("no evemu-record (Debian: evemu-tools)")
    assert (notes["theirs"]["axis.y.jog-counts"], notes["theirs"]["dropped"]) == (30, 0)


def test_evemu_makes_a_device_of_our_file_and_plays_it(notes: dict[str, Any]) -> None:
    if not notes["has evemu"]:
        skip_or_fail("no evemu-play (Debian: evemu-tools)")
    lines = [line.split(None, 1)[1] for line in notes["evemu's device"]]
    turned = [line for line in lines if line.startswith("event  REL_DIAL")]
    assert turned == ["event  REL_DIAL 1"] * 5 + ["event  REL_DIAL -1"] * 2
    counts = [line for line in lines if line.startswith("pin    axis.y.jog-counts")]
    assert counts[-1] == "pin    axis.y.jog-counts 30"
