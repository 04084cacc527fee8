# SPDX-License-Identifier: GPL-2.0-or-later
"""The panels in LinuxCNC's own GUIs, on a real LinuxCNC with a pendant that is played: what they show.

Each GUI is started once; drive_panel.py plays, and waits for each reason that is checked here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.gui import bed, pictures

HERE = Path(__file__).parent
Notes = dict[str, Any]

WITH_LAMPS = {"no pendant", "off", "let go", "ready", "estop", "unplugged"}


@pytest.fixture(scope="module", params=bed.GUIS)
def gui(request: pytest.FixtureRequest) -> str:
    """Return the name of each GUI that can run here."""
    name: str = request.param
    bed.require_gui(name)
    return name


@pytest.fixture
def notes(gui: str) -> Notes:
    return bed.played(gui)


@pytest.fixture
def axis_notes() -> Notes:
    """Return the notes of AXIS, with which more is played."""
    bed.require_gui("axis")
    return bed.played("axis")


def texts(notes: Notes, stage: str) -> dict[str, str]:
    return dict(notes[stage]["texts"])


def test_it_says_why_a_turn_would_move_nothing(notes: Notes) -> None:
    said = {stage: texts(notes, stage)["why"] for stage in WITH_LAMPS}
    assert said == {
        "no pendant": "NO\nPENDANT",
        "off": "MACHINE\nOFF",
        "let go": "HOLD\nENABLE",
        "ready": "READY",
        "estop": "E-STOP",
        "unplugged": "NO\nPENDANT",
    }


def test_the_lamps_are_those_of_the_pins(gui: str, notes: Notes) -> None:
    also = ["ALIVE"] if gui == "axis" else []
    lit = {stage: sorted(notes[stage]["lit"]) for stage in ("let go", "ready", "estop")}
    assert lit == {
        "let go": sorted(["PENDANT", *also]),
        "ready": sorted(["ENABLE", "ARMED", "PENDANT", *also]),
        "estop": sorted(["E-STOP", "ENABLE", "PENDANT", *also]),
    }


def test_it_shows_the_axis_and_what_a_click_is(notes: Notes) -> None:
    ready, a = texts(notes, "ready"), texts(notes, "a")
    assert (ready["selected"], ready["click"]) == ("Y", "0.01 mm")
    assert (a["selected"], a["click"]) == ("A", "1 deg")
    assert texts(notes, "unplugged")["selected"] == "-"
    assert texts(notes, "unplugged")["click"] == "-"


def test_it_shows_how_far_the_wheel_was_turned(notes: Notes) -> None:
    still = texts(notes, "still")
    assert (still["turned"], still["dropped"], still["speed"]) == ("25", "0", "0/s")


def test_it_shows_that_the_wheel_runs_the_program(notes: Notes) -> None:
    assert (texts(notes, "mpg-run")["selected"], texts(notes, "mpg-run")["click"]) == ("RUN", "runs program")


@pytest.mark.parametrize("stage", ["stopped", "killed", "ended"])
def test_a_component_that_does_not_run_is_not_shown_as_it_was(gui: str, notes: Notes, stage: str) -> None:
    assert texts(notes, stage)["why"] == "NO\nHAL_MPG"
    if gui == "axis":
        # Its numbers and its other lamps are as they were, for PyVCP knows no better.
        assert "ALIVE" in notes["ready"]["lit"]
        assert stage == "stopped" or "ALIVE" not in notes[stage]["lit"]
    else:
        assert texts(notes, stage)["selected"] == "-"
        assert notes[stage]["lit"] == []


def test_after_recover_the_panel_shows_the_component_that_runs(notes: Notes) -> None:
    """One that was killed keeps its name in HAL, and its pins as they were."""
    assert notes["component"] == "hal_mpg-2"
    assert texts(notes, "recovered")["why"] == "NO\nPENDANT"
    assert texts(notes, "recovered and x")["selected"] == "X"
    assert "PENDANT" in notes["recovered and x"]["lit"]
    assert texts(notes, "recovered again")["selected"] == "X"


def test_after_recover_axis_follows_on(axis_notes: Notes) -> None:
    assert axis_notes["recovered and x"]["axis"] == "x"


def test_the_gui_follows_the_pendant(gui: str, notes: Notes) -> None:
    selected = {stage: (notes[stage].get("axis"), notes[stage]["increment"]) for stage in ("still", "a")}
    expected: dict[str, Any] = {
        "axis": {"still": ("y", "0.01 mm"), "a": ("a", "1 mm")},
        "gmoccapy": {"still": (None, pytest.approx(0.01)), "a": (None, pytest.approx(1))},
        "qtdragon": {"still": ("y", "0.01 mm"), "a": ("a", "0.01 mm")},
    }
    assert selected == expected[gui]
    if gui == "qtdragon":
        assert notes["a"]["angular"] == "1"


def test_nothing_moves_by_that(gui: str, notes: Notes) -> None:
    moved = {axis: at for axis, at in notes["positions"].items() if abs(at) > 1e-6}
    if gui == "axis":
        assert moved.pop("x") > 0  # by the mouse
    assert moved == {"y": pytest.approx(0.25)}


def test_in_axis_the_mouse_may_still_choose(axis_notes: Notes) -> None:
    notes = axis_notes
    assert notes["chosen by the mouse"]["axis"] == "z"
    assert texts(notes, "chosen by the mouse")["selected"] == "A"


def test_in_axis_a_jog_by_the_mouse_ends_where_it_began(axis_notes: Notes) -> None:
    """Changed in between, AXIS would stop another axis than it had started, or none."""
    notes = axis_notes
    assert (notes["while jogging"]["axis"], notes["while jogging"]["increment"]) == ("x", "Continuous")
    assert texts(notes, "while jogging")["selected"] == "Y"
    assert (notes["after jogging"]["axis"], notes["after jogging"]["increment"]) == ("y", "0.001 mm")


def test_in_axis_touch_off_is_for_the_axis_that_it_asked_for(axis_notes: Notes) -> None:
    """AXIS takes the axis that is selected when OK is pressed."""
    notes = axis_notes
    assert notes["while asking"]["axis"] == "y"
    assert texts(notes, "while asking")["selected"] == "Z"
    assert notes["after asking"]["axis"] == "z"
    assert notes["offsets"][:4] == pytest.approx([0, 0.25, 0, 0])


@pytest.mark.parametrize("other", ["gmoccapy", "qtdragon"])
def test_the_panel_of_axis_keeps_no_other_gui_from_starting(other: str) -> None:
    """A user who changes DISPLAY in the sample has no panel, is told so, and can jog."""
    bed.require_gui(other)
    run = bed.started("sim-4axis.ini", other, HERE / "drive_other.py")
    assert run.result["y"] == pytest.approx(0.03)
    assert "no PyVCP panel mpg-panel.xml in this GUI?" in run.output


def test_the_picture_is_what_it_shows_today(gui: str, notes: Notes) -> None:
    """`make pictures` makes them anew. Look at them before they are committed."""
    stage = pictures.SHOWN[gui]
    shown = pictures.of(gui, stage)
    made = pictures.photograph(notes, stage)
    assert pictures.said(shown) == pictures.said(made)
    assert pictures.difference(shown, made) < pictures.MOST_DIFFERENT
    assert len(shown) < pictures.LARGEST


@pytest.mark.parametrize("stage", pictures.STAGES)
def test_the_reason_is_read_from_two_meters(gui: str, notes: Notes, stage: str) -> None:
    """16 minutes of arc at 2 m are 9 mm: 33 pixels of 0.277 mm, as on 24 inches at 1920 by 1080.

    It is looked for in its own colors: READY and E-STOP do not look like each other.
    """
    assert pictures.height_of_reason(pictures.photograph(notes, stage)) >= 33
