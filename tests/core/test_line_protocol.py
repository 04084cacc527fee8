# SPDX-License-Identifier: GPL-2.0-or-later
"""The line protocol: what the page says, line by line, and what garbage does to it."""

from __future__ import annotations

import re
from math import inf
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal_mpg.device_state import State as DeviceState
from hal_mpg.device_state import next_state
from hal_mpg.events import Connected, DeviceEvent, Disconnected, Frame
from hal_mpg.protocols.line_format import (
    MAX_BYTES,
    OtherVersion,
    read_controls,
    read_greeting,
    read_state,
    sealed,
    unsealed,
)
from hal_mpg.protocols.line_protocol import LineProtocol
from tests.beds.serial_pendant import Firmware, Noise, crc, line
from tests.core.serial_world import CONTROLS, make_profile

PAGE = (Path(__file__).parents[2] / "docs" / "serial-protocol.md").read_text(encoding="utf-8")
GREETING = line(f"G,1,Bench,7,{CONTROLS}")
STATE = line("S,7,0,100,100,0,1,1,1")


def decoder(port: str = "x") -> LineProtocol:
    return LineProtocol(make_profile(port))


def connected() -> LineProtocol:
    """Return the decoder of a pendant that stands still: X, x1, E-stop released, wheel at 100."""
    made = decoder()
    events = made.feed(GREETING + STATE, 0.0)
    assert [type(event) for event in events] == [Connected]
    return made


# The page.


def test_every_line_of_the_page_is_right() -> None:
    lines = re.findall(r"^ *((?:[GSLT],[^\n]*|\?)\*[0-9A-F]{4})$", PAGE, re.MULTILINE)
    assert len(lines) >= 8
    for text in lines:
        body = unsealed(text.encode())
        if body.startswith(b"S"):
            read_state(body)
        elif body.startswith(b"G"):
            assert read_greeting(body).controls.detent == 4
    assert f"{crc(b'123456789'):04X}" == "31C3"
    assert "`31C3`" in PAGE


def test_the_example_of_the_page_moves_what_it_says() -> None:
    made = decoder()
    made.feed(line(f"G,1,Bench,4711,{CONTROLS}"), 0.0)
    first, lost, last = re.findall(r"^    ([S(].*)$", PAGE.split("Example, scale x1")[1], re.MULTILINE)[:3]
    assert "lost" in lost
    made.feed(first.encode() + b"\n", 0.0)
    [frame] = made.feed(last.encode() + b"\n", 0.02)
    assert isinstance(frame, Frame)
    assert frame.changes == ((3, 8, 8), (3, 0, 2), (3, 8, 12))
    assert made.lost_lines == 1


# Lines.


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ("", "none of a greeting"),
        ("axis=xyz  estop", "none of a greeting"),
        ("estop", "no axis="),
        ("axis=xyq", "'q'"),
        ("axis=xx", "one twice"),
        ("axis=", "none of a greeting"),
        ("axis=x,y,", "''"),
        ("axis=xyz axis=xyz", "axis twice"),
        ("axis=xyz estop estop", "estop twice"),
        ("axis=xyz estop=1", "none of a greeting"),
        ("axis=xyz wheel=1", "none of a greeting"),
        ("axis=xyz scale=x1,x1", "one twice"),
        ("axis=xyz scale=x1,,x2", "empty"),
        ("axis=xyz buttons=Home", "'Home'"),
        ("axis=xyz buttons=-home", "'-home'"),
        ("axis=xyz buttons=" + "a" * 21, "cannot name a pin"),
        ("axis=xyz leds=", "none of a greeting"),
        ("axis=xyz detent=0", "detent=0"),
        ("axis=xyz detent=101", "100 is the most"),
        ("axis=xyz detent=04", "'04'"),
        ("axis=xyz text=33", "32 is the most"),
        ("axis=xyz estop reset enable buttons=" + ",".join(f"b{n}" for n in range(14)), "17 switches"),
        ("axis=xyz leds=" + ",".join(f"l{n}" for n in range(17)), "more than 16"),
    ],
)
def test_a_greeting_that_does_not_fit_says_why(words: str, what: str) -> None:
    with pytest.raises(ValueError, match=re.escape(what)):
        read_controls(words)


def test_a_greeting_with_everything_fits() -> None:
    found = read_controls(
        "text=16 detent=4 leds=a,b buttons=c,d enable reset estop scale=x1,x10 axis=x,feed-override"
    )
    assert found.axis == ("x", "feed-override")
    assert found.scale == ("x1", "x10")
    assert found.switches == ("estop", "reset", "enable", "button.c", "button.d")
    assert (found.leds, found.detent, found.text) == (("a", "b"), 4, 16)
    assert read_controls("axis=max-velocity").axis == ("max-velocity",)


