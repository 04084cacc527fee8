# SPDX-License-Identifier: GPL-2.0-or-later
"""What the firmware says and when, as docs/serial-protocol.md has it; E-stop, bad contacts, restarts."""

from __future__ import annotations

from itertools import pairwise
from math import inf
from random import Random

import pytest

from tests.avr.bed import PINS, play
from tests.avr.hand import CLOSED, OPEN, Hand
from tests.avr.reader import FAULT, Entry, Reader, State, read, with_crc

BOARDS = ["uno", "mega"]

DEBOUNCE_S, ESTOP_DEBOUNCE_S = 0.006, 0.005
LINE_S = 0.005
"""A state line and the one that may be on its way before it take less than that each."""

GREETING_S = 0.009
"""So long a greeting takes, which may be on its way too."""

SHOWN_S = 0.1

ALL_SWITCHES = '-DRESET_PIN=A2 -DBUTTONS=\\"home\\" -DBUTTON_PINS={A3}'


def hand_of(board: str = "uno", seed: int = 1) -> Hand:
    return Hand(Random(seed), PINS[board])


def marks(record: list[Entry]) -> dict[str, float]:
    """Return the times of the script's marks, by their word."""
    return {entry.text: entry.time_s for entry in record if entry.kind == "mark"}


def after(reader: Reader, time_s: float) -> list[State]:
    return [state for state in reader.states if state.time_s >= time_s]


def when(reader: Reader, since_s: float, switch: str, is_held: bool) -> float:
    """Return after how long a switch is first shown as held or not."""
    for state in after(reader, since_s):
        if (switch in reader.held(state).switches) == is_held:
            return state.time_s - since_s
    raise AssertionError(f"{switch} was never {is_held}")


@pytest.mark.parametrize("board", ["uno", "nano", "mega"])
def test_at_rest(board: str) -> None:
    """The greeting first, and then lines that are valid, and often enough."""
    hand = hand_of(board)
    hand.wait(5_000_000)
    reader = read(play(hand.script(), board))
    first = reader.greetings[0][0]
    assert first < 0.05
    assert reader.states[0].time_s > first
    assert reader.greeting.name == "hal_mpg pendant"
    assert reader.greeting.controls == "axis=xyzabc scale=x1,x10,x100 estop enable leds=ready"
    assert len(reader.greetings) >= 6
    gaps = [after - before for before, after in pairwise(state.time_s for state in reader.states)]
    assert max(gaps) < 0.035  # 20 ms, and a greeting between
    assert {(s.wheel, s.mark, s.changes) for s in reader.states} == {(0, 0, 0)}
    assert {reader.held(s) for s in reader.states} == {hand.held()}


def test_lines_while_turning() -> None:
    """Not sooner than 5 ms after one another, and hardly later."""
    hand = hand_of()
    hand.turn(400, 300)
    hand.wait(50_000)
    reader = read(play(hand.script()))
    turning = [s for s in reader.states if s.wheel not in (0, 400)]
    starts = [s.time_s for s in turning]
    assert len(turning) > 60
    # Times are those of a line's end, and lines are not equally long: 6 bytes make half a millisecond.
    assert min(b - a for a, b in pairwise(starts)) > 0.0035
    assert sum(b - a for a, b in pairwise(starts)) / (len(starts) - 1) == pytest.approx(0.0055, abs=0.001)
    assert reader.states[-1].wheel == 400


@pytest.mark.parametrize("board", BOARDS)
def test_the_estop_is_told_at_once(board: str) -> None:
    """Whatever is being sent, with a contact that bounces; and each detent is on its side of it."""
    hand = hand_of(board)
    for number in range(40):
        hand.wait(hand.rng.uniform(150_000, 200_000))
        hand.turn(hand.rng.choice((-3, 3)), 400)
        hand.act(f"mark open{number}")
        hand.press("estop", False, hand.bounces(4, 100))
        hand.turn(hand.rng.choice((-3, 3)), 400)
        hand.wait(hand.rng.uniform(150_000, 200_000))
        hand.act(f"mark closed{number}")
        hand.press("estop", True, hand.bounces(4, 100))
    hand.wait(100_000)
    record = play(hand.script(), board)
    reader = read(record)
    times = marks(record)
    opened = [when(reader, times[f"open{n}"], "estop", False) for n in range(40)]
    assert max(opened) < ESTOP_DEBOUNCE_S + LINE_S + GREETING_S
    assert sorted(opened)[20] < ESTOP_DEBOUNCE_S + LINE_S
    closed = [when(reader, times[f"closed{n}"], "estop", True) for n in range(40)]
    assert max(closed) < DEBOUNCE_S + 2 * LINE_S + GREETING_S
    assert reader.turned == hand.turned


