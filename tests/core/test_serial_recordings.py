# SPDX-License-Identifier: GPL-2.0-or-later
"""Recordings of serial pendants, and what the pins are in the end. A bug report goes to tests/core/recordings.

As test_recordings: `# pendant: NAME` at the top, and `# expect: PIN VALUE` for each pin that matters.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from hal_mpg.errors import UsageError
from hal_mpg.machine import Machine
from hal_mpg.monitor.shown import spell
from hal_mpg.pendant import Pendant
from hal_mpg.profile import Profile
from hal_mpg.profile_files import find_profile, read_profile
from hal_mpg.recording.playback import run
from hal_mpg.recording.serial_format import Chunk, pendant_of, read_serial
from hal_mpg.recording.serial_playback import serial_playback

FOLDER = Path(__file__).parent / "recordings"
FILES = sorted(FOLDER.glob("*.serial"))


def profile_named(name: str) -> Profile:
    """Return a shipped profile, or one that lies beside the recordings."""
    return read_profile(FOLDER / name if name.endswith(".yaml") else find_profile(name))


def pins_after(chunks: list[Chunk], profile: Profile) -> dict[str, Any]:
    """Return the pins when all has been played, and a while after it."""
    pendant = Pendant(profile, Machine())
    pins: dict[str, Any] = {pin.name: pin.initial for pin in pendant.pins}
    for step in run(pendant, serial_playback(chunks, profile)):
        pins |= dict(step.writes)
    return pins


def expected_of(text: str) -> dict[str, str]:
    """Return the pins that a recording says there have to be."""
    return dict(re.findall(r"^# expect: (\S+) (\S+)$", text, re.MULTILINE))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
@pytest.mark.parametrize("size", [0, 1, 3, 1000])
def test_the_pins_are_in_the_end_what_they_have_to_be(file: Path, size: int) -> None:
    """Cut as it came, byte by byte, by threes, and what came at one time together."""
    text = file.read_text("utf-8")
    expected = expected_of(text)
    assert expected
    chunks = read_serial(text, file.name)
    if size:
        chunks = [
            Chunk(c.time, c.to_pendant, c.data[at : at + size])
            for c in chunks
            for at in range(0, len(c.data), size)
        ]
    pins = pins_after(chunks, profile_named(pendant_of(text) or ""))
    assert {pin: spell(pins[pin]) for pin in expected} == expected


WRONG = {
    (
        "arduino-connector",
        "step-lines",
    ): r"line 'A3:512' fits no rule of the profile; is it another pendant's",
    ("step-lines", "arduino-connector"): r"'STEP:X,1,-1' fits no rule",
    ("stx-etx", "step-lines"): r"no line has ended since '.x02E2.*baud",
    ("step-lines", "stx-etx"): r"between the packets",
    ("stx-etx", "arduino-connector"): r"no line has ended",
    ("arduino-connector", "stx-etx"): r"between the packets",
}


@pytest.mark.parametrize(("recorded", "other"), WRONG)
def test_a_wrong_profile_says_what_does_not_fit(recorded: str, other: str) -> None:
    chunks = read_serial((FOLDER / f"{recorded}.serial").read_text("utf-8"))
    with pytest.raises(UsageError, match="nothing in the recording is what") as caught:
        serial_playback(chunks, profile_named(other))
    assert re.search(WRONG[recorded, other], str(caught.value))
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300
