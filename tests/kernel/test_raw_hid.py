# SPDX-License-Identifier: GPL-2.0-or-later
"""What the source of raw HID pendants rests on is so in the kernel, and it finds and loses a real node."""

from __future__ import annotations

from typing import Any

import pytest

from hal_mpg.sources.hidraw import QUEUE


@pytest.fixture
def notes(guest_notes: dict[str, dict[str, Any]]) -> dict[str, Any]:
    part = guest_notes["raw hid"]
    assert "error" not in part, part["error"]
    return part


def test_the_kernel_keeps_so_many_reports_and_drops_those_that_follow(notes: dict[str, Any]) -> None:
    assert notes["kept"] == list(range(QUEUE))


def test_sysfs_says_what_it_is(notes: dict[str, Any]) -> None:
    assert notes["node"] == {"path": True, "ids": [1, 4], "uniq": "first"}
    assert notes["input nodes"] is True


def test_one_program_has_it_and_its_input_device(notes: dict[str, Any]) -> None:
    assert notes["second reader"] == []
    assert notes["grabbed"] is True
    assert notes["free again"] == 1


def test_reports_become_events(notes: dict[str, Any]) -> None:
    # The mouse's report has another id: it is counted as garbled.
    assert notes["read"] == ["Connected", "1", "Garbled"]


def test_a_queue_that_was_full_is_a_loss(notes: dict[str, Any]) -> None:
    assert notes["overrun"] == "Disconnected"
    assert notes["after it"] == ["Connected"]


def test_it_is_lost_after_all_that_it_has_said_and_found_again(notes: dict[str, Any]) -> None:
    assert notes["unplugged"] == ["1", "Disconnected"]
    assert notes["closed"] is True
    assert notes["found again"] == ["Connected", "1"]
