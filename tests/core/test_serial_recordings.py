# SPDX-License-Identifier: GPL-2.0-or-later
"""Recordings of serial pendants, and what the pins are in the end.

A bug report goes to tests/core/recordings, with `# pendant: NAME` at its top, and `# expect: PIN VALUE` for
each pin that matters.
"""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal_mpg.commands import replay
from hal_mpg.errors import ProfileError, UsageError
from hal_mpg.fake_hal import FakeHal
from hal_mpg.hal_port import HalPort
from hal_mpg.machine import Machine
from hal_mpg.monitor.shown import spell
from hal_mpg.pendant import Pendant
from hal_mpg.profile import Profile
from hal_mpg.profile_files import find_profile, read_profile
from hal_mpg.recording.playback import run
from hal_mpg.recording.serial_format import HEADER, Chunk, pendant_of, read_serial, to_text
from hal_mpg.recording.serial_playback import as_it_greets, serial_playback
from hal_mpg.runner import STOP_SIGNALS
from tests.beds.serial_pendant import line

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


def test_a_silence_is_a_loss_where_the_profile_has_one() -> None:
    profile = profile_named("stx-etx")
    said = [(0.0, b"\x02E2\x03"), (3.9, b"\x02b \x03"), (8.0, b"\x02E2\x03")]
    played = serial_playback([Chunk(at, False, data) for at, data in said], profile)
    kinds = [(type(event).__name__, event.time) for event in played.events]
    assert ("Disconnected", 7.9) in kinds and kinds[-1] == ("Snapshot", 8.0)


def test_a_pendant_that_tells_its_controls_has_the_pins_of_those() -> None:
    said = [line("G,1,Mine,7,axis=zy scale=x1,x10 buttons=probe detent=1")]
    said += [line(f"S,7,{n},{3 * (n > 25)},0,0,1,2,0") for n in range(30)]
    chunks = [Chunk(1.0 + n * 0.04, False, data) for n, data in enumerate(said)]
    profile = as_it_greets(profile_named("line-protocol"), chunks)
    assert profile.axes == ("z", "y") and [name for name, _ in profile.buttons] == ["probe"]
    pins = pins_after(chunks, profile)
    assert (pins["axis-select"], pins["scale-select"], pins["axis.z.jog-counts"]) == (0, 1, 30)
    given = profile_named("line-protocol")
    assert as_it_greets(given, []) == given


FAULTS = {
    "": ":1: is no serial recording",
    "# hal_mpg serial recording 2\n": ":1: is of another version",
    f"{HEADER}\n0.5 < E0:0\n": ":2: '0.5 < E0:0' is not of the form",
    f'{HEADER}\n0.5 < "a"\n0.4 < "b"\n': ":3: the time 0.4 is before",
    f'{HEADER}\n0.5 < "\\q"\n': r":2: \\q is not read",
    f'{HEADER}\n0.5 < "\\x0"\n': r":2: \\x is not read",
    f'{HEADER}\n0.5 < "\u20ac"\n': ":2: has a character that is no byte",
    f'{HEADER}\n-1 < "a"\n': ":2: '-1 < ",
}


@pytest.mark.parametrize("text", FAULTS)
def test_each_fault_of_a_recording_is_told_with_its_line(text: str) -> None:
    with pytest.raises(UsageError, match=FAULTS[text]):
        read_serial(text, "file")


@given(st.lists(st.tuples(st.integers(0, 10**9), st.booleans(), st.binary(max_size=20)), max_size=8))
def test_what_is_written_is_read_again(parts: list[tuple[int, bool, bytes]]) -> None:
    chunks = [Chunk(time / 1e6, to, data) for time, to, data in sorted(parts)]
    assert read_serial(to_text(chunks)) == chunks


def test_the_command_replays_a_serial_recording(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        replay.main([str(FOLDER / "arduino-connector.serial"), "--pins", "axis.*.jog-counts", "--events"])
        == 0
    )
    shown = capsys.readouterr()
    assert "axis X was jogged by 0.1 machine units (100 jog-counts)" in shown.out
    assert re.search(r"3\.052000 +Y 1", shown.out)  # by the profile's own names
    assert not shown.err
    assert replay.main([str(FOLDER / "step-lines.serial"), "--json"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["pins"]["axis.x.jog-counts"] == 33
    assert shown.err.startswith(
        "hal_mpg: note: 2 lines or packets do not fit, the last one: line 'STEP:Q,1,1'"
    )


def test_a_replay_drives_a_component_through_a_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = Path(find_profile("stx-etx")).read_text("utf-8")
    (tmp_path / "p.yaml").write_text(shipped.replace("silence: 4", "silence: 0.3"), "utf-8")
    said = [(0.0, b"\x02E2\x03"), (0.7, b"\x02E2\x03"), (0.9, b"\x02b \x03")]
    said += [(1.1, b"\x02J10.0300\x03\x02J1-0.0010\x03")]
    (tmp_path / "r.serial").write_text(to_text([Chunk(at, False, data) for at, data in said]), "utf-8")
    hal, before = FakeHal(), [signal.getsignal(number) for number in STOP_SIGNALS]
    monkeypatch.setattr(replay, "load_hal", lambda: hal)
    seen: dict[str, Any] = {}
    close = HalPort.close

    def look_and_close(port: HalPort) -> None:
        seen.update(
            {pin: hal.get_value(f"hal_mpg.{pin}") for pin in ("axis.y.jog-counts", "counts", "reconnects")}
        )
        close(port)

    monkeypatch.setattr(HalPort, "close", look_and_close)
    try:
        assert replay.main([str(tmp_path / "r.serial"), "--pendant", str(tmp_path / "p.yaml"), "--hal"]) == 0
    finally:
        for number, handler in zip(STOP_SIGNALS, before, strict=True):
            signal.signal(number, handler)
    assert seen == {"axis.y.jog-counts": 29, "counts": 2, "reconnects": 1}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--hold", "x"], "--hold: is for"),
        (["--pendant", "generic-4axis"], "is no serial pendant"),
        (["--pendant", "arduino-connector"], "nothing in the recording is what"),
        (["second.serial"], "second.serial: a serial pendant has one recording"),
    ],
)
def test_what_the_command_refuses(arguments: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        replay.main([str(FOLDER / "step-lines.serial"), *arguments])


def test_a_recording_of_a_pendant_without_a_profile_says_whose_it_is(tmp_path: Path) -> None:
    text = (FOLDER / "step-lines.serial").read_text("utf-8")
    file = tmp_path / "r.serial"
    file.write_text(re.sub("# pendant: .*", "# pendant: bruno", text), "utf-8")
    with pytest.raises(
        ProfileError, match=r"^hal_mpg: the recording is of the pendant bruno, and there is no"
    ):
        replay.main([str(file)])
