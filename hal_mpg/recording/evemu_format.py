# SPDX-License-Identifier: GPL-2.0-or-later
"""evemu's format of recordings: what an input device is, and what it said, as text. Pure.

The format is that of evemu 2.7 (its README: `N:` name, `I:` ids, `P:` properties, `B:` bit maps of codes,
`A:` absolute axes, `L:` lamps, `S:` switches, `E:` events), which umockdev reads and writes, too. All its
versions, 1.0 to 1.3, are read, with and without a description.

A recording of hal_mpg has two things more, in comments, which other programs pass over: `# hal_mpg: state`
before the first frame, where that is no event, but how the switches stood at the beginning; and `# hal_mpg:
others: FILE...`, which names the recordings of the device's other nodes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

from hal_mpg.devices.input_codes import KINDS, Codes, code_name
from hal_mpg.errors import UsageError
from hal_mpg.events import EV_ABS, EV_KEY, EV_LED, EV_REL, EV_SYN, MAX_CODE, MAX_VALUE, SYN_REPORT, Change
from hal_mpg.messages import printable

MAX_EVENTS = 5_000_000
"""More events than this in one file are no recording of a pendant: hours of turning it without a break."""

STATE_MARK = "# hal_mpg: state"
OTHERS_MARK = "# hal_mpg: others:"

EV_MSC, EV_SW, EV_SND, EV_REP, EV_FF = 4, 5, 0x12, 0x14, 0x15
BITS = {
    EV_SYN: 64,
    EV_KEY: 768,
    EV_REL: 64,
    EV_ABS: 64,
    EV_MSC: 64,
    EV_SW: 64,
    EV_LED: 64,
    EV_SND: 64,
    EV_REP: 64,
    EV_FF: 128,
}
"""Event type -> bits in its map, filled up to whole lines of eight bytes."""

SOMETHING_ELSE = (
    (re.compile(r"^Event: time \d|^Input driver version", re.M), "evtest"),
    (re.compile(r"^(libinput:|version: \d+$|\s*evdev:$)", re.M), "libinput record"),
    (re.compile(r"^R: \d+ [0-9a-f]{2} ", re.M), "hid-recorder"),
    (re.compile(r"^\s*-?event\d+\s+(DEVICE_ADDED|POINTER|KEYBOARD)", re.M), "libinput debug-events"),
)
"""What else people record input devices with, and by what it is known."""

_TIME = re.compile(r"([0-9]{1,12})\.([0-9]{1,6})")


class AbsRange(NamedTuple):
    """What is said of an absolute axis (struct input_absinfo, without its value)."""

    minimum: int
    maximum: int
    fuzz: int = 0
    flat: int = 0
    resolution: int = 0


class RawEvent(NamedTuple):
    """One event of a recording; the time in seconds, of whatever clock the recording has."""

    time: float
    type: int
    code: int
    value: int


@dataclass(slots=True)
class Recording:
    """One recorded node. `ids` are bus, vendor, product, version; what the file does not tell is empty."""

    name: str = ""
    ids: tuple[int, int, int, int] = (0, 0, 0, 0)
    properties: frozenset[int] = frozenset()
    codes: dict[int, frozenset[int]] = field(default_factory=dict)
    ranges: dict[int, AbsRange] = field(default_factory=dict)
    leds: dict[int, int] = field(default_factory=dict)
    switches: dict[int, int] = field(default_factory=dict)
    state: tuple[Change, ...] | None = None
    """How the switches stood at the beginning; None: the file does not tell."""

    others: tuple[str, ...] = ()
    events: list[RawEvent] = field(default_factory=list)

    @property
    def is_ours(self) -> bool:
        """Whether hal_mpg recorded it; its times then begin with the recording, not with the first event."""
        return self.state is not None


def parse(text: str, file: str) -> list[Recording]:
    """Return the nodes that a file has recordings of: one, but for umockdev's, which may have several.

    Raises UsageError with the line of the first fault.
    """
    return _Parser(file).parse(text)


class _Parser:
    """Reads one file, line by line."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._line = 0
        self._done: list[Recording] = []
        self._now = Recording()
        self._bits: dict[int, bytearray] = {}
        self._property_bytes = bytearray()
        self._states: list[Change] | None = None  # while the frame of the state is being read
        self._events = 0

    def parse(self, text: str) -> list[Recording]:
        for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
            self._line = number
            self._read(line.strip().lstrip(">").lstrip())  # from a mail, perhaps
        self._finish()
        if not self._done:
            raise UsageError(f"{self._file}: {_what_else(text)}")
        return self._done

    def _read(self, line: str) -> None:
        if not line:
            return
        if line.startswith("#"):
            self._comment(line)
            return
        letter, colon, rest = line.partition(":")
        reader = self._READERS.get(letter)
        if not colon or not reader:
            if (self._events == 0 and not self._now.name) or line == "^C":
                return  # what a terminal showed before, and at the end
            raise self._fault(f"{line[:40]!r} is no line of evemu's; use one of N: I: P: B: A: L: S: E: or #")
        if letter != "N":
            rest = rest.split("#", 1)[0]
        try:
            reader(self, rest)
        except (ValueError, IndexError):
            raise self._fault(f"{line[:60]!r} is not what evemu writes after {letter}:; correct it") from None

    def _fault(self, what: str) -> UsageError:
        return UsageError(f"{self._file}:{self._line}:1: {printable(what)}")

    def _comment(self, line: str) -> None:
        if line.startswith("# device "):  # umockdev's, before the events of each node
            if self._now.events:
                self._finish()
            self._now.name = self._now.name or line.removeprefix("# device ").strip()
        elif line == STATE_MARK:
            self._states = []
        elif line.startswith(OTHERS_MARK):
            self._now.others = tuple(line.removeprefix(OTHERS_MARK).split())

    def _finish(self) -> None:
        """Take what was read so far as a recording, if it is one."""
        now = self._now
        if self._states is not None:
            now.state = tuple(self._states)
        if now.name or now.events or now.state is not None:
            now.codes = {kind: _bits_in(found) for kind, found in self._bits.items() if kind and any(found)}
            now.properties = _bits_in(self._property_bytes)
            self._done.append(now)
        self._now, self._states = Recording(), None
        self._bits, self._property_bytes = {}, bytearray()

    def _read_name(self, rest: str) -> None:
        if self._now.events or self._now.ids != (0, 0, 0, 0):
            self._finish()  # several recordings, one after the other
        self._now.name = printable(rest.strip())

    def _read_ids(self, rest: str) -> None:
        bus, vendor, product, version = (_hex(word, 0xFFFF) for word in rest.split())
        self._now.ids = (bus, vendor, product, version)

    def _read_properties(self, rest: str) -> None:
        self._property_bytes += bytes(_hex(word, 0xFF) for word in rest.split())

    def _read_bits(self, rest: str) -> None:
        kind, *row = (_hex(word, 0xFF) for word in rest.split())
        self._bits.setdefault(kind, bytearray()).extend(row)

    def _read_range(self, rest: str) -> None:
        code, *numbers = rest.split()
        if not 4 <= len(numbers) <= 6:  # umockdev has the value, too
            raise ValueError(numbers)
        self._now.ranges[_hex(code, MAX_CODE)] = AbsRange(*(_decimal(number) for number in numbers[:5]))

    def _read_led(self, rest: str) -> None:
        code, state = rest.split()
        self._now.leds[_hex(code, MAX_CODE)] = _decimal(state)

    def _read_switch(self, rest: str) -> None:
        code, state = rest.split()
        self._now.switches[_hex(code, MAX_CODE)] = _decimal(state)

    def _read_event(self, rest: str) -> None:
        time, kind, code, value = rest.split()
        change = (_hex(kind, MAX_CODE), _hex(code, MAX_CODE), _decimal(value))
        at = _time(time)
        self._events += 1
        if self._events > MAX_EVENTS:
            raise self._fault(f"more than {MAX_EVENTS} events; cut the recording to what matters")
        if self._states is None:
            self._now.events.append(RawEvent(at, *change))
        elif change[:2] == (EV_SYN, SYN_REPORT):
            self._now.state, self._states = tuple(self._states), None
        else:
            self._states.append(change)

    _READERS: ClassVar[Mapping[str, Callable[[_Parser, str], None]]] = {
        "N": _read_name,
        "I": _read_ids,
        "P": _read_properties,
        "B": _read_bits,
        "A": _read_range,
        "L": _read_led,
        "S": _read_switch,
        "E": _read_event,
    }


