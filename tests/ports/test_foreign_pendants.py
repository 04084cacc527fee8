# SPDX-License-Identifier: GPL-2.0-or-later
"""Other people's pendants at real terminals: the shipped profiles, the real source, the real loop."""

from __future__ import annotations

import re
import time
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from hal_mpg.hal_port import HalPort
from hal_mpg.profile import Profile
from hal_mpg.profile_yaml import load_profile
from hal_mpg.runner import IDLE_BEAT_S
from tests.beds.foreign_boards import Board, ConnectorBoard
from tests.core.serial_world import SerialWorld

PENDANTS = Path(__file__).parents[2] / "config" / "pendants"


def profile_at(board: Board, name: str, silence: str = "") -> Profile:
    """Return a shipped profile that finds a board at its port."""
    text = (PENDANTS / f"{name}.yaml").read_text("utf-8")
    text = re.sub(r'^  - \{name: ".*"\}$', f'  - {{port: "{board.path}"}}', text, count=1, flags=re.MULTILINE)
    assert board.path in text
    return load_profile(text.replace("silence: 4", silence) if silence else text, f"{name}.yaml")


def selected(axis: int, scale: int) -> dict[int, int]:
    """Return the connector's inputs with these pins closed; reset (11) and enable (12) are not pressed."""
    return {pin: int(pin not in (axis, scale)) for pin in range(4, 13)}


def test_a_connector_is_answered_tells_its_switches_and_jogs() -> None:
    with ConnectorBoard(selected(4, 9)) as board:
        assert isinstance(board, ConnectorBoard)
        board.is_late = True
        world = SerialWorld(profile_at(board, "arduino-connector"))

        def turn(detents: int) -> None:
            for _ in range(abs(detents)):
                board.count += 1 if detents > 0 else -1
                time.sleep(0.006)

        def user() -> None:
            world.wait_until(lambda: world.source.descriptors() != [], "the port to be open")
            world.hal.set_p("hal_mpg.led.ready", "1")
            time.sleep(0.15)
            board.is_late = False
            world.wait_for("scale-select", 1)
            world.wait_for("axis-select", 0)
            world.wait_until(lambda: board.outputs.get(14) == 1, "the lamp")
            world.hal.set_p("hal_mpg.led.ready", "0")
            world.wait_until(lambda: board.outputs.get(14) == 0, "no lamp")
            assert world.get("armed") is False and world.get("enable") is False
            board.inputs[12] = 0
            world.wait_for("armed", True)
            turn(12)
            turn(-2)
            world.wait_for("axis.x.jog-counts", 100)
            board.inputs[4], board.inputs[5] = 1, 0
            world.wait_for("axis-select", 1)
            turn(-3)
            world.wait_for("axis.y.jog-counts", -30)
            world.hal.set_p("hal_mpg.led.ready", "1")
            world.wait_until(lambda: board.outputs.get(14) == 1, "the lamp")
            board.restart()
            world.wait_for("reconnects", 1)
            world.wait_for("axis-select", 1)
            assert world.get("enable") is False, "it is held all the time, which is no press"
            turn(4)
            board.inputs[12] = 1
            time.sleep(0.05)
            board.inputs[12] = 0
            world.wait_for("armed", True)
            turn(1)
            world.wait_for("axis.y.jog-counts", -20)
            world.wait_until(lambda: board.outputs.get(14) == 1, "the lamp again")
            assert (world.get("axis.x.jog-counts"), world.get("garbled")) == (100, 0)
            assert world.get("dropped") == 4

        world.run(user)


def test_stop_lines_trip_at_once_and_only_ready_releases() -> None:
    with Board() as board:
        world = SerialWorld(profile_at(board, "step-lines"))

        def user() -> None:
            while not world.get("connected"):  # nothing is told twice, so it waits until somebody listens
                board.say(b"READY\r\n")
                time.sleep(0.05)
            world.wait_for("armed", True)
            board.say(b"STEP:Z,100,2\r\nSTEP:Z,100,-1\r\nSTEP:X,1,5\r\n")
            world.wait_for("axis.x.jog-counts", 5)
            assert world.get("axis.z.jog-counts") == 100
            stopped = board.say(b"STOP\r\n")
            assert world.wait_for("estop-ok", False) - stopped < 0.1
            board.say(b"STEP:X,1,5\r\n")
            world.wait_for("dropped", 5)
            assert world.get("axis.x.jog-counts") == 5
            board.say(b"READY\r\n")
            world.wait_for("estop-ok", True)

        world.run(user)


def test_frames_are_kept_alive_and_silence_is_a_loss() -> None:
    with Board() as board:
        world = SerialWorld(profile_at(board, "stx-etx", "silence: 0.5"))

        def user() -> None:
            world.wait_until(lambda: board.heard.startswith(b"\x02b \x03\x02ih1\x03"), "the opening")
            board.say(b"\x02E2\x03")
            world.wait_for("estop-ok", True)
            world.wait_for("connected", False)
            assert world.get("estop-ok") is False
            board.say(b"\x02E2\x03")
            world.wait_for("armed", True)
            board.say(b"\x02J20.0300\x03")
            world.wait_for("axis.z.jog-counts", 30)
            assert world.get("scale-select") == 1
            board.heard = b""
            world.wait_until(lambda: b"\x02b \x03" in board.heard, "a sign of life")

        world.run(user)


@pytest.mark.parametrize("name", ["arduino-connector", "step-lines", "stx-etx"])
def test_a_flood_of_garbage_does_not_stop_the_loop(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At some hundred times the speed of the line, with every byte and what nearly fits.

    The time between two beats is that of the processor: how busy the machine is elsewhere is left out.
    """
    random = Random(6)
    nearly = {
        "arduino-connector": b"R0:1111111111x\n",
        "step-lines": b"STEP:X,100,-\n",
        "stx-etx": b"\x02J0-1.1111",
    }
    last = {"arduino-connector": b"\nR0:0\nE0:0\n", "step-lines": b"\nREADY\n", "stx-etx": b"\x03\x02E2\x03"}
    garbage = b"".join(random.choice((random.randbytes(50), nearly[name] * 4)) for _ in range(8000))
    beats: list[float] = []
    beat = HalPort.toggle_heartbeat

    def noted(port: HalPort, now: float) -> None:
        beats.append(time.thread_time())
        beat(port, now)

    monkeypatch.setattr(HalPort, "toggle_heartbeat", noted)
    with Board() as board:
        world = SerialWorld(profile_at(board, name))

        def user() -> None:
            world.wait_until(lambda: world.source.descriptors() != [], "the port to be open")
            until = time.monotonic() + 1.0
            while time.monotonic() < until:
                board.say(garbage)
            board.say(last[name])
            world.wait_for("connected", True)
            assert world.get("garbled") > 1000

        world.run(user)
    assert len(beats) > 10
    # The loop is busy all the time, so that is nearly the pause that it makes between two beats when idle.
    assert max(b - a for a, b in pairwise(beats)) < IDLE_BEAT_S + 0.03
