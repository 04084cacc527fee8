# SPDX-License-Identifier: GPL-2.0-or-later
"""Recordings played on the fake HAL: the same pins as from the pendant itself, whoever recorded it."""

from __future__ import annotations

import io
import json
import os
import select
import time
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal_mpg import cli
from hal_mpg.commands.replay import parser
from hal_mpg.errors import UsageError
from hal_mpg.events import EV_ABS, EV_KEY, EV_REL, EV_SYN, Connected, EventsLost, Frame, Snapshot
from hal_mpg.machine import Machine
from hal_mpg.pendant import Pendant
from hal_mpg.profile_yaml import load_profile
from hal_mpg.recording.evemu_format import RawEvent, Recording, description, event_line
from hal_mpg.recording.playback import LEAD_S, playback, run
from hal_mpg.sources.replay import RecordingEnded, ReplaySource
from tests.core.bed import ABS_WHEEL, CONTACT, ENABLE, HEAD, HOME, REL_DIAL, X1, X10, X, Y, make_profile
from tests.fuzz.profiles import random_profile

PROFILE = make_profile()
REPORT = (EV_SYN, 0, 0)
DROPPED = (EV_SYN, 3, 0)
TURN = (EV_REL, REL_DIAL, 1)


def recording(*timed: tuple[float, Any], **more: Any) -> Recording:
    """Return a recording of frames, each a time and its changes."""
    events = [RawEvent(at, *change) for at, changes in timed for change in (*changes, REPORT)]
    return Recording(**{"name": "test", "ids": (3, 0x1209, 1, 1), "events": events, **more})


def pins_after(*recordings: Recording, held: set[int] | None = None, trust: bool = True) -> dict[str, Any]:
    pins: dict[str, Any] = {}
    pendant = Pendant(PROFILE, Machine())
    for step in run(pendant, playback(recordings, PROFILE, held or set(), trust)):
        pins |= dict(step.writes)
    return pins


STATE = ((EV_KEY, X, 1), (EV_KEY, X10, 1), (EV_KEY, CONTACT, 1), (EV_KEY, ENABLE, 1))


def test_our_recording_has_the_state_in_it() -> None:
    ours = recording((2.0, [TURN]), (2.5, [TURN]), state=STATE)
    assert pins_after(ours)["axis.x.jog-counts"] == 20
    assert playback([ours], PROFILE).assumed == ()
    assert playback([ours], PROFILE).end == 2.5


def test_what_is_released_first_was_held_before() -> None:
    theirs = recording(
        (0.0, [TURN]),
        (0.1, [(EV_KEY, X, 0), (EV_KEY, Y, 1)]),
        (0.2, [TURN]),
        (1.0, [(EV_KEY, X1, 0)]),
        (2.0, [(EV_KEY, ENABLE, 0)]),
    )
    pins = pins_after(theirs)
    assert (pins["axis.x.jog-counts"], pins["axis.y.jog-counts"], pins["armed"]) == (1, 1, False)
    [assumed] = playback([theirs], PROFILE).assumed
    assert "E-stop (BTN_BASE4); it is taken for released" in assumed


def test_the_first_event_comes_when_the_pendant_is_ready() -> None:
    """evemu-record's time begins with the first event, whatever the clock was."""
    for start in (0.000001, 1371563721.5):
        pins = pins_after(recording((start, [TURN])), held={X, X1, ENABLE})
        assert pins["axis.x.jog-counts"] == 1
        assert pins["dropped"] == 0 if "dropped" in pins else True


def test_on_a_real_hal_an_estop_that_nobody_speaks_of_is_pressed() -> None:
    one = recording((0.0, [TURN]))
    assert "armed" not in pins_after(one, held={X, X1, ENABLE}, trust=False)
    assert pins_after(one, held={X, X1, ENABLE, CONTACT}, trust=False)["armed"]


def test_several_nodes_are_one_device_in_one_time() -> None:
    keys = recording((10.0, [(EV_KEY, X, 0), (EV_KEY, Y, 1)]), (30.0, [(EV_KEY, ENABLE, 0)]))
    wheel = recording((9.0, [TURN]), (11.0, [TURN, TURN]))
    pins = pins_after(keys, wheel, held={X1})
    assert (pins["axis.x.jog-counts"], pins["axis.y.jog-counts"]) == (1, 2)


