# SPDX-License-Identifier: GPL-2.0-or-later
"""Fuzzes other people's protocols: random profiles of lines and of packets, a bad wire, any split.

What each line and packet means is worked out here from how it was made, and not from its bytes; the decoder's
events have to come to the same. Patterns of nonsense are either refused or matched in no time.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from functools import partial
from random import Random
from typing import NamedTuple

from hal_mpg.device_state import State, next_state
from hal_mpg.errors import IllegalEvent
from hal_mpg.events import EV_ABS, EV_KEY, EV_REL, Connected, DeviceEvent, Disconnected, Frame, Snapshot
from hal_mpg.machine import Machine
from hal_mpg.pendant import Pendant
from hal_mpg.profile import Profile
from hal_mpg.profile_yaml import load_profile
from hal_mpg.protocols import Decoder, decoder_of
from hal_mpg.protocols.pattern_check import Automaton, PatternError
from tests.fuzz.violation import check, guarded

LONGEST = 60
MOST_KEPT = 2000
"""Bytes and characters that a decoder may keep, whatever comes."""

SLOW_S = 0.05
"""A pattern that takes longer for one line would be felt; catastrophes take years."""

AXES, SCALES = "xyz", (1, 10, 100)
SCRAPS = (
    "a",
    "b",
    "0",
    "[ab]",
    "[^a]",
    r"\d",
    ".",
    "ab",
    ",",
    "(",
    ")",
    "(?:",
    "|",
    "*",
    "+",
    "?",
    "{1,9}",
    "{2}",
    "{0,40}",
)


class Said(NamedTuple):
    """One thing that a pendant says: its bytes, and what it means. A restart means nothing else."""

    data: bytes
    turn: int = 0
    axis: int | None = None
    scale: int | None = None
    estop: int | None = None
    restarts: bool = False


def fuzz_foreign(random: Random, covered: Counter[str]) -> None:
    """Hear a random pendant whole, in pieces, and byte by byte; then try a pattern of nonsense."""
    say = random.choice((_Lines, _Packets))(random)
    profile = load_profile(say.profile(), "fuzz.yaml")
    stream = [say.garbage() if random.random() < 0.15 else say.anything() for _ in range(60)]
    data = b"".join(one if isinstance(one, bytes) else one.data for one in stream)
    whole, pieces = decoder_of(profile), decoder_of(profile)
    events = guarded(partial(whole.feed, data, 0.0))
    cut: list[DeviceEvent] = []
    rest = data
    while rest:
        size = random.choice((1, 1, 2, 7, 33, 200))
        cut += guarded(partial(pieces.feed, rest[:size], 0.0))
        rest = rest[size:]
    check(cut == events, "decoder", lambda: f"the split makes a difference to {data!r}"[:1500])
    same = (whole.garbled, whole.understood) == (pieces.garbled, pieces.understood)
    check(same, "decoder", "the split makes a difference to what is counted")
    framer = vars(whole)["_framer"]
    names = getattr(framer, "__slots__", None) or vars(framer)
    check(len(repr([getattr(framer, name) for name in names])) < MOST_KEPT, "decoder", "too much is kept")
    _keep_books(profile, [one for one in stream if isinstance(one, Said)], events, whole)
    _core_takes_it(profile, data, random)
    covered["words of foreign pendants"] += len(stream)
    fuzz_pattern(random, covered)


def _keep_books(profile: Profile, said: list[Said], events: list[DeviceEvent], decoder: Decoder) -> None:
    """Compare where everything stands in the end, and how far the wheel was turned."""
    assert profile.serial is not None
    codes = dict(profile.serial.codes)
    last_start = max((n for n, one in enumerate(said) if one.restarts), default=-1)
    since = said[last_start + 1 :]
    expected = {
        "AXIS": next((one.axis for one in reversed(since) if one.axis is not None), None),
        "SCALE": next((one.scale for one in reversed(since) if one.scale is not None), None),
        "SAFE": next((one.estop for one in reversed(since) if one.estop is not None), None),
    }
    found: dict[tuple[int, int], int] = {}
    turned = 0
    for event in events:
        if isinstance(event, Connected | Snapshot):
            node = event.nodes[0] if isinstance(event, Connected) else event.state
            found = {(EV_ABS, code): value for code, value in node.absolutes.items()}
            found |= {(EV_KEY, code): 1 for code in node.keys}
        elif isinstance(event, Frame):
            turned += sum(value for kind, _, value in event.changes if kind == EV_REL)
            found |= {(kind, code): value for kind, code, value in event.changes}
    for name, value in expected.items():
        stands = found.get(codes[name], 0 if name == "SAFE" and value is not None else None)
        check(stands == value, "decoder", f"{name} stands at {stands}, and was told to at {value}")
    total = sum(one.turn for one in said)
    check(turned == total, "conserved", f"{total} were turned, and {turned} told")
    check(decoder.understood == len(said), "decoder", f"{decoder.understood} of {len(said)} understood")


def _core_takes_it(profile: Profile, data: bytes, random: Random) -> None:
    """Let the state machine hear it in pieces, with silences between."""
    decoder, pendant = decoder_of(profile), Pendant(profile, Machine())
    state, now = State.ABSENT, 100.0
    while data:
        size = random.randint(1, 300)
        now += random.choice((0.001, 0.05, 0.4))
        events = decoder.feed(data[:size], now)
        data = data[size:]
        if random.random() < 0.1 and state is State.LIVE and not events:
            decoder.lost()
            events = [Disconnected(now, "silent")]
        for event in events:
            after = guarded(partial(next_state, state, event), IllegalEvent)
            check(isinstance(after, State), "illegal", f"{event} while {state}")
            state = after
        guarded(partial(pendant.handle, events, now))


def fuzz_pattern(random: Random, covered: Counter[str]) -> None:
    """Try a pattern of nonsense on texts that are made to be hard for it."""
    pattern = "".join(random.choices(SCRAPS, k=random.randint(1, 14)))
    try:
        automaton = Automaton(pattern)
    except PatternError:
        covered["patterns refused"] += 1
        return
    compiled = re.compile(pattern, re.ASCII)
    for text in ("a" * 120, "ab" * 60, "0" * 119 + "!", "ab0," * 30, "".join(random.choices("ab0,", k=40))):
        began = time.process_time()
        found = compiled.fullmatch(text)
        took = time.process_time() - began
        check(took < SLOW_S, "pattern", f"{pattern!r} takes {took:.3f} s for {text!r}")
        check(bool(found) == automaton.fits(text), "pattern", f"{pattern!r} is not what re makes of {text!r}")
    covered["patterns accepted"] += 1


class _Language:
    """A random language of a kind: its profile, and things that are said in it."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def anything(self) -> Said:
        """Return something good."""
        raise NotImplementedError

    def garbage(self) -> bytes:
        """Return bytes that mean nothing, however they are joined to what is around them."""
        raise NotImplementedError

    def protocol(self) -> str:
        """Return the lines of the profile's `protocol`."""
        raise NotImplementedError

    def profile(self) -> str:
        """Return the whole profile."""
        return f"""\
name: f
source: serial
match: [{{port: x}}]
protocol:
{self.protocol()}
increments: {{x1: {{mm: 0.001}}, x10: {{mm: 0.01}}, x100: {{mm: 0.1}}}}
controls:
  wheel: {{rel: WHEEL}}
  axis: {{abs: AXIS, positions: {{1: x, 2: y, 3: z}}}}
  scale: {{abs: SCALE, positions: {{1: x1, 10: x10, 100: x100}}}}
  estop: {{key: SAFE}}
"""