def test_an_estop_that_bounces_for_long_is_told_as_soon() -> None:
    """A worn contact, for 30 ms: that it opened at all is enough."""
    hand = hand_of()
    for number in range(10):
        hand.wait(250_000)
        hand.act(f"mark {number}")
        hand.press("estop", False, [1000.0] * 30)
        hand.wait(250_000)
        hand.press("estop", True)
    record = play(hand.script())
    reader = read(record)
    for time_s in marks(record).values():
        assert when(reader, time_s, "estop", False) < ESTOP_DEBOUNCE_S + LINE_S + GREETING_S


def test_a_change_is_repeated_every_10_ms() -> None:
    hand = hand_of()
    hand.wait(500_000)
    hand.act("mark change")
    hand.select("axis", "y", 1000)
    hand.wait(300_000)
    record = play(hand.script())
    reader = read(record)
    fresh = [s.time_s for s in after(reader, marks(record)["change"] + 0.006)]
    assert sum(1 for t in fresh if t < fresh[0] + 0.1) >= 10
    assert max(b - a for a, b in pairwise(t for t in fresh if t < fresh[0] + 0.1)) < 0.012


@pytest.mark.parametrize("switch", ["reset", "home", "estop"])
def test_a_short_press_is_shown_for_100_ms(switch: str) -> None:
    """Pressed for 10 ms: the new state is shown at once, and long enough."""
    hand = hand_of()
    hand.wait(300_000)
    hand.act("mark down")
    hand.press(switch, switch != "estop")
    hand.wait(10_000)
    hand.press(switch, switch == "estop")
    hand.wait(400_000)
    record = play(hand.script(), extra=ALL_SWITCHES)
    reader = read(record)
    down = marks(record)["down"]
    begin = when(reader, down, switch, switch != "estop")
    assert begin < DEBOUNCE_S + LINE_S
    shown = [
        s.time_s for s in after(reader, down) if (switch in reader.held(s).switches) != (switch == "estop")
    ]
    assert SHOWN_S - 0.011 <= shown[-1] - shown[0] <= SHOWN_S + 0.02
    assert (reader.states[-1].changes, len(shown) >= 10) == (2, True)


def test_what_makes_things_safer_waits_for_nothing() -> None:
    """An enabling button pressed for 20 ms only, an E-stop that opens again right after it was released."""
    hand = hand_of()
    hand.wait(300_000)
    hand.act("mark pressed")
    hand.press("enable", True)
    hand.wait(20_000)
    hand.act("mark let-go")
    hand.press("enable", False)
    hand.wait(300_000)
    hand.press("estop", False)
    hand.wait(300_000)
    hand.press("estop", True)
    hand.wait(20_000)
    hand.act("mark again")
    hand.press("estop", False)
    hand.wait(100_000)
    record = play(hand.script())
    reader = read(record)
    times = marks(record)
    assert when(reader, times["pressed"], "enable", True) < DEBOUNCE_S + LINE_S
    assert when(reader, times["let-go"], "enable", False) < ESTOP_DEBOUNCE_S + LINE_S
    assert when(reader, times["again"], "estop", False) < ESTOP_DEBOUNCE_S + LINE_S
    assert not any("enable" in reader.held(s).switches for s in after(reader, times["let-go"] + 0.01))