def _what_else(text: str) -> str:
    """Return what to say of a text that is no recording."""
    for pattern, program in SOMETHING_ELSE:
        if pattern.search(text[:100_000]):
            return f"is what {program} prints; record it with hal_mpg record, or with evemu-record"
    return "is no recording, for it has neither N: nor E: lines; make one with hal_mpg record"


def _hex(word: str, highest: int) -> int:
    number = int(word, 16)
    if not 0 <= number <= highest:
        raise ValueError(word)
    return number


def _decimal(word: str) -> int:
    number = int(word)
    if abs(number) > MAX_VALUE:
        raise ValueError(word)
    return number


def _time(word: str) -> float:
    found = _TIME.fullmatch(word)
    if not found:
        raise ValueError(word)
    return int(found[1]) + int(found[2].ljust(6, "0")) * 1e-6


def _bits_in(row: Iterable[int]) -> frozenset[int]:
    return frozenset(8 * place + bit for place, byte in enumerate(row) for bit in range(8) if byte >> bit & 1)


def description(recording: Recording, comments: Iterable[str] = ()) -> Iterator[str]:
    """Yield the lines that say what a node is; `comments` go to the top. Its events are not in them."""
    bus, vendor, product, version = recording.ids
    yield "# EVEMU 1.3"
    yield from (f"# {printable(comment)}" for comment in comments)
    yield f'# Input device name: "{printable(recording.name)}"'
    ids = f"bus {bus:#04x} vendor {vendor:#06x} product {product:#06x} version {version:#06x}"
    yield f"# Input device ID: {ids}"
    yield "# Supported events:"
    for kind, numbers in sorted(recording.codes.items()):
        if kind in KINDS:
            yield f"#   Event type {kind} (EV_{KINDS[kind]})"
            yield from (f"#     Event code {code} ({code_name(kind, code)})" for code in sorted(numbers))
    yield f"N: {printable(recording.name)}"
    yield f"I: {bus:04x} {vendor:04x} {product:04x} {version:04x}"
    yield from (f"P: {row}" for row in _rows(recording.properties, 64))
    yield from _bit_lines(recording.codes)
    for code, numbers_of in sorted(recording.ranges.items()):
        yield f"A: {code:02x} {' '.join(map(str, numbers_of))}"
    yield from (f"L: {code:02x} {state}" for code, state in sorted(recording.leds.items()))
    yield from (f"S: {code:02x} {state}" for code, state in sorted(recording.switches.items()))
    if recording.others:
        yield f"{OTHERS_MARK} {' '.join(recording.others)}"
    if recording.state is not None:
        yield STATE_MARK
        yield from frame_lines(0.0, recording.state)