@pytest.mark.parametrize(
    "body",
    [
        *("S", "S,", "S,7,0,100,100,0,1,1", "S,7,0,100,100,0,1,1,1,1", "S,7,0,100,100,0,1,1,"),
        *("S,07,0,100,100,0,1,1,1", "S,7,256,100,100,0,1,1,1", "S,7,0,65536,100,0,1,1,1"),
        *("S,7,0,-1,100,0,1,1,1", "S,7,0,+1,100,0,1,1,1", "S,7,0, 1,100,0,1,1,1", "S,7,0,1e3,100,0,1,1,1"),
        *("S,7,0,100,100,256,1,1,1", "S,7,0,100,100,0,16,1,1", "S,7,0,100,100,0,1,16,1"),
        *(
            "S,7,0,100,100,0,1,1,01",
            "S,7,0,100,100,0,1,1,f",
            "S,7,0,100,100,0,1,1,10000",
            "S,7,0,100,100,0,1,1,G",
        ),
        *("s,7,0,100,100,0,1,1,1", "X,7,0,100,100,0,1,1,1", "S,,0,100,100,0,1,1,1", "", "L,1", "?"),
        *("S,7,1,100,100,1,7,1,1", "S,7,1,100,100,1,1,4,1", "S,7,1,100,100,1,1,1,20"),
        f"G,1,Be*nch,7,{CONTROLS}",
        *("G,1,Bench,7", "G,1,,7,axis=x", "G,1,Bench,65536,axis=x", "G,1," + "n" * 33 + ",7,axis=x"),
    ],
)
def test_a_line_that_does_not_fit_is_refused_whole(body: str) -> None:
    made = connected()
    assert made.feed(line(body), 1.0) == []
    assert (made.garbled, made.understood) == (1, 1)
    assert made.complaint
    [frame] = made.feed(line("S,7,2,103,100,0,1,1,1"), 1.0)
    assert isinstance(frame, Frame)
    assert frame.changes == ((3, 8, 103),)


@pytest.mark.parametrize(
    "text",
    [
        *(
            b"S,7,1,101,100,0,1,1,1\n",
            b"S,7,1,101,100,0,1,1,1*0000\n",
            b"*C7BC\n",
            b"S,7,1,101,100,0,1,1,1*\n",
        ),
        *(line("S,7,1,101,100,0,1,1,1").lower(), b" " + line("S,7,1,101,100,0,1,1,1")),
        *(
            line("S,7,1,101,100,0,1,1,1")[:-1] + b" \n",
            b"\xff\x00\x80\n",
            b"x" * 251 + b"\n",
            b"x" * 9999 + b"\n",
        ),
        *(sealed("S,7,1,101,100,0,1,1*1"), b"S,7,1,10" + line("S,7,1,101,100,0,1,1,1")),
    ],
)
def test_a_damaged_line_counts_as_one(text: bytes) -> None:
    made = connected()
    assert made.feed(text, 1.0) == []
    assert made.garbled == 1


def test_the_longest_greeting_fits_into_a_line() -> None:
    words = (
        "axis=xyzabcuvw scale=x1,x10,x100,x1000 estop reset enable leds=ready,fault detent=4 text=32 buttons="
    )
    words += ",".join(f"button-number-{n:02}" for n in range(6))
    text = line(f"G,1,{'n' * 32},65535,{words}")
    assert 230 < len(text) - 1 <= MAX_BYTES
    made = decoder()
    made.feed(text, 0.0)
    assert (made.garbled, made.name) == (0, "n" * 32)


def test_a_cr_before_the_lf_belongs_to_the_end() -> None:
    made = decoder()
    assert made.feed((GREETING + STATE).replace(b"\n", b"\r\n"), 0.0)
    assert made.garbled == 0


def test_half_a_line_at_the_opening_is_no_damage() -> None:
    made = decoder()
    made.feed(STATE[7:] + GREETING, 0.0)
    assert made.garbled == 0
    made.feed(STATE[7:], 0.0)
    assert made.garbled == 1


@given(st.integers(0, len(STATE) - 2), st.integers(0, 255))
def test_one_wrong_byte_is_always_found(place: int, byte: int) -> None:
    text = bytearray(STATE)
    if text[place] == byte or byte in b"\n":
        return
    text[place] = byte
    with pytest.raises(ValueError, match=r"."):
        read_state(unsealed(bytes(text[:-1]).removesuffix(b"\r")))


# Connecting, losing, restarting.