def test_disturbances_are_no_presses() -> None:
    """Spikes of up to 1 ms on every contact's wire, ten times in a second, change nothing."""
    hand = hand_of()
    hand.wait(100_000)
    for _ in range(200):
        switch = hand.rng.choice(["estop", "enable", "reset", "home", "x", "y", "x1", "x10"])
        level = OPEN if switch in {"estop", "x", "x1"} else CLOSED
        hand.change(switch, level)
        hand.wait(hand.rng.uniform(5, 1000))
        hand.change(switch, 1 - level)
        hand.wait(100_000)
    reader = read(play(hand.script(), extra=ALL_SWITCHES))
    assert {s.changes for s in reader.states} == {0}


def test_a_contact_that_chatters_is_safe_and_stops_nothing() -> None:
    """A loose wire: the E-stop is actuated, the button released, the selector at fault; the wheel goes on."""
    for switch in ("estop", "enable", "x"):
        hand = hand_of()
        hand.press("enable", True)
        hand.wait(200_000)
        hand.act("mark loose")
        closed = True
        for i in range(500):
            closed = not closed
            hand.level(switch, CLOSED if closed else OPEN)
            hand.wait(hand.rng.uniform(500, 1500))
            if i % 10 == 0:
                hand.turn(1, 300)
        hand.act("mark tight")
        hand.wait(200_000)
        record = play(hand.script())
        reader = read(record)
        times = marks(record)
        loose = [s for s in after(reader, times["loose"] + 0.07) if s.time_s < times["tight"]]
        if switch == "x":
            assert {s.axis for s in loose} == {FAULT}
        else:
            assert not any(switch in reader.held(s).switches for s in loose)
        assert len({s.wheel for s in loose}) > 20
        assert reader.states[-1].wheel == hand.detent
        assert reader.held(reader.states[-1]) == hand.held()


@pytest.mark.parametrize("switch", ["estop", "enable", "x", "home"])
def test_a_contact_that_comes_to_rest_after_all_is_believed(switch: str) -> None:
    """Whenever its chattering ends: right before or after it was taken for a loose wire."""
    hand = hand_of()
    hand.press("enable", True)
    hand.press("home", True)
    for halves in range(86, 134, 2):
        hand.wait(250_000)
        for i in range(halves):
            hand.level(switch, OPEN if i % 2 == 0 else CLOSED)
            hand.wait(500)
        hand.wait(250_000)
        hand.act(f"mark {halves}")
    record = play(hand.script(), extra=ALL_SWITCHES)
    reader = read(record)
    for word, time_s in marks(record).items():
        at_rest = [state for state in reader.states if state.time_s <= time_s][-1]
        assert reader.held(at_rest) == hand.held(), word


def test_a_contact_that_chatters_at_the_start_is_safe_until_it_rests() -> None:
    for halves in range(86, 134, 2):
        hand = hand_of()
        hand.act("reset")
        for i in range(halves):
            hand.level("estop", OPEN if i % 2 == 0 else CLOSED)
            hand.level("x", OPEN if i % 2 == 0 else CLOSED)
            hand.wait(500)
        hand.act("mark rest")
        hand.wait(300_000)
        record = play(hand.script())
        reader = read(record[[i for i, e in enumerate(record) if e.kind == "reset"][-1] + 1 :])
        rest = marks(record)["rest"]
        assert not any("estop" in reader.held(s).switches for s in reader.states if s.time_s < rest)
        assert reader.held(reader.states[-1]) == hand.held()


def test_two_positions_at_once_are_a_fault() -> None:
    hand = hand_of()
    hand.wait(100_000)
    hand.level("z", CLOSED)
    hand.level("x100", CLOSED)
    hand.wait(100_000)
    last = read(play(hand.script())).states[-1]
    assert (last.axis, last.scale) == (FAULT, FAULT)


def test_what_is_held_at_the_start_is_in_the_first_line() -> None:
    """And is no change. Contacts that still bounce then are waited for."""
    hand = hand_of()
    hand.level("home", CLOSED)
    hand.level("estop", OPEN)
    hand.act("reset")
    for _ in range(20):
        hand.wait(500)
        hand.level("enable", CLOSED)
        hand.wait(500)
        hand.level("enable", OPEN)
    hand.level("enable", CLOSED)
    hand.wait(200_000)
    record = play(hand.script(), extra=ALL_SWITCHES)
    reader = read(record[[i for i, e in enumerate(record) if e.kind == "reset"][-1] + 1 :])
    assert {reader.held(s).switches for s in reader.states} == {frozenset({"enable", "home"})}
    assert {s.changes for s in reader.states} == {0}


