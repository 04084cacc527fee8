# SPDX-License-Identifier: GPL-2.0-or-later
"""Fuzzes what comes as bytes or text: frames of evdev nodes, lines of events, virtual pendants, options."""

from __future__ import annotations

import io
import socket
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, suppress
from functools import partial
from itertools import pairwise
from math import isfinite
from pathlib import Path
from random import Random
from typing import Any

from hal_mpg.errors import UsageError
from hal_mpg.events import (
    EV_KEY,
    EV_REL,
    EV_SYN,
    SYN_DROPPED,
    SYN_REPORT,
    DeviceEvent,
    Disconnected,
    EventsLost,
    Frame,
    from_line,
    to_line,
)
from hal_mpg.machine import parse_axes, parse_increments, parse_units
from hal_mpg.profile_yaml import load_profile
from hal_mpg.sources.frames import INPUT_EVENT, FrameBuilder
from hal_mpg.sources.virtual import VirtualSource
from tests.core.test_frames import merged
from tests.fuzz.decoders import VALUES
from tests.fuzz.shadow import OrderOfEvents, ShadowDevice
from tests.fuzz.violation import check, guarded

NASTY_WORDS = (
    "",
    "0",
    "1e999",
    "nan",
    "-inf",
    "0x10",
    "1_0",
    "٣",
    "9" * 5000,
    "1.5",
    "frame",
    "connected",
    "snapshot",
    "events-lost",
    "disconnected",
    "keys=",
    "abs=",
    "keys=1,,2",
    "abs=1:2:3",
    "abs=1",
    "keys=-1",
    "1:2:3",
    "1:2",
    "a:b:c",
    "#",
    "32",
    "-1",
    "31",
    "\x00",
    "\ufffd",
    "mm",
    "inch",
    "0.03937007874015748",
    "XYZ",
    "{X Y}",
    "sNaN",
    "1e-9",
    "1E+999999999999999999999",
)


def fuzz_frames(random: Random, covered: Counter[str]) -> None:
    """Feed any bytes, in any pieces: the frames are those of the whole."""
    data = _raw_bytes(random)
    has_stamps = random.random() < 0.8
    whole = guarded(lambda: FrameBuilder(1, has_stamps).feed(data, 9.0))
    cuts = sorted(random.randrange(len(data) + 1) for _ in range(random.choice((1, 3, 20))))
    builder = FrameBuilder(1, has_stamps)
    pieces: list[Frame | EventsLost] = []
    for start, end in pairwise((0, *cuts, len(data))):
        pieces += guarded(partial(builder.feed, data[start:end], 9.0))
    check(
        merged(pieces) == merged(whole), "decoder", lambda: f"{data!r} cut at {cuts}: {pieces}, not {whole}"
    )
    changes = [raw[2:] for raw in raw_events(data) if raw[2] != EV_SYN]
    seen = [change for event in pieces for change in event[2]]
    check(seen == changes[: len(seen)], "decoder", lambda: f"{seen} is not the beginning of {changes}")
    reports = [place for place, raw in enumerate(raw_events(data)) if raw[2:4] == (EV_SYN, SYN_REPORT)]
    due = sum(raw[2] != EV_SYN for raw in raw_events(data)[: reports[-1] if reports else 0])
    check(len(seen) >= due, "decoder", lambda: f"{due} changes were to be reported, and {len(seen)} were")
    for event in pieces:
        check(isfinite(event.time), "decoder", event)
        guarded(partial(from_line, guarded(partial(to_line, event))))
    covered["frames built"] += len(whole)
    covered["bytes in pieces"] += len(data)