class _Lines(_Language):
    """Lines with random words before and between the values."""

    def __init__(self, random: Random) -> None:
        super().__init__(random)
        first = random.sample("ABCDEFGH", 4)
        self.words = [letter + "".join(random.choices("JKLM:= ", k=random.randint(0, 3))) for letter in first]
        self.comma = random.choice(",;: ")
        self.end = random.choice(("\n", "\r\n"))
        self.times = random.choice((1, 10, 1000))

    def protocol(self) -> str:
        step, turn, stop, start = (word.replace(" ", "[ ]") for word in self.words)
        comma = self.comma.replace(" ", "[ ]")
        number = "-?[0-9]{1,3}" + ("" if self.times == 1 else r"\.[0-9]{3}")
        return rf"""
  longest: {LONGEST}
  lines:
    - line: '{step}(?P<axis>[xyz]){comma}(?P<scale>1|10|100)(?:{comma}(?P<turn>{number}))?'
      set:
        AXIS: {{abs: axis, values: {{x: 1, y: 2, z: 3}}}}
        SCALE: {{abs: scale}}
        WHEEL: {{rel: turn, times: {self.times}}}
    - {{line: '{turn}(?P<turn>{number})', set: {{WHEEL: {{rel: turn, times: {self.times}}}}}}}
    - {{line: '{stop}(?P<on>[01])', set: {{SAFE: {{key: on, invert: true}}}}}}
    - {{line: '{start}', restarts: true}}"""

    def anything(self) -> Said:
        random = self.random
        kind = random.choice("ssstttttee") if random.random() < 0.97 else "r"
        turn = random.randint(-99, 99)
        whole, part = divmod(abs(turn), self.times)
        number = f"{'-' if turn < 0 else ''}{whole}"
        if self.times > 1:
            number += f".{part * 1000 // self.times:03}"
        axis, scale, pressed = random.randint(1, 3), random.choice(SCALES), random.randint(0, 1)
        if kind == "s":
            has_turn = random.random() < 0.7
            text = self.words[0] + self.comma.join(
                [AXES[axis - 1], str(scale), *([number] if has_turn else [])]
            )
            return self._said(text, turn=turn if has_turn else 0, axis=axis, scale=scale)
        if kind == "t":
            return self._said(self.words[1] + number, turn=turn)
        if kind == "e":
            return self._said(f"{self.words[2]}{pressed}", estop=1 - pressed)
        return self._said(self.words[3], restarts=True)

    def _said(self, text: str, **meaning: int) -> Said:
        return Said((text + self.end).encode(), **meaning)  # type: ignore[arg-type]  # bool is int

    def garbage(self) -> bytes:
        kind = self.random.randrange(4)
        if kind == 0:
            return self.anything().data[:-1].strip(b"\r")[:-1] + b"~\n"
        if kind == 1:
            return b"z" * self.random.randint(1, 3 * LONGEST) + b"\n"
        if kind == 2:
            return b"\xff" + self.random.randbytes(20).replace(b"\n", b"") + b"\n"
        return self.random.choice((b"\n", b"\r\n", b"\n\n\n"))


