# SPDX-License-Identifier: GPL-2.0-or-later
"""Lines of other people's pendants: what becomes of them, whatever comes between, however it is cut."""

from __future__ import annotations

import re
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal_mpg.machine import Machine
from hal_mpg.pendant import Pendant
from hal_mpg.protocols import decoder_of
from hal_mpg.protocols.foreign_state import decimal
from tests.core.foreign_bed import TAIL, bytewise, decoder_for, fed, pieces, profile_of, shown, turned

STEPS = """
lines:
  - line: 'S(?P<axis>[XYZ]),(?P<mag>10?),(?P<count>-?[0-9]{1,4})'
    set: {AXIS: {abs: axis, values: {X: 1, Y: 2, Z: 3}}, SCALE: {abs: mag}, WHEEL: {rel: count}}
  - {line: 'HI', restarts: true}
  - {line: '#.*'}
longest: 20
"""

KEYS = """
lines:
  - {line: 'W(?P<n>-?[0-9]+)', set: {WHEEL: {rel: n}}}
  - {line: 'A(?P<n>[0-9])', set: {AXIS: {abs: n}, SCALE: {abs: 1}}}
  - {line: 'E(?P<n>[0-9])(?: (?P<state>[0-9]))?', set: {SAFE: {key: n}, ENABLE: {key: state, invert: true}}}
  - {line: 'RESET', set: {RESET: {pulse: 1}}}
  - {line: 'BOOT', restarts: true, answer: 'HELLO'}
at-start: {AXIS: 2, ENABLE: 1}
keep-alive: {send: 'ALIVE', every: 0.5}
on-open: ['START', 7]
lamps: {LAMP: {on: 'L1', off: 'L0'}}
"""

KEYS_TAIL = (
    TAIL
    + """\
  estop: {key: SAFE}
  enable: {key: ENABLE}
  reset: {key: RESET}
  leds: {ready: LAMP}
"""
)


def test_a_line_sets_what_its_rule_says_in_that_order() -> None:
    decoder = decoder_for(STEPS)
    assert shown(fed(decoder, [b"SX,10,-3\r\n"])) == ["connected [] {}", "3:1:1 3:2:10 2:1:-3"]
    assert shown(fed(decoder, [b"SY,10,0\nSY,10,1\n"])) == ["3:1:2", "2:1:1"]
    assert (decoder.understood, decoder.garbled, decoder.complaint) == (3, 0, "")


def test_what_only_shows_life_is_no_connection_but_is_understood() -> None:
    decoder = decoder_for(STEPS)
    assert fed(decoder, [b"# boot loader\n"]) == []
    assert decoder.understood == 1
    assert shown(fed(decoder, [b"HI\n"])) == ["connected [] {}"]


def test_a_restart_is_a_new_connection_once() -> None:
    decoder = decoder_for(STEPS)
    said = shown(fed(decoder, [b"HI\nHI\nSX,1,1\nHI\nHI\nSX,1,1\n"]))
    first = ["connected [] {}", "3:1:1 3:2:1 2:1:1"]
    assert said == [*first, "disconnected", *first]


def test_at_start_holds_where_the_pendant_was_switched_on_and_nowhere_else() -> None:
    assert shown(fed(decoder_for(KEYS, KEYS_TAIL), [b"BOOT\nW1\n"])) == ["connected [2] {1: 2}", "2:1:1"]
    assert shown(fed(decoder_for(KEYS, KEYS_TAIL), [b"W1\n"])) == ["connected [] {}", "2:1:1"]


def test_a_key_that_is_first_told_of_as_held_is_no_press() -> None:
    decoder = decoder_for(KEYS, KEYS_TAIL)
    assert shown(fed(decoder, [b"E1 0\n"])) == ["connected [] {}", "snapshot [1] {}", "snapshot [1, 2] {}"]
    assert shown(fed(decoder, [b"E1 1\nE1 0\n"])) == ["1:2:0", "1:2:1"]


def test_an_optional_group_that_is_not_there_sets_nothing() -> None:
    decoder = decoder_for(KEYS, KEYS_TAIL)
    assert shown(fed(decoder, [b"E0\n"])) == ["connected [] {}", "1:1:0"]


def test_a_pulse_is_a_press_even_if_it_comes_first() -> None:
    profile = profile_of(KEYS, KEYS_TAIL)
    decoder, pendant = decoder_of(profile), Pendant(profile, Machine())
    pins = dict(pendant.handle(decoder.feed(b"BOOT\nRESET\n", 1.0), 1.0))
    assert pins["reset"] is True
    assert dict(pendant.tick(1.05))["reset"] is False