def raw_events(data: bytes) -> list[tuple[int, int, int, int, int]]:
    """Return the whole events in these bytes."""
    return [*INPUT_EVENT.iter_unpack(data[: len(data) // INPUT_EVENT.size * INPUT_EVENT.size])]


def _raw_bytes(random: Random) -> bytes:
    if random.random() < 0.2:
        return random.randbytes(random.randrange(200))
    raw = []
    if random.random() < 0.02:  # a frame that does not end
        raw = [INPUT_EVENT.pack(5, 0, EV_REL, 7, 1)] * random.choice((1023, 1024, 1025, 1500))
    for _ in range(random.randrange(30)):
        kind = random.choice((EV_SYN, EV_SYN, EV_KEY, EV_REL, 3, 0xFFFF))
        code = random.choice((SYN_REPORT, SYN_REPORT, SYN_REPORT, SYN_DROPPED, 1)) if kind == EV_SYN else 7
        seconds = random.choice((0, 5, 5, 5, 2**62, -(2**63)))
        raw.append(INPUT_EVENT.pack(seconds, random.randrange(-5, 10**6), kind, code, random.choice(VALUES)))
    return b"".join(raw)[: None if random.random() < 0.8 else -3]


# Lines of text.


def random_line(random: Random) -> str:
    """Return a line that may be an event."""
    changes = " ".join(
        f"{random.randrange(5)}:{random.randrange(9)}:{random.choice(VALUES)}" for _ in range(2)
    )
    node = random.randrange(4)
    line = random.choice(
        (
            f"1.5 frame {node} {changes}",
            f"1.5 frame {node} {changes}",
            f"2 events-lost {node} {changes}",
            f"2 snapshot {node} keys=1,2 abs=3:4",
            "3 connected keys= abs=",
            "3 connected keys=1,288 abs=0:-5 keys= abs=",
            "4 disconnected because # of it",
        )
    )
    for _ in range(random.choice((0, 0, 0, 1, 3))):
        words = line.split(" ")
        place = random.randrange(len(words))
        act = random.random()
        if act < 0.4:
            words[place] = random.choice(NASTY_WORDS)
        elif act < 0.6:
            del words[place]
        elif act < 0.8:
            words.insert(place, random.choice((*words, *NASTY_WORDS)))
        else:
            word = words[place]
            cut = random.randrange(len(word) + 1)
            words[place] = (
                word[:cut] + chr(random.choice((0, 9, 10, 58, 44, 0xE9, 0x661, 0x10FFFF))) + word[cut:]
            )
        line = " ".join(words)
    return line


def fuzz_lines(random: Random, covered: Counter[str]) -> None:
    """Parse any line; what is an event comes back from its text."""
    line = random_line(random)
    event = guarded(lambda: from_line(line), ValueError)
    if isinstance(event, ValueError):
        covered["lines refused"] += 1
        check("not an event" in str(event), "decoder", lambda: f"{line!r}: {event}")
        return
    covered["lines that are events"] += 1
    text = guarded(lambda: to_line(event))
    again = guarded(lambda: from_line(text))
    check(again[1:] == event[1:], "decoder", lambda: f"{line!r} is {event}, then {again}")
    check("\n" not in text and to_line(again) == text, "decoder", lambda: f"{text!r} is not one line")


# The virtual pendant.

VIRTUAL = "name: v\nsource: virtual\nmatch: [{{socket: {path}}}]\nincrements: {{x1: {{mm: 1}}}}\n"
VIRTUAL += "controls: {{wheel: {{rel: 7}}, axis: {{keys: {{x: 30}}}}}}\n"
ANY_PROFILE = load_profile(VIRTUAL.format(path="/x"), "fuzz.yaml")


@contextmanager
def listening() -> Iterator[tuple[VirtualSource, socket.socket]]:
    """Listen at a socket of our own; yield a source that looks for it."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        path = Path(folder) / "s"
        listener.bind(str(path))
        listener.listen()
        yield VirtualSource(load_profile(VIRTUAL.format(path=path), "fuzz.yaml")), listener


def fuzz_virtual(random: Random, covered: Counter[str], rounds: int = 1) -> None:
    """Say anything to the line reader, whole and in pieces: the same events, in an order that can be."""
    with listening() as (source, listener), redirect_stderr(io.StringIO()):
        for _ in range(rounds):
            data = _script(random)
            whole = said(source, listener, [data])
            cuts = sorted(random.randrange(len(data) + 1) for _ in range(random.choice((1, 3, 9))))
            pieces = said(source, listener, [data[a:b] for a, b in pairwise((0, *cuts, len(data)))])
            check(pieces == whole, "decoder", f"{pieces}, not {whole}: {data!r} cut at {cuts}")
            covered["virtual pendants"] += 1
            covered["events of virtual pendants"] += len(whole)


def _script(random: Random) -> bytes:
    lines = ["1 connected keys= abs="] if random.random() < 0.9 else []
    lines += [random_line(random) for _ in range(random.randrange(8))]
    if random.random() < 0.1:
        lines.append("1 frame 0 " + "1:2:3 " * random.choice((600, 700, 5000)))
    data = "\n".join(lines).encode("utf-8", "surrogatepass")
    if random.random() < 0.2:
        data += random.randbytes(20)
    return data + b"\n" * random.choice((0, 1, 1, 1))


def said(source: VirtualSource, listener: socket.socket, pieces: list[bytes]) -> list[DeviceEvent]:
    """Return the events of a peer that sends these pieces, each read at once, and hangs up."""
    source.search(1.0)
    peer, _ = listener.accept()
    order = OrderOfEvents(ShadowDevice(ANY_PROFILE))
    events: list[DeviceEvent] = []
    for piece in (*pieces, None):
        if piece is None:
            peer.close()
        elif piece:
            with suppress(BrokenPipeError):
                peer.sendall(piece)
        else:
            continue
        if not source.descriptors():
            break
        for event in guarded(lambda: source.read(source.descriptors(), 1.0)):
            check(
                order.take(event), "illegal", lambda e=event: f"{e} from the virtual pendant, after {events}"
            )
            events.append(event)
        if events and isinstance(events[-1], Disconnected):
            break
    peer.close()
    source.close()
    ends = not events or isinstance(events[-1], Disconnected)
    check(ends, "decoder", lambda: f"hung up, and nobody was told: {events}")
    return [Disconnected(1.0, "") if isinstance(event, Disconnected) else event for event in events]


# Options.


def fuzz_options(random: Random, covered: Counter[str]) -> None:
    """Parse any words as options."""
    text = "".join(
        random.choice((*NASTY_WORDS, ",", " ", "0.001", "x", "B")) for _ in range(random.randint(0, 4))
    )
    parsers: tuple[Callable[[], Any], ...] = (
        lambda: parse_units(text),
        lambda: parse_axes(text.split(" ")),
        lambda: parse_increments("--increments", text),
    )
    for parse in parsers:
        result = guarded(parse, UsageError)
        covered["options refused" if isinstance(result, UsageError) else "options taken"] += 1


def fuzz_streams(random: Random, covered: Counter[str]) -> None:
    """Do each of these some times."""
    for _ in range(10):
        fuzz_frames(random, covered)
        fuzz_lines(random, covered)
        fuzz_options(random, covered)
    fuzz_virtual(random, covered, rounds=3)
