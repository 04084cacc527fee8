# SPDX-License-Identifier: GPL-2.0-or-later
"""The tools on a serial pendant at a pseudo-terminal: what they say of it."""

from __future__ import annotations

import json
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hal_mpg.cli import main
from hal_mpg.commands.monitor import _serial_reader, parser
from hal_mpg.monitor.device import DeviceReader
from hal_mpg.profile_files import read_profile
from hal_mpg.recording.serial_format import read_serial
from tests.beds.serial_hands import write_profile
from tests.beds.serial_pendant import FULL, Noise, PtyPendant

ROOT = Path(__file__).parents[2]
LIMIT_S = 20.0


@pytest.fixture
def pendant() -> Iterator[PtyPendant]:
    with PtyPendant() as found:
        yield found


@pytest.fixture
def profile(tmp_path: Path, pendant: PtyPendant) -> Path:
    return write_profile(tmp_path / "pendant.yaml", f"port: {pendant.path}", 0.5, FULL)


class Watched:
    """What `monitor` reads of a pendant, as far as it has come."""

    def __init__(self, profile: Path) -> None:
        options = parser().parse_args(["--pendant", str(profile)])
        self.reader: DeviceReader = _serial_reader(read_profile(profile), options)
        self.lines: list[str] = []

    def until(self, condition: Callable[[], bool]) -> None:
        deadline, ready = time.monotonic() + LIMIT_S, list[int]()
        while not condition():
            self.lines += self.reader.update(ready, time.monotonic())
            assert time.monotonic() < deadline, (self.lines[-20:], self.reader.shown.where)
            ready = select.select(self.reader.descriptors(), [], [], 0.02)[0]

    def has(self, words: str) -> None:
        """Wait until a line has these words."""
        self.until(lambda: any(words in line for line in self.lines))


def test_monitor_follows_a_serial_pendant(pendant: PtyPendant, profile: Path) -> None:
    watched = Watched(profile)
    try:
        watched.has("plug ")
        assert pendant.path in watched.reader.shown.where
        pendant.speaker.set("estop")
        watched.until(lambda: watched.reader.shown.pins["estop-ok"] is True)
        pendant.speaker.select(axis="z")
        pendant.speaker.turn(3)
        watched.until(lambda: watched.reader.shown.wheel == 3)
        assert watched.reader.shown.pins["axis-select"] == 2
        pendant.speaker.noise = Noise(flipped=0.05)
        watched.has("refuse ")
        pendant.speaker.silent = True
        watched.has("unplug ")
        assert "0.5 s" in watched.reader.shown.events[-1]
        pendant.speaker.noise, pendant.speaker.silent = Noise(), False
        watched.until(lambda: watched.reader.shown.pins["connected"] is True)
    finally:
        watched.reader.close()


def test_monitor_says_what_it_waits_for(tmp_path: Path, pendant: PtyPendant, profile: Path) -> None:
    pendant.speaker.silent = True
    watched = Watched(profile)
    try:
        watched.until(lambda: "said nothing yet" in watched.reader.shown.where)
    finally:
        watched.reader.close()
    absent = write_profile(tmp_path / "absent.yaml", f"port: {tmp_path / 'none'}", 0.5, FULL)
    watched = Watched(absent)
    watched.until(lambda: watched.reader.shown.where == "not there: plug it in")
    watched.reader.close()


HOLD = "import serial, sys, time; s = serial.Serial(sys.argv[1], exclusive=True); print(1); time.sleep(60)"


def test_monitor_says_who_has_the_port(pendant: PtyPendant, profile: Path) -> None:
    words = [sys.executable, "-u", "-c", HOLD, pendant.path]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        watched = Watched(profile)
        watched.until(lambda: f"(process {holder.pid}) has it" in watched.reader.shown.where)
        holder.kill()
        holder.wait()
        watched.has("plug ")
        watched.reader.close()


def record(*arguments: object) -> int:
    return main(["record", *map(str, arguments)])