def test_a_value_out_of_range_is_refused_whole() -> None:
    decoder = decoder_for(KEYS, KEYS_TAIL)
    assert fed(decoder, [b"E5\n"]) == []
    assert decoder.garbled == 1
    assert decoder.complaint == "line 'E5': n is '5'; a key takes 0 or 1; correct the profile"
    assert fed(decoder, [b"W99999999999\n"]) == []
    assert "too large" in decoder.complaint


def test_what_is_sent_and_when() -> None:
    decoder = decoder_for(KEYS, KEYS_TAIL)
    assert decoder.next_send() == -inf
    assert decoder.to_send(10.0) == b"START\n\x07"  # who calls is to be heard before the first keep-alive
    assert decoder.next_send() == 10.5
    assert decoder.to_send(10.2) == b""
    assert decoder.to_send(10.5) == b"ALIVE\nSTART\n\x07"  # nobody has answered
    decoder.feed(b"BOOT\nBOOT\n", 10.6)
    assert decoder.next_send() == -inf
    assert decoder.to_send(10.6) == b"HELLO\n"
    decoder.set_led("ready", True)
    decoder.set_led("ready", False)
    decoder.set_led("nobody's", True)
    assert decoder.to_send(10.7) == b"L0\n"
    assert decoder.to_send(11.0) == b"ALIVE\nL0\n"
    decoder.set_led("ready", True)
    decoder.reset()
    assert decoder.to_send(20.0) == b"START\n\x07"


def test_lamps_wait_until_the_pendant_has_spoken() -> None:
    """A board may take whatever it hears for the answer to its call, which is to be heard first."""
    decoder = decoder_for(KEYS, KEYS_TAIL)
    decoder.to_send(1.0)
    decoder.set_led("ready", True)
    assert (decoder.next_send(), decoder.to_send(1.1)) == (1.5, b"")
    decoder.feed(b"BOOT\n", 1.2)
    assert (decoder.next_send(), decoder.to_send(1.2)) == (-inf, b"HELLO\nL1\n")
    decoder.lost()
    assert decoder.to_send(1.5) == b"ALIVE\nSTART\n\x07"
    decoder.feed(b"W1\n", 1.6)
    assert decoder.to_send(1.6) == b"L1\n"


def test_nothing_is_due_where_the_profile_sends_nothing() -> None:
    decoder = decoder_for(STEPS)
    assert (decoder.next_send(), decoder.to_send(1.0)) == (inf, b"")


def test_answers_that_nobody_fetches_do_not_pile_up() -> None:
    decoder = decoder_for(KEYS, KEYS_TAIL)
    for _ in range(10_000):
        decoder.feed(b"BOOT\n", 1.0)
    assert len(decoder.to_send(1.0)) < 100


def test_after_a_loss_the_next_line_connects_anew() -> None:
    decoder = decoder_for(STEPS)
    first = shown(fed(decoder, [b"SX,1,1\n"]))
    decoder.lost()
    assert shown(fed(decoder, [b"SX,1,1\n"])) == first
    decoder.reset()
    assert shown(fed(decoder, [b"SX,1,1\n"])) == first


def test_half_a_line_of_before_is_void_after_a_reset() -> None:
    decoder = decoder_for(STEPS)
    decoder.feed(b"SX,1,1", 1.0)
    decoder.reset()
    assert turned(fed(decoder, [b"5\nSX,1,2\n"])) == 2
    assert decoder.garbled == 1


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (b"SQ,1,1", "it fits 'S(?P<axis>[XYZ]),(?P<mag>10?),(?P<count>-?[0-9]{1,4})' up to character 1"),
        (b"SQ,1,1", "up to character 1, where 'X' or 'Y' or 'Z' should follow, not 'Q'"),
        (b"SX,1", "where ',' or '0' should follow, not the end"),
        (b"SX,1,12345", "up to character 9, where the end should follow, not '5'"),
        (b"hello", "fits no rule of the profile; is it another pendant's? Else add a rule for it"),
        (b"SX\xff1,1", "has bytes that are no text; is the baud rate right?"),
        (b"S" * 200, "20 bytes without the end of a line; is the baud rate right?"),
    ],
)
def test_it_says_what_does_not_fit(line: bytes, complaint: str) -> None:
    decoder = decoder_for(STEPS)
    assert fed(decoder, [line + b"\n"]) == []
    assert decoder.garbled == 1
    assert complaint in decoder.complaint
    assert "\n" not in decoder.complaint
    decoder.reset()
    assert (decoder.garbled, decoder.complaint) == (1, "")


