# SPDX-License-Identifier: GPL-2.0-or-later
"""The text form of events: there and back again; garbage is refused."""

from __future__ import annotations

import pytest
from evdev import ecodes
from hypothesis import given
from hypothesis import strategies as st

from hal_mpg import events as events_module
from hal_mpg.events import (
    Connected,
    DeviceEvent,
    Disconnected,
    EventsLost,
    Frame,
    Garbled,
    NodeState,
    Snapshot,
    from_line,
    to_line,
)


def test_the_numbers_are_the_kernels() -> None:
    names = ("EV_SYN", "EV_KEY", "EV_REL", "EV_ABS", "EV_LED", "SYN_REPORT", "SYN_DROPPED")
    assert {name: getattr(events_module, name) for name in names} == {
        name: getattr(ecodes, name) for name in names
    }


times = st.integers(0, 10**12).map(lambda microseconds: microseconds / 1_000_000)
nodes = st.integers(0, 7)
values = st.integers(-(2**31), 2**31 - 1)
changes = st.lists(st.tuples(st.integers(1, 31), st.integers(0, 0x2FF), values), max_size=5).map(tuple)
keys = st.frozensets(st.integers(0, 0x2FF), max_size=5)
absolutes = st.dictionaries(st.integers(0, 63), st.tuples(values, st.none() | st.tuples(values, values)))
states = st.builds(
    lambda keys, axes: NodeState(
        keys,
        {code: value for code, (value, _) in axes.items()},
        {code: ends for code, (_, ends) in axes.items() if ends},
    ),
    keys,
    absolutes,
)
words = st.text("abc xyz 0123:/()", max_size=20).map(lambda text: " ".join(text.split()))
events = st.one_of(
    st.builds(Connected, times, st.lists(states, min_size=1, max_size=3).map(tuple)),
    st.builds(Frame, times, nodes, changes),
    st.builds(EventsLost, times, nodes, changes),
    st.builds(Snapshot, times, nodes, states),
    st.builds(Disconnected, times, words),
    st.builds(Garbled, times, st.integers(0, 2**53 - 1)),
)


@given(events)
def test_there_and_back_again(event: DeviceEvent) -> None:
    line = to_line(event)
    assert line.isprintable()
    again = from_line(line)
    assert type(again) is type(event)
    assert again[1:] == event[1:]
    assert again.time == pytest.approx(event.time, abs=1e-6)


def test_a_reason_may_be_anything_and_the_line_is_still_one_line() -> None:
    event = from_line(to_line(Disconnected(1.0, "hub #2\nis\tgone")))
    assert isinstance(event, Disconnected)
    assert event.reason == "hub 2 is gone"


def test_comments_and_spaces_mean_nothing() -> None:
    assert from_line("  12.5   frame 0  2:7:-1   # a detent") == Frame(12.5, 0, ((2, 7, -1),))


def test_an_empty_frame() -> None:
    assert from_line("1 frame 2") == Frame(1.0, 2, ())


@pytest.mark.parametrize(
    "line",
    [
        "1 garbled",
        "1 garbled -1",
        "1 garbled 1 2",
        "1 garbled 9007199254740992",
        "",
        "#",
        "1",
        "frame 0",
        "x frame 0 2:7:1",
        "nan frame 0 2:7:1",
        "inf frame 0 2:7:1",
        "1 frame",
        "1 frame -1 2:7:1",
        "1 frame 99999999999 2:7:1",
        "1 frame 0 2:7",
        "1 frame 0 2:7:1:1",
        "1 frame 0 2:7:x",
        "1 frames 0 2:7:1",
        "1 connected",
        "1 connected keys=1",
        "1 connected abs= keys=",
        "1 connected keys=x abs=",
        "1 connected keyz=1 abs=",
        "1 connected keys= abz=",
        "1 connected keys= abs=1",
        "1 snapshot 0",
        "1 snapshot 0 keys=",
        "1 snapshot 0 keys= abs= keys=",
        "\0\0\0",
        "9" * 5000 + " frame 0",
    ],
)
def test_garbage_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="not an event"):
        from_line(line)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("nan frame 0", "not finite"),
        ("1 connected", "needed for each node"),
        ("1 connected abs= keys=", "expected"),
        ("1 connected" + " keys= abs=" * 33, "more than 32 nodes"),
        ("1 frame 32", "nodes are 0 to 31"),
        ("1 frames 0", "unknown kind 'frames'"),
        ("1 frame 0 65536:1:1", "65536:1:1: no event has such numbers"),
        ("1 frame 0 1:65536:1", "no event has such numbers"),
        ("1 frame 0 1:1:2147483649", "no event has such numbers"),
        ("1 frame 0 -1:1:1", "no event has such numbers"),
        ("1 frame 0 1:-1:1", "no event has such numbers"),
        ("1 frame 0 " + "9" * 50 + ":1:1", r"\(9{40}: no event"),
        ("1 snapshot 0 keys=65536 abs=", "no key or axis has such a number"),
        ("1 snapshot 0 keys= abs=65536:1", "no key or axis has such a number"),
        ("1 snapshot 0 keys= abs=1:2147483649", "no axis has such a value"),
    ],
)
def test_it_is_said_why(line: str, says: str) -> None:
    with pytest.raises(ValueError, match=f"not an event: '{line[:20]}.*{says}"):
        from_line(line)


def test_of_a_long_line_the_beginning_is_quoted() -> None:
    with pytest.raises(ValueError, match=r"'x{80}' "):
        from_line("x" * 5000)


def test_as_many_nodes_as_there_may_be() -> None:
    nodes = tuple(NodeState(frozenset({number}), {number: -number}) for number in range(32))
    for event in (Connected(1.0, nodes), Connected(1.0, nodes, may_be_old=True), Frame(1.0, 31, ())):
        assert from_line(to_line(event)) == event


@pytest.mark.parametrize("change", [(0, 0, 0), (0xFFFF, 0xFFFF, 2**31), (0, 0xFFFF, -(2**31))])
def test_the_least_and_the_most_that_an_event_may_say(change: tuple[int, int, int]) -> None:
    _, code, value = change
    state = NodeState(frozenset({0, 0xFFFF}), {code: value})
    for event in (Frame(1.0, 0, (change,)), Snapshot(1.0, 0, state)):
        assert from_line(to_line(event)) == event


def test_a_comment_may_have_a_comment() -> None:
    assert from_line("1 frame 2 # one # two # three") == Frame(1.0, 2, ())


@given(st.text(max_size=60))
def test_any_text_is_an_event_or_refused(text: str) -> None:
    try:
        from_line(text)
    except ValueError as error:
        assert len(str(error)) < 1000


@given(
    st.sampled_from(["frame", "connected", "snapshot", "events-lost"]),
    st.text("0123456789:=,-keysab .", max_size=40),
)
def test_nearly_an_event_is_an_event_or_refused(kind: str, rest: str) -> None:
    try:
        event = from_line(f"1.0 {kind} {rest}")
    except ValueError:
        return
    assert from_line(to_line(event)) == event
