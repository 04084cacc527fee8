# SPDX-License-Identifier: GPL-2.0-or-later
"""What lines and packets of other people's pendants have in common: what was told, and what is sent. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf

from hal_mpg.device_state import RESTARTED
from hal_mpg.events import (
    EV_ABS,
    EV_KEY,
    EV_REL,
    MAX_VALUE,
    Change,
    Connected,
    DeviceEvent,
    Disconnected,
    EventsLost,
    Frame,
    NodeState,
    Snapshot,
)
from hal_mpg.profile import Code, Profile
from hal_mpg.protocols.foreign import Rule, Setting, Speech

MOST_PENDING = 4096
"""Bytes that wait for being sent; of more than these, answers are dropped."""

MOST_QUOTED = 40
"""Bytes that a complaint quotes."""


class NoFit(Exception):
    """A value that is none of those that the profile knows; the message says which and what would be."""


class State:
    """How the pendant stands by what it has told, and the events by which the core hears of a change."""

    def __init__(self, at_start: Sequence[tuple[Code, int]] = ()) -> None:
        self._at_start = dict(at_start)
        self.now: dict[Code, int] = {}
        """The keys and absolute axes that are known."""
        self.is_connected = False
        self._was_told = False

    def forget(self) -> None:
        """Take note that nothing is known any more; what comes next is a new connection."""
        self.is_connected = False

    def take(self, rule: Rule, value_of: Callable[[str], str | int | None], now: float) -> list[DeviceEvent]:
        """Return what follows from a line or a packet that fits a rule.

        `value_of` has the value of a group or a field, None where an optional group is not there.
        Raises NoFit, and changes nothing.
        """
        changes = [change for setting in rule.settings for change in changes_by(setting, value_of)]
        events: list[DeviceEvent] = []
        if rule.restarts and self.is_connected and self._was_told:
            events.append(Disconnected(now, RESTARTED))
            self.is_connected = False
        if not self.is_connected and (changes or rule.restarts or rule.answer):
            # What a pendant has no word of until it changes is known only where it was switched on just now.
            events.append(self.connect(self._at_start if rule.restarts else {}, now))
        self._was_told = self._was_told or bool(changes)
        return [*events, *self.changed(changes, now)]

    def connect(self, known: Mapping[Code, int], now: float) -> Connected:
        """Take note that the pendant is there, and that this much is known of it."""
        self.now = dict(known)
        self.is_connected, self._was_told = True, False
        return Connected(now, (self.node(),))

    def changed(self, changes: Iterable[tuple[Code, int]], now: float) -> list[DeviceEvent]:
        """Return what follows from changes, in their order; what is as it was before is none."""
        events: list[DeviceEvent] = []
        frame: list[Change] = []
        for code, value in changes:
            before = self.now.get(code)
            if code.type == EV_REL:
                if value:
                    frame.append((*code, value))
                continue
            if value == before:
                continue
            self.now[code] = value
            if code.type == EV_KEY and value and before is None:
                # It may have been held all along: then it is no press, as with any other pendant.
                events += _frame(frame, now)
                frame = []
                events += [EventsLost(now, 0, ()), Snapshot(now, 0, self.node())]
            else:
                frame.append((*code, value))
        return [*events, *_frame(frame, now)]

    def node(self) -> NodeState:
        """Return all that is known, as the state of a node."""
        keys = frozenset(c.number for c, value in self.now.items() if c.type == EV_KEY and value)
        return NodeState(keys, {c.number: value for c, value in self.now.items() if c.type == EV_ABS})


def _frame(changes: list[Change], now: float) -> list[DeviceEvent]:
    return [Frame(now, 0, tuple(changes))] if changes else []


def changes_by(setting: Setting, value_of: Callable[[str], str | int | None]) -> Sequence[tuple[Code, int]]:
    """Return what a setting changes; `value_of` as in `State.take`. Raises NoFit."""
    value = value_of(setting.source) if setting.source else setting.constant
    if value is None:
        return ()
    number = _number(setting, value)
    if setting.is_pulse:
        # A key of which nothing was told counts as held all along: so first it is not.
        return [(setting.code, step) for step in ((0, 1, 0) if number else ())]
    return [(setting.code, number)]


def _number(setting: Setting, value: str | int) -> int:
    """Return what a setting makes of a text or a field. Raises NoFit."""
    number: int | None
    if setting.values:
        number = dict(setting.values).get(str(value))
        if number is None:
            known = ", ".join(text for text, _ in setting.values)
            raise NoFit(f"{setting.source} is {str(value)!r}, and the profile knows {known} only")
    elif isinstance(value, int):
        number = value * setting.times
    else:
        number = decimal(value, setting.times)
        if number is None:
            raise NoFit(f"{setting.source} is {value!r}, which is no whole number (times {setting.times})")
    if setting.code.type == EV_KEY:
        if number not in (0, 1):
            raise NoFit(f"{setting.source} is {value!r}; a key takes 0 or 1")
        return number ^ setting.invert
    if abs(number) > MAX_VALUE:
        raise NoFit(f"{setting.source} is {value!r}, which is too large")
    return number


def decimal(text: str, times: int = 1) -> int | None:
    """Return a decimal number such as -12 or 0.100, multiplied; None where it is none, or not whole then."""
    digits = text[1:] if text[:1] in ("-", "+") else text
    whole, _, part = digits.partition(".")
    if not (whole + part).isdigit() or not digits.isascii() or len(digits) > 20:
        return None
    unit: int = 10 ** len(part)
    value, rest = divmod(int(whole + part) * times, unit)
    if rest:
        return None
    return -value if text[0] == "-" else value


def quoted(data: bytes) -> str:
    """Return bytes as a complaint quotes them."""
    shown = repr(data[:MOST_QUOTED])[1:]
    return f"{shown}..." if len(data) > MOST_QUOTED else shown


class Speaker:
    """What is to be sent: what opens the talk, answers, the keep-alive, and lamps.

    Lamps wait until the pendant has spoken: a board may take whatever it hears for an answer to its call, and
    its call has to be heard first, for it says that the board was switched on. They go again with each
    keep-alive, for what was sent may have been lost.
    """

    def __init__(self, speech: Speech, leds: Sequence[tuple[str, Code]]) -> None:
        sent = {lamp.code: (bytes(lamp.off), bytes(lamp.on)) for lamp in speech.lamps}
        self._lamps = {name: sent[code] for name, code in leds if code in sent}
        self._on_open = bytes(speech.on_open)
        self._keep_alive = bytes(speech.keep_alive)
        self._interval_s = speech.keep_alive_ms / 1000
        self._lit: dict[str, bool] = {}
        self._are_lamps_due = False
        self._pending: list[bytes] = []
        self._alive_at = inf
        self.opened()

    def opened(self) -> None:
        """Take note that the port was opened anew."""
        self._pending = [self._on_open] if self._on_open else []
        self._alive_at = -inf if self._keep_alive else inf
        self._are_lamps_due = bool(self._lit)

    def answer(self, rule: Rule) -> None:
        """Have the answer of a rule sent; one that waits already is not sent twice."""
        answer = bytes(rule.answer)
        if answer and answer not in self._pending and sum(map(len, self._pending)) < MOST_PENDING:
            self._pending.append(answer)
        if rule.restarts:
            self._are_lamps_due = bool(self._lit)

    def set_led(self, name: str, lit: bool) -> None:
        """Have a lamp switched; one that the profile has nothing for stays as it is."""
        if name in self._lamps:
            self._lit[name] = lit
            self._are_lamps_due = True

    def to_send(self, now: float, is_connected: bool) -> bytes:
        """Return what is due; what opens the talk goes with each keep-alive until somebody has answered."""
        if self._alive_at == -inf:
            self._alive_at = now + self._interval_s  # not at once, for the same reason as lamps
        elif now >= self._alive_at:
            self._alive_at = now + self._interval_s
            self._are_lamps_due = bool(self._lit)
            self._pending.insert(0, self._keep_alive)
            if self._on_open and not is_connected and self._on_open not in self._pending:
                self._pending.append(self._on_open)
        if is_connected and self._are_lamps_due:
            self._pending += [self._lamps[name][lit] for name, lit in self._lit.items()]
            self._are_lamps_due = False
        sent, self._pending = b"".join(self._pending), []
        return sent

    def next_send(self, is_connected: bool) -> float:
        """Return when something is due, or `to_send` wants to know the time; inf: never, -inf: now."""
        return -inf if self._pending or (is_connected and self._are_lamps_due) else self._alive_at


class ForeignDecoder:
    """What the decoders of lines and of packets have in common; see `Decoder`."""

    name = ""
    remark = ""

    def __init__(self, profile: Profile, speech: Speech, at_start: Sequence[tuple[Code, int]]) -> None:
        self.understood = 0
        self.garbled = 0
        self._state = State(at_start)
        self._speaker = Speaker(speech, profile.leds)
        self._bad: bytes | str | None = None  # the last one; a text says itself what is wrong

    def _take(
        self, rule: Rule, value_of: Callable[[str], str | int | None], what: str, data: bytes, now: float
    ) -> list[DeviceEvent]:
        """Return what follows from the bytes of a line or a packet that fits a rule."""
        try:
            events = self._state.take(rule, value_of, now)
        except NoFit as reason:
            return self._refuse(f"{what} {quoted(data)}: {reason}; correct the profile")
        self.understood += 1
        self._speaker.answer(rule)
        return events

    def _refuse(self, bad: bytes | str) -> list[DeviceEvent]:
        self.garbled += 1
        self._bad = bad
        return []

    def to_send(self, now: float) -> bytes:
        """Return what is due to be sent."""
        return self._speaker.to_send(now, self._state.is_connected)

    def next_send(self) -> float:
        """Return when `to_send` has something next."""
        return self._speaker.next_send(self._state.is_connected)

    def set_led(self, name: str, lit: bool) -> None:
        """Have a lamp of the profile lit or not."""
        self._speaker.set_led(name, lit)

    def show(self, text: str) -> None:
        """Nothing: a profile has no display."""

    def lost(self) -> None:
        """Take note that the pendant was lost."""
        self._state.forget()

    def reset(self) -> None:
        """Take note that the port was opened anew."""
        self._state.forget()
        self._speaker.opened()
        self._bad = None
