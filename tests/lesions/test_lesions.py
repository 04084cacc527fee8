# SPDX-License-Identifier: GPL-2.0-or-later
"""Takes away each single path that carries a signal, and sees what the machine then does.

The lesions and their verdicts are data: lesions.yaml. All are played in a few LinuxCNCs side by side; one
that did not end as expected is played again, for without realtime a busy computer can stop a servo thread for
a moment.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.beds.linuxcnc import ROOT, require_linuxcnc, run_linuxcnc
from tests.faults.results import FOLDER_VARIABLE
from tests.lesions.judge import DANGEROUS, VERDICTS, Outcome
from tests.lesions.lesions import INI, PROFILE, Lesion, keep, load, single_outcomes
from tests.lesions.rules import RULES
from tests.lesions.wiring import lines

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Outcome]:
    """Play all single lesions."""
    require_linuxcnc()
    outcomes = single_outcomes()
    if folder := os.environ.get(FOLDER_VARIABLE):
        results = [outcome.as_json() for outcome in outcomes.values()]
        keep(Path(folder).parent / "lesions/singles.json", results)
    return outcomes


@pytest.mark.parametrize("lesion", load(), ids=lambda lesion: lesion.id)
def test_it_ends_as_expected(lesion: Lesion, outcomes: dict[str, Outcome]) -> None:
    outcome = outcomes[lesion.id]
    # Better than expected is well: a hal_mpg that has seen its echo before its wire was taken misses it.
    is_better = not lesion.expect.isdisjoint(DANGEROUS) and outcome.verdict not in DANGEROUS
    assert outcome.verdict in lesion.expect or is_better, f"{outcome.findings}; noticed by: {outcome.noticed}"


def test_with_nothing_taken_away_everything_works(outcomes: dict[str, Outcome]) -> None:
    intact = outcomes["nothing"]
    assert intact.verdict == "works", intact.findings
    assert intact.estop_by == "realtime chain"


def test_every_line_of_the_configuration_is_there() -> None:
    """A line that is added to a HAL file wants its lesion."""
    wanted = {line.text for line in lines(ROOT / "config" / INI) if line.kind in ("net", "setp", "addf")}
    assert wanted == {lesion.what for lesion in load() if lesion.kind in ("net", "setp", "addf")}


def test_every_rule_is_there() -> None:
    assert set(RULES) == {lesion.what for lesion in load() if lesion.kind == "rule"}


def test_every_verdict_is_known_and_every_danger_explained() -> None:
    for lesion in load():
        assert lesion.expect <= set(VERDICTS), lesion.id
        assert lesion.why or lesion.expect.isdisjoint(DANGEROUS), (
            f"{lesion.id} is dangerous: say why it cannot be cured"
        )


def test_pins_without_their_lines_are_what_the_study_takes_them_for() -> None:
    require_linuxcnc()
    wired = {word for line in lines(ROOT / "config" / INI) for word in line.words if "." in word}
    driver = HERE / "drive_bare.py"
    run = run_linuxcnc(INI, driver, virtual=PROFILE, edit=_without_lines, arguments=sorted(wired))
    assert run.result == {}


def test_a_component_that_is_not_loaded_is_missed() -> None:
    """LinuxCNC does not start where a line names a pin or a function that is not there."""
    mine = [line for line in lines(ROOT / "config" / INI) if line.file.startswith("mpg")]
    others = [word for line in mine if line.kind in ("net", "setp", "addf") for word in line.words]
    for line in mine:
        if line.kind in ("loadrt", "loadusr"):
            made = next(word for word in line.words if not word.startswith("-"))
            names = [name for word in line.words if word.startswith("names=") for name in word[6:].split(",")]
            for name in names or [made]:
                assert any(word == name or word.startswith(f"{name}.") for word in others), name


def _without_lines(config: Path) -> None:
    """Take away all lines but those that load something."""
    for file in config.glob("*.hal"):
        kept = [
            line
            for line in file.read_text().splitlines()
            if line.split(" ")[0] in ("loadrt", "loadusr", "addf")
        ]
        file.write_text("\n".join([*kept, ""]))
