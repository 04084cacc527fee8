# SPDX-License-Identifier: GPL-2.0-or-later
"""`hal_mpg learn` as a person has it: in a terminal, with an emulated pendant of each make."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from hal_mpg.profile import Identity
from hal_mpg.profile_files import read_profile
from hal_mpg.profile_yaml import load_profile
from tests.umockdev.bed import Bed
from tests.umockdev.learn_hands import MockPendant, learn

TESTS = Path(__file__).resolve().parents[1]
SHIPPED = TESTS.parent / "config" / "pendants"


def pendants() -> dict[str, dict[str, Any]]:
    """Return the shipped ones, those of this bed, and those of the kernel's."""
    found = {path.stem: {"profile": path.read_text()} for path in sorted(SHIPPED.glob("generic-*.yaml"))}
    for folder in ("kernel", "umockdev"):
        found |= yaml.safe_load((TESTS / folder / "learn_pendants.yaml").read_text())
    return found


PENDANTS = pendants()


def hardware(entry: dict[str, Any]) -> dict[str, Any]:
    device = entry.get("device", {})
    names = {key: device[key] for key in ("vendor", "product", "name") if key in device}
    return {**names, **entry.get("hardware", {})}


@pytest.mark.parametrize("name", PENDANTS)
def test_a_pendant_is_learned_in_a_terminal(bed: Bed, name: str) -> None:
    entry = PENDANTS[name]
    profile = load_profile(entry["profile"], name)
    pendant = MockPendant(bed, profile, **hardware(entry))
    terminal, _ = learn(bed, pendant, has_clicks=entry.get("has-clicks", True))
    print(terminal.read())
    assert terminal.tool.wait_for_end() == 0
    written = [path for path in bed.home.iterdir() if path.suffix in (".yaml", ".rules")]
    assert len(written) == 2, written
    learned = read_profile(next(path for path in written if path.suffix == ".yaml"))
    print(next(path for path in written if path.suffix == ".yaml").read_text())
    print(next(path for path in written if path.suffix == ".rules").read_text())
    for control in ("wheel", "axis", "scale", "estop", "reset", "enable", "buttons"):
        assert getattr(learned, control) == getattr(profile, control), control
    assert not learned.notes
    given = hardware(entry)
    identity = Identity(
        given.get("vendor", 0x1209), given.get("product", 1), given.get("name", "Test MPG Pendant")
    )
    assert any(match.fits(identity) for match in learned.match), learned.match
    pendant.node.wait_until_closed()


@pytest.mark.parametrize("name", ["generic-4axis", "absolute", "volume-knob"])
def test_what_was_learned_runs(bed: Bed, name: str) -> None:
    """The component starts with the written profile, finds the pendant by it, and counts its detents."""
    entry = PENDANTS[name]
    profile = load_profile(entry["profile"], name)
    pendant = MockPendant(bed, profile, **hardware(entry))
    learn(bed, pendant)
    written = next(bed.home.glob("*.yaml"))
    program = bed.start("--pendant", str(written))
    program.wait("connected", True)
    assert profile.enable
    if "axis.x.selected" and program.pin("axis.x.selected") is False:
        pendant.hand.set(profile.axis, "x")
        program.wait("axis.x.selected", True)
    pendant.hand.press(profile.enable)
    program.wait("armed", True)
    pendant.hand.turn(3)
    program.wait("counts", 3)
    assert program.pin("axis.x.jog-counts") > 0
