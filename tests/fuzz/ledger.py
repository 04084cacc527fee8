# SPDX-License-Identifier: GPL-2.0-or-later
"""What may have become of every detent so far, worked out from the events and from nothing else.

The contract says when jogging must not be armed; it does not say to the millisecond when it is. So
the ledger keeps every history that the contract allows, and strikes out those that the pins contradict.
None left: a detent was counted, dropped or lost that must not have been.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hal_mpg.arming import WhyNot
from hal_mpg.counter import wrap32
from hal_mpg.events import (
    AxisLimit,
    Change,
    Connected,
    Disconnected,
    Event,
    EventsLost,
    Frame,
    Gates,
    PinValue,
    ProgramInput,
    SelectorStep,
    Snapshot,
)
from hal_mpg.machine import AxisSteps
from hal_mpg.profile import AXIS_LETTERS, TARGETS, Profile
from hal_mpg.program_run import MPG_RUN, is_detent_time
from tests.fuzz.history import History, Position, WheelNote, shown_by
from tests.fuzz.run_on import ProgramRunOn, RunOn
from tests.fuzz.shadow import ShadowDevice
from tests.fuzz.violation import check

STILL_S, STALE_S = 0.2, 0.5
ESTOP_S, RELEASE_S = 0.1, 0.05
EPS = 1e-6
"""Seconds that are lost in adding floats, at the largest times that are played."""


def is_late(seconds: float) -> bool | None:
    """Tell whether what is read so much later counts no longer; None: perhaps."""
    return None if abs(seconds - STALE_S) <= EPS else seconds > STALE_S


class Ledger:
    """Follows the events of one pendant on one machine."""

    def __init__(self, profile: Profile, axes: Sequence[AxisSteps]) -> None:
        self.profile = profile
        self.device = ShadowDevice(profile)
        self.axes = {steps.axis: steps for steps in axes}
        self.counts = dict.fromkeys(self.axes, 0)
        self.targets = tuple(name for name in TARGETS if name in profile.targets and name != MPG_RUN)
        self.histories = {History(targets=(0,) * len(self.targets), old_targets=(0,) * len(self.targets))}
        self.gates = Gates(machine_is_on=True, mode_is_manual=True, inhibit=False)
        self.program = ProgramInput(is_selected=False, goes_backward=False, detent_time=0.02)
        self.program_run = ProgramRunOn()
        self.run_on = {steps.axis: RunOn() for steps in axes}
        self.turned_at = -STILL_S
        self.well_since: float | None = None
        self.estop_since, self.released_at = -1.0, -RELEASE_S
        self.estop_seen = self.actuated = profile.estop is not None or profile.stop_on_disconnect
        self.accepted: list[tuple[str, int, int]] = []  # in this batch: axis, detents, counts
        self.was_lost = False  # in this batch, and may be there again
        self._position: Position | None = None  # until something changes
        self.refused = self.taken = 0  # detents, for the coverage

    # What holds at this place of the events.

    @property
    def position(self) -> Position:
        """Where the selectors stand."""
        if self._position is None:
            self._position = self._read_position()
        return self._position

    def _read_position(self) -> Position:
        if not self.device.connected:
            return None, None, -1, False
        if self.program.is_selected:
            return None, MPG_RUN, -1, False
        name, fault = self.device.stands_at("axis")
        scale, _ = self.device.stands_at("scale")
        targets = {*self.targets, MPG_RUN}
        if scale in targets:
            return None, scale, -1, False  # whatever the axis selector says
        target = name if name in targets else None
        axis = name if name in AXIS_LETTERS and name in self.axes else None
        return axis, target, self.profile.scales.index(scale) if scale else -1, fault

    @property
    def is_open(self) -> bool:
        """Tell whether every gate but manual mode is open."""
        device, gates = self.device, self.gates
        is_well = device.connected and not device.lost and not self.actuated and device.enabled
        return is_well and gates.machine_is_on and not gates.inhibit

    def _note_switches(self, now: float, at: float) -> None:
        """Take what follows from the gates and the switches for arming."""
        self._position = None
        actuated = self.device.estop if self.device.connected else self.profile.stop_on_disconnect
        if actuated and not self.actuated and now > self._estop_ends() + EPS:
            self.estop_since = now
        if self.actuated and not actuated:
            self.released_at = now
        self.actuated = actuated
        self.estop_seen = self.estop_seen or actuated
        if not self.is_open or self.estop_shown(now):
            self.histories = {self._shut(history) for history in self.histories}
        elif not self.gates.mode_is_manual:
            self.histories = {self._shut(history, override=False) for history in self.histories}
        if self.position[1] != MPG_RUN:
            self.histories = {self._shut_run(history) for history in self.histories}
        if not self.is_open or not self.gates.mode_is_manual:
            self.well_since = None
        elif self.well_since is None:
            self.well_since = now
        self._may_arm(now, at)

    def _shut(self, history: History, override: bool = True) -> History:
        """Return a history disarmed: jogging, and overrides and MPG-run too."""
        history = self._shut_run(history) if override else history
        if override and history.override_armed:
            history = history._replace(
                override_armed=False,
                dropped=history.dropped + history.fresh_targets,
                targets=history.old_targets,
                fresh_targets=0,
            )
        if not history.armed:
            return history
        taken_back = sum(abs(taken) for _, taken, _ in self.accepted[history.kept_from :])
        return history._replace(
            armed=False,
            counts=history.counts - history.fresh,
            fresh=0,
            dropped=history.dropped + taken_back,
            kept_from=len(self.accepted),
        )

    @staticmethod
    def _shut_run(history: History) -> History:
        if not history.run_armed:
            return history
        dropped = history.dropped + history.fresh_run
        return history._replace(run_armed=False, run=history.old_run, fresh_run=0, dropped=dropped)

    def estop_shown(self, now: float) -> bool:
        """Tell whether the E-stop has to be shown still: it is actuated, or was a moment ago."""
        return self.actuated or now < self._estop_ends() - EPS

    def _estop_ends(self) -> float:
        return max(self.estop_since + ESTOP_S, self.released_at + RELEASE_S)

    def _may_arm(self, now: float, at: float) -> None:
        """Add the histories in which it is armed here, where that is allowed; a part is forgotten then."""
        if not self.is_open or self.estop_shown(now) or at - self.turned_at < STILL_S - EPS:
            return
        if self.gates.mode_is_manual:
            waiting = {h for h in self.histories if not h.armed}
            self.histories |= {h._replace(armed=True) for h in waiting}
            self.histories |= {h._replace(armed=True, part=0, other=True) for h in waiting}
        if self.targets:
            waiting = {h for h in self.histories if not h.override_armed}
            self.histories |= {h._replace(override_armed=True) for h in waiting}
            self.histories |= {h._replace(override_armed=True, part=0, other=True) for h in waiting}

        if self.position[1] == MPG_RUN:
            waiting = {h for h in self.histories if not h.run_armed}
            self.histories |= {h._replace(run_armed=True) for h in waiting}
            self.histories |= {h._replace(run_armed=True, part=0, other=True) for h in waiting}

    # What happens.

    def begin(self) -> None:
        """Begin a batch."""
        self.accepted.clear()
        self.was_lost = False
        self.histories = {h.published() for h in self.histories}
        self.estop_seen = self.actuated

    def pass_time(self, now: float) -> None:
        """Take that time has passed, and nothing else."""
        self._note_switches(now, now)

    def take(self, event: Event, notes: list[WheelNote], now: float) -> None:
        """Take one legal event, with what the state machine made of the wheel's events, in order."""
        device = self.device
        self._may_arm(now, now)
        match event:
            case Frame(time, node, changes):
                at = min(time, now)
                for change in changes:
                    if device.is_wheels(change):
                        device.wheel_node = node
                        if device.wheel.counts(change) is not None:
                            check(
                                bool(notes), "decoder", lambda c=change: f"{c} was not taken for the wheel's"
                            )
                            self._turned(change, notes.pop(0), now, at)
                            continue
                    else:
                        device.apply(node, change, is_late(now - at))
                    self._note_switches(now, at)
                if node in device.unheard:
                    device.hear(node)
                    self._note_switches(now, at)
                return
            case Connected(_, nodes, may_be_old):
                device.connect(nodes, may_be_old)
                self.histories = {h._replace(part=0) for h in self.histories}
                self.turned_at = now
            case Disconnected():
                device.disconnect()
                self.was_lost = True
            case EventsLost(_, node, void):
                position = device.wheel.position
                device.lose(node)
                lost = device.wheel.void_detents(void)
                forgot = position is not None and device.wheel.position is None
                self.turned_at = now
                self.histories = {
                    h._replace(dropped=h.dropped + lost, part=0 if forgot else h.part) for h in self.histories
                }
            case Snapshot(_, node, state):
                self.histories = {
                    h._replace(part=0, other=True, dropped=h.dropped + device.reread(node, state, h.part))
                    for h in self.histories
                }
                device.take_state(node, state)
            case Gates():
                self.gates = event
            case ProgramInput():
                self.program = event
            case AxisLimit(axis, velocity, acceleration):
                self.run_on[axis].limit(velocity, acceleration)
            case SelectorStep(selector, by):
                device.step_by_hal(selector, by)
        self._note_switches(now, now)

    def _turned(self, change: Change, note: WheelNote, now: float, at: float) -> None:
        """Take one raw event of the wheel."""
        turns = {h: self.device.turn(change, h.part, h.other) for h in self.histories}
        self.device.turned(change)
        self.turned_at = max(self.turned_at, at)
        if now - at > STALE_S - EPS:
            shut = {self._shut(h): turn for h, turn in turns.items()}
            turns = shut if now - at > STALE_S + EPS else turns | shut
            self.well_since = now if self.well_since is not None else None
        fitting = {h: turn for h, turn in turns.items() if turn and turn.detents == note.detents}
        check(bool(fitting), "decoder", lambda: f"{change} gave {note.detents} detents, not one of {turns}")
        position = self.position
        taken = None
        if note.accepted and note.accepted[0].axis == MPG_RUN:
            taken = self._take_run(note, now, position, any(h.run_armed for h in fitting))
        elif note.accepted:
            taken = self._take(note, now, position, any(h.armed for h in fitting))
        self.histories = set()
        for history, turn in fitting.items():
            after = self._counted(history, note.detents, taken, position)
            if after:
                self.histories.add(
                    after._replace(part=turn.part, other=False, dropped=after.dropped + turn.unclear)
                )
        check(bool(self.histories), "conserved", lambda: f"{note} is explained by none of {fitting}")
        self._may_arm(now, at)

    def _take(self, note: WheelNote, now: float, position: Position, may_be_armed: bool) -> int:
        """Take what an axis was asked to take of these detents; return how many it took."""
        check(len(note.accepted) == 1, "one-axis", note)
        axis, detents, distance, taken = note.accepted[0]
        selected, _, scale, _ = position
        check(may_be_armed, "disarmed", lambda: f"{note} while disarmed")
        check(axis == selected and scale >= 0, "one-axis", lambda: f"{axis} jogs, selected is {position}")
        steps = self.axes[axis]
        check(distance == steps.distances[scale], "one-axis", lambda: f"{distance} at scale {scale}")
        check(detents == note.detents, "conserved", lambda: f"{axis} was asked to take {detents} of {note}")
        check(0 <= taken * (1 if detents > 0 else -1) <= abs(detents), "jump", note)
        run_on = self.run_on[axis]
        check(not run_on.is_unlimited or taken == detents, "conserved", lambda: f"{note} without a limit")
        check(not run_on.exceeds(taken * distance, distance, now), "run-on", note)
        if taken:
            self.accepted.append((axis, taken, taken * steps.multiples[scale]))
        self.taken += abs(taken)
        self.refused += abs(detents - taken)
        return taken

    def _take_run(self, note: WheelNote, now: float, position: Position, may_be_armed: bool) -> int:
        """Take what the program was asked to take of these detents; return how many it took."""
        check(len(note.accepted) == 1, "one-axis", note)
        _, detents, detent_s, taken = note.accepted[0]
        check(may_be_armed and position[1] == MPG_RUN, "disarmed", lambda: f"{note} at {position}")
        check(detents == note.detents, "conserved", lambda: f"asked to take {detents} of {note}")
        check(0 <= taken * (1 if detents > 0 else -1) <= abs(detents), "jump", note)
        allowed = is_detent_time(detent_s) and (detents > 0 or self.program.goes_backward)
        check(detent_s == self.program.detent_time or detent_s != detent_s, "conserved", note)
        check(allowed or not taken, "jump", lambda: f"{note} with {self.program}")
        check(not self.program_run.exceeds(taken * detent_s if taken else 0.0, detent_s, now), "run-on", note)
        return taken

    def _counted(
        self, history: History, detents: int, taken: int | None, position: Position
    ) -> History | None:
        """Return what becomes of detents, of which an axis took so many; None: it was not asked to.

        None is returned where that cannot be in this history.
        """
        axis, target, scale, _ = position
        if target == MPG_RUN:
            if detents and (taken is not None) != history.run_armed:
                return None
            if history.armed:
                history = history._replace(counts=history.counts + detents, fresh=history.fresh + detents)
            return history._replace(
                run=history.run + (taken or 0),
                fresh_run=history.fresh_run + abs(taken or 0),
                dropped=history.dropped + abs(detents) - abs(taken or 0),
            )
        if detents and (taken is not None) != (history.armed and axis is not None and scale >= 0):
            return None
        if history.armed:
            history = history._replace(counts=history.counts + detents, fresh=history.fresh + detents)
        if target and history.override_armed:
            counts = list(history.targets)
            counts[self.targets.index(target)] += detents
            fresh = history.fresh_targets + abs(detents)
            return history._replace(targets=tuple(counts), fresh_targets=fresh)
        return history._replace(dropped=history.dropped + abs(detents) - abs(taken or 0))

    def end(self, pins: Mapping[str, PinValue], now: float) -> None:
        """Compare with the pins at the end of a batch, and strike out what they contradict."""
        targets = tuple(pins[f"{target}.counts"] for target in self.targets)
        shown = (pins["counts"], pins["dropped"], targets, pins[f"{MPG_RUN}.counts"])
        possible = {h for h in self.histories if shown_by(h) == shown}
        check(
            bool(possible),
            "conserved",
            lambda: f"counts, dropped, targets: {shown}, not one of {sorted(map(shown_by, self.histories))}",
        )
        counters = {axis: pins[f"axis.{axis}.jog-counts"] for axis in self.counts}
        possible = {h for h in possible if self._counters(h) == counters}
        check(bool(possible), "jump", lambda: f"{counters}, not {[*map(self._counters, self.histories)]}")
        running = {h for h in possible if h.run_armed == pins[f"{MPG_RUN}.enable"]}
        check(bool(running), "disarmed", lambda: f"enable: {pins[f'{MPG_RUN}.enable']} at {self.position}")
        armed = {h for h in running if h.armed == pins["armed"]}
        what = "disarmed" if pins["armed"] else "live"
        check(bool(armed), what, lambda: f"armed is {pins['armed']}: {self.position}, {self.gates}")
        self.histories = armed
        _, target, _, _ = self.position
        if target and self.is_open and not self.estop_shown(now):
            override = pins["why-not"] == WhyNot.READY
            is_run = target == MPG_RUN
            self.histories = {h for h in armed if (h.run_armed if is_run else h.override_armed) == override}
            check(bool(self.histories), "why-not", lambda: f"is {pins['why-not']}; {armed}")
        if not pins[f"{MPG_RUN}.enable"]:
            self.program_run.stopped()
        for axis, _, count in self.accepted[next(iter(self.histories)).kept_from :]:
            self.counts[axis] += count
        if not pins["armed"]:
            for run_on in self.run_on.values():
                run_on.stopped()

    def _counters(self, history: History) -> dict[str, int]:
        """Return what a history has on the counter of each axis."""
        counts = dict(self.counts)
        for axis, _, count in self.accepted[history.kept_from :]:
            counts[axis] += count
        return {axis: wrap32(count) for axis, count in counts.items()}

    @property
    def shows_override(self) -> bool:
        """Tell whether the target that is selected is surely armed."""
        is_run = self.position[1] == MPG_RUN
        return all(h.run_armed if is_run else h.override_armed for h in self.histories)
