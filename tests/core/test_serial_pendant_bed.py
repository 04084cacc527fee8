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


def test_a_greeting_comes_first_and_fits_into_a_line() -> None:
    greeting, state = Firmware().due(10.0)
    assert fields(greeting)[:4] == ["G", "1", "hal_mpg pendant", "1"]
    assert greeting.endswith(b"\n")
    assert len(greeting) <= 121
    assert fields(state) == ["S", "0", "0", "0", "0", "1", "1", "0"]


def test_what_was_turned_before_a_switch_is_marked() -> None:
    pendant = Firmware()
    pendant.due(0.0)
    pendant.turn(3)
    pendant.select(axis="b", scale=FAULT)
    pendant.turn(-5)
    (state,) = pendant.due(0.001)  # a switch's change waits for nothing
    assert fields(state) == ["S", "1", "65534", "3", "2", "5", "15", "0"]


def test_a_short_press_is_shown_long_enough_and_one_after_the_other() -> None:
    pendant = Firmware()
    pendant.due(0.0)
    pendant.set("enable", True, 1.0)
    pendant.set("enable", False, 1.01)
    assert [fields(s)[-1] for s in pendant.due(1.01)[-1:]] == ["4"]
    assert [fields(s)[-1] for s in pendant.due(1.09)] == ["4"]
    assert [fields(s)[-1] for s in pendant.due(1.1)] == ["0"]


def test_it_is_never_silent_for_longer_than_50_ms_nor_hasty() -> None:
    pendant, now, times = Firmware(), 0.0, []
    while now < 1.0:
        if any(data.startswith(b"S") for data in pendant.due(now)):
            times.append(now)
        pendant.turn(now > 0.5)
        now += 0.001
    gaps = [round(b - a, 3) for a, b in pairwise(times)]
    assert {gap for gap, at in zip(gaps, times, strict=False) if at < 0.45} == {0.05}
    assert {gap for gap, at in zip(gaps, times, strict=False) if at > 0.52} == {0.005}


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
