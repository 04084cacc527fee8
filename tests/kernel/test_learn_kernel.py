# SPDX-License-Identifier: GPL-2.0-or-later
"""From a USB pendant that nobody knows to the first jog: it is learned, its rule installed, LinuxCNC jogs.

Pendants of five makes are devices of a real kernel: two of them are played each time, one with selectors and
an E-stop and one of a few keys; all of them before a release (and each time in tests/umockdev). The person
answers in a terminal, and knows the pendant, not the program; nothing is done by hand between that and the
moving axis.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from hal_mpg.profile_yaml import load_profile
from tests.beds.kernel import run_in_kernel
from tests.beds.linuxcnc import why_no_linuxcnc
from tests.beds.require import is_release, skip_or_fail

HERE = Path(__file__).parent
PENDANTS: dict[str, dict[str, Any]] = yaml.safe_load((HERE / "learn_pendants.yaml").read_text())
PLAYED = [*PENDANTS] if is_release() else ["buttons-and-dial", "volume-knob"]

Notes = dict[str, Any]


@pytest.fixture(scope="module")
def all_notes() -> dict[str, Notes]:
    reason = why_no_linuxcnc()
    if reason:
        skip_or_fail(reason)
    run = run_in_kernel(HERE / "guest_learn.py", arguments=PLAYED, timeout_s=1500)
    print(run.output)  # pytest shows it if a test fails
    result: dict[str, Notes] = run.result
    return result


@pytest.fixture(params=PLAYED)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def notes(all_notes: dict[str, Notes], name: str) -> Notes:
    found = all_notes[name]
    assert "error" not in found, found["error"]
    return found


def test_the_person_comes_to_the_end(notes: Notes) -> None:
    assert notes["learn"]["status"] == 0, notes["learn"]["shown"]
    assert len(notes["files"]) == 2


def test_what_is_written_says_what_the_pendant_is(notes: Notes, name: str) -> None:
    wanted = load_profile(PENDANTS[name]["profile"], "wanted")
    text = next(text for file, text in notes["files"].items() if file.endswith(".yaml"))
    learned = load_profile(text, "learned")
    for control in ("wheel", "axis", "scale", "estop", "reset", "enable", "buttons"):
        assert getattr(learned, control) == getattr(wanted, control), control


def test_check_finds_nothing_wrong_with_it(notes: Notes) -> None:
    assert notes["check"][0] == 0, notes["check"][1]


def test_with_the_rule_installed_users_may_open_it(notes: Notes) -> None:
    assert notes["install"][0] == 0, notes["install"][1]
    assert notes["access"] == ["plugdev", "0o660"]


def test_every_axis_is_where_it_was_jogged_to(notes: Notes) -> None:
    jogged = notes["jog"]["jogged"]
    assert {axis: round(at, 5) for axis, at in jogged["is"].items()} == {
        axis: float(at) for axis, at in jogged["should"].items()
    }
    assert all(float(at) > 0 for at in jogged["should"].values())


def test_with_the_enabling_button_let_go_nothing_moves(notes: Notes) -> None:
    assert notes["jog"]["let go"]["is"] == notes["jog"]["jogged"]["is"]


def test_the_estop_stops_the_machine_until_it_is_reset(notes: Notes, name: str) -> None:
    if load_profile(PENDANTS[name]["profile"], "wanted").estop is None:
        assert "estop" not in notes["jog"]
        return
    assert notes["jog"]["estop"]["pins"]["estop"] is True
    assert notes["jog"]["still stopped"] == "ESTOP"


def test_before_there_is_a_rule_users_are_told_what_to_do(all_notes: dict[str, Notes]) -> None:
    status, said = next(notes["refused"] for notes in all_notes.values() if notes.get("refused"))
    assert status == 4
    assert "install-udev" in said
    assert "sudo" in said
