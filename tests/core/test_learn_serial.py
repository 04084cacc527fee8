# SPDX-License-Identifier: GPL-2.0-or-later
"""`hal_mpg learn` on serial pendants at pseudo-terminals: what it writes is a profile that reads them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hal_mpg.devices.ports import Port
from hal_mpg.learn.serial_pendant import Spoken, foreign_text, hear, match_line, refusal, understanding
from hal_mpg.profile import Identity, Match
from hal_mpg.profile_files import read_profile, readable_profiles
from hal_mpg.profile_yaml import load_profile
from tests.beds.serial_pendant import Firmware, PtyPendant

ROOT = Path(__file__).parents[2]
PENDANTS = ROOT / "config/pendants"
OWN = read_profile(PENDANTS / "line-protocol.yaml")
STEPS = b"STEP:X,10,1\r\nSTEP:X,10,-2\r\nSTOP\r\nREADY\r\nSTEP:Y,1,1\r\n"


def learn(place: str, output: Path, answers: str = "\n" * 6) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "hal_mpg", "learn", "--device", place, "--output", str(output)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        words, input=answers, check=False, capture_output=True, text=True, timeout=60, env=environment
    )


@contextmanager
def saying(data: bytes) -> Iterator[str]:
    """Yield the path of a terminal at which this is said, four times a second."""
    master, slave = os.openpty()
    tty.setraw(slave)
    ended = threading.Event()

    def say() -> None:
        while not ended.wait(0.25):
            os.write(master, data)

    thread = threading.Thread(target=say)
    thread.start()
    try:
        yield os.ttyname(slave)
    finally:
        ended.set()
        thread.join()
        os.close(slave)
        os.close(master)


def test_a_pendant_of_our_own_protocol_is_asked_for_nothing_but_distances(tmp_path: Path) -> None:
    controls = "axis=xyza scale=x1,x10 estop enable buttons=home leds=ready"
    with PtyPendant(Firmware(controls, "Bench, no. 1".replace(",", ""))) as pendant:
        done = learn(pendant.path, tmp_path / "bench.yaml", "0.002 0.02\ny\n\n\n\n\n")
        assert done.returncode == 0, done.stdout + done.stderr
        profile = read_profile(tmp_path / "bench.yaml")
        assert profile.match == (Match(port=pendant.path),)
    assert (profile.name, profile.source, profile.axes) == ("Bench no. 1", "serial", ("x", "y", "z", "a"))
    assert [increment.text("mm") for increment in profile.increments] == ["0.002", "0.02"]
    assert profile.increments[0].degree is not None
    assert (profile.estop is not None, profile.reset) == (True, None)
    assert [name for name, _ in profile.buttons] == ["home"]
    assert "hal_mpg check" in done.stdout
    assert not list(tmp_path.glob("*.rules"))  # udev knows nothing of pseudo-terminals


def test_a_pendant_that_a_known_profile_understands_gets_a_copy_of_it() -> None:
    with saying(STEPS) as place:
        spoken = hear(place, OWN, limit_s=1.0)
    known = understanding(spoken, readable_profiles())
    assert known == "step-lines"
    port = Port("/dev/ttyACM0", Identity(0x2341, 0x43, "Uno", "1-1:1.0", "75[3"))
    text = foreign_text((PENDANTS / f"{known}.yaml").read_text(), "My: pendant", match_line(port))
    profile = load_profile(text, "copy.yaml")
    original = read_profile(PENDANTS / f"{known}.yaml")
    assert profile.match == (Match(vendor=0x2341, product=0x43, uniq="75[[]3"),)
    assert profile.name == "My: pendant"
    assert profile._replace(name=original.name, match=original.match) == original


@pytest.mark.parametrize("name", ["step-lines", "arduino-connector", "stx-etx"])
def test_each_foreign_profile_can_be_copied(name: str) -> None:
    text = foreign_text((PENDANTS / f"{name}.yaml").read_text(), "Copy", 'port: "socket://box:2000"')
    original = read_profile(PENDANTS / f"{name}.yaml")
    assert load_profile(text, "copy.yaml") == original._replace(
        name="Copy", match=(Match(port="socket://box:2000"),)
    )


def test_nobody_understands_noise_and_few_lines_are_an_accident() -> None:
    assert understanding(Spoken(None, [(0.0, b"hello\r\nworld\r\n")]), readable_profiles()) is None
    assert understanding(Spoken(None, [(0.0, b"STOP\r\n")]), readable_profiles()) is None
    assert understanding(Spoken(), readable_profiles()) is None


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "nothing comes at 115200 baud"),
        (b"\xff\x80\x13\x00" * 20, "is no text at 115200 baud"),
        (b"x\nknob 12\nknob 13\n", "such as 'knob 12'"),
    ],
)
def test_what_is_not_understood_is_said_with_what_to_do(data: bytes, words: str) -> None:
    said = str(refusal(Spoken(None, [(0.0, data)]), "/dev/ttyUSB0"))
    assert words in said
    assert "/dev/ttyUSB0" in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("port", "line"),
    [
        (
            Port("/dev/ttyACM0", Identity(0x1209, 1, "P", "1-1:1.0", "7")),
            'vendor: 0x1209, product: 0x0001, uniq: "7"',
        ),
        (
            Port("/dev/ttyUSB0", Identity(0x1A86, 0x7523, "USB Serial")),
            'vendor: 0x1a86, product: 0x7523, name: "USB Serial"',
        ),
        (Port("/dev/ttyS0"), 'port: "/dev/ttyS0"'),
        (Port("/dev/ttyS0", links=("/dev/serial/by-path/x",)), 'port: "/dev/serial/by-path/x"'),
        (Port("socket://h:1"), 'port: "socket://h:1"'),
    ],
)
def test_a_pendant_is_found_again_by_what_it_says_of_itself(port: Port, line: str) -> None:
    assert match_line(port) == line


def test_a_silent_port_and_one_that_is_not_there(tmp_path: Path) -> None:
    done = learn(str(tmp_path / "ttyACM7"), tmp_path / "x.yaml")
    assert done.returncode == 4
    assert "cannot be opened" in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
