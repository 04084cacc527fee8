# SPDX-License-Identifier: GPL-2.0-or-later
"""Recordings of raw HID pendants, and what the pins are in the end; and that every shipped profile has one.

A bug report goes to tests/core/recordings, with `# pendant: NAME` at its top, and `# expect: PIN VALUE` for
each pin that matters.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from hal_mpg.commands import replay
from hal_mpg.errors import ProfileError, UsageError
from hal_mpg.machine import Machine
from hal_mpg.monitor.shown import spell
from hal_mpg.pendant import Pendant
from hal_mpg.profile import Profile
from hal_mpg.profile_files import find_profile, read_profile
from hal_mpg.recording.hid_format import HidRecording, Report, read_hid
from hal_mpg.recording.hid_playback import hid_playback
from hal_mpg.recording.playback import run

FOLDER = Path(__file__).parent / "recordings"
FILES = sorted(FOLDER.glob("*.hid"))
SHIPPED = sorted((Path(__file__).parents[2] / "config/pendants").glob("*.yaml"))
NOTHING_OF_ITS_OWN = {
    "example": "is no pendant",
    "line-protocol": "is played with greetings of its own, in test_serial_recordings.py",
}
each = pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])


def pins_after(recording: HidRecording, profile: Profile) -> dict[str, Any]:
    """Return the pins when all has been played, and a while after it."""
    pendant = Pendant(profile, Machine())
    pins: dict[str, Any] = {pin.name: pin.initial for pin in pendant.pins}
    for step in run(pendant, hid_playback(recording, profile)):
        pins |= dict(step.writes)
    return pins


def recorded(file: Path) -> tuple[HidRecording, Profile]:
    recording = read_hid(file.read_text("utf-8"), file.name)
    assert recording.pendant, "it does not say whose it is"
    return recording, read_profile(find_profile(recording.pendant))


@each
def test_the_pins_are_in_the_end_what_they_have_to_be(file: Path) -> None:
    recording, profile = recorded(file)
    expected = dict(re.findall(r"^# expect: (\S+) (\S+)$", file.read_text("utf-8"), re.MULTILINE))
    assert expected
    pins = pins_after(recording, profile)
    assert {pin: spell(pins[pin]) for pin in expected} == expected


@each
def test_it_is_a_recording_of_a_device_that_the_profile_is_for(file: Path) -> None:
    recording, profile = recorded(file)
    assert any(match.fits(recording.identity) for match in profile.match)
    assert hid_playback(recording, profile).assumed == ()  # everything fits


@each
def test_a_spoilt_report_is_counted_and_moves_nothing(file: Path) -> None:
    recording, profile = recorded(file)
    first, *rest = recording.reports
    spoilt = [report for good in rest for report in (Report(good.time, good.data + b"\x55"), good)]
    pins = pins_after(recording, profile)
    with_junk = pins_after(recording._replace(reports=(first, *spoilt)), profile)
    assert with_junk.pop("garbled") == pins.pop("garbled") + len(rest)
    if not profile.analog:
        assert with_junk == pins
        return
    # A ring may have come back in it, so it ends what moves; and it may have had the absolute wheel's place.
    moved = [pin for pin in pins if pin.endswith("counts") and abs(with_junk[pin]) > abs(pins[pin])]
    assert not moved
    assert not any(with_junk[pin] for pin in pins if pin.endswith((".analog", "armed")) and not pins[pin])
    assert with_junk["dropped"] >= pins["dropped"]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_profile_has_a_recording(path: Path) -> None:
    has = [file for kind in ("evemu", "hid", "serial") if (file := FOLDER / f"{path.stem}.{kind}").exists()]
    assert len(has) == (path.stem not in NOTHING_OF_ITS_OWN), NOTHING_OF_ITS_OWN.get(path.stem)


@pytest.mark.skipif(not FILES, reason="no recording of raw HID yet")
def test_the_command_replays_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert replay.main([str(FILES[0]), "--json"]) == 0
    shown = capsys.readouterr()
    assert not shown.err
    recording, profile = recorded(FILES[0])
    pins = json.loads(shown.out)["pins"]
    expected = pins_after(recording, profile)
    assert {pin: value for pin, value in pins.items() if pin.endswith("counts")} == {
        pin: value for pin, value in expected.items() if pin.endswith("counts")
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--hold", "x"], "--hold: is for"),
        (["--pendant", "generic-4axis"], "is no raw HID pendant"),
        (["second.hid"], "second.hid: a raw HID pendant has one recording"),
    ],
)
def test_what_the_command_refuses(arguments: list[str], said: str, tmp_path: Path) -> None:
    file = tmp_path / "r.hid"
    file.write_text("D: 0\nI: 3 ffff ffff\nE: 0.0 1 00\n", "utf-8")
    with pytest.raises(UsageError, match=said):
        replay.main([str(file), *arguments])


def test_a_device_that_no_profile_is_for_is_told(tmp_path: Path) -> None:
    file = tmp_path / "r.hid"
    file.write_text("D: 0\nN: Thing\nI: 3 fffe fffe\nE: 0.0 1 00\n", "utf-8")
    with pytest.raises(UsageError, match=r"no known profile of raw HID fits Thing \(fffe:fffe\)"):
        replay.main([str(file)])


def test_a_recording_of_a_pendant_without_a_profile_says_whose_it_is(tmp_path: Path) -> None:
    """Nobody has given an option --pendant."""
    file = tmp_path / "r.hid"
    file.write_text("# pendant: bruno\nD: 0\nN: Thing\nI: 3 fffe fffe\nE: 0.0 1 00\n", "utf-8")
    said = (
        "^hal_mpg: the recording is of the pendant bruno, and there is no such profile in /.*; name its file"
    )
    with pytest.raises(ProfileError, match=said):
        replay.main([str(file)])
    with pytest.raises(ProfileError, match=r"^hal_mpg: --pendant brunno: no such profile"):
        replay.main([str(file), "--pendant", "brunno"])
