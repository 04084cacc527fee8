# SPDX-License-Identifier: GPL-2.0-or-later
"""`hal_mpg virtual`: the pendant in a window, opened by a real LinuxCNC, used by mouse and keyboard."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.beds.linuxcnc import ROOT
from tests.beds.require import need_module
from tests.beds.screen import SCREEN_VARIABLE, SIZE, require_screen, screen
from tests.gui import pictures, virtual

need_module("Xlib", "python3-xlib")
need_module("tkinter", "python3-tk")
need_module("PIL", "python3-pil")

from tests.gui.x_hand import Hand  # noqa: E402

Notes = dict[str, Any]


@pytest.fixture(scope="module")
def display() -> Iterator[dict[str, str]]:
    require_screen()
    with screen() as environment:
        yield environment


@pytest.fixture(scope="module")
def notes(display: dict[str, str]) -> Notes:
    """Return what drive_virtual.py noted in one run."""
    return virtual.played()


def test_the_wheel_jogs_by_mouse_wheel_by_dragging_and_by_keys(notes: Notes) -> None:
    assert notes["5 notches"] == 0.05
    assert notes["a quarter round"] == 0.3
    assert notes["3 arrows back"] == 0.27


def test_it_is_live_only_while_the_enabling_button_is_held_or_latched(notes: Notes) -> None:
    assert notes["not held"] == 6
    assert notes["let go"] == notes["3 arrows back"]
    assert notes["latched"] == 0.25


def test_its_estop_stops_the_machine_and_so_does_closing_the_window(notes: Notes) -> None:
    assert notes["estop-ok"] is False
    assert notes["state"] == "ESTOP"
    assert notes["dark"] == [False, False, False]


def test_the_picture_is_of_the_window_as_it_is_today(notes: Notes) -> None:
    shipped, now = virtual.PICTURE.read_bytes(), virtual.photograph(notes)
    assert len(shipped) < pictures.LARGEST
    assert pictures.said(shipped) == pictures.said(now), "make pictures"
    assert pictures.difference(shipped, now) < pictures.MOST_DIFFERENT


def hal_mpg(*words: str) -> list[str]:
    return [sys.executable, "-m", "hal_mpg", *words]


@pytest.fixture
def environment(display: dict[str, str], tmp_path: Path) -> dict[str, str]:
    own = tmp_path / "own"
    own.mkdir(mode=0o700)
    return {
        **os.environ,
        **display,
        "DISPLAY": display[SCREEN_VARIABLE],
        "XDG_RUNTIME_DIR": str(own),
        "PYTHONPATH": str(ROOT),
    }


def wait_for(path: Path, there: bool = True) -> None:
    end = time.monotonic() + 30
    while path.exists() != there:
        assert time.monotonic() < end, f"{path} is {'not ' * there}there"
        time.sleep(0.02)


AXIS_ON_A_SMALL_SCREEN = {
    "the panel": (743, 36, 1104, 483),
    "E-stop and power": (0, 32, 60, 62),
    "the axis' positions": (333, 92, 735, 172),
    "Home All": (52, 172, 140, 192),
}
"""Left, top, right, bottom, as photographed at 1366 by 768."""


def test_on_a_small_screen_it_lies_on_nothing_that_a_newcomer_looks_at(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XAUTHORITY", environment["XAUTHORITY"])
    with subprocess.Popen(hal_mpg("virtual"), env=environment) as window:
        try:
            left, top, width, height = Hand(environment["DISPLAY"], "Hal_mpg").window()
        finally:
            window.terminate()
        assert window.wait(30) == 0
    right, bottom = left + width, top + height
    hidden = [
        name
        for name, (first, high, last, low) in AXIS_ON_A_SMALL_SCREEN.items()
        if first < right and left < last and high < bottom and top < low
    ]
    assert hidden == []
    assert (left >= 0, top >= 0, right <= SIZE[0], bottom <= SIZE[1]) == (True,) * 4


def test_a_second_window_of_the_same_pendant_is_refused_and_a_signal_closes_the_first(
    environment: dict[str, str], tmp_path: Path
) -> None:
    socket = tmp_path / "own" / "hal_mpg-virtual-4axis.socket"
    with subprocess.Popen(hal_mpg("virtual"), env=environment) as first:
        try:
            wait_for(socket)
            second = subprocess.run(
                hal_mpg("virtual"), env=environment, capture_output=True, text=True, check=False, timeout=60
            )
            assert second.stderr == (
                f"hal_mpg: this pendant is shown already, at {socket}; close the other window\n"
            )
            assert second.returncode == 1
        finally:
            first.send_signal(signal.SIGTERM)
        assert first.wait(30) == 0
    assert not list((tmp_path / "own").iterdir())


def test_one_that_was_killed_is_followed_by_another(environment: dict[str, str], tmp_path: Path) -> None:
    socket = tmp_path / "own" / "hal_mpg-virtual-4axis.socket"
    with subprocess.Popen(hal_mpg("virtual"), env=environment) as first:
        wait_for(socket)
        first.kill()
    before = socket.stat().st_mtime_ns
    with subprocess.Popen(hal_mpg("virtual"), env=environment) as second:
        end = time.monotonic() + 30
        while not socket.exists() or socket.stat().st_mtime_ns == before:
            assert time.monotonic() < end
            time.sleep(0.02)
        second.terminate()
        assert second.wait(30) == 0


def test_it_ends_with_the_linuxcnc_that_has_started_it(environment: dict[str, str], tmp_path: Path) -> None:
    """LinuxCNC's script does not end what it has started by [APPLICATIONS]."""
    linuxcnc = tmp_path / "linuxcnc"
    started = shlex.join(hal_mpg("virtual"))
    linuxcnc.write_text(f"#!/bin/bash\n(sleep 0; eval {shlex.quote(started)}) &\nread\n")
    linuxcnc.chmod(0o755)
    socket = tmp_path / "own" / "hal_mpg-virtual-4axis.socket"
    with subprocess.Popen([str(linuxcnc)], env=environment, stdin=subprocess.PIPE) as script:
        wait_for(socket)
        assert script.stdin
        script.stdin.close()
    wait_for(socket, there=False)


def test_without_a_display_it_says_so_in_one_line(environment: dict[str, str]) -> None:
    for display in (None, ":4711"):
        given = {name: value for name, value in environment.items() if name != "DISPLAY"}
        done = subprocess.run(
            hal_mpg("virtual"),
            env=given if display is None else {**given, "DISPLAY": display},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert re.fullmatch(r"hal_mpg: there is no display for a window \(.*display.*\); .*\n", done.stderr)
        assert done.returncode == 1