def test_the_greeting_on_demand_and_the_lamp() -> None:
    """Orders are obeyed; what is damaged, too long, or nonsense is not, and the next line is understood."""
    hand = hand_of()
    hand.lines.insert(0, f"0 watch {PINS['uno']['lamp']}")
    hand.wait(100_000)
    hand.act("mark asked")
    hand.act(f"send {with_crc('?')}")
    hand.wait(300_000)
    bodies = ("L,01", "L,G", "L", "L,10000", "L,1,1", "Q", "")
    others = ("?*C7BD", "L,1*0d35", "*", "", "x" * 300 + with_crc("L,1"), with_crc("T,L*1"))
    for nonsense in (*map(with_crc, bodies), *others):
        hand.act(f"send {nonsense}")
        hand.wait(40_000)
    hand.act("bytes 00FF0A4C0D0A80")
    hand.act("send ")
    hand.wait(40_000)
    hand.act("mark on")
    hand.act(f"bytes {with_crc('L,1').encode().hex()}0D0A")
    hand.wait(1_900_000)
    hand.act(f"send {with_crc('L,1')}")
    hand.wait(1_900_000)
    hand.act("mark last")
    hand.act(f"send {with_crc('L,3')}")
    hand.wait(3_000_000)
    record = play(hand.script())
    reader, times = read(record), marks(record)
    assert any(0 < t - times["asked"] < 0.02 for t, _ in reader.greetings)
    lamp = [(e.time_s, e.text.split()[1]) for e in record if e.kind == "pin"]
    changes = [(t, level) for (t, level), (_, before) in zip(lamp[1:], lamp, strict=False) if level != before]
    assert [level for _, level in changes] == ["1", "0"]
    assert changes[0][0] - times["on"] < 0.01
    assert changes[1][0] - times["last"] == pytest.approx(2.0, abs=0.02)


@pytest.mark.parametrize("board", BOARDS)
def test_the_watchdog_and_restarts(board: str) -> None:
    """A program that runs away is started anew within half a second; each start has another BOOT."""
    hand = hand_of(board)
    hand.turn(7)
    for what in ("hang", "reset", "power", "hang", "power", "reset", "reset"):
        hand.wait(300_000)
        hand.act(f"mark {what}")
        hand.act(what)
        hand.wait(700_000)
    record = play(hand.script(), board)
    starts = [i for i, entry in enumerate(record) if entry.kind == "reset"]
    assert len(starts) == 8
    boots = []
    for begin, end in zip(starts, [*starts[1:], len(record)], strict=True):
        reader = read(record[begin + 1 : end])
        boots.append(reader.greeting.boot)
        assert reader.greetings[0][0] - record[begin].time_s < 0.06
        assert reader.states[0].sequence == 0
    assert len(set(boots)) == len(boots)
    hung = [e.time_s for e in record if e.kind == "mark" and e.text == "hang"]
    for time_s in hung:
        restart = next(record[i].time_s for i in starts if record[i].time_s > time_s)
        assert 0.05 < restart - time_s < 0.5


def test_a_storm_of_edges_that_leaves_no_time_for_anything_else() -> None:
    """125,000 edges in a second, from a broken wire: silence, so that hal_mpg stops; then all is well."""
    hand = hand_of()
    hand.wait(200_000)
    hand.act("mark storm")
    for _ in range(60_000):
        hand.wait(8)
        hand.level("wheel-a", CLOSED)
        hand.wait(8)
        hand.level("wheel-a", OPEN)
    hand.act("mark over")
    hand.wait(500_000)
    hand.turn(5)
    hand.wait(100_000)
    record = play(hand.script())
    times = marks(record)
    reader = read(record, every_s=inf)
    assert not [s for s in reader.states if times["storm"] + 0.03 < s.time_s < times["over"]]
    again = after(reader, times["over"])
    assert again[0].time_s - times["over"] < 0.05
    assert reader.turned == {hand.held(): 5}
