# SPDX-License-Identifier: GPL-2.0-or-later
"""A pendant that speaks the hal_mpg line protocol, version 1: docs/serial-protocol.md."""

from __future__ import annotations

from math import inf

from hal_mpg.events import Connected, DeviceEvent, Disconnected, Frame
from hal_mpg.profile import Profile
from hal_mpg.protocols.framing import LineFramer
from hal_mpg.protocols.line_events import Translation
from hal_mpg.protocols.line_format import (
    MAX_BYTES,
    Greeting,
    OtherVersion,
    State,
    read_greeting,
    read_state,
    sealed,
    unsealed,
)

ASK_S = 0.5
"""How often the greeting is asked for while it is not known."""

LAMPS_S = 0.5
"""How often the lamps are told, which also says that the computer is there."""

TEXT_S = 2.0
"""How often the text is told again, for it may have been lost."""

HIDDEN_S = 0.09
"""A switch that is pressed is shown for 0.1 s: where nothing was understood for as long, it may be hidden."""

HIDDEN_LINES = 2
"""And where at least so many lines were lost meanwhile: else the computer was late, not the line bad."""


class LineProtocol:
    """Makes events of a pendant's lines, and the lines for it. See `Decoder`."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self.understood = self.garbled = self.lost_lines = 0
        self.complaint = self.name = self.remark = ""
        self.greeting: Greeting | None = None
        self._translation: Translation | None = None
        self._framer = LineFramer(MAX_BYTES)
        self._last: State | None = None  # the last good one; None: not connected
        self._last_at = 0.0
        self._is_fresh = True  # the first line may be half a line
        self._lit: dict[str, bool] = {}
        self._text: str | None = None
        self._ask_at = self._lamps_at = self._text_at = -inf

    def reset(self) -> None:
        """Take note that the port was opened anew."""
        self.lost()
        self._framer.reset()
        self._is_fresh = True
        self.complaint = ""
        self.forget_greeting()

    def lost(self) -> None:
        """Take note that the pendant was lost; who it is stays known."""
        self._last = None

    def forget_greeting(self) -> None:
        """Let the next greeting be the first one, and ask for it."""
        self.greeting, self._translation, self.name = None, None, ""
        self._ask_at = self._lamps_at = self._text_at = -inf

    def feed(self, data: bytes, now: float) -> list[DeviceEvent]:
        """Take what has come; return what it means."""
        events: list[DeviceEvent] = []
        for line in self._framer.feed(data):
            is_first, self._is_fresh = self._is_fresh, False
            try:
                if line is None:
                    raise ValueError(f"has more than {MAX_BYTES} bytes without a line end")
                self._take(unsealed(line), now, events)
            except ValueError as error:
                if not is_first:
                    self.garbled += 1
                    self._complain(line or b"", str(error))
        return events

    def _complain(self, line: bytes, why: str) -> None:
        shown = line[:60].decode("ascii", "replace")
        self.complaint = f"{shown!r} {why}" if shown else f"what came {why}"

    def _take(self, body: bytes, now: float, events: list[DeviceEvent]) -> None:
        if body.startswith(b"S,"):
            self._on_state(read_state(body), now, events)
        elif body.startswith(b"G,"):
            self._on_greeting(body, now, events)
        else:
            raise ValueError("is neither a greeting (G) nor a state (S)")

    def _on_greeting(self, body: bytes, now: float, events: list[DeviceEvent]) -> None:
        try:
            greeting = read_greeting(body)
        except OtherVersion:
            self._lose("it speaks another version of the protocol now", now, events)
            self.forget_greeting()
            self._ask_at = now + ASK_S
            raise
        if greeting == self.greeting:
            return
        if self.greeting is not None:
            self._lose("it was started anew", now, events)
        self.greeting, self.name = greeting, greeting.name
        self._translation = Translation(self._profile, greeting.controls)
        self._lamps_at = self._text_at = -inf
        lacks = ", ".join(self._translation.lacks)
        self.remark = (
            f"{greeting.name} has no {lacks}, and the profile has; correct one of them" if lacks else ""
        )

    def _on_state(self, state: State, now: float, events: list[DeviceEvent]) -> None:
        """Take a state that is well-formed; one that cannot be this pendant's raises ValueError."""
        if self.greeting is None or self._translation is None:
            return
        if state.boot != self.greeting.boot:
            self._lose("it was started anew", now, events)
            self.forget_greeting()
            return
        why = self._translation.refusal(state) or self._contradiction(state)
        if why:
            raise ValueError(why)
        self.understood += 1
        before, self._last = self._last, state
        heard_at, self._last_at = self._last_at, now
        if before is None:
            events.append(Connected(now, (self._translation.snapshot(state),)))
            return
        lost = (state.seq - before.seq - 1) % 256 if state != before else 0
        self.lost_lines += lost
        several = (state.changes - before.changes) % 256 > 1
        if several and lost >= HIDDEN_LINES and now - heard_at >= HIDDEN_S:
            events += self._translation.dropped(before, state, now)
            self._lose("too many lines were lost to know whether a switch was pressed", now, events)
            return
        changes = self._translation.changes(before, state)
        if changes:
            events.append(Frame(now, 0, tuple(changes)))

    def _contradiction(self, state: State) -> str:
        """Return what in a state cannot be after the last one, although nothing is said to have changed."""
        last = self._last
        if last is None or state.changes != last.changes or state[3:] == last[3:]:
            return ""
        return "contradicts the line before: CHANGES is the same, and a switch or MARK is another"

    def _lose(self, reason: str, now: float, events: list[DeviceEvent]) -> None:
        if self._last is not None:
            events.append(Disconnected(now, reason))
        self.lost()

    def to_send(self, now: float) -> bytes:
        """Return what is due: the question, or lamps and text."""
        if self.greeting is None:
            if now < self._ask_at:
                return b""
            self._ask_at = now + ASK_S
            return sealed("?")
        data = b""
        if now >= self._lamps_at:
            self._lamps_at = now + LAMPS_S
            leds = self.greeting.controls.leds
            lit = sum(1 << bit for bit, name in enumerate(leds) if self._lit.get(name))
            data += sealed(f"L,{lit:X}")
        if now >= self._next_text():
            self._text_at = now + TEXT_S
            data += sealed(f"T,{self._shown_text()}")
        return data

    def next_send(self) -> float:
        """Return when `to_send` has something next."""
        if self.greeting is None:
            return self._ask_at
        return min(self._lamps_at, self._next_text())

    def _next_text(self) -> float:
        has_display = self.greeting is not None and self.greeting.controls.text > 0
        return self._text_at if has_display and self._text is not None else inf

    def _shown_text(self) -> str:
        width = self.greeting.controls.text if self.greeting else 0
        text = (self._text or "")[:width]
        return "".join(c if c.isascii() and c.isprintable() and c != "*" else "?" for c in text)

    def set_led(self, name: str, lit: bool) -> None:
        """Have a lamp lit or not; told at once."""
        if self._lit.get(name) != lit:
            self._lit[name] = lit
            self._lamps_at = -inf

    def show(self, text: str) -> None:
        """Have a text shown; told at once."""
        if text != self._text:
            self._text = text
            self._text_at = -inf
