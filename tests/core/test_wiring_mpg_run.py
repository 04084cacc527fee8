# SPDX-License-Identifier: GPL-2.0-or-later
"""MPG-run on a machine that has loaded, or netted, what it is made of: it is said, and nothing is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from hal_mpg.profile_yaml import load_profile
from hal_mpg.program_run import MPG_RUN
from hal_mpg.wiring.findings import ERROR, WARNING, Finding
from hal_mpg.wiring.hal_text import hal_text
from hal_mpg.wiring.program_run_text import PARTS
from tests.core.halcmd import Halcmd
from tests.core.wiring_machines import LOOP, PROFILE, ini_text, plan_of, write_machine

TAKEN = {
    "limit2": ("loadrt limit2 count=3\n", "the machine's HAL files load all of limit2"),
    "wcomp": ("loadrt wcomp names=warm\n", "the machine's HAL files load all of wcomp"),
    "lut5": ("loadrt lut5 names=mine\n", "the machine's HAL files load all of lut5"),
    "feed": ("net thc torch.feed => motion.adaptive-feed\n", "machine.hal:2: nets motion.adaptive-feed"),
    "inhibit": ("net door door.open => motion.feed-inhibit\n", "machine.hal:2: nets motion.feed-inhibit"),
}


def wired(folder: Path, lines: str, has_button: bool) -> tuple[str, list[Finding]]:
    """Return the HAL file, and what is said of MPG-run; it is wanted for a button, or has a position."""
    plan = plan_of(write_machine(folder, ini_text(), machine_hal=LOOP + lines))
    if has_button:
        plan.buttons = (("home", MPG_RUN),)
    else:
        plan.profile = load_profile(
            PROFILE.replace("max-velocity: 11", "max-velocity: 11, mpg-run: 12"), "test.yaml"
        )
    text = hal_text(plan)
    return text, [finding for finding in plan.findings if finding.id == "mpg-run-taken"]


@pytest.mark.parametrize("what", TAKEN)
@pytest.mark.parametrize("has_button", [True, False])
def test_it_is_one_line_and_nothing_is_left_behind(tmp_path: Path, what: str, has_button: bool) -> None:
    lines, why = TAKEN[what]
    text, findings = wired(tmp_path, lines, has_button)
    (finding,) = findings
    assert finding.severity == (ERROR if has_button else WARNING), "an error only where it was asked for"
    assert why in finding.text
    assert ("--buttons home=mpg-run cannot be" in finding.text) == has_button
    assert "\n" not in finding.text
    assert "mpg-run" not in text
    Halcmd().run(LOOP).run(lines).run(text)


@pytest.mark.parametrize("has_button", [True, False])
def test_it_is_written_where_it_can_be(tmp_path: Path, has_button: bool) -> None:
    text, findings = wired(tmp_path, "loadrt and2 count=1\n", has_button)
    assert findings == []
    hal = Halcmd().run(LOOP).run(text)
    assert "motion.adaptive-feed" in hal.linked
    loaded = [line.partition("names=")[2].split()[0] for line in text.splitlines() if "names=" in line]
    parts = {part for names in loaded for part in names.split(",")}
    assert {f"mpg-run-{what}" for what in PARTS} <= parts
