# SPDX-License-Identifier: GPL-2.0-or-later
"""The only loop and the only clock: waits, reads, lets the state machine decide, writes the pins.

Whatever ends it, safe values are written first. What cannot write them (SIGKILL, a hang) stops the
heartbeat, on which a realtime watchdog trips.
"""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Collection, Sequence
from math import inf
from types import FrameType

from hal_mpg.arming import WORDS, WhyNot
from hal_mpg.device_state import WAY_BACK
from hal_mpg.events import (
    AxisLimit,
    Connected,
    DeviceEvent,
    Disconnected,
    Event,
    EventsLost,
    Gates,
    PinWrite,
    ProgramInput,
    in_order,
)
from hal_mpg.hal_port import HalPort
from hal_mpg.lean_typing import TYPE_CHECKING
from hal_mpg.messages import tell
from hal_mpg.motion_limit import is_limit
from hal_mpg.outputs import PULSE_HOLD_S
from hal_mpg.pendant import STALE_S, Pendant
from hal_mpg.program_run import is_detent_time
from hal_mpg.shortcut import Shortcut
from hal_mpg.sources import Source, Untimed

if TYPE_CHECKING:
    from hal_mpg.sources.serial import SerialSource

BUSY_BEAT_S, IDLE_BEAT_S = 0.01, 0.055
"""Half a period of the heartbeat, and how often HAL's pins are looked at: in use, and at rest.

The watchdog of the samples trips after 0.13 s without a change. Each beat wakes the process, which is
nearly all that it costs while nobody touches the pendant.
"""

STEP_BEAT_S = 0.025
"""The same at rest where HAL may step a selector: a button's pulse (PULSE_HOLD_S) is always seen."""

SEARCH_S = 1.0
"""How often a missing pendant is looked for when nothing tells that it may have come."""

SEARCH_PAUSE_S = 0.05
"""From the end of one search to the beginning of the next."""

STALLED_S = STALE_S / 2
"""When nothing was looked at for so long, what the device says now may be stale."""

MAX_READY = 16
"""Descriptors to be told of at once; without it, Python makes room for a thousand, each time."""

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def wait_for_greeting(source: SerialSource, wait_s: float) -> None:
    """Open a serial pendant's port, if it is there, and let it say what it is; at the start only."""
    now = time.monotonic()
    end = now + wait_s
    source.search(now)
    while source.descriptors() and now < end and not source.decoder.name:
        poll = select.poll()
        for descriptor in source.descriptors():
            poll.register(descriptor, select.POLLIN)
        ready = poll.poll(max(min(end, source.next_deadline()) - now, 0) * 1000)
        now = time.monotonic()
        source.read([descriptor for descriptor, _ in ready], now)
        if now >= source.next_deadline():
            source.tick(now)