def _bit_lines(codes: Codes) -> Iterator[str]:
    with_types = {**codes, EV_SYN: frozenset({EV_SYN, *codes})}
    for kind, bits in BITS.items():
        yield from (f"B: {kind:02x} {row}" for row in _rows(with_types.get(kind, frozenset()), bits))


def _rows(numbers: frozenset[int], bits: int) -> Iterator[str]:
    for start in range(0, bits, 64):
        row = (
            sum(1 << number - byte for number in numbers if byte <= number < byte + 8)
            for byte in range(start, start + 64, 8)
        )
        yield " ".join(f"{byte:02x}" for byte in row)


def frame_lines(time: float, changes: Iterable[Change]) -> Iterator[str]:
    """Yield the lines of one frame, its SYN_REPORT included."""
    for change in (*changes, (EV_SYN, SYN_REPORT, 0)):
        yield event_line(RawEvent(time, *change))


def event_line(event: RawEvent) -> str:
    """Return the line of one event, with its name beside it."""
    seconds, micros = divmod(round(event.time * 1_000_000), 1_000_000)
    text = f"E: {seconds}.{micros:06d} {event.type:04x} {event.code:04x} {event.value:04d}"
    if event.type == EV_SYN:
        return f"{text}\t# ------------ {_SYN.get(event.code, f'SYN {event.code}')}"
    return f"{text}\t# {code_name(event.type, event.code)} {event.value}"


_SYN: Mapping[int, str] = {0: "SYN_REPORT", 1: "SYN_CONFIG", 2: "SYN_MT_REPORT", 3: "SYN_DROPPED"}
