# SPDX-License-Identifier: GPL-2.0-or-later
"""What devices and HAL say to the state machine, and what it says to the pins.

All of them are immutable. Times are seconds of the monotonic clock. A change is one raw input event
`(type, code, value)` with the numbers of the Linux input subsystem (event-codes.rst).

Each device event has a text form of one line, which the virtual pendant speaks, and which is easy to
read and write by hand::

    12.250 connected keys=291,294 abs=3:1      # one keys=... abs=... pair for each node
    12.250 connected keys=291 abs=0:128:0:255  # an axis that stands at 128, and moves between 0 and 255
    12.250 connected-old keys=291 abs=         # the same, where the state may be older than that
    12.300 frame 0 2:7:1                       # node 0: REL_DIAL +1
    12.400 events-lost 0 2:7:5                 # SYN_DROPPED, with what was void
    12.401 snapshot 0 keys=291,294 abs=
    12.500 garbled 3                           # 3 lines were refused since the start (serial pendants)
    13.000 disconnected unplugged
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from math import isfinite

from hal_mpg.lean_typing import NamedTuple

# Types of input events (linux/input-event-codes.h).
EV_SYN, EV_KEY, EV_REL, EV_ABS, EV_MSC, EV_LED = 0, 1, 2, 3, 4, 0x11
SYN_REPORT, SYN_DROPPED = 0, 3

MAX_NODES = 32
"""The most nodes that one device may show as."""

MAX_CODE, MAX_VALUE = 0xFFFF, 1 << 31
"""What fits into the kernel's struct input_event."""

MAX_GARBLED = 1 << 53

Change = tuple[int, int, int]


class NodeState(NamedTuple):
    """The switches of one node as they are now: pressed keys, and values of absolute axes.

    `ranges`: between which values absolute axes move, where the device says so, and somebody wants to know.
    """

    keys: frozenset[int]
    absolutes: Mapping[int, int]
    ranges: Mapping[int, tuple[int, int]] = {}


class Connected(NamedTuple):
    """The device is open and grabbed, and the state of each of its nodes was read.

    `may_be_old`: the state may be older than that, until the device has spoken.
    """

    time: float
    nodes: tuple[NodeState, ...]
    may_be_old: bool = False


class Frame(NamedTuple):
    """What one node reported at one instant: all changes up to a SYN_REPORT."""

    time: float
    node: int
    changes: tuple[Change, ...]


class EventsLost(NamedTuple):
    """The kernel dropped events of a node; `void` are those read that are no longer to be trusted."""

    time: float
    node: int
    void: tuple[Change, ...]


class Snapshot(NamedTuple):
    """The state of a node, read again after `EventsLost`."""

    time: float
    node: int
    state: NodeState


class Disconnected(NamedTuple):
    """The device has gone, or can no longer be read; `reason` is for people."""

    time: float
    reason: str


class Garbled(NamedTuple):
    """A serial pendant's lines were damaged, or did not fit: `total` of them since the start."""

    time: float
    total: int


class Gates(NamedTuple):
    """What the rest of HAL says of jogging: the component's input pins of these names."""

    machine_is_on: bool
    mode_is_manual: bool
    inhibit: bool


class AxisLimit(NamedTuple):
    """The limits of one axis, in machine units/s and /s²; 0 where none is known."""

    axis: str
    max_velocity: float
    max_acceleration: float


class SelectorStep(NamedTuple):
    """HAL asks a selector that is stepped through, "axis" or "scale", to go `by` positions on."""

    selector: str
    by: int


class Status(NamedTuple):
    """What LinuxCNC says of itself: the pins of `hal_mpg.pins.STATUS` that are TRUE."""

    high: frozenset[str]


class Requests(NamedTuple):
    """Buttons ask for something: the pins `request.NAME` that have become TRUE.

    `unknown`: the pins of STATUS that nothing is netted to.
    """

    names: tuple[str, ...]
    unknown: frozenset[str] = frozenset()


class ProgramInput(NamedTuple):
    """What HAL says of MPG-run: whether it selects it, and what a detent is then (see `program_run`)."""

    is_selected: bool
    goes_backward: bool
    detent_time: float


DeviceEvent = Connected | Frame | EventsLost | Snapshot | Disconnected | Garbled
Event = DeviceEvent | Gates | AxisLimit | SelectorStep | ProgramInput | Status | Requests

PinValue = bool | int | float


class PinWrite(NamedTuple):
    """One write to an output pin; `pin` is the name without the component's prefix."""

    pin: str
    value: PinValue


