# SPDX-License-Identifier: GPL-2.0-or-later
"""`hal_mpg learn` as a person has it: in a terminal, with an emulated pendant; and every way out of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hal_mpg.profile_files import read_profile
from tests.umockdev.bed import Bed
from tests.umockdev.learn_hands import MockPendant, learn

CONFIG = Path(__file__).resolve().parents[2] / "config" / "pendants"


@pytest.mark.parametrize("name", ["generic-4axis", "generic-6axis"])
def test_a_pendant_is_learned_in_a_terminal(bed: Bed, name: str) -> None:
    profile = read_profile(CONFIG / f"{name}.yaml")
    pendant = MockPendant(bed, profile)
    terminal, _ = learn(bed, pendant)
    assert terminal.status() == 0, terminal.read()
    print(terminal.read())
    written = [path for path in bed.home.iterdir() if path.suffix in (".yaml", ".rules")]
    assert len(written) == 2, written
    learned = read_profile(next(path for path in written if path.suffix == ".yaml"))
    assert (learned.wheel, learned.axis, learned.scale) == (profile.wheel, profile.axis, profile.scale)
    assert (learned.estop, learned.reset, learned.enable) == (profile.estop, profile.reset, profile.enable)
    pendant.node.wait_until_closed()
    assert not pendant.node.is_grabbed()
