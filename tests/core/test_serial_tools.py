# SPDX-License-Identifier: GPL-2.0-or-later
"""The tools on a serial pendant at a pseudo-terminal: what they say of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hal_mpg.commands.monitor import _serial_reader, parser
from hal_mpg.monitor.device import DeviceReader
from hal_mpg.monitor.plain import wait
from hal_mpg.profile_files import read_profile
from tests.beds.serial_hands import write_profile
from tests.beds.serial_pendant import FULL, Noise, PtyPendant

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
            ready = wait(self.reader, [], None, 0.05)

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