def test_it_is_connected_by_a_greeting_and_a_state_of_the_same_start() -> None:
    made = decoder()
    assert made.feed(STATE, 0.0) == []
    assert made.feed(line(f"G,1,Bench,8,{CONTROLS}") + STATE, 0.1) == []
    assert made.feed(GREETING, 0.2) == []
    [event] = made.feed(STATE, 0.3)
    assert isinstance(event, Connected)
    assert event.nodes[0].keys == {0x100}
    assert event.nodes[0].absolutes == {8: 100, 0: 1, 1: 1}


def test_after_silence_the_next_state_is_a_new_connection() -> None:
    made = connected()
    made.lost()
    [event] = made.feed(line("S,7,9,500,100,0,1,1,1"), 9.0)
    assert isinstance(event, Connected)


def test_another_start_is_a_loss_by_the_state_alone() -> None:
    made = connected()
    [event] = made.feed(line("S,8,0,0,0,0,1,1,1") * 3, 1.0)
    assert isinstance(event, Disconnected)
    assert "started anew" in event.reason
    assert made.to_send(1.0) == line("?")
    events = made.feed(line(f"G,1,Bench,8,{CONTROLS}") + line("S,8,3,0,0,0,1,1,1"), 1.1)
    assert [type(event) for event in events] == [Connected]


def test_another_start_is_a_loss_by_the_greeting_alone() -> None:
    made = connected()
    events = made.feed(line("G,1,Bench,8,axis=xy") + line("S,8,0,5,5,0,2,0,0"), 1.0)
    assert [type(event) for event in events] == [Disconnected, Connected]


def test_the_same_greeting_again_changes_nothing() -> None:
    made = connected()
    assert made.feed(GREETING * 3, 1.0) == []
    assert made.feed(line("S,7,1,101,100,0,1,1,1"), 1.0)


def test_without_a_scale_selector_it_cannot_be_at_fault() -> None:
    made = decoder()
    made.feed(line("G,1,Small,7,axis=xyz") + line("S,7,0,0,0,0,1,0,0"), 0.0)
    assert made.feed(line("S,7,1,0,0,1,1,15,0"), 0.1) == []
    assert made.garbled == 1


def test_another_version_is_told_and_not_connected() -> None:
    made = decoder()
    assert made.feed(line("G,2,Newer,7,anything at all") + STATE, 0.0) == []
    made.feed(line("G,2,Newer,7,anything at all") + STATE, 0.0)
    assert "version 2" in made.complaint
    with pytest.raises(OtherVersion):
        read_greeting(b"G,2,x")
    made = connected()
    [event] = made.feed(line("G,2,Newer,7,anything at all"), 1.0)
    assert isinstance(event, Disconnected)


def test_a_state_that_contradicts_the_last_one_is_refused() -> None:
    for body in (
        "S,7,1,101,101,0,1,1,1",
        "S,7,1,101,100,0,2,1,1",
        "S,7,1,101,100,0,1,2,1",
        "S,7,1,101,100,0,1,1,0",
    ):
        made = connected()
        assert made.feed(line(body), 0.1) == []
        assert "contradicts" in made.complaint


def test_where_a_press_may_be_hidden_the_pendant_counts_as_lost() -> None:
    made = connected()
    dropped, event = made.feed(line("S,7,12,103,101,2,1,1,1"), 0.12)
    assert isinstance(dropped, Frame)
    assert dropped.changes == ((3, 0, 0), (3, 1, 0), (3, 8, 103)), "with nothing selected, so they count"
    assert isinstance(event, Disconnected)
    [event] = made.feed(line("S,7,13,103,101,2,1,1,1"), 0.13)
    assert isinstance(event, Connected)


@pytest.mark.parametrize(
    ("seq", "changes", "at"),
    [(12, 1, 0.12), (12, 2, 0.05), (1, 2, 0.12)],
    ids=["one change", "too short for a press", "no line was lost"],
)
def test_elsewhere_it_does_not(seq: int, changes: int, at: float) -> None:
    made = connected()
    assert [
        e for e in made.feed(line(f"S,7,{seq},100,100,{changes},1,1,1"), at) if isinstance(e, Disconnected)
    ] == []


def test_what_the_pendant_lacks_is_told_and_its_estop_counts_as_pressed() -> None:
    made = decoder()
    [event] = made.feed(line("G,1,Small,1,axis=zx buttons=go,other") + line("S,1,0,0,0,0,2,0,3"), 0.0)
    assert isinstance(event, Connected)
    assert event.nodes[0].keys == {0x111}, "the profile's `go`, and no E-stop"
    assert event.nodes[0].absolutes == {8: 0, 0: 1, 1: 0}, "its second position is the profile's first"
    assert "no estop, reset, enable, button.home" in made.remark
    assert made.complaint == ""


# The other way.


