# SPDX-License-Identifier: GPL-2.0-or-later
"""Displays of raw HID pendants, by a real kernel: feature reports; a device that hangs holds nothing up."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.beds import xhc_pictures
from tests.beds.kernel import run_in_kernel

KERNEL_S = 5.0
"""How long the kernel keeps a writer waiting whose report nobody acknowledges (drivers/hid/uhid.c)."""

SLACK_S = KERNEL_S / 2
"""What an emulated processor may stand still: far more than a real one, and less than the kernel's wait."""

Notes = dict[str, Any]


@pytest.fixture(scope="module")
def notes() -> Notes:
    run = run_in_kernel(Path(__file__).with_name("guest_displays.py"), timeout_s=600)
    print(run.output)  # pytest shows it if a test fails
    result: Notes = run.result
    assert "error" not in result, result["error"]
    return result


def last(reports: list[str], count: int) -> bytes:
    """Return the last whole picture; the reports may begin and end in the middle of one."""
    found = [*map(bytes.fromhex, reports)]
    begins = [place for place, report in enumerate(found) if report[1:3] == b"\xfe\xfd"]
    end = begins[-1] + (count if begins[-1] + count <= len(found) else 0)
    return xhc_pictures.pictures(found[begins[0] : end], count)[-1]


def hb04(reports: list[str]) -> dict[str, Any]:
    """Return what an HB04 shows in the end."""
    return xhc_pictures.hb04(last(reports, 6))


def whb04b(reports: list[str]) -> dict[str, Any]:
    """Return what a WHB04B shows in the end."""
    return xhc_pictures.whb04b(last(reports, 3))


def test_it_is_filled_before_and_after_the_pendant_was_heard(notes: Notes) -> None:
    unheard, heard = hb04(notes["unheard"]), hb04(notes["heard"])
    for shown in (unheard, heard):
        assert shown["machine"] == pytest.approx([-1.25, 0, 0])
        assert shown["work"] == pytest.approx([0, 0, 200.5])
        assert shown["rpm"] == 900
    assert notes["connected"]
    assert heard["step"] == 1


def test_it_is_filled_anew_when_the_pendant_wakes(notes: Notes) -> None:
    assert notes["asleep"]
    assert hb04(notes["awake"])["machine"][0] == pytest.approx(7.5)


def test_the_rate_is_bounded(notes: Notes) -> None:
    begins = [at for at, report in notes["rate"] if report.startswith("06fefd")]
    assert len(begins) > 10
    assert len(begins) <= 10 * (begins[-1] - begins[0]) + 2


def test_a_device_that_hangs_holds_up_no_heartbeat_no_detent_and_no_loss(notes: Notes) -> None:
    taken = notes["taken while hanging"]
    assert taken
    assert all(after - before > KERNEL_S * 0.9 for before, after in pairwise(taken)), "it hung"
    for what in ("steady", "hanging", "after loss"):
        assert notes[what]["longest"] < SLACK_S, what
    assert notes["detents_s"] < SLACK_S
    assert notes["lost_s"] < SLACK_S


def test_one_that_hung_is_found_again(notes: Notes) -> None:
    assert hb04(notes["again"])["machine"][0] == pytest.approx(3.5)
    assert notes["reconnected"]


def test_a_clone_of_another_kind(notes: Notes) -> None:
    shown = whb04b(notes["clone"])
    assert notes["clone connected"]
    assert shown["rows"] == pytest.approx([-33.3333, 0, 0])
    assert (shown["work"], shown["mode"], shown["reset"]) == (True, "STP", False)
    machine = whb04b(notes["clone, machine"])
    assert (machine["rows"], machine["work"], machine["reset"]) == ([0, 0, 0], False, True)


def test_whatever_ends_hal_mpg_the_display_shows_nothing_that_is_no_longer_so(notes: Notes) -> None:
    assert notes["term_s"] < SLACK_S
    left = hb04(notes["left by SIGTERM"])
    assert (left["machine"], left["work"], left["rpm"]) == ([0, 0, 0], [0, 0, 0], 0)
    for end in ("SIGSTOP", "SIGKILL"):
        left = whb04b(notes[f"left by {end}"])
        assert (left["rows"], left["reset"]) == ([0, 0, 0], True), end
    assert whb04b(notes["gone on"])["rows"][0] == pytest.approx(-33.3333), "after SIGCONT"
