# SPDX-License-Identifier: GPL-2.0-or-later
"""The states of a device, and which of its events may come in which of them."""

from __future__ import annotations

from enum import Enum

from hal_mpg.errors import IllegalEvent
from hal_mpg.events import Connected, Disconnected, Event, EventsLost, Frame, Garbled, Snapshot


class State(Enum):
    """Of the device: not there, there and known, or there with events lost and not yet read again."""

    ABSENT = "absent"
    LIVE = "live"
    REREADING = "rereading"


LEGAL: dict[State, dict[type[Event], State]] = {
    State.ABSENT: {Connected: State.LIVE, Garbled: State.ABSENT},
    State.LIVE: {
        Frame: State.LIVE,
        EventsLost: State.REREADING,
        Disconnected: State.ABSENT,
        Garbled: State.LIVE,
    },
    State.REREADING: {
        Frame: State.REREADING,
        EventsLost: State.REREADING,
        Snapshot: State.LIVE,  # where no other node is still to be read
        Disconnected: State.ABSENT,
        Garbled: State.REREADING,
    },
}
"""Which device event may come in which state, and the state that it leads to."""


def next_state(state: State, event: Event) -> State:
    """Return the state after a device's event. Raises IllegalEvent where it cannot come now."""
    try:
        return LEGAL[state][type(event)]
    except KeyError:
        raise IllegalEvent(
            f"{type(event).__name__} while the device is {state.value}; "
            f"this is a fault of hal_mpg, please report it"
        ) from None


ASLEEP = "it is asleep"
OVERRUN = "more came than the kernel keeps, so that some of it is lost"
RESTARTED = "it was switched on again"

WAY_BACK = {
    ASLEEP: "turn its wheel or press a key",
    OVERRUN: "turn its wheel or press a key",
    RESTARTED: "it comes back by itself",
}
"""What to do about a Disconnected with this reason; with any other the device is gone, or says nothing."""
