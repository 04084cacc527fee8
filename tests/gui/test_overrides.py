# SPDX-License-Identifier: GPL-2.0-or-later
"""gmoccapy's own overrides by the wheel (mpg-overrides-gmoccapy.hal), with a real gmoccapy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.beds.linuxcnc import ROOT, run_linuxcnc
from tests.beds.screen import screen
from tests.gui import bed

HERE = Path(__file__).parent
INI = "sim-gmoccapy.ini"
FAST = 20
STEPS = {"feed-override": 0.01, "rapid-override": 0.01, "spindle-override": 0.01, "max-velocity": 0.5}


@pytest.fixture(scope="module")
def notes() -> dict[str, Any]:
    """Return what drive_overrides.py noted."""
    bed.require_gui("gmoccapy")

    def edit(config: Path) -> None:
        path = config / INI
        text = path.read_text(encoding="utf-8")
        halui, own = "\nHALFILE = mpg-overrides.hal\n", "\n#POSTGUI_HALFILE = mpg-overrides-gmoccapy.hal\n"
        assert halui in text and own in text
        path.write_text(text.replace(halui, "\n").replace(own, own.replace("#", "")), encoding="utf-8")

    with screen(bed.GUIS["gmoccapy"][1]) as env:
        run = run_linuxcnc(
            INI,
            HERE / "drive_overrides.py",
            virtual=ROOT / "config/pendants/virtual-4axis.yaml",
            edit=edit,
            env=env,
        )
    return dict(run.result)


@pytest.mark.parametrize("target", STEPS)
def test_each_detent_counts_and_entering_changes_nothing(notes: dict[str, Any], target: str) -> None:
    found, step = notes[target], STEPS[target]
    first = notes["at first"][target]
    assert found["entered"][target] == first
    assert found["one down"][target] == pytest.approx(first - step, abs=1e-4)
    assert found["fast down"][target] == pytest.approx(first - (1 + FAST) * step, abs=1e-4)
    others = set(STEPS) - {target}
    assert all(found["fast down"][other] == found["entered"][other] for other in others)


def test_it_goes_on_from_what_somebody_else_has_set(notes: dict[str, Any]) -> None:
    assert notes["set by another"]["feed-override"] == 0.5
    assert notes["one up"]["feed-override"] == pytest.approx(0.51, abs=1e-4)


def test_what_is_turned_beyond_the_end_need_not_be_turned_back(notes: dict[str, Any]) -> None:
    assert notes["end"]["feed-override"] == 1.5
    assert notes["end and back by one"]["feed-override"] == pytest.approx(1.49, abs=1e-4)


def test_all_four_count_enables_are_needed(notes: dict[str, Any]) -> None:
    assert notes["without the jog velocity's"] != pytest.approx(-0.01, abs=1e-3), (
        "gmoccapy was mended: say so"
    )