def test_it_asks_until_it_is_greeted_then_tells_lamps() -> None:
    made = decoder()
    assert made.to_send(1.0) == line("?")
    assert (made.to_send(1.4), made.next_send()) == (b"", 1.5)
    assert made.to_send(1.5) == line("?")
    made.set_led("fault", True)
    made.feed(GREETING, 1.6)
    assert made.next_send() <= 1.6
    assert made.to_send(1.6) == line("L,2")
    assert (made.to_send(2.0), made.next_send()) == (b"", 2.1)
    assert made.to_send(2.1) == line("L,2")
    made.set_led("ready", True)
    made.set_led("fault", False)
    assert made.to_send(2.2) == line("L,1")
    made.set_led("ready", True)
    assert made.to_send(2.3) == b""


def test_a_text_is_cut_to_what_fits_and_told_again() -> None:
    made = connected()
    made.to_send(0.0)
    made.show("X x10 *stern* ü and more")
    assert made.to_send(0.1) == line("T,X x10 ?stern? ? ")
    assert made.to_send(0.3) == b""
    assert line("T,X x10 ?stern? ? ") in made.to_send(2.1)


def test_without_a_display_there_is_no_text() -> None:
    made = decoder()
    made.feed(line("G,1,Small,1,axis=x"), 0.0)
    made.show("hello")
    assert made.to_send(0.0) == line("L,0")
    assert made.next_send() == 0.5


def test_after_the_port_was_opened_anew_it_asks_again() -> None:
    made = connected()
    made.reset()
    assert made.next_send() == -inf
    assert made.to_send(5.0) == line("?")
    assert made.feed(STATE, 5.0) == []


def test_a_line_that_comes_twice_is_no_lost_one() -> None:
    made = connected()
    made.feed(STATE + line("S,7,1,100,100,0,1,1,1") * 2, 0.1)
    made.feed(line("S,7,4,100,100,0,1,1,1"), 0.1)
    assert (made.lost_lines, made.garbled, made.understood) == (2, 0, 5)


# Any split, any garbage.


def session(seed: int) -> list[bytes]:
    """Return what arrives of a pendant that somebody plays with, over a bad wire."""
    random, firmware = Random(seed), Firmware(CONTROLS, boot=seed % 3)
    noise = Noise(flipped=0.01, cut=0.05, merged=0.05, seed=seed)
    arrived, now = [], 0.0
    for _ in range(60):
        now += random.choice((0.001, 0.006, 0.02, 0.05))
        act = random.randrange(8)
        if act < 3:
            firmware.turn(random.randint(-5, 5))
        elif act == 3:
            firmware.select(random.randrange(7), random.randrange(4), now)
        elif act == 4:
            firmware.set(random.choice(firmware.switches), random.random() < 0.5, now)
        elif act == 5 and random.random() < 0.1:
            firmware = Firmware(CONTROLS, boot=random.randrange(5)).as_it_stands(firmware)
        elif act == 6 and random.random() < 0.3:
            arrived.append(random.randbytes(random.randrange(600)))
        arrived += [noise(text) for text in firmware.due(now)]
    return arrived


def without_times(events: list[DeviceEvent]) -> list[DeviceEvent]:
    return [event._replace(time=0.0) for event in events]


@given(st.integers(0, 10_000), st.lists(st.integers(1, 40), min_size=1))
def test_whole_and_in_pieces_is_the_same(seed: int, sizes: list[int]) -> None:
    data = b"".join(session(seed))
    whole, pieces, bytewise = decoder(), decoder(), decoder()
    events = without_times(whole.feed(data, 0.0))
    cut, rest = [], data
    while rest:
        for size in sizes:
            cut += pieces.feed(rest[:size], 0.0)
            rest = rest[size:]
    single = [event for byte in data for event in bytewise.feed(bytes([byte]), 0.0)]
    assert without_times(cut) == without_times(single) == events
    counts = {
        (one.understood, one.garbled, one.lost_lines, one.complaint) for one in (whole, pieces, bytewise)
    }
    assert len(counts) == 1


@given(st.integers(0, 10_000), st.binary(max_size=400))
def test_garbage_makes_no_illegal_event_and_no_memory(seed: int, garbage: bytes) -> None:
    made, state = decoder(), DeviceState.ABSENT
    arrived = session(seed)
    arrived.insert(len(arrived) // 2, garbage)
    for now, data in enumerate(arrived):
        for event in made.feed(data, now / 100):
            state = next_state(state, event)
    assert len(made.complaint) < 400
    assert made.garbled < sum(data.count(b"\n") for data in arrived) + 10


@given(st.binary(max_size=2000))
def test_any_bytes_are_taken(data: bytes) -> None:
    made = decoder()
    made.feed(data, 0.0)
    made.feed(b"\n", 0.0)
    assert [type(event) for event in made.feed(GREETING + STATE, 0.0)] == [Connected]