def test_lost_events_are_lost_in_the_replay() -> None:
    [_, *events] = playback(
        [
            recording(
                (1.0, [TURN]),
                (1.5, [TURN, DROPPED, TURN, (EV_KEY, X, 0), (EV_KEY, Y, 1)]),
                (2.0, [TURN]),
                state=STATE,
            )
        ],
        PROFILE,
    ).events
    kinds = [type(event) for event in events]
    assert kinds == [Frame, Frame, EventsLost, Snapshot, Frame]
    snapshot = events[3]
    assert isinstance(snapshot, Snapshot)
    assert Y in snapshot.state.keys
    assert X not in snapshot.state.keys


def test_time_never_goes_backwards_and_an_unfinished_frame_counts() -> None:
    broken = Recording(events=[RawEvent(5.0, *TURN), RawEvent(5.0, *REPORT), RawEvent(4.0, *TURN)])
    events = playback([broken], PROFILE).events
    assert [event.time for event in events] == [-LEAD_S, 0.0, 0.0]


def test_absolute_axes_start_where_they_stood() -> None:
    profile = make_profile(wheel="{abs: ABS_WHEEL, modulo: 256}")
    ours = recording((1.0, [(EV_ABS, ABS_WHEEL, 2)]), state=(*STATE, (EV_ABS, ABS_WHEEL, 250)))
    pins: dict[str, Any] = {}
    for step in run(Pendant(profile, Machine()), playback([ours], profile)):
        pins |= dict(step.writes)
    assert pins["axis.x.jog-counts"] == 80


def test_nothing_to_replay_is_told() -> None:
    with pytest.raises(UsageError, match="no events"):
        playback([Recording(name="a")], PROFILE)


@settings(max_examples=40, deadline=None)
@given(st.integers(), st.data())
def test_any_events_of_any_pendant_are_played_to_the_end(seed: int, data: st.DataObject) -> None:
    profile = load_profile(random_profile(Random(seed)), "p.yaml")
    codes = [tuple(code) for _, code in profile.input_codes()] + [(0, 0), (0, 0), (0, 3), (4, 4)]
    events, now = [], 0.0
    for gap, code, value in data.draw(
        st.lists(st.tuples(st.floats(0, 2), st.sampled_from(codes), st.integers(-3, 3)), min_size=1)
    ):
        now += gap
        events.append(RawEvent(now, *code, value))
    try:
        pendant = Pendant(profile, Machine())
        played = playback([Recording(events=events)], profile)
    except UsageError:
        return
    last = -LEAD_S
    for step in run(pendant, played):
        assert step.time >= last
        last = step.time


def write(path: Path, *recordings: Recording) -> list[str]:
    names = []
    for number, one in enumerate(recordings):
        file = path / f"r{number}.evemu"
        file.write_text("\n".join([*description(one), *map(event_line, one.events), ""]))
        names.append(str(file))
    return names


@pytest.fixture
def file(tmp_path: Path) -> str:
    ours = recording((1.0, [TURN]), (1.5, [(EV_KEY, HOME, 1)]), state=STATE)
    return write(tmp_path, ours)[0]


@pytest.fixture
def pendant_file(tmp_path: Path) -> str:
    from tests.core.test_check import TEXT

    path = tmp_path / "pendant.yaml"
    path.write_text(TEXT)
    path.chmod(0o644)
    return str(path)


