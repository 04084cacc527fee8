# SPDX-License-Identifier: GPL-2.0-or-later
"""Plays a fault on a stage: the same script for every bed, in whatever process the bed needs.

From a known beginning: the fault is provoked, what the entry expects is waited for and timed, what moved is
measured, the way back is walked step by step, and one more detent has to jog by one increment.
"""

from __future__ import annotations

import re
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from tests.faults.catalogue import MOVES, Fault

LIMIT_S = 30.0
"""How long anything is waited for: far beyond what it takes, for machines that are busy."""

POLL_S = 0.0002

MAX_STALLS = 5
"""How many repetitions are taken back because the computer itself stood still. Where each one has to be in
time, as many as are wanted; a median does not mind some."""


class Stage(Protocol):
    """A pendant, hal_mpg, and what is behind it, in one bed."""

    def begin(self, start: str) -> None:
        """Bring everything to where a fault begins, whatever was before."""
        ...

    def do(self, act: str, *arguments: Any) -> Callable[[], float]:
        """Provoke a fault; return a function that waits for its end and tells when it began (monotonic)."""
        ...

    def pin(self, name: str) -> Any:
        """Return a pin's value; a name without a dot, or one of `axis.L.`..., is hal_mpg's."""
        ...

    def machine(self) -> str | None:
        """Return LinuxCNC's state, or None where there is no LinuxCNC."""
        ...

    def moved(self) -> str:
        """Wait for rest; return what moved since `begin`: one of the values of `moves`, or what else."""
        ...

    def stalled(self) -> bool:
        """Tell whether the computer itself stood still since the last `do`, so that times mean nothing."""
        ...

    def said(self) -> str:
        """Return what hal_mpg has said since `begin`."""
        ...

    def back(self, step: str) -> None:
        """Take one step of the way back."""
        ...

    def prove(self) -> None:
        """Turn one detent: the selected axis and no other goes by one increment. Raises TimeoutError."""
        ...


@dataclass(slots=True)
class Result:
    """What came of a fault; `error` is None where all is as expected."""

    id: str
    bed: str
    times_ms: list[float] = field(default_factory=list)
    moved: str = "nothing"
    said: str = ""
    stalls: int = 0
    error: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


def play(stage: Stage, fault: Fault, tell: Callable[[str], None] = print) -> Result:
    """Play one fault, as often as it says."""
    result = Result(fault.id, fault.bed)
    start = time.monotonic()
    try:
        while len(result.times_ms) < fault.repeat:
            _once(stage, fault, result)
    except Exception:  # noqa: BLE001  # it is the test's to tell; the next fault is played in any case
        result.error = traceback.format_exc(limit=-4)
    times = f", {sorted(result.times_ms)} ms" if fault.timed else ""
    tell(f"fault {fault.id}: {result.error or 'as expected'}{times} ({time.monotonic() - start:.1f} s)")
    return result


def _once(stage: Stage, fault: Fault, result: Result) -> None:
    stage.begin(fault.start)
    act, *arguments = fault.do
    when = stage.do(act, *arguments)
    if fault.timed:
        timed, value = _timed(fault)
        seen = _wait(lambda: stage.pin(timed) == value, f"{timed} to be {value}")
        stalled = stage.stalled()  # until then; what comes after it is not timed
        time_ms = (seen - when()) * 1000
    else:
        when()
        time_ms, stalled = 0.0, False
    _wait(lambda: _holds(stage, fault), f"{dict(fault.pins)}, {fault.machine}", lambda: _found(stage, fault))
    if stalled and result.stalls < max(MAX_STALLS, fault.repeat if fault.every else 0):
        result.stalls += 1
    else:
        result.times_ms.append(round(time_ms, 3))
    _check_rest(stage, fault, result)
    for step in fault.back:
        stage.back(step)
    if fault.back:
        stage.prove()


def _check_rest(stage: Stage, fault: Fault, result: Result) -> None:
    result.moved = stage.moved()
    assert result.moved in MOVES[fault.moves], f"moved: {result.moved}"
    if not _holds(stage, fault):
        # Where the computer itself stood still, the wheel is disarmed, as it should be; that passes.
        assert stage.stalled(), f"it did not stay so: {_found(stage, fault)}"
        _wait(lambda: _holds(stage, fault), f"{dict(fault.pins)} again", lambda: _found(stage, fault))
    if fault.says:
        _wait(lambda: re.search(fault.says or "", stage.said()), f"{fault.says!r}", stage.said)
        found = re.search(rf"^.*(?:{fault.says}).*$", stage.said(), re.MULTILINE)
        result.said = found.group(0).strip() if found else ""


def _timed(fault: Fault) -> tuple[str, Any]:
    """Return the pin that is timed, and the value that is waited for."""
    assert fault.timed
    if "=" in fault.timed:
        name, value = fault.timed.split("=")
        return name, int(value)
    return fault.timed, fault.pins[fault.timed]


def _holds(stage: Stage, fault: Fault) -> bool:
    pins = all(stage.pin(name) == value for name, value in fault.pins.items())
    return pins and (fault.machine is None or stage.machine() == fault.machine)


def _found(stage: Stage, fault: Fault) -> str:
    return f"{ {name: stage.pin(name) for name in ('why-not', *fault.pins)} }, {stage.machine()}"


def _wait(condition: Callable[[], object], what: str, instead: Callable[[], str] = lambda: "") -> float:
    """Wait until a condition holds; return the monotonic time at which it was first seen to."""
    end = time.monotonic() + LIMIT_S
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {LIMIT_S:.0f} s for {what}; instead: {instead()}")
        time.sleep(POLL_S)
    return time.monotonic()
