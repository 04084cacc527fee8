# SPDX-License-Identifier: GPL-2.0-or-later
"""The speaker of the line protocol that the beds and the benchmark use: it does what the page says."""

from __future__ import annotations

import os
import select
import time
from itertools import pairwise

import pytest

from tests.beds.serial_pendant import FAULT, FULL, Firmware, Noise, PtyPendant, crc, line, noisy


def test_the_checksum_is_the_one_that_is_called_xmodem() -> None:
    assert crc(b"123456789") == 0x31C3


def fields(data: bytes) -> list[str]:
    body, _, check = data.strip().decode().rpartition("*")
    assert check == f"{crc(body.encode()):04X}"
    return body.split(",")


def test_the_lines_of_the_page() -> None:
    assert line("S,4711,17,402,400,3,2,1,5") == b"S,4711,17,402,400,3,2,1,5*55E5\n"
    assert line("?") == b"?*C7BC\n"


def test_a_greeting_comes_first() -> None:
    greeting, state = Firmware(boot=7).due(10.0)
    assert fields(greeting)[:4] == ["G", "1", "hal_mpg pendant", "7"]
    assert greeting.endswith(b"\n")
    assert len(greeting) <= 251
    assert fields(state) == ["S", "7", "0", "0", "0", "0", "1", "1", "0"]


def test_what_was_turned_before_a_switch_is_marked() -> None:
    pendant = Firmware()
    pendant.due(0.0)
    pendant.turn(3)
    pendant.select(axis="b", scale=FAULT)
    pendant.turn(-5)
    (state,) = pendant.due(0.001)  # a switch's change waits for nothing
    assert fields(state) == ["S", "1", "1", "65534", "3", "2", "5", "15", "0"]


def shown(pendant: Firmware, now: float) -> list[str]:
    return [fields(state)[-1] for state in pendant.due(now)]


def test_a_short_press_is_shown_long_enough() -> None:
    pendant = Firmware()
    pendant.due(0.0)
    pendant.set("reset", True, 0.50)
    assert shown(pendant, 0.50) == ["2"]
    pendant.set("reset", False, 0.51)
    assert shown(pendant, 0.51) == ["2"]
    assert shown(pendant, 0.59) == ["2"]
    assert pendant.next_due() <= 0.6
    assert shown(pendant, 0.6) == ["0"]


def test_what_makes_things_safer_is_shown_at_once() -> None:
    pendant = Firmware()
    pendant.due(0.0)
    pendant.set("estop", True, 0.5)
    pendant.set("enable", True, 0.5)
    assert shown(pendant, 0.5) == ["5"]
    pendant.set("estop", False, 0.51)
    pendant.set("enable", False, 0.51)
    assert shown(pendant, 0.51) == ["0"]
    pendant.set("estop", True, 0.52)
    assert shown(pendant, 0.6) == ["0"]
    assert shown(pendant, 0.61) == ["1"]


def test_it_is_never_silent_for_longer_than_20_ms_nor_hasty() -> None:
    pendant, times = Firmware(), []
    for ms in range(1000):
        now = ms / 1000
        if ms == 300:
            pendant.set("enable", True, now)
        if any(data.startswith(b"S") for data in pendant.due(now)):
            times.append(ms)
        pendant.turn(ms > 500)

    def gaps(start: int, end: int) -> set[int]:
        return {b - a for a, b in pairwise(times) if start <= a and b <= end}

    assert gaps(0, 299) <= {20, 21}  # sums of floats
    assert gaps(300, 400) <= {10, 11}
    assert gaps(400, 500) <= {20, 21}
    assert gaps(510, 999) <= {5, 6}


def test_lamps_text_and_the_question_are_heard_and_bad_lines_are_not() -> None:
    pendant = Firmware()
    pendant.due(0.0)
    pendant.hear(line("L,2") + line("T,X 12.5")[:4])
    pendant.hear(line("T,X 12.5")[4:] + b"L,3*0000\n" + line("?"))
    assert pendant.lamps == {"ready": False, "fault": True}
    assert (pendant.text, pendant.heard) == ("X 12.5", 3)
    assert pendant.due(0.01)[0].startswith(b"G,")


def test_a_bad_wire_spoils_about_as_much_as_it_says() -> None:
    noise = Noise(flipped=0.01, cut=0.02, merged=0.02)
    for number in range(4000):
        noise(line(f"S,1,{number},2,3,4,5,6"))
    assert 0.2 < noise.spoiled / 4000 < 0.35  # lines of some 25 bytes
    assert Noise()(b"whole\n") == b"whole\n"


@pytest.mark.parametrize("is_noisy", [False, True])
def test_at_a_pseudo_terminal_the_last_good_line_says_it_all(is_noisy: bool) -> None:
    with PtyPendant(Firmware(FULL)) as pendant, noisy(pendant.speaker, Noise(0.01 * is_noisy)) as noise:
        port = os.open(pendant.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            pendant.speaker.set("estop")
            pendant.speaker.turn(40, rate=400)
            pendant.speaker.select(axis="c")
            pendant.speaker.turn(-10, rate=400)
            deadline, data = time.monotonic() + 10, b""
            while time.monotonic() < deadline and b",30,40,2,6,1,1*" not in data:
                select.select([port], [], [], 0.1)
                data += os.read(port, 4096)
        finally:
            os.close(port)
        assert b",30,40,2,6,1,1*" in data
        assert bool(noise.spoiled) is is_noisy
