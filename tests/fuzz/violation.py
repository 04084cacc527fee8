# SPDX-License-Identifier: GPL-2.0-or-later
"""What is reported when something that always holds did not hold."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

INVARIANTS = {
    "exception": "no exception escapes but the documented ones",
    "illegal": "IllegalEvent comes for events that cannot be, for no others, and spoils nothing",
    "type": "every write is to an output pin, of the pin's type, in its range, and changes it",
    "order": "in one batch, what makes things safer is written first, and what enables before the counts",
    "disarmed": "nothing is counted while disarmed",
    "one-axis": "one detent changes one counter at most, that of the axis and scale selected at its place",
    "jump": "no count ever jumps: each change is a whole number of detents that were accepted",
    "conserved": "each detent that was received is counted or dropped",
    "run-on": "counts come no faster than the axis can follow",
    "estop": "an E-stop is shown at the end of the batch that carries it, before anything else",
    "jog-stop": "a jog that may run on is stopped when it is disarmed",
    "pulse": "no pulse is shorter than promised",
    "selection": "the selected axis and scale are what the selectors say, on all pins alike",
    "why-not": "why-not is the smallest reason that applies, and 0 while armed",
    "disconnected": "without a pendant, and on the way out, everything is safe",
    "switches": "connected, enable, reset, buttons and reconnects are what the device said",
    "live": "what is due by time alone happens, and where nothing is missing it is armed",
    "decoder": "a decoder means what the profile says, however its bytes are split",
    "lamps": "each lamp is in the reports that are sent as it has to be",
    "profile": "any bytes are a profile or faults with their places, in sane time",
}
"""Each invariant by its short name."""


class Violation(AssertionError):
    """An invariant that did not hold; `invariant` is its short name."""

    def __init__(self, invariant: str, what: str) -> None:
        assert invariant in INVARIANTS
        super().__init__(f"{invariant} ({INVARIANTS[invariant]}): {what}")
        self.invariant = invariant


def check(holds: bool, invariant: str, what: object = "") -> None:
    """Raise Violation where something does not hold; `what` may be a function that says it."""
    if not holds:
        raise Violation(invariant, str(what() if callable(what) else what))


def escaped(error: Exception) -> Violation:
    """Return the violation that an exception is."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    return Violation("exception", f"{type(error).__name__}: {error} ({where.name}, line {where.lineno})")


def guarded(act: Callable[[], Any], *expected: type[Exception]) -> Any:
    """Return what `act` returns, or the expected error that it raises; any other is a violation."""
    try:
        return act()
    except expected as error:
        return error
    except Violation:
        raise
    except Exception as error:
        raise escaped(error) from error
