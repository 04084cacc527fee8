# SPDX-License-Identifier: GPL-2.0-or-later
"""What is carried out for a button: one action at a time, step by step, or refused with a reason.

The state machine behind the pins `request.NAME`, `do.NAME` and `refused`. It is a part of `Pendant`, which
says what stands in the way; what the actions are is data (`hal_mpg.action_table`).
"""

from __future__ import annotations

from collections.abc import Iterable, Set

from hal_mpg.action_table import (
    ACTIONS,
    CHOICES,
    DEAD,
    GAP,
    PROGRAM,
    PULSE_S,
    STARTS,
    Action,
    Step,
    zero_axis,
)
from hal_mpg.arming import WhyNot
from hal_mpg.counter import wrap32
from hal_mpg.events import Requests
from hal_mpg.lean_typing import NamedTuple
from hal_mpg.outputs import Outputs

REFUSAL_S = 3.0
"""How long `why-not` shows why a request was refused."""

FIRST = frozenset({WhyNot.NO_DEVICE, WhyNot.ESTOP})
"""The standing reasons that `why-not` shows even then."""

URGENT = ("stop", "machine-off", "pause")
"""What makes things safer: it is never refused for what else goes on, and comes first in a batch."""


OVER = Action(())
"""What is under way when an action is over: its pin is FALSE for a while, and halui sees the next edge."""


SETTLE = Step("")
"""What comes after a stop: nothing else begins while that pulse lasts."""


class Refusal(NamedTuple):
    """A request that was not carried out, or not to its end.

    `missing`: the pins that nothing is netted to, where that is why.
    """

    request: str
    why: WhyNot
    missing: tuple[str, ...] = ()