def in_order(of_hal: Sequence[Event], of_device: Sequence[Event]) -> list[Event]:
    """Return both in one order: HAL's word first, but for the steps of a selector.

    What was turned before we knew of a step belongs to the position that the pins, and the display, showed.
    """
    steps = [event for event in of_hal if isinstance(event, SelectorStep)]
    return [*(event for event in of_hal if event not in steps), *of_device, *steps]


def to_line(event: DeviceEvent) -> str:
    """Return the text form of a device event, without a line end."""
    match event:
        case Connected(time, nodes, may_be_old):
            word = "connected-old" if may_be_old else "connected"
            return " ".join([f"{time:.6f} {word}", *(_state_text(node) for node in nodes)])
        case Frame(time, node, changes):
            return " ".join([f"{time:.6f} frame {node}", *(_change_text(c) for c in changes)])
        case EventsLost(time, node, void):
            return " ".join([f"{time:.6f} events-lost {node}", *(_change_text(c) for c in void)])
        case Snapshot(time, node, state):
            return f"{time:.6f} snapshot {node} {_state_text(state)}"
        case Disconnected(time, reason):
            return f"{time:.6f} disconnected {' '.join(reason.replace('#', '').split())}"
        case Garbled(time, total):
            return f"{time:.6f} garbled {total}"


def from_line(line: str) -> DeviceEvent:
    """Return the device event that a line of text stands for.

    Raises ValueError, with a message that quotes the line, where it is none.
    """
    try:
        return _parse(line.split("#", 1)[0].split())
    except (ValueError, IndexError) as error:
        raise ValueError(f"not an event: {line.strip()[:80]!r} ({error})") from None


def _parse(words: list[str]) -> DeviceEvent:
    time, kind, rest = float(words[0]), words[1], words[2:]
    if not isfinite(time):
        raise ValueError("the time is not finite")
    match kind:
        case "connected" | "connected-old":
            if not rest or len(rest) % 2:
                raise ValueError("keys= and abs= are needed for each node")
            pairs = zip(rest[::2], rest[1::2], strict=True)
            nodes = tuple(_parse_state(keys, absolutes) for keys, absolutes in pairs)
            if len(nodes) > MAX_NODES:
                raise ValueError(f"more than {MAX_NODES} nodes")
            return Connected(time, nodes, may_be_old=kind == "connected-old")
        case "frame":
            return Frame(time, _parse_node(rest[0]), tuple(_parse_change(word) for word in rest[1:]))
        case "events-lost":
            return EventsLost(time, _parse_node(rest[0]), tuple(_parse_change(word) for word in rest[1:]))
        case "snapshot":
            node, keys, absolutes = rest
            return Snapshot(time, _parse_node(node), _parse_state(keys, absolutes))
        case "disconnected":
            return Disconnected(time, " ".join(rest))
        case "garbled":
            (total,) = rest
            if not 0 <= int(total) < MAX_GARBLED:
                raise ValueError(f"{total[:40]} is no number of lines")
            return Garbled(time, int(total))
    raise ValueError(f"unknown kind {kind!r}")


def _parse_node(word: str) -> int:
    if not 0 <= int(word) < MAX_NODES:
        raise ValueError(f"nodes are 0 to {MAX_NODES - 1}")
    return int(word)


def _state_text(state: NodeState) -> str:
    keys = ",".join(str(key) for key in sorted(state.keys))
    absolutes = ",".join(
        ":".join(map(str, (code, value, *state.ranges.get(code, ()))))
        for code, value in sorted(state.absolutes.items())
    )
    return f"keys={keys} abs={absolutes}"


def _parse_state(keys: str, absolutes: str) -> NodeState:
    if not keys.startswith("keys=") or not absolutes.startswith("abs="):
        raise ValueError("keys=... abs=... expected")
    pressed = frozenset(int(key) for key in keys[5:].split(",") if key)
    values: dict[int, int] = {}
    ranges: dict[int, tuple[int, int]] = {}
    for word in absolutes[4:].split(","):
        if word:
            code, value, *ends = map(int, word.split(":"))
            values[code] = value
            if ends:
                low, high = ends
                ranges[code] = low, high
    if not all(0 <= code <= MAX_CODE for code in (*pressed, *values)):
        raise ValueError("no key or axis has such a number")
    if not all(abs(value) <= MAX_VALUE for value in (*values.values(), *chain(*ranges.values()))):
        raise ValueError("no axis has such a value")
    return NodeState(pressed, values, ranges)


def _change_text(change: Change) -> str:
    return f"{change[0]}:{change[1]}:{change[2]}"


def _parse_change(word: str) -> Change:
    kind, code, value = (int(part) for part in word.split(":"))
    if not (0 <= kind <= MAX_CODE and 0 <= code <= MAX_CODE and abs(value) <= MAX_VALUE):
        raise ValueError(f"{word[:40]}: no event has such numbers")
    return kind, code, value