def test_bytes_without_any_line_are_complained_of() -> None:
    decoder = decoder_for(STEPS)
    decoder.feed(b"\x80\x80", 1.0)
    assert decoder.complaint == "no line has ended since '\\x80\\x80' came; is the baud rate right?"


def test_carriage_returns_may_end_lines() -> None:
    decoder = decoder_for(STEPS.replace("longest: 20", "line-end: CR"))
    assert turned(fed(decoder, [b"SX,1,1\rSX,1,1\r\nSX,1,1\r"])) == 3
    assert decoder.garbled == 0


good = st.tuples(st.sampled_from("XYZ"), st.sampled_from(["1", "10"]), st.integers(-9999, 9999)).map(
    lambda parts: f"S{parts[0]},{parts[1]},{parts[2]}\n".encode()
)
streams = st.lists(
    st.one_of(good, good, good, st.just(b"HI\n"), st.binary(max_size=30), st.just(b"\n"), st.just(b"x" * 40))
)


def expected_turns(data: bytes) -> int:
    """Return how far the good lines of a stream turn the wheel, found without the decoder."""
    lines = (line.removesuffix(b"\r") for line in data.split(b"\n")[:-1])
    found = (re.fullmatch(rb"S[XYZ],10?,(-?[0-9]{1,4})", line) for line in lines)
    return sum(int(one[1]) for one in found if one)


@settings(max_examples=300, deadline=None)
@given(streams, st.lists(st.integers(0, 10_000)))
def test_any_stream_in_any_pieces_gives_the_same_events(parts: list[bytes], cuts: list[int]) -> None:
    data = b"".join(parts)
    whole, single, cut = (decoder_for(STEPS) for _ in range(3))
    events = fed(whole, [data])
    assert events == fed(single, bytewise(data)) == fed(cut, pieces(data, cuts))
    assert (whole.garbled, whole.understood) == (single.garbled, single.understood)
    assert turned(events) == expected_turns(data)


@settings(max_examples=200, deadline=None)
@given(streams)
def test_the_core_takes_whatever_a_decoder_says(parts: list[bytes]) -> None:
    profile = profile_of(STEPS)
    decoder, pendant = decoder_of(profile), Pendant(profile, Machine())
    for number, part in enumerate(parts):
        pendant.handle(decoder.feed(part, float(number)), float(number))
    pendant.handle(decoder.feed(b"\nSX,1,1\n", 99.0), 99.0)


def test_an_endless_line_takes_no_memory() -> None:
    decoder = decoder_for(STEPS)
    for _ in range(1000):
        decoder.feed(b"S" * 1000, 1.0)
    assert decoder.garbled == 1
    assert sum(len(value) for value in _held(decoder, set()) if isinstance(value, bytes)) < 500
    assert turned(fed(decoder, [b"\nSX,1,1\n"])) == 1


def _held(thing: object, seen: set[int]) -> list[object]:
    """Return everything that an object holds."""
    if id(thing) in seen or isinstance(thing, type):
        return []
    seen.add(id(thing))
    slots = [getattr(thing, name) for name in getattr(type(thing), "__slots__", ()) if hasattr(thing, name)]
    inner = [*getattr(thing, "__dict__", {}).values(), *slots]
    if isinstance(thing, list | tuple | set):
        inner += thing
    if isinstance(thing, dict):
        inner += thing.values()
    return [thing, *(found for one in inner for found in _held(one, seen))]


@pytest.mark.parametrize(
    ("text", "times", "number"),
    [
        *(("12", 1, 12), ("-12", 1, -12), ("+3", 1, 3), ("007", 1, 7), ("0.0300", 100, 3), ("-1.5", 10, -15)),
        *((".5", 2, 1), ("5.", 1, 5), ("0.1", 1, None), ("0.015", 100, None), ("", 1, None), ("-", 1, None)),
        *((".", 1, None), ("1.2.3", 10, None), ("1e3", 1, None), ("\u0663", 1, None), ("9" * 30, 1, None)),
        *(("-0.0", 1, 0), ("--1", 1, None), ("\u00b2", 1, None)),
    ],
)
def test_decimal_numbers(text: str, times: int, number: int | None) -> None:
    assert decimal(text, times) == number