def replay(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = cli.main(["replay", *arguments])
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return status, out, err


def test_the_pins_are_printed_as_they_change(
    file: str, pendant_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = replay(capsys, file, "--pendant", pendant_file, "--events")
    assert (status, err) == (0, "")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines.index("1.000000 REL_DIAL 1") < lines.index("1.000000 hal_mpg.axis.x.jog-counts 10")
    assert "1.500000 hal_mpg.button.home TRUE" in lines
    assert "axis X was jogged by 0.01 machine units (10 jog-counts)" in lines
    _, out, _ = replay(capsys, file, "--pendant", pendant_file, "--pins", "button.*", "--name", "mpg2")
    assert [line.split()[1] for line in out.splitlines()[1:2]] == ["mpg2.button.home"]


def test_json(file: str, pendant_file: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = replay(capsys, file, "--pendant", pendant_file, "--json", "--units", "inch")
    document = json.loads(out)
    assert {"time": 1.0, "pin": "axis.x.jog-counts", "value": 10} in document["changes"]
    assert document["pins"]["axis.x.jog-scale"] == 0.0001
    assert document["assumed"] == []


def test_the_profile_that_fits_is_found_and_what_fits_none_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [known, unknown, nameless] = write(
        tmp_path,
        recording((0.0, [TURN])),
        recording((0.0, [TURN]), ids=(3, 0x999, 9, 9), name="Odd"),
        recording((0.0, [TURN]), ids=(0, 0, 0, 0), name=""),
    )
    assert replay(capsys, known)[0] == 0
    status, _, err = replay(capsys, unknown)
    assert (status, "no known profile fits Odd (0999:0009)" in err) == (2, True)
    assert "a device without a name" in replay(capsys, nameless)[2]
    status, _, err = replay(capsys, unknown, "--pendant", "example")
    assert (status, "is it another pendant's?" in err) == (0, True)


def test_held_keys_by_name_number_and_position(
    tmp_path: Path, pendant_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    [file] = write(tmp_path, recording((0.0, [TURN])))
    held = "y, x100,0x129,enable"
    _, out, err = replay(capsys, file, "--pendant", pendant_file, "--json", "--hold", held)
    assert json.loads(out)["pins"]["axis.y.jog-counts"] == 100
    assert err == ""
    for wrong in ("q", "0x300", "REL_DIAL", "", "x,,y"):
        status, _, err = replay(capsys, file, "--pendant", pendant_file, "--hold", f"{wrong},x")
        assert (status, "is no key; this pendant has BTN_" in err) == (2, True), wrong


@pytest.mark.parametrize(
    "wrong",
    [
        ["--speed", "-1"],
        ["--speed", "nan"],
        ["--speed", "x"],
        ["--stay"],
        ["--hal", "--speed", "0"],
        ["--hal", "--json"],
        ["--name", "1x"],
        ["--units", "cm"],
        ["--pendant", ""],
    ],
)
def test_a_wrong_command_line(wrong: list[str], file: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = replay(capsys, file, *wrong)
    assert (status, out, len(err.splitlines())) == (2, "", 1)


def test_a_file_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.png").write_bytes(bytes(range(256)))
    for path, says in ((tmp_path / "a.png", "is no recording"), (tmp_path / "b", "cannot be read")):
        status, _, err = replay(capsys, str(path))
        assert (status, says in err, len(err.splitlines())) == (2, True, 1)
    assert "Is a directory" in replay(capsys, str(tmp_path))[2]


def test_standard_input(
    file: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(Path(file).read_bytes())))
    assert replay(capsys, "-")[0] == 0


def test_only_files_beside_the_recording_are_followed(tmp_path: Path, pendant_file: str) -> None:
    from hal_mpg.recording.files import read_recordings

    (tmp_path / "sub").mkdir()
    first = recording((0.0, [TURN]), state=(), others=("../r1.evemu", "r2.evemu", "none.evemu"))
    names = write(tmp_path / "sub", first, recording((0.0, [TURN]), state=()), recording((0.0, [TURN])))
    Path(names[1]).rename(tmp_path / "r1.evemu")
    assert len(read_recordings(names[:1])) == 2


def test_it_plays_in_the_recorded_time_where_that_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [file] = write(tmp_path, recording((0.0, [TURN]), (1.0, [TURN])))
    before = time.monotonic()
    replay(capsys, file, "--speed", "20")
    assert time.monotonic() - before > 0.09  # of 3 s


def test_the_source_for_the_real_hal_gives_each_event_in_its_time() -> None:
    played = playback([recording((0.0, [TURN]), (0.4, [TURN]))], PROFILE, {X})
    source = ReplaySource(played, "r", speed=20.0)
    assert source.descriptors() == []
    began = time.monotonic()
    [connected] = source.search(began)
    assert isinstance(connected, Connected)
    assert source.search(began) == []
    [descriptor] = source.descriptors()
    frames: list[Any] = []
    with pytest.raises(RecordingEnded):
        while True:
            assert select.select([descriptor], [], [], 5)[0]
            frames += source.read([descriptor], time.monotonic())
    assert [round(frame.time - began, 3) for frame in frames] == [0.05, 0.07]
    assert time.monotonic() - began >= 0.12
    source.close()
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(descriptor)


def test_with_stay_it_is_silent_at_the_end() -> None:
    played = playback([recording((0.0, [TURN]))], PROFILE, {X})
    source = ReplaySource(played, "r", speed=100.0, stay=True)
    source.search(time.monotonic())
    [descriptor] = source.descriptors()
    assert select.select([descriptor], [], [], 5)[0]
    assert source.read([descriptor], time.monotonic())
    assert not select.select([descriptor], [], [], 0.05)[0]
    source.close()


def test_the_help_has_examples() -> None:
    assert "examples:" in parser().format_help()
    assert HEAD