class Actions:
    """Carries out one action at a time. Times are seconds of one monotonic clock."""

    def __init__(self, out: Outputs) -> None:
        self._out = out
        self.status: frozenset[str] = frozenset()
        """The pins of STATUS that are TRUE."""
        self.is_active = False
        """Whether `update` may have something to do."""
        self._refusals: list[Refusal] = []
        self._asked: list[Requests] = []
        self._name = ""
        self._action: Action | None = None
        self._steps: tuple[Step, ...] = ()  # those that are left, the present one first
        self._last_pin = ""  # the last that was TRUE
        self._mends: tuple[Step, ...] = ()  # those that come if it fails
        self._at = 0.0  # when that one began
        self._stalled_since: float | None = None
        self._holding: frozenset[str] = frozenset()  # the conditions that hold now
        self._refused = 0
        self._shown_until: float | None = None  # the last refusal
        self._shown = WhyNot.READY

    @property
    def holds_wheel(self) -> bool:
        """Whether an action is under way in which no detent may jog."""
        return self._action is not None and self._action.holds_wheel

    def take_refusals(self) -> list[Refusal]:
        """Return the requests that were refused since this was asked."""
        refusals, self._refusals = self._refusals, []
        return refusals

    def ask(self, requests: Requests) -> None:
        """Take requests, for the next `update`."""
        self._asked.append(requests)
        self.is_active = True

    def shown(self, standing: WhyNot) -> WhyNot:
        """Return what `why-not` shows, where `standing` is the smallest reason that applies by itself."""
        return standing if self._shown_until is None or standing in FIRST else self._shown

    def next_deadline(self) -> float | None:
        """Return when `update` has something to do next by time alone."""
        due = self._shown_until
        if self._action is None:
            return due
        for end in self._ends():
            due = end if due is None or end < due else due
        return due

    def _ends(self) -> Iterable[float]:
        step = self._steps[0]
        if not self._holds(step.until):
            if self._stalled_since is not None:
                yield self._stalled_since + step.limit_s
        else:
            yield self._at + step.least_s

    def update(self, reasons: Set[WhyNot], axis: str | None, now: float) -> None:
        """Go on with what is under way, and take what was asked for.

        `reasons`: what stands in the way of a jog, the stillness of the wheel among it; `axis`: the
        selected one.
        """
        if self._shown_until is not None and now >= self._shown_until:
            self._shown_until = None
        gates = {"machine-is-on": WhyNot.MACHINE_OFF, "mode-is-manual": WhyNot.NOT_MANUAL}
        self._holding = self.status | {gate for gate, why in gates.items() if why not in reasons}
        if self._action is not None:
            ending = reasons & self._ended_by(self._action)
            if ending:
                self._refuse(Refusal(self._name, min(ending)), now)
                self._break_off(now, is_dead=not DEAD.isdisjoint(ending))
            else:
                self._go_on(now)
        asked, self._asked = self._asked, []
        for names, unknown in asked:
            for name in sorted(names, key=lambda name: name not in URGENT):
                self._take(name, reasons, axis, unknown, now)
        self.is_active = self._action is not None or self._shown_until is not None

    def _take(
        self, request: str, reasons: Set[WhyNot], axis: str | None, unknown: frozenset[str], now: float
    ) -> None:
        """Carry out a request, or refuse it."""
        is_told = not PROGRAM.isdisjoint(self.status)
        name = self._choose(request)
        if name == "stop" or (name == "pause" and self._is_moving):
            self._break_off(now)
        elif name == "pause":
            if (
                "program-is-idle" in self.status
            ):  # LinuxCNC would be paused, and do nothing until it is resumed
                self._refuse(Refusal(request, WhyNot.NOTHING_RUNS), now)
            else:
                self._pulse("pause", now)
                if self._action is None:  # and what was asked for at the same instant does not undo it
                    self._name, self._action = "pause", Action(())
                    self._enter((SETTLE, GAP), now)
        elif request in CHOICES and request == "start-or-pause" and not is_told:
            self._refuse(Refusal(request, WhyNot.NOT_TOLD, tuple(sorted(PROGRAM))), now)
        else:
            action = zero_axis(axis or "") if name == "zero-axis" else ACTIONS[name]
            if name == "machine-off" or (self._action is OVER and action.steps[0].pin != self._last_pin):
                self._release()
                self._action = None
            refusal = self._refusal(request, action, reasons, unknown)
            if refusal:
                self._refuse(refusal, now)
            else:
                self._begin(name, action, now)

    @property
    def _is_moving(self) -> bool:
        """Whether what is under way is a motion that cannot go on after a pause, or has yet to begin."""
        action = self._action
        return (
            action is not None and action.moves and (bool(action.after) or "program-is-idle" in self.status)
        )

    def _ended_by(self, action: Action) -> frozenset[WhyNot]:
        """Return what ends the present step: until it has begun in earnest, all that forbids a start."""
        is_prelude = self._steps[0].skip
        return action.ended_by | (action.forbidden & STARTS) if is_prelude else action.ended_by

    def _choose(self, request: str) -> str:
        for condition, name in CHOICES.get(request, ()):
            if not condition or condition in self.status:
                return name
        return request

    def _refusal(
        self, request: str, action: Action, reasons: Set[WhyNot], unknown: frozenset[str]
    ) -> Refusal | None:
        """Return the smallest reason why an action must not be; None: it may."""
        status = self.status
        if PROGRAM.isdisjoint(status):
            unknown |= PROGRAM
        missing = (action.known & unknown) - status
        applies = {
            WhyNot.PROGRAM_RUNS: "program-is-running" in status,
            WhyNot.PROGRAM_PAUSED: "program-is-paused" in status,
            WhyNot.NOT_HOMED: "all-homed" not in status | missing,
            WhyNot.MOVING: "in-position" not in status | missing
            or "jog-is-active" in status
            or (request == "probe-z" and "spindle-is-on" in status),
            WhyNot.NOTHING_RUNS: "program-is-paused" not in status | missing,
        }
        found = action.forbidden & {*reasons, *(why for why, does in applies.items() if does)}
        runs = found & {WhyNot.PROGRAM_RUNS, WhyNot.PROGRAM_PAUSED}
        if runs or (action.in_auto and "mode-is-auto" in status):
            found -= {WhyNot.NOT_MANUAL}
        if self._action is not None:
            found |= {WhyNot.BUSY}
        if missing:
            found |= {WhyNot.NOT_TOLD}
        if not found:
            return None
        why = min(found)
        return Refusal(request, why, tuple(sorted(missing)) if why is WhyNot.NOT_TOLD else ())

    def _refuse(self, refusal: Refusal, now: float) -> None:
        self._refusals.append(refusal)
        self._refused += 1
        self._out.set("refused", wrap32(self._refused))
        self._shown, self._shown_until = refusal.why, now + REFUSAL_S

    def _begin(self, name: str, action: Action, now: float) -> None:
        self._shown_until = None
        self._name, self._action = name, action
        self._mends = () if action.in_auto and "mode-is-auto" in self.status else action.mends
        self._enter((*action.steps, GAP), now)
        self._go_on(now)

    def _enter(self, steps: tuple[Step, ...], now: float) -> None:
        """Begin the first of `steps` that is not to be skipped."""
        self._release()
        while steps[0].skip and self._holds(steps[0].until):
            steps = steps[1:]
        self._steps, self._at, self._stalled_since = steps, now, None
        if steps[0].pin:
            self._last_pin = steps[0].pin
            self._out.set(f"do.{steps[0].pin}", True)
        elif steps[0] is GAP:
            self._action = OVER

    def _release(self) -> None:
        if self._steps and self._steps[0].pin:
            self._out.set(f"do.{self._steps[0].pin}", False)

    def _go_on(self, now: float) -> None:
        """Leave each step that is over, or has failed."""
        while self._action is not None:
            step = self._steps[0]
            if self._holds(step.until):
                self._stalled_since = None
                if now < self._at + step.least_s:
                    return
            elif not self._has_failed(step, now):
                return
            elif not step.goes_on:
                self._fail(now)
                continue
            if len(self._steps) == 1:
                self._action, self._steps, self._name = None, (), ""
            else:
                self._enter(self._steps[1:], now)

    def _has_failed(self, step: Step, now: float) -> bool:
        if not self._holds(step.stalled):
            self._stalled_since = None
        elif self._stalled_since is None:
            self._stalled_since = now
        return self._stalled_since is not None and now >= self._stalled_since + step.limit_s

    def _fail(self, now: float) -> None:
        """Note that LinuxCNC did not do it, and leave everything as it was, as far as that can be."""
        assert self._action is not None
        if self._name != "stop":
            self._refuse(Refusal(self._name, WhyNot.NOT_FOLLOWED), now)
        mends, self._mends = self._mends, ()
        self._action = Action((), holds_wheel=self._action.holds_wheel)
        self._enter((*mends, GAP), now)

    def _break_off(self, now: float, is_dead: bool = False) -> None:
        """End what is under way, and have LinuxCNC stop. `is_dead`: nothing is to come after that."""
        action = self._action
        if action is None or action.moves or not is_dead:
            self._pulse("stop", now)
        after = () if action is None or is_dead else action.after
        holds = action is not None and action.holds_wheel and bool(after)
        self._mends = action.mends if action and after else ()
        self._name, self._action = "stop", Action((), holds_wheel=holds)
        self._enter((*after, SETTLE, GAP), now)

    def _pulse(self, pin: str, now: float) -> None:
        self._out.set_pulsed(f"do.{pin}", True, True, now, PULSE_S)
        self._out.set_pulsed(f"do.{pin}", False, True, now, PULSE_S)

    def _holds(self, conditions: tuple[str, ...]) -> bool:
        holding = self._holding
        return all(
            name[1:] not in holding if name.startswith("!") else name in holding for name in conditions
        )
