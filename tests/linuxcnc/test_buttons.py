# SPDX-License-Identifier: GPL-2.0-or-later
"""sim-buttons.ini in a whole LinuxCNC: each button does its thing, or is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.beds.linuxcnc import LinuxcncRun, require_linuxcnc, run_linuxcnc

HERE = Path(__file__).parent

Notes = dict[str, Any]

STARTS = ("cycle-start", "home-all", "go-to-zero", "safe-z", "probe-z", "zero-axis")
"""What needs a machine at rest in manual (or, cycle-start, in auto) mode."""

STATES = {
    "not homed": (*(name for name in STARTS if name != "home-all"), "step", "start-or-pause"),
    "running": (
        *STARTS,
        "resume",
        "spindle-on",
        "spindle-reverse",
        "spindle-off",
        "spindle-toggle",
        "manual-mode",
    ),
    "paused": (*STARTS, "manual-mode"),
    "MDI mode": (*STARTS, "step", "pause", "resume"),
    "jogging": (*STARTS, "step", "start-or-pause", "pause", "resume"),
    "not enabled": (*(name for name in STARTS if name != "zero-axis"), "spindle-on", "spindle-toggle"),
}
"""What is asked for in each state, to be refused."""

REASONS = {
    "off": 4,
    "estop": 2,
    "not homed": 13,
    "running": 11,
    "MDI": 11,
    "paused": 12,
    "MDI mode": 5,
    "jogging": 14,
    "not enabled": 6,
}


def without_echo(config: Path) -> None:
    """Take away what ends an action where the servo thread stands still; without realtime, it may."""
    file = config / "mpg.hal"
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(line for line in lines if not line.startswith("net mpg-heartbeat-echo")))


def run() -> LinuxcncRun:
    """Return a run of drive_buttons.py."""
    return run_linuxcnc(
        "sim-buttons.ini",
        HERE / "drive_buttons.py",
        virtual=HERE / "buttons.yaml",
        edit=without_echo,
        arguments=STATES,
    )


@pytest.fixture(scope="module")
def notes() -> Notes:
    """Return what drive_buttons.py noted."""
    require_linuxcnc()
    found: Notes = run().result
    return found


@pytest.mark.parametrize("state", REASONS)
def test_what_must_not_be_is_refused_with_its_reason_and_nothing_moves(notes: Notes, state: str) -> None:
    found = notes[state] if state in notes else notes["states"][state]
    assert len(found) >= 7
    for request, note in found.items():
        nothing_runs = request == "pause" or (request == "resume" and state not in ("off", "not enabled"))
        why = 15 if nothing_runs and state != "estop" else REASONS[state]  # E-stop is shown before all
        assert (request, note["did"], note["refused"], note["why"]) == (request, [], 1, why)
        assert not note["moved"]
        if state in ("running", "MDI", "jogging"):
            assert note["goes on"], f"{request} disturbed what was going on"


def test_a_wheel_that_was_just_turned_is_waited_for(notes: Notes) -> None:
    turned = notes["states"]["turned"]["zero-axis"]
    assert (turned["did"], turned["refused"], turned["why"]) == ([], 1, 7)


def test_a_button_is_acted_on_at_once(notes: Notes) -> None:
    asked = [*notes["flood"], *notes["spindle"], notes["home"], notes["moves"]["safe-z"]]
    assert sorted(note["took"] for note in asked)[len(asked) // 2] < 0.05


def test_machine_on_and_homing_twice(notes: Notes) -> None:
    assert (notes["machine-on"]["did"], notes["machine-on"]["refused"]) == (["machine-on"], 0)
    for note, first in ((notes["home"], "home-all"), (notes["home again"], "joint-mode")):
        assert (note["did"], note["refused"], note["armed"], note["errors"]) == ([first], 0, True, [])


def test_zero_is_for_one_axis_of_the_active_system(notes: Notes) -> None:
    systems = {"G54": [0.0] * 9, "G55": [0.0] * 9, "G59.3": [0.0] * 9}
    for zero in notes["zero"]:
        axis, before, after = zero["axis"], zero["before"], zero["after"]
        assert (after["did"], after["errors"], after["mode"]) == ([f"zero.{axis}"], [], 1)
        assert after["machine"] == pytest.approx(before["machine"], abs=1e-9)
        assert after["work"] == pytest.approx(before["work"] | {axis: 0.0}, abs=1e-6)
        assert before["work"][axis] != pytest.approx(0.0, abs=1.0)
        assert zero["offsets"][zero["system"]] == pytest.approx(after["offset"], abs=1e-9)
        systems[zero["system"]] = after["offset"]
        assert zero["offsets"] == {name: pytest.approx(offset, abs=1e-9) for name, offset in systems.items()}


def test_up_to_the_safe_height_and_then_to_zero(notes: Notes) -> None:
    up, there = notes["moves"]["safe-z"], notes["moves"]["go-to-zero"]
    assert up["machine"] == pytest.approx({"x": 32.0, "y": 10.0, "z": 50.0, "a": 0.0}, abs=1e-6)
    assert there["work"] == pytest.approx({"x": 0.0, "y": 0.0, "z": 65.0, "a": 0.0}, abs=1e-6)
    assert there["offset"] == up["offset"]
    assert 910 in notes["moves"]["modal"], "G91 was left as it was"


def test_the_probe_sets_z(notes: Notes) -> None:
    note, trip = notes["moves"]["probe-z"], notes["moves"]["trip"]
    assert trip == pytest.approx(-20.0, abs=0.01), "slowly, so just below the simulated plate"
    assert note["offset"][:3] == pytest.approx([5.0, -6.0, trip - 10.0], abs=1e-6)
    assert note["work"]["z"] == pytest.approx(12.0, abs=1e-6)
    assert (note["armed"], note["errors"]) == (True, [])


def test_a_plate_that_is_not_there_changes_nothing_but_z(notes: Notes) -> None:
    note = notes["moves"]["no plate"]
    assert note["errors"] == ["G38.2 move finished without making contact."]
    assert note["offset"] == notes["moves"]["probe-z"]["offset"]
    assert (note["machine"]["z"], note["armed"], note["mode"]) == (pytest.approx(0.0, abs=1e-6), True, 1)


@pytest.mark.parametrize("end", ["enable", "stop", "pause"])
def test_what_moves_for_a_button_stops(notes: Notes, end: str) -> None:
    note = notes["moves"][f"ended by {end}"]
    assert note["took"] < 2.0, "of five seconds to the top"
    assert note["machine"]["z"] < 40.0
    assert note["machine"]["x"] == pytest.approx(150.0), "what comes after it does not come"
    assert (note["mode"], note["armed"], note["errors"]) == (1, True, [])


@pytest.mark.parametrize("request_", ["go-to-zero", "start-or-pause"])
@pytest.mark.parametrize("end", ["estop", "unplug"])
def test_what_is_lost_in_the_middle_does_not_go_on(notes: Notes, request_: str, end: str) -> None:
    note = notes["lost"][f"{request_}, {end}"]
    assert note["later"] == pytest.approx(note["at"], abs=1e-6)
    assert note["at"]["x"] > 30.0, "it had only begun"
    assert note["did"] == []


def test_spindle_and_coolant(notes: Notes) -> None:
    spindle = [(note["did"], note["spindle"]) for note in notes["spindle"]]
    assert spindle == [(["spindle-on"], True), (["zero.a"], True), (["spindle-off"], False)]
    flood = [(note["did"], note["flood"]) for note in notes["flood"]]
    assert flood == [(["flood-on"], True), (["flood-off"], False)] * 2
    assert not [note for note in (*notes["spindle"], *notes["flood"]) if note["refused"] or note["errors"]]


def test_the_program(notes: Notes) -> None:
    program = notes["program"]
    assert program["nothing loaded"]["mode"] == 1, "back in manual mode"
    for name in ("start-or-pause", "cycle-start", "paused", "resumed", "stopped"):
        assert program[name]["refused"] == 0
    assert program["after stop"]["errors"] == []
    assert (program["manual"]["mode"], program["manual"]["armed"]) == (1, True)
    steps = program["steps"]
    assert steps == sorted(steps)
    assert steps[:5] == pytest.approx([0.0, 0.0, 1.0, 2.0, 3.0], abs=1e-6)
    assert steps[5] > 3.0
