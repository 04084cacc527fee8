# SPDX-License-Identifier: GPL-2.0-or-later
"""Recordings of pendants, and what the pins are in the end. A bug report goes to tests/core/recordings.

At its top, in comments: `# pendant: NAME` (or a file beside it), and for each pin that matters
`# expect: PIN VALUE`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from hal_mpg.machine import Machine
from hal_mpg.monitor.shown import spell
from hal_mpg.pendant import Pendant
from hal_mpg.profile_files import find_profile, read_profile
from hal_mpg.recording.files import read_recordings
from hal_mpg.recording.playback import playback, run

FOLDER = Path(__file__).parent / "recordings"


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.evemu")), ids=lambda file: file.stem)
def test_the_pins_are_in_the_end_what_they_have_to_be(file: Path) -> None:
    text = file.read_text("utf-8")
    [name] = re.findall(r"^# pendant: (\S+)$", text, re.MULTILINE)
    expected = dict(re.findall(r"^# expect: (\S+) (\S+)$", text, re.MULTILINE))
    assert expected
    profile = read_profile(file.parent / name if name.endswith(".yaml") else find_profile(name))
    pendant = Pendant(profile, Machine())
    pins: dict[str, Any] = {pin.name: pin.initial for pin in pendant.pins}
    for step in run(pendant, playback(read_recordings([str(file)]), profile)):
        pins |= dict(step.writes)
    assert {pin: spell(pins[pin]) for pin in expected} == expected
