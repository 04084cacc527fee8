# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads the pendant itself, and works out its pins as the component would; HAL is not asked, nor touched."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import inf

from hal_mpg.controls import Controls
from hal_mpg.events import (
    EV_ABS,
    EV_KEY,
    Connected,
    DeviceEvent,
    Disconnected,
    EventsLost,
    Frame,
    Garbled,
    PinValue,
    Snapshot,
)
from hal_mpg.machine import Machine
from hal_mpg.monitor.shown import Shown, changes, from_profile
from hal_mpg.pendant import Pendant
from hal_mpg.profile import Code, Profile
from hal_mpg.profile_summary import code_text
from hal_mpg.sources import Source

SEARCH_S = 0.5


class DeviceReader:
    """Keeps what is shown up to date with what the device says."""

    def __init__(
        self, profile: Profile, machine: Machine, source: Source, why_absent: Callable[[], str]
    ) -> None:
        """`why_absent` tells, while nothing is open, why that is so."""
        self._profile = profile
        self._pendant = Pendant(profile, machine)
        self._source = source
        self._controls = Controls(
            profile
        )  # for the wheel, which is to be seen turning when it is not armed, too
        self._is_open = False
        self._search_at = 0.0
        pins: dict[str, PinValue] = {pin.name: pin.initial for pin in self._pendant.pins if not pin.is_input}
        self._shown = from_profile(profile)
        self._shown.pins = {name: pins[name] for name in pins if name != "heartbeat"}
        self._shown.units = machine.units
        self._why_absent = why_absent
        self._shown.where = ""

    @property
    def shown(self) -> Shown:
        """What is known now."""
        return self._shown

    def descriptors(self) -> list[int]:
        """Return what to wait for."""
        hotplug = self._source.hotplug_descriptor()
        return [*self._source.descriptors(), *([] if hotplug is None else [hotplug])]

    def deadline(self) -> float:
        """Return when something is due by time alone."""
        deadline = self._pendant.next_deadline()
        source = self._source.next_deadline() if self._source.descriptors() else self._search_at
        return min(inf if deadline is None else deadline, source)

    def update(self, ready: Iterable[int], now: float) -> list[str]:
        """Take what the device says; return what has changed, in lines."""
        ready = list(ready)
        before = dict(self._shown.pins)
        hotplug = self._source.hotplug_descriptor()
        if hotplug is not None and hotplug in ready:
            self._source.drain_hotplug()
            self._search_at = min(self._search_at, now)
        events: list[DeviceEvent] = []
        if self._source.descriptors():
            events = self._source.read([d for d in ready if d != hotplug], now)
            if now >= self._source.next_deadline():
                events = [*events, *self._source.tick(now)]
            if not self._is_open:
                self._shown.where = self._why_absent()  # a port is open, but nobody has spoken yet
        elif now >= self._search_at:
            self._search_at = now + SEARCH_S
            events = self._source.search(now)
            if not events:
                self._shown.where = self._why_absent()
        lines = [line for event in events for line in self._lines(event)]
        if events:
            self._shown.pins.update(self._pendant.handle(events, now))
        deadline = self._pendant.next_deadline()
        if deadline is not None and now >= deadline:
            self._shown.pins.update(self._pendant.tick(now))
        self._shown.target = self._target()
        return [*lines, *changes(before, self._shown.pins)]

    def _lines(self, event: DeviceEvent) -> list[str]:
        """Take note of an event; return lines that tell of it."""
        match event:
            case Connected(_, nodes, may_be_old):
                self._is_open = True
                self._controls.seed(nodes, may_be_old)
                self._shown.where = self._source.description
                held = [self._named(EV_KEY, key) for node in nodes for key in sorted(node.keys)]
                held += [f"{self._named(EV_ABS, c)} {v}" for node in nodes for c, v in node.absolutes.items()]
                lines = [f"plug   {self._source.description}", f"state  held: {', '.join(held) or 'nothing'}"]
                self._shown.events.append(lines[1])
                return lines
            case Frame(_, node, frame):
                return self._frame(node, frame)
            case EventsLost(_, _, void):
                self._shown.events.append(f"{len(void)} events lost; the state is read again")
                return [f"lost   {len(void)} events; the state is read again"]
            case Snapshot(_, node, state):
                self._controls.reseed(node, state)
            case Disconnected(_, reason):
                self._is_open = False
                self._search_at = 0.0
                self._source.let_go()
                self._shown.events.append(f"unplugged: {reason}")
                return [f"unplug {reason}"]
            case Garbled(_, total):
                self._shown.events.append(f"{total} lines refused")
                return [f"refuse {total} lines since the start"]
        return []

    def _named(self, kind: int, number: int) -> str:
        """Return what a code is called, by the kernel or by the pendant's own protocol."""
        return code_text(self._profile, Code(kind, number))

    def _frame(self, node: int, frame: tuple[tuple[int, int, int], ...]) -> list[str]:
        lines = []
        for change in frame:
            detents = self._controls.apply(node, change)
            self._shown.wheel += detents or 0
            text = f"{self._named(change[0], change[1])} {change[2]}"
            self._shown.events.append(text)
            lines.append(f"event  {text}")
        self._controls.heard(node)
        return lines

    def _target(self) -> str:
        position = self._controls.axis.position if self._is_open else None
        return position if position in self._shown.targets else ""

    def close(self) -> None:
        """Let go of the device."""
        self._source.close()
