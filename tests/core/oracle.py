# SPDX-License-Identifier: GPL-2.0-or-later
"""What a pendant has to do, written from the contract alone: simple, slow, in decimals.

The contract says when jogging must not be armed, and that it is armed otherwise; it does not say to the
millisecond when. So the oracle keeps every history that the contract allows (armed or not, where either
is allowed), and strikes out those that the pins contradict. None left: the contract is broken.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

STILL_S = 0.2
SURELY_ARMED_S = 0.5
"""Everything is well for so long: now it has to be armed."""

DISTANCES = {
    "x": {"x1": "0.001", "x10": "0.01", "x100": "0.1"},
    "y": {"x1": "0.001", "x10": "0.01", "x100": "0.1"},
    "z": {"x1": "0.001", "x10": "0.01", "x100": "0.1"},
    "a": {"x1": "0.01", "x10": "0.1", "x100": "1.0"},
}
"""Millimeters and degrees, as the profile of the test has them."""

CODES = {
    0x120: "x",
    0x121: "y",
    0x122: "z",
    0x123: "a",
    0x126: "x1",
    0x127: "x10",
    0x128: "x100",
    0x129: "contact",
    0x12A: "reset",
    0x12B: "enable",
}


NOWHERE = (Decimal(0),) * len(DISTANCES)


@dataclass(frozen=True, slots=True)
class Fresh:
    """What was counted in this batch, and is not on the pins yet."""

    counts: int = 0
    detents: int = 0
    moved: tuple[Decimal, ...] = NOWHERE
    run: int = 0


@dataclass(frozen=True, slots=True)
class History:
    """What may have become of the detents so far."""

    armed: bool = False
    counts: int = 0
    dropped: int = 0
    positions: tuple[Decimal, ...] = NOWHERE
    fresh: Fresh = Fresh()
    runs: bool = False
    """The wheel runs the program."""
    run: int = 0

    def stopped(self) -> History:
        """Return what it is when the wheel no longer runs the program."""
        if not self.runs:
            return self
        run, dropped = self.run - self.fresh.run, self.dropped + abs(self.fresh.run)
        return replace(self, runs=False, run=run, dropped=dropped, fresh=replace(self.fresh, run=0))

    def disarmed(self) -> History:
        """Return what it is when jogging ends: what nobody has seen yet is dropped."""
        if not self.armed:
            return self
        positions = tuple(at - moved for at, moved in zip(self.positions, self.fresh.moved, strict=True))
        counts, dropped = self.counts - self.fresh.counts, self.dropped + self.fresh.detents
        fresh = Fresh(run=self.fresh.run)
        return replace(self, armed=False, counts=counts, dropped=dropped, positions=positions, fresh=fresh)


@dataclass(slots=True)
class Oracle:
    """Follows one pendant, told what its user and its surroundings do, in the order in which they do it."""

    connected: bool = False
    keys: set[str] = field(default_factory=set)
    enable_counts: bool = False
    machine_is_on: bool = True
    mode_is_manual: bool = True
    inhibit: bool = False
    selects_run: bool = False
    turned_at: float = -10.0
    well_since: float | None = None
    now: float = 0.0  # when it is told; what it is told of may have been earlier
    received: int = 0
    histories: set[History] = field(default_factory=lambda: {History()})

    def all_is_well(self) -> bool:
        """Tell whether everything is as arming needs it, but for the wheel."""
        gates = self.machine_is_on and self.mode_is_manual and not self.inhibit
        return self.connected and "contact" in self.keys and self.enable_counts and gates

    def may_run(self) -> bool:
        """Tell whether everything is as a program needs it that the wheel runs, but for the wheel."""
        gates = self.machine_is_on and not self.inhibit and self.selects_run
        return self.connected and "contact" in self.keys and self.enable_counts and gates

    def selection(self) -> tuple[str | None, str | None]:
        """Return the selected axis and scale, each None where there is not exactly one."""
        axes = [key for key in self.keys if key in DISTANCES]
        scales = [key for key in self.keys if key in ("x1", "x10", "x100")]
        return (axes[0] if len(axes) == 1 else None), (scales[0] if len(scales) == 1 else None)

    def connect(self, keys: set[str], time: float) -> None:
        """The pendant is plugged in with these keys held; a held enabling button does not count."""
        self.connected, self.keys, self.enable_counts = True, set(keys), False
        self.changed(time)

    def disconnect(self, time: float) -> None:
        """The plug is pulled."""
        self.connected, self.keys, self.enable_counts = False, set(), False
        self.changed(time)

    def key(self, key: str, held: bool, time: float) -> None:
        """A key is pressed or released."""
        if key == "enable":  # a press is a change from released to held
            self.enable_counts = held and (self.enable_counts or key not in self.keys)
        (self.keys.add if held else self.keys.discard)(key)
        self.changed(time)

    def lose_events(self, keys: set[str], detents: int, time: float) -> None:
        """Events are lost, these detents among them; afterwards these keys are held."""
        was_well = self.all_is_well()
        self.enable_counts = self.enable_counts and "enable" in keys
        self.keys = set(keys)
        self.received += detents
        disarmed = (h.disarmed().stopped() for h in self.histories)
        self.histories = {replace(h, dropped=h.dropped + detents) for h in disarmed}
        self.well_since = self.now if was_well and self.all_is_well() else None
        self.changed(time)

    def changed(self, time: float) -> None:
        """Something other than the wheel has changed, or time has passed."""
        if not self.may_run():
            self.histories = {h.stopped() for h in self.histories}
        elif time - self.turned_at >= STILL_S - 1e-9:
            self.histories |= {replace(h, runs=True) for h in self.histories}
        if not self.all_is_well():
            self.well_since = None
            self.histories = {h.disarmed() for h in self.histories}
            return
        if self.well_since is None:
            self.well_since = self.now
        if time - self.turned_at >= STILL_S - 1e-9:
            self.histories |= {replace(h, armed=True) for h in self.histories}

    def wait_is_over(self, time: float) -> None:
        """Some time has passed in which nothing kept the component from running."""
        self.changed(time)
        if self.well_since is not None and time - max(self.well_since, self.turned_at) > SURELY_ARMED_S:
            assert all(history.armed for history in self.histories), "it is not armed, but nothing is missing"

    def turn(self, detents: int, time: float) -> None:
        """The wheel is turned."""
        self.changed(time)
        self.received += abs(detents)
        self.histories = {self._turned(h, detents) for h in self.histories}
        self.turned_at = max(self.turned_at, time)

    def _turned(self, history: History, detents: int) -> History:
        if self.selects_run:
            return self._run(history, detents)
        if not history.armed:
            return replace(history, dropped=history.dropped + abs(detents))
        axis, scale = self.selection()
        counts, fresh = history.counts + detents, history.fresh
        if axis is None or scale is None:
            dropped = history.dropped + abs(detents)
            fresh = replace(fresh, counts=fresh.counts + detents)
            return replace(history, counts=counts, dropped=dropped, fresh=fresh)
        place = list(DISTANCES).index(axis)
        positions, moved = list(history.positions), list(fresh.moved)
        for each in (positions, moved):
            each[place] += detents * Decimal(DISTANCES[axis][scale])
        fresh = Fresh(fresh.counts + detents, fresh.detents + abs(detents), tuple(moved), fresh.run)
        return replace(history, counts=counts, positions=tuple(positions), fresh=fresh)

    @staticmethod
    def _run(history: History, detents: int) -> History:
        """Return what becomes of detents that are for the program, which goes forward only."""
        fresh, taken = history.fresh, max(detents, 0) if history.runs else 0
        if history.armed:
            history = replace(history, counts=history.counts + detents)
            fresh = replace(fresh, counts=fresh.counts + detents)
        dropped = history.dropped + abs(detents) - taken
        fresh = replace(fresh, run=fresh.run + taken)
        return replace(history, dropped=dropped, run=history.run + taken, fresh=fresh)

    def compare(self, seen: History) -> None:
        """Strike out what the pins contradict. What they show is no longer fresh."""
        allowed = {replace(history, fresh=Fresh()) for history in self.histories}
        self.histories = {history for history in allowed if history == seen}
        assert self.histories, f"the pins show {seen}, but it had to be one of {sorted(map(str, allowed))}"
