# SPDX-License-Identifier: GPL-2.0-or-later
"""The only loop and the only clock: waits, reads, lets the state machine decide, writes the pins.

Whatever ends it, safe values are written first. What cannot write them (SIGKILL, a hang) stops the
heartbeat, on which a realtime watchdog trips.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from hal_mpg.arming import WORDS, WhyNot
from hal_mpg.events import Connected, Disconnected, Event, Gates, PinWrite
from hal_mpg.hal_port import HalPort
from hal_mpg.pendant import PULSE_HOLD_S, Pendant
from hal_mpg.sources import Source

HEARTBEAT_S = 0.01
"""Half a period of the heartbeat: the watchdog of the samples trips after 0.1 s without a change."""

SEARCH_S = 1.0
"""How often a missing pendant is looked for when nothing tells that it may have come."""

LIMITS_S = 0.1
"""How often the limits and lamps are read; they change when a HAL file sets them, or hardly ever."""

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Runner:
    """Runs one pendant on one component until it is told to stop."""

    def __init__(self, pendant: Pendant, source: Source, port: HalPort, verbose: bool = False) -> None:
        self._pendant = pendant
        self._source = source
        self._port = port
        self._verbose = verbose
        self._poll = select.epoll()
        self._open: list[int] = []
        self._stop = False
        self._search_at = 0.0
        self._limits_at = 0.0
        self._gates: Gates | None = None
        self._limits: list[Event] = []
        self._lit: dict[str, bool] = {}
        self._why_not = WhyNot.NO_DEVICE

    def run(self) -> None:
        """Run until a signal; returns after safe values were written and the component was closed."""
        try:
            with self._signals():
                self._start()
                beat_at = time.monotonic()
                while not self._stop:
                    now = time.monotonic()
                    if now >= beat_at:
                        self._port.toggle_heartbeat()
                        # From now, not from then: after a stall no beats are caught up with.
                        beat_at = now + HEARTBEAT_S
                    self._turn(beat_at)
        finally:
            self._leave()

    def _start(self) -> None:
        hotplug = self._source.hotplug_descriptor()
        if hotplug is not None:
            self._poll.register(hotplug, select.EPOLLIN)
        self._write(self._pendant.tick(time.monotonic()))
        now = time.monotonic()
        self._step([*self._hal_events(now), *self._find(now)], now)
        self._port.ready()

    def _turn(self, wake_at: float) -> None:
        """Wait for what comes first, and handle all that has come."""
        deadline = self._pendant.next_deadline()
        if deadline is not None:
            wake_at = min(wake_at, deadline)
        ready = [fd for fd, _ in self._poll.poll(max(0.0, wake_at - time.monotonic()))]
        now = time.monotonic()
        events = self._hal_events(now)
        if self._open:
            if ready:
                events += self._source.read([fd for fd in ready if fd in self._open], now)
                self._follow_descriptors()
        elif ready or now >= self._search_at:
            events += self._find(now)
        if ready and self._source.hotplug_descriptor() in ready:
            self._source.drain_hotplug()
        self._step(events, now)

    def _step(self, events: list[Event], now: float) -> None:
        if events:
            self._write(self._pendant.handle(events, now))
            self._report(events)
        deadline = self._pendant.next_deadline()
        if deadline is not None and now >= deadline:
            self._write(self._pendant.tick(now))

    def _find(self, now: float) -> list[Event]:
        self._search_at = now + SEARCH_S
        found: list[Event] = [*self._source.search(now)]
        self._follow_descriptors()
        return found

    def _follow_descriptors(self) -> None:
        """Wait for the descriptors that the source has now. A closed one has left epoll by itself."""
        descriptors = self._source.descriptors()
        if descriptors != self._open:
            for descriptor in descriptors:
                self._poll.register(descriptor, select.EPOLLIN)
            self._open = descriptors
            self._lit.clear()

    def _hal_events(self, now: float) -> list[Event]:
        """Return what has changed at the component's input pins, and switch the lamps."""
        events: list[Event] = []
        gates = self._port.gates()
        if gates != self._gates:
            self._gates = gates
            events.append(gates)
        if now >= self._limits_at:
            self._limits_at = now + LIMITS_S
            limits: list[Event] = [*self._port.limits()]
            events += [limit for limit in limits if limit not in self._limits]
            self._limits = limits
            for name, lit in self._port.leds().items():
                if self._open and self._lit.get(name) != lit:
                    self._lit[name] = lit
                    self._source.set_led(name, lit)
        return events

    def _write(self, writes: list[PinWrite]) -> None:
        self._port.write(writes)
        for pin, value in writes if self._verbose else ():
            if pin == "why-not":
                self._why_not = WhyNot(int(value))
                self._tell(WORDS[self._why_not])

    def _report(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Connected):
                self._tell(f"pendant connected: {getattr(self._source, 'description', 'virtual')}")
            elif isinstance(event, Disconnected):
                self._tell(f"pendant lost ({event.reason}); plug it in again, then reset the E-stop")

    def _tell(self, message: str) -> None:
        with suppress(OSError):  # a full disk or a closed pipe must not stop a pendant
            print(f"hal_mpg: {message}", file=sys.stderr, flush=True)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Stop on the usual signals; a second one changes nothing, so that the way out is undisturbed."""
        reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._poll.register(reader, select.EPOLLIN)
        before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)

        def stop(number: int, frame: FrameType | None) -> None:
            self._stop = True

        for number in STOP_SIGNALS:
            signal.signal(number, stop)
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            self._poll.unregister(reader)
            os.close(reader)
            os.close(writer)

    def _leave(self) -> None:
        """Write safe values, let the jog-stop pulse be seen, and take the component away."""
        failed = self._port.write_each(self._pendant.safe_writes())
        time.sleep(PULSE_HOLD_S)
        # A signal keeps the last value when its writer has gone; jog-stop must not block others for ever.
        failed += self._port.write_each([PinWrite("jog-stop", False)])
        for fault in failed:
            self._tell(f"a safe value could not be written: {fault}; restart LinuxCNC")
        self._source.close()
        self._port.close()
        self._poll.close()
