# SPDX-License-Identifier: GPL-2.0-or-later
"""Nothing in the sketch needs an AVR: it is a program of this machine here, with what every Arduino core has.

`int` has 32 bits, pointers have 64, the clock wraps meanwhile, and the sanitizers end the program at whatever
is undefined or out of bounds.
"""

from __future__ import annotations

from math import inf
from random import Random

import pytest

from tests.avr.bed import PINS, play
from tests.avr.hand import Hand
from tests.avr.reader import Reader, read, with_crc
from tests.avr.test_edges import wild


@pytest.mark.parametrize("seed", [11, 12])
def test_ten_thousand_edges(seed: int) -> None:
    """In more than the 30 s after which the clock wraps."""
    hand = wild(seed, "other", 20_000)
    reader = read(play(hand.script(), "other"))
    assert reader.states[-1].time_s > 35
    assert {k: n for k, n in reader.turned.items() if n} == {k: n for k, n in hand.turned.items() if n}
    assert reader.unknown == 0


def test_where_nobody_reads_nothing_is_saved_up() -> None:
    """For five minutes; then at most what was in the port is old, one line is cut, and the next are true."""
    hand = Hand(Random(1), PINS["other"])
    hand.wait(200_000)
    hand.act("stuck 1")
    hand.turn(20)
    hand.press("estop", False)
    hand.wait(300_000_000)
    hand.press("estop", True)
    hand.select("axis", "z", 1000)
    hand.wait(9_000_000)
    hand.act("stuck 0")
    hand.act("mark read")
    hand.wait(500_000)
    record = play(hand.script(), "other")
    read_at = next(entry.time_s for entry in record if entry.kind == "mark")
    lines = [entry for entry in record if entry.kind == "line"]
    since = [entry for entry in lines if entry.time_s > read_at]
    # What comes first is what the port had taken minutes ago. hal_mpg throws the first 0.1 s away.
    assert sum(with_crc(entry.text.rpartition("*")[0]) != entry.text for entry in since) <= 1
    reader = Reader(every_s=inf)
    for entry in [lines[0], *(entry for entry in since if entry.time_s > read_at + 0.1)]:
        reader.take(entry)
    assert len(reader.states) > 10
    assert {(state.wheel, reader.held(state)) for state in reader.states} == {(20, hand.held())}


@pytest.mark.parametrize("board", ["other", "uno"])
def test_noise_on_the_line_does_no_harm(board: str) -> None:
    """Kilobytes of it, with pieces of orders; then an order is obeyed, and all lines were valid."""
    hand, rng = Hand(Random(2), PINS[board]), Random(3)
    pieces = [with_crc("?"), with_crc("L,1"), with_crc("L,FFFF"), "*", "L,", "\r", "\x00", "\xff", "x" * 60]
    for _ in range(100):
        text = "".join(
            rng.choice(pieces) if rng.random() < 0.5 else chr(rng.randrange(256)) for _ in range(6)
        )
        text = text.replace("\n", "").replace("\r", "")
        hand.act("send " + "".join(c if 32 <= ord(c) < 127 else "~" for c in text))
        hand.wait(20_000)
    hand.wait(100_000)
    hand.act("mark asked")
    hand.act(f"send {with_crc('?')}")
    hand.wait(100_000)
    record = play(hand.script(), board)
    asked = next(entry.time_s for entry in record if entry.kind == "mark")
    assert any(0 < time_s - asked < 0.03 for time_s, _ in read(record).greetings)