def test_record_writes_what_comes_and_what_is_sent(
    tmp_path: Path, pendant: PtyPendant, profile: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "pendant.serial"
    assert record(file, "--pendant", profile, "--seconds", "0.7") == 0
    text = file.read_text()
    chunks = read_serial(text)
    came = b"".join(chunk.data for chunk in chunks if not chunk.to_pendant)
    sent = b"".join(chunk.data for chunk in chunks if chunk.to_pendant)
    assert came.count(b"S,1,") > 10
    assert b"?*C7BC\n" in sent  # the greeting was asked for, as by the component
    assert b"L,0*" in sent
    assert f"# pendant: {profile.name}" in text.splitlines()  # no path: it may go into a bug report
    assert " understood, 0 refused" in capsys.readouterr().err
    assert record(file, "--pendant", profile) == 2  # it is there already


def test_record_without_a_profile_sends_nothing(
    tmp_path: Path, pendant: PtyPendant, capsys: pytest.CaptureFixture[str]
) -> None:
    file, link = tmp_path / "raw.serial", tmp_path / "usb-Board_7573-if00"
    link.symlink_to(pendant.path)
    assert record(file, "--device", link, "--baud", "9600", "--seconds", "0.3") == 0
    assert pendant.speaker.firmware.heard == 0
    assert not any(chunk.to_pendant for chunk in read_serial(file.read_text()))
    assert f", {pendant.path}, 9600 8N1" in file.read_text()
    assert "7573" not in file.read_text()
    pendant.speaker.silent = True
    assert record(tmp_path / "none", "--device", pendant.path, "--seconds", "0.2") == 0
    assert "nothing came" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("--baud", "0"), 2, "--baud 0: use"),
        (("--framing", "9N1"), 2, "--framing 9N1: use"),
        (("--pendant", "generic-4axis"), 2, "is for no serial pendant"),
    ],
)
def test_record_refuses_what_is_wrong(
    tmp_path: Path,
    pendant: PtyPendant,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    status: int,
    said: str,
) -> None:
    assert record(tmp_path / "x", "--device", pendant.path, *words) == status
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1


def test_record_of_a_port_that_somebody_has_says_so(
    tmp_path: Path, pendant: PtyPendant, profile: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    watched = Watched(profile)
    watched.has("plug ")
    try:
        assert record(tmp_path / "x", "--device", pendant.path) == 4
    finally:
        watched.reader.close()
    assert "another program has this port" in capsys.readouterr().err


def test_record_of_an_absent_pendant(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    absent = write_profile(tmp_path / "absent.yaml", f"port: {tmp_path / 'none'}", 0.5, FULL)
    assert record(tmp_path / "x", "--pendant", absent) == 4
    assert "is not plugged in" in capsys.readouterr().err


def test_what_was_recorded_does_the_same_when_it_is_replayed(
    tmp_path: Path, pendant: PtyPendant, profile: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "pendant.serial"

    def use() -> None:
        time.sleep(0.7)
        pendant.speaker.set("estop")
        pendant.speaker.set("enable")
        time.sleep(0.6)
        pendant.speaker.turn(7, rate=70)
        pendant.speaker.select(axis="y")
        pendant.speaker.turn(-3, rate=70)

    hand = threading.Thread(target=use)
    hand.start()
    assert record(file, "--pendant", profile, "--seconds", "1.9") == 0
    hand.join()
    capsys.readouterr()
    assert main(["replay", str(file), "--pendant", str(profile), "--json"]) == 0
    pins = json.loads(capsys.readouterr().out)["pins"]
    assert (pins["axis.x.jog-counts"], pins["axis.y.jog-counts"], pins["dropped"]) == (7, -3, 0)
    assert pins["garbled"] == 0


AS_NOBODY = """
import os, sys
from hal_mpg.serial_line import Own, SerialLine
from hal_mpg.sources.open_line import TtyLine
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
line = TtyLine(sys.argv[1], SerialLine(Own()))
os.kill(os.getpid(), 9) if sys.argv[2] == "killed" else line.close()
"""


@pytest.mark.parametrize("end", ["killed", "closed"])
def test_a_pseudo_terminal_can_be_opened_again_after_whoever_had_it(pendant: PtyPendant, end: str) -> None:
    Path(pendant.path).chmod(0o666)
    for _ in range(2):
        words = [sys.executable, "-c", AS_NOBODY, pendant.path, end]
        done = subprocess.run(words, check=False, capture_output=True, text=True, cwd=ROOT)
        assert done.returncode == (-9 if end == "killed" else 0), done.stderr
