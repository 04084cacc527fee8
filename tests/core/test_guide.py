# SPDX-License-Identifier: GPL-2.0-or-later
"""The HAL lines that the guide prints load: after the samples, and below `Yours` in what wiring writes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hal_mpg.linuxcnc_files.hal import read_hal_files
from hal_mpg.linuxcnc_files.ini import read_ini
from tests.core.halcmd import OUTPUTS, Halcmd
from tests.core.wiring_machines import ini_text, wired, write_machine

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/guide.md").read_text("utf-8")
VERBS = ("loadrt", "addf", "net", "setp", "unlinkp")
INSTEAD = ("mpg-y-scale", "mpg-y-enable", "mpg-y-counts")
"""Signals of lines that take the place of others in the samples."""


def blocks() -> list[str]:
    """Return the indented blocks of the guide that are lines for HAL files."""
    found = re.findall(r"(?:^    \S.*\n)+", GUIDE, re.MULTILINE)
    return [block for block in found if block.split()[0] in VERBS]


def samples() -> Halcmd:
    """Return HAL after the samples, as sim-4axis.ini names them."""
    ini = read_ini(ROOT / "config/sim-4axis.ini")
    hal = Halcmd()
    for command in read_hal_files(ini).commands:
        words = [word for word in command.words if not word.startswith("num_inputs=")]
        if words[0] in VERBS:
            hal.run(" ".join(words))
    return hal


def own_inputs(block: str) -> set[str]:
    """Return the pins of the machine's own that a block takes as examples."""
    return set(re.findall(r"\bmy-card\.\S+", block))


@pytest.mark.parametrize("block", blocks(), ids=lambda block: " ".join(block.split()[:3]))
def test_it_loads_after_the_samples(block: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for pin in own_inputs(block):
        monkeypatch.setattr("tests.core.halcmd.OUTPUTS", OUTPUTS | {pin})
    hal = samples()
    if block.split()[1] in INSTEAD:
        for pin in ("joint.2.jog-scale", "joint.2.jog-enable", "joint.2.jog-counts"):
            hal.run(f"unlinkp {pin}")  # the guide has Z at joint 3 there
    hal.run(block)


@pytest.mark.parametrize(
    "block",
    [block for block in blocks() if block.split()[1] not in INSTEAD],
    ids=lambda block: " ".join(block.split()[:3]),
)
def test_it_loads_below_yours(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for pin in own_inputs(block):
        monkeypatch.setattr("tests.core.halcmd.OUTPUTS", OUTPUTS | {pin})
    text, _ = wired(write_machine(tmp_path, ini_text("XYZA", "trivkins", joints=4)))
    Halcmd().run(text).run(block)


def test_there_are_such_blocks() -> None:
    assert len(blocks()) >= 3