class Runner:
    """Runs one pendant on one component until it is told to stop."""

    def __init__(self, pendant: Pendant, source: Source, port: HalPort, verbose: bool = False) -> None:
        self._pendant = pendant
        self._source = source
        self._port = port
        self._verbose = verbose
        self._shortcut = Shortcut(port)
        self._poll = select.epoll()
        self._open: frozenset[int] = frozenset()
        self._hotplug: int | None = None
        self._stop: signal.Signals | None = None
        self._search_at = 0.0
        self._searched_at = -SEARCH_PAUSE_S
        self._deadline = 0.0  # when there is something to do even if nothing happens
        self._is_timed = not isinstance(source, Untimed)
        self._source_deadline = inf  # when the source has something to do
        self._gates: Gates | None = None
        self._limits: list[AxisLimit] = []
        self._program: ProgramInput | None = None
        self._lit: dict[str, bool] = {}
        self._has_warned = False
        self._must_look = False  # at the input pins, at once
        self._wakeup = (-1, -1, -1)  # the pipe that signals write to, and what they wrote to before
        self._safe_writes = pendant.safe_writes()  # made now: later there may be no memory left to make them

    def run(self) -> signal.Signals | None:
        """Run until a signal, and return that, when safe values were written and the component was closed."""
        try:
            self._catch_signals()
            try:
                self._start()
                self._loop()
            finally:
                self._let_go_of_signals()
        finally:
            self._leave()
        return self._stop

    def _start(self) -> None:
        """Be ready at once, for the pins' first values are the safe ones; then look for the device."""
        self._port.ready()
        self._hotplug = self._source.hotplug_descriptor()
        if self._hotplug is not None:
            self._poll.register(self._hotplug, select.EPOLLIN)
        self._handle([], self._port.has_new_inputs(), time.monotonic())
        if not self._open:
            tell(f"waiting for the pendant: {self._pendant.profile.name}")

    def _loop(self) -> None:
        beat_at = now = looked_at = 0.0
        shortcut, poll, clock = self._shortcut, self._poll.poll, time.monotonic
        idle_beat_s = STEP_BEAT_S if self._port.can_step else IDLE_BEAT_S
        while not self._stop:
            wait_s = (beat_at if beat_at < self._deadline else self._deadline) - now
            ready = poll(wait_s if wait_s > 0 else 0, MAX_READY)
            now = clock()
            has_new_inputs = False
            # Whatever a node has to say, it has said since it was looked at last.
            if ready == shortcut.expected and now - looked_at < STALLED_S:
                self._source.take_up(shortcut.take())
                if shortcut.made is not None:
                    self._pendant.was_made(shortcut.made)
                    self._handle(self._open, False, now)
                    ready = []
            if now >= beat_at:
                self._port.toggle_heartbeat(now)
                # From now, not from then: after a stall no beats are caught up with.
                beat_at = now + (BUSY_BEAT_S if self._pendant.is_busy(now) else idle_beat_s)
                self._port.follows_status = self._pendant.actions.is_active
                has_new_inputs = self._port.has_new_inputs()
            elif ready:
                has_new_inputs = self._port.has_new_gates()
            if ready or has_new_inputs or now >= self._deadline:
                self._handle(dict(ready), has_new_inputs, now)
            if self._must_look:  # at what HAL makes of a button of the pendant
                self._must_look, beat_at = False, 0.0
            looked_at, now = now, clock()  # a search for the device takes its time

    def _handle(self, ready: Collection[int], has_new_inputs: bool, now: float) -> None:
        """Handle all that has come, in the order HAL, device, time. `ready`: descriptors that have news."""
        hal_events = self._hal_events() if has_new_inputs else []
        events = self._device_events(ready, now)
        if hal_events:
            events = in_order(hal_events, events)
        if events:
            self._take(events, now)
        elif ready or not self._open or now >= self._source_deadline:
            self._follow_descriptors()  # a pendant may open, or close, without a word
        deadline = self._pendant.next_deadline()
        if deadline is not None and now >= deadline:
            writes = self._pendant.tick(now)
            self._port.write(writes)
            self._report([], writes)
            deadline = self._pendant.next_deadline()
        self._shortcut.prepare(self._pendant.foreseen, self._source.sole_node())
        self._deadline = inf if deadline is None else deadline
        if self._is_timed:
            self._source_deadline = self._source.next_deadline()
            self._deadline = min(self._deadline, self._source_deadline)
        if not self._open:
            self._deadline = min(self._deadline, self._search_at)

    def _device_events(self, ready: Collection[int], now: float) -> Sequence[Event]:
        """Return what the device says; where there is none, look for it."""
        if self._hotplug in ready:
            self._source.drain_hotplug()  # before searching: what comes meanwhile is worth another search
        if self._open:
            events = () if self._open.isdisjoint(ready) else self._source.read(ready, now)
            return events if now < self._source_deadline else [*events, *self._source.tick(now)]
        return self._search(now) if ready or now >= self._search_at else ()

    def _take(self, events: Sequence[Event], now: float) -> None:
        writes = self._pendant.handle(events, now)
        self._port.write(writes)
        if any(isinstance(event, Disconnected) for event in events):
            self._source.let_go()  # not before: the kernel takes longer for it than the pins may wait
        self._follow_descriptors()
        self._report(events, writes)

    def _search(self, now: float) -> list[DeviceEvent]:
        """Look for the pendant; soon, where the last search was only just now.

        While devices come and go, udev has a new word for each step; at realtime priority, one search after
        the other would keep everybody else from the processor.
        """
        if now < self._searched_at + SEARCH_PAUSE_S:
            self._search_at = self._searched_at + SEARCH_PAUSE_S
            return []
        self._search_at = now + SEARCH_S
        events = self._source.search(now)
        self._searched_at = time.monotonic()
        return events

    def _follow_descriptors(self) -> None:
        """Wait for the descriptors that the source has now. A closed one has left epoll by itself."""
        descriptors = frozenset(self._source.descriptors())
        if descriptors != self._open:
            for descriptor in descriptors:
                self._poll.register(descriptor, select.EPOLLIN)
            self._open = descriptors

    def _hal_events(self) -> list[Event]:
        """Return what has changed at the component's input pins; switch the lamps."""
        events: list[Event] = []
        gates = self._port.gates()
        if gates != self._gates:
            self._gates = gates
            events.append(gates)
        limits: list[AxisLimit] = self._port.limits()
        new = [limit for limit in limits if limit not in self._limits]
        self._limits = limits
        for axis, *limit in new:
            if not all(map(is_limit, limit)):
                tell(f"axis {axis}: {limit} are no limits, so it is not jogged; correct the setp lines")
        program = self._port.program_input()
        if program != self._program:
            self._program = program
            events.append(program)
            if not is_detent_time(program.detent_time):
                said = f"mpg-run.detent-time: {program.detent_time:g} is not above 0 and at most 1 s"
                tell(f"{said}, so the wheel runs no program; correct the setp line")
        events += [*new, *self._port.steps()]
        requests = self._port.requests()
        if requests or self._pendant.actions.is_active:
            events.append(self._port.status())
        if requests:
            events.append(requests)
        self._switch_lamps()
        return events

    def _switch_lamps(self) -> None:
        for name, lit in self._port.leds().items() if self._open else ():
            if self._lit.get(name) != lit:
                self._lit[name] = lit
                self._set_lamp(name, lit)

    def _set_lamp(self, name: str, lit: bool) -> None:
        self._source.set_led(name, lit)

    def _report(self, events: Sequence[Event], writes: list[PinWrite]) -> None:
        """Tell of a device that came or went; a new one does not know yet which lamps are lit."""
        after = ", then reset the E-stop" if self._pendant.profile.stop_on_disconnect else ""
        for event in events:
            if isinstance(event, Connected):
                self._lit.clear()
                self._switch_lamps()
                speak = "; turn its wheel by one detent, to let it tell how its switches stand"
                tell(f"pendant connected: {self._source.description}{speak if event.may_be_old else ''}")
            elif isinstance(event, Disconnected):
                back = WAY_BACK.get(event.reason, "plug it in again")
                tell(f"pendant lost ({event.reason}); {back}{after}")
            elif isinstance(event, EventsLost) and self._verbose:
                tell("the kernel's queue was full before it was read: events are lost")
        for pin, value in writes:
            if pin == "why-not" and self._verbose:
                tell(WORDS[WhyNot(int(value))])
            elif pin == "refused":
                self._tell_refusals()
            elif pin == "armed" and value:
                self._warn_of_unknown_limits()
            elif pin.startswith("button."):
                self._must_look = True

    def _tell_refusals(self) -> None:
        """Tell what was refused, and why."""
        for request, why, missing in self._pendant.actions.take_refusals():
            nets = f": nothing is netted to {', '.join(missing)}" if missing else ""
            tell(f"{request}: {WORDS[why]}{nets}")

    def _warn_of_unknown_limits(self) -> None:
        """Tell once which axes have no known velocity: what is spun fast on them runs on."""
        axes = [limit.axis for limit in self._limits if limit.max_velocity == 0]
        if axes and not self._has_warned:
            self._has_warned = True
            tell(f"no max-velocity is set for {', '.join(axes)}: a fast spin runs on; see mpg-{axes[0]}.hal")

    def _catch_signals(self) -> None:
        """Stop on the usual signals; a second one changes nothing, so that the way out is undisturbed."""
        reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._poll.register(reader, select.EPOLLIN)
        self._wakeup = reader, writer, signal.set_wakeup_fd(writer, warn_on_full_buffer=False)

        def stop(number: int, frame: FrameType | None) -> None:
            self._stop = self._stop or signal.Signals(number)

        def spun(number: int, frame: FrameType | None) -> None:
            raise RuntimeError("the loop went round without ever waiting")

        for number in STOP_SIGNALS:
            signal.signal(number, stop)
        signal.signal(signal.SIGXCPU, spun)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)  # those that came while it was made

    def _let_go_of_signals(self) -> None:
        reader, writer, before = self._wakeup
        signal.set_wakeup_fd(before)
        self._poll.unregister(reader)
        os.close(reader)
        os.close(writer)

    def _leave(self) -> None:
        """Write safe values, let the jog-stop pulse be seen, and take the component away."""
        failed = self._port.write_each(self._safe_writes)
        time.sleep(PULSE_HOLD_S)
        # A signal keeps the last value when its writer has gone; jog-stop must not block others for ever.
        failed += self._port.write_each([PinWrite("jog-stop", False)])
        try:
            self._source.close()
        finally:
            self._port.close()
            self._poll.close()
            for fault in failed:
                tell(f"a safe value could not be written: {fault}; restart LinuxCNC")