class _Packets(_Language):
    """Packets of a fixed length with a checksum over what is between start and end."""

    def __init__(self, random: Random) -> None:
        super().__init__(random)
        self.start = bytes(random.sample(range(0x80, 0xFF), random.randint(1, 2)))
        self.end = bytes(random.sample(range(0x80), random.randint(0, 1)))
        self.kind, self.order = random.choice(("xor", "sum16")), random.choice(("little", "big"))
        self.form = random.choice(("binary", "binary", "hex"))
        self.size = (1 if self.kind == "xor" else 2) * (2 if self.form == "hex" else 1)
        self.turn = random.choice(("s8", "s16le", "s16be", "s24be", "s32le"))

    def protocol(self) -> str:
        begin = len(self.start)
        turn_size = int(self.turn[1:].rstrip("bel")) // 8
        length = begin + 3 + turn_size + self.size + len(self.end)
        end = f"\n    end: {list(self.end)}" if self.end else ""
        last = begin + 2 + turn_size
        how = f"order: {self.order}, form: {self.form}"
        return f"""
  packets:
    start: {list(self.start)}{end}
    length: {length}
    checksum: {{kind: {self.kind}, at: {last + 1}, from: {begin}, to: {last}, {how}}}
    fields:
      kind: {{at: {begin}}}
      axis: {{at: {begin + 1}, mask: 0x30}}
      scale: {{at: {begin + 1}, mask: 0x0c}}
      released: {{at: {begin + 1}, bit: 0}}
      turn: {{at: {begin + 3}, type: {self.turn}}}
  rules:
    - when: {{kind: 7}}
      set:
        AXIS: {{abs: axis}}
        SCALE: {{abs: scale, values: {{0: 1, 1: 10, 2: 100}}}}
        SAFE: {{key: released}}
        WHEEL: {{rel: turn}}
    - {{when: {{kind: 9}}, restarts: true}}"""

    def anything(self) -> Said:
        random = self.random
        turn, axis, scale = random.randint(-99, 99), random.randint(1, 3), random.randint(0, 2)
        released = random.randint(0, 1)
        if random.random() < 0.03:
            return Said(self._packet(9, 0, 0), restarts=True)
        data = self._packet(7, axis << 4 | scale << 2 | released, turn)
        return Said(data, turn, axis, SCALES[scale], released)

    def _packet(self, kind: int, switches: int, turn: int, wrong: int = 0) -> bytes:
        size = int(self.turn[1:].rstrip("bel")) // 8
        order = "big" if self.turn.endswith("be") else "little"
        body = bytes([kind, switches, 0]) + turn.to_bytes(size, order, signed=True)
        value = 0
        for byte in body:
            value = value ^ byte if self.kind == "xor" else value + byte & 0xFFFF
        sums = (value ^ wrong).to_bytes(
            1 if self.kind == "xor" else 2, "big" if self.order == "big" else "little"
        )
        sums = sums.hex().encode() if self.form == "hex" else sums
        return self.start + body + sums + self.end

    def garbage(self) -> bytes:
        if self.random.random() < 0.3:
            return self._packet(7, 0x11, 1, wrong=0x5A)
        # None of the bytes that a packet begins with, so that nothing good can come of it by chance.
        return bytes(self.random.choice(b"\x00\x01\x7f~") for _ in range(self.random.randint(0, 30)))
