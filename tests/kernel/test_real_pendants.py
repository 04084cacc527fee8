# SPDX-License-Identifier: GPL-2.0-or-later
"""Each bought pendant on a real kernel: found with no option, usable by the shipped rules, exact positions.

One boot and one LinuxCNC for all of them; HAL_MPG_DEVICES="xhc-hb04 powermate" tries some only.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.beds.kernel import run_in_kernel
from tests.beds.linuxcnc import why_no_linuxcnc
from tests.beds.require import skip_or_fail
from tests.kernel.real_pendants import DEVICES, expected

CLOSE = 1e-5
CHOSEN = os.environ.get("HAL_MPG_DEVICES", "").split() or list(DEVICES)
HAS_DISPLAY = [name for name in CHOSEN if "whb04b" in name or "hb04" in name]
REPLUGGED = [name for name in CHOSEN if DEVICES[name].get("replug")]


@pytest.fixture(scope="module")
def notes() -> dict[str, Any]:
    reason = why_no_linuxcnc()
    if reason:
        skip_or_fail(reason)
    script = Path(__file__).with_name("guest_real_pendants.py")
    run = run_in_kernel(script, arguments=CHOSEN, timeout_s=1800)
    print(run.output)  # pytest shows it if a test fails
    result: dict[str, Any] = run.result
    return result


@pytest.fixture
def device(notes: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = notes["devices"][name]
    assert "error" not in found, found["error"]
    return found


def profile_of(name: str) -> str:
    return str(DEVICES[name].get("profile", name))


@pytest.mark.parametrize("name", CHOSEN)
def test_its_nodes_are_for_the_group_of_the_rules(
    notes: dict[str, Any], device: dict[str, Any], name: str
) -> None:
    """LinuxCNC ran as a user of that group alone, and read it. What it has no need of is not looked at."""
    mine = [(path, mode) for path, group, mode in device["nodes"] if group == notes["group"]]
    assert mine
    for path, mode in mine:
        # LinuxCNC's own rules let everybody read a Shuttle, and nobody write to it.
        assert mode & 0o060 == 0o060 or (mode == 0o444 and "shuttle" in name), path


@pytest.mark.parametrize("name", CHOSEN)
def test_its_recording_moves_linuxcnc_to_exact_positions(device: dict[str, Any], name: str) -> None:
    assert "late" not in device, device
    wanted = expected(profile_of(name))
    counts = {pin: value for pin, value in wanted.items() if pin.endswith("counts") or pin == "dropped"}
    assert any(pin.endswith("jog-counts") and value != "0" for pin, value in counts.items())
    assert device["pins"] == counts
    for axis, far in device["moved"].items():
        assert far == pytest.approx(device["should"].get(axis, 0.0), abs=CLOSE), axis


@pytest.mark.parametrize("name", CHOSEN)
def test_a_pulled_plug_is_told_of(device: dict[str, Any], name: str) -> None:
    assert device["unplugged"] == {"armed": "FALSE", "axis-select": "-1", "enable": "FALSE"}


@pytest.mark.parametrize("name", REPLUGGED)
def test_it_comes_back_at_another_port_and_nothing_moves(device: dict[str, Any], name: str) -> None:
    assert device["again"]["nodes"]
    assert device["again"]["reconnects"] == 1
    assert device["again"]["moved"] < CLOSE


@pytest.mark.parametrize("name", REPLUGGED)
def test_list_shows_it_with_its_profile_and_that_it_may_be_read(device: dict[str, Any], name: str) -> None:
    (shown,) = device["listed"]
    assert shown["profiles"][0]["name"] == profile_of(name)
    assert shown["readable"] is True
    assert {node["path"] for node in shown["nodes"]} <= {path for path, _, _ in device["nodes"]}


@pytest.mark.parametrize("name", HAS_DISPLAY)
def test_its_display_is_written_to(device: dict[str, Any], name: str) -> None:
    """What it shows, and how often, test_displays.py looks at."""
    assert device["written"] > 0
