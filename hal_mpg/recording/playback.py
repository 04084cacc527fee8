# SPDX-License-Identifier: GPL-2.0-or-later
"""From recordings to what a device would have said, and what a pendant's pins do then, in made-up time. Pure.

The time 0 is where the recording begins. The device is plugged in a second before that, for detents that
come in the instant of plugging in are discarded, and a recording has no such instant.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from hal_mpg.devices.input_codes import code_name
from hal_mpg.errors import UsageError
from hal_mpg.events import (
    EV_ABS,
    EV_KEY,
    EV_SYN,
    MAX_NODES,
    SYN_DROPPED,
    SYN_REPORT,
    Change,
    Connected,
    DeviceEvent,
    EventsLost,
    Frame,
    NodeState,
    PinWrite,
    Snapshot,
)
from hal_mpg.pendant import Pendant
from hal_mpg.profile import Identity, KeySelector, Profile, Selector
from hal_mpg.recording.evemu_format import RawEvent, Recording

LEAD_S, PRESS_S = 1.0, 0.5
"""How long before the recording the device is plugged in, and the buttons that are held are pressed."""

TAIL_S = 1.0
"""How long after the last event the pins are still watched: pulses end, the wheel stands still."""

LEAST_S = 1e-6

NO_EVENTS = "the recording has no events; there is nothing to replay"


class Playback(NamedTuple):
    """What a recorded device says, in order, and what had to be assumed for want of a word in the files."""

    events: tuple[DeviceEvent, ...]
    assumed: tuple[str, ...]
    end: float


def identities(recordings: Iterable[Recording]) -> list[Identity]:
    """Return what the recorded nodes say they are; none for a file without a description."""
    return [Identity(r.ids[1], r.ids[2], r.name) for r in recordings if any(r.ids)]


def playback(
    recordings: Sequence[Recording], profile: Profile, held: Collection[int] = (), trust: bool = True
) -> Playback:
    """Return what the recorded device says.

    `held`: keys that were held from the beginning, beside those that the files tell of. `trust`: an E-stop
    that no file has a word of is assumed to be released.
    Raises UsageError where there is nothing to play.
    """
    if len(recordings) > MAX_NODES:
        raise UsageError(f"{len(recordings)} recordings are too many; a device has {MAX_NODES} nodes at most")
    keys = [_keys_at_start(recording) for recording in recordings]
    said = set().union(*keys, *(_keys_of(recording) for recording in recordings))
    for key in held:
        keys[_node_with(key, recordings)].add(key)
    assumed = list(_assumptions(recordings, profile, said | set(held), trust, keys[0]))
    presses = {
        code.number for code in (profile.reset, profile.enable, *dict(profile.buttons).values()) if code
    } | {analog.hold.number for analog in profile.analog if analog.hold}
    nodes = tuple(
        NodeState(frozenset(mine - presses), _absolutes_at_start(recording), _ranges(recording))
        for mine, recording in zip(keys, recordings, strict=True)
    )
    pressed = [
        Frame(-PRESS_S, node, tuple((EV_KEY, key, 1) for key in sorted(mine & presses)))
        for node, mine in enumerate(keys)
        if mine & presses
    ]
    if not any(recording.events for recording in recordings):
        raise UsageError(NO_EVENTS)
    base = 0.0 if any(recording.is_ours for recording in recordings) else _first_time(recordings)
    frames = [
        event
        for node, recording in enumerate(recordings)
        for event in _frames(node, recording, nodes[node], base)
    ]
    if not frames:
        raise UsageError(NO_EVENTS)
    frames.sort(key=lambda event: event.time)
    return Playback((Connected(-LEAD_S, nodes), *pressed, *frames), tuple(assumed), frames[-1].time)


class Step(NamedTuple):
    """What happens at one time: an event, or what is due by time alone; and the pin writes that follow."""

    time: float
    event: DeviceEvent | None
    writes: list[PinWrite]


def run(pendant: Pendant, played: Playback) -> Iterator[Step]:
    """Yield what the pins do: after each device event, and when something is due between them."""
    now = -LEAD_S
    for event in played.events:
        for at in _due(pendant, now, event.time):
            now = at
            yield Step(now, None, pendant.tick(now))
        now = max(now, event.time)
        yield Step(now, event, pendant.handle([event], now))
    end = now + TAIL_S
    for at in _due(pendant, now, end):
        yield Step(at, None, pendant.tick(at))
    yield Step(end, None, pendant.tick(end))


def _due(pendant: Pendant, now: float, end: float) -> Iterator[float]:
    """Yield when something is due by time alone, up to `end`; the caller lets it happen each time."""
    while (deadline := pendant.next_deadline()) is not None and deadline < end:
        # A deadline that stays where it is would keep us here for ever.
        now = deadline if deadline > now else now + LEAST_S
        if now >= end:
            return
        yield now


def _keys_of(recording: Recording) -> set[int]:
    return {event.code for event in recording.events if event.type == EV_KEY}


def _keys_at_start(recording: Recording) -> set[int]:
    """Return the keys that were held when the recording began: what is released first was held before."""
    if recording.state is not None:
        return {code for kind, code, value in recording.state if kind == EV_KEY and value}
    held: set[int] = set()
    seen: set[int] = set()
    for event in recording.events:
        if event.type == EV_KEY and event.code not in seen:
            seen.add(event.code)
            if event.value != 1:
                held.add(event.code)
    return held


def _absolutes_at_start(recording: Recording) -> dict[int, int]:
    return {code: value for kind, code, value in recording.state or () if kind == EV_ABS}


def _ranges(recording: Recording) -> dict[int, tuple[int, int]]:
    return {code: (ends.minimum, ends.maximum) for code, ends in recording.ranges.items()}


def _node_with(key: int, recordings: Sequence[Recording]) -> int:
    carries = (key in r.codes.get(EV_KEY, ()) or key in _keys_of(r) for r in recordings)
    return next((node for node, does in enumerate(carries) if does), 0)


def _first_time(recordings: Iterable[Recording]) -> float:
    return min(recording.events[0].time for recording in recordings if recording.events)


def _assumptions(
    recordings: Sequence[Recording], profile: Profile, said: set[int], trust: bool, keys: set[int]
) -> Iterator[str]:
    """Yield what the files have no word of, and what is assumed of it; add to `keys` what follows."""
    if any(recording.is_ours for recording in recordings):
        return  # it tells how all switches stood
    estop = profile.estop
    if estop and estop.normally_closed and estop.key.number not in said:
        name = code_name(*estop.key)
        taken = "taken for released" if trust else f"taken for pressed; if it was not: --hold {name}"
        yield f"nothing is said of the E-stop ({name}); it is {taken}"
        if trust:
            keys.add(estop.key.number)
    for what, selector in (("axis", profile.axis), ("scale", profile.scale)):
        names = _unsaid(selector, said)
        if names:
            yield f"nothing is said of the {what} selector; use --hold with one of {', '.join(names)}"
    if profile.enable and profile.enable.number not in said:
        name = code_name(*profile.enable)
        yield f"nothing is said of the enabling button; if it was held: --hold {name}"


def _unsaid(selector: Selector | None, said: set[int]) -> list[str]:
    """Return the keys of a selector of which no file has a word, with the positions that they stand for."""
    if not isinstance(selector, KeySelector) or any(code.number in said for _, code in selector.positions):
        return []
    return [f"{code_name(*code)} ({name})" for name, code in selector.positions]


def _frames(node: int, recording: Recording, state: NodeState, base: float) -> Iterator[DeviceEvent]:
    """Yield the frames of a node, its times from 0 on and never backwards."""
    keys, absolutes = set(state.keys), dict(state.absolutes)
    changes: list[Change] = []
    now, is_void = 0.0, False
    for event in recording.events:
        now = max(now, event.time - base)
        if event.type != EV_SYN:
            changes.append(event[1:])
            _follow(event, keys, absolutes)
        elif event.code == SYN_DROPPED:
            is_void = True
        elif event.code == SYN_REPORT:
            yield from _frame(now, node, changes, is_void, keys, absolutes)
            changes, is_void = [], False
    if changes or is_void:
        yield from _frame(now, node, changes, is_void, keys, absolutes)


def _follow(event: RawEvent, keys: set[int], absolutes: dict[int, int]) -> None:
    if event.type == EV_KEY:
        (keys.add if event.value else keys.discard)(event.code)
    elif event.type == EV_ABS:
        absolutes[event.code] = event.value


def _frame(
    now: float, node: int, changes: list[Change], is_void: bool, keys: set[int], absolutes: dict[int, int]
) -> Iterator[DeviceEvent]:
    if is_void:
        yield EventsLost(now, node, tuple(changes))
        yield Snapshot(now, node, NodeState(frozenset(keys), dict(absolutes)))
    elif changes:
        yield Frame(now, node, tuple(changes))
