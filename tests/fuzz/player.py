# SPDX-License-Identifier: GPL-2.0-or-later
"""Plays a case on a Pendant as the runner does, in made-up time, and looks at everything it writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import lru_cache

from hal_mpg.controls import Controls
from hal_mpg.errors import IllegalEvent
from hal_mpg.events import Change, Event, PinWrite
from hal_mpg.machine import Machine
from hal_mpg.motion_limit import MotionLimit
from hal_mpg.pendant import Pendant, wrap32
from hal_mpg.profile import Profile
from hal_mpg.profile_yaml import load_profile
from hal_mpg.program_run import MPG_RUN, ProgramRun
from tests.core.bed import foreseen
from tests.fuzz.coverage import cover_batch, cover_event
from tests.fuzz.history import Accepted, WheelNote
from tests.fuzz.ledger import Ledger
from tests.fuzz.shadow import OrderOfEvents
from tests.fuzz.steps import START_S, Batch, Case
from tests.fuzz.violation import Violation, check, escaped
from tests.fuzz.watch import Watch

MakePendant = Callable[[Profile, Machine], Pendant]

MOST_TICKS = 1000
"""More in one wait, and a deadline never goes away."""


class WatchedLimit(MotionLimit):
    """Notes what an axis was asked to take, and what it took."""

    __slots__ = ("_axis", "_notes")

    def __init__(self, axis: str, notes: list[WheelNote]) -> None:
        super().__init__()
        self._axis, self._notes = axis, notes

    def accept(self, detents: int, distance: float, now: float) -> int:
        taken = super().accept(detents, distance, now)
        check(bool(self._notes), "jump", f"axis {self._axis} is given {detents} detents of nobody")
        self._notes[-1].accepted.append(Accepted(self._axis, detents, distance, taken))
        return taken


def note_wheel(controls: Controls, notes: list[WheelNote]) -> None:
    """Note each event of the wheel that the decoders find."""
    apply = controls.apply

    def noted(node: int, change: Change) -> int | None:
        detents = apply(node, change)
        if detents is not None:
            notes.append(WheelNote(detents))
        return detents

    controls.apply = noted  # type: ignore[method-assign]


class WatchedRun(ProgramRun):
    """Notes what the program was asked to take, and what it took."""

    __slots__ = ("_notes",)

    def __init__(self, notes: list[WheelNote]) -> None:
        super().__init__()
        self._notes = notes

    def turn(self, detents: int, now: float) -> int:
        taken = super().turn(detents, now)
        check(bool(self._notes), "jump", f"the program is given {detents} detents of nobody")
        self._notes[-1].accepted.append(Accepted(MPG_RUN, detents, self.input.detent_time, taken))
        return taken


class Player:
    """One pendant, one machine, one clock."""

    def __init__(self, profile: Profile, machine: Machine, make: MakePendant = Pendant) -> None:
        self.pendant = make(profile, machine)
        self.notes: list[WheelNote] = []
        note_wheel(self.pendant._controls, self.notes)
        for letter, axis in self.pendant._axes.items():
            axis.limit = WatchedLimit(letter, self.notes)
        books = self.pendant._ledger
        books.run = WatchedRun(self.notes)
        books.targets[MPG_RUN] = books.run.counter
        self.ledger = Ledger(profile, machine.steps_of(profile))
        self.watch = Watch(self.pendant.pins, self.ledger)
        self.now = START_S
        self.covered: Counter[str] = Counter()
        self._tick()

    def wait(self, seconds: float, stalled: bool) -> None:
        """Let time pass; with ticks exactly when they are due, or with none at all."""
        before = self.now
        end = round(self.now + seconds, 6)
        for _ in range(MOST_TICKS):
            deadline = None if stalled else self.pendant.next_deadline()
            if deadline is None or deadline > end:
                break
            self.now = max(self.now, deadline)
            self._tick()
        else:
            check(False, "live", f"a deadline never goes away: {deadline} at {self.now}")
        self.now = max(self.now, end)
        if not stalled:
            self.watch.rest(before, self.now)

    def batch(self, events: tuple[Event, ...]) -> None:
        """Hand over events that are read now, then a tick if it is due."""
        self.notes.clear()
        self.ledger.begin()
        legal = self._legal(events)
        at_once = foreseen(self.pendant, events, self.now)
        writes = self._handle(events, len(legal) < len(events))
        again = {write.pin for write in at_once} & {write.pin for write in writes}
        check(not again, "foresight", lambda: f"{at_once} was not what {events} led to: {writes}")
        self.covered["foreseen"] += len(at_once)
        writes = [*at_once, *writes]
        for event in legal:
            cover_event(self.covered, event)
        self._written(writes)
        deadline = self.pendant.next_deadline()
        for _ in range(3):
            if deadline is None or deadline > self.now:
                break
            self._tick()
            deadline = self.pendant.next_deadline()
        else:
            check(False, "live", f"it is due again and again at {self.now}")

    def _legal(self, events: tuple[Event, ...]) -> tuple[Event, ...]:
        """Return the events up to the first that is illegal, as a dry run of the order tells."""
        state = OrderOfEvents(self.ledger.device)
        for place, event in enumerate(events):
            if not state.take(event):
                return events[:place]
        return events

    def _handle(self, events: tuple[Event, ...], is_illegal: bool) -> list[PinWrite]:
        try:
            writes = self.pendant.handle(events, self.now)
        except IllegalEvent:
            check(is_illegal, "illegal", lambda: f"raised for {events}")
            self.covered["illegal orders"] += 1
            self._take(self._legal(events))
            writes = self._run(lambda: self.pendant.tick(self.now))
            self.ledger.pass_time(self.now)
            return writes
        except Violation:
            raise
        except Exception as error:
            raise escaped(error) from error
        check(not is_illegal, "illegal", lambda: f"not raised for {events}")
        self._take(events)
        return writes

    def _take(self, events: tuple[Event, ...]) -> None:
        """Let the ledger follow."""
        for event in events:
            self.ledger.take(event, self.notes, self.now)
        check(not self.notes, "decoder", lambda: f"{self.notes} of nothing")

    def _tick(self) -> None:
        self.notes.clear()
        self.ledger.begin()
        writes = self._run(lambda: self.pendant.tick(self.now))
        self.ledger.pass_time(self.now)
        self.covered["ticks"] += 1
        self._written(writes)

    def _run(self, act: Callable[[], list[PinWrite]]) -> list[PinWrite]:
        try:
            return act()
        except Violation:
            raise
        except Exception as error:
            raise escaped(error) from error

    def _written(self, writes: list[PinWrite]) -> None:
        self.watch.batch(writes, self.now)
        cover_batch(self.covered, writes, self.watch.pins)


@lru_cache(maxsize=8)
def profile_of(text: str) -> Profile:
    """Return the profile in a text; many cases have the same."""
    return load_profile(text, "fuzz.yaml")


def play(case: Case, make: MakePendant = Pendant) -> Counter[str]:
    """Play a case; return what it covered. Raises Violation, and profile and usage errors."""
    player = Player(profile_of(case.profile), case.machine, make)
    player.covered["sequences"] += 1
    try:
        for step in case.steps:
            if isinstance(step, Batch):
                player.batch(step.events)
            else:
                player.wait(*step)
        player.watch.leave(player.pendant.safe_writes())
    except Violation as violation:
        violation.add_note(f"at {player.now}")
        raise
    covered, ledger = player.covered, player.ledger
    covered["detents jogged"] += ledger.taken
    covered["detents refused by the speed limit"] += ledger.refused
    history = next(iter(ledger.histories))
    covered["detents dropped"] += history.dropped
    covered["detents that ran a program"] += abs(history.run)
    covered["detents on overrides"] += sum(map(abs, history.targets))
    covered["counters that went over 32 bits"] += sum(
        count != wrap32(count) for count in ledger.counts.values()
    )
    if ledger.taken:
        wheel = type(ledger.profile.wheel).__name__
        covered[f"jogged with {wheel}"] += 1
        covered[f"jogged with {type(ledger.profile.axis).__name__} for the axis"] += 1
        covered[f"jogged with {type(ledger.profile.scale).__name__} for the scale"] += 1
    return covered
