# SPDX-License-Identifier: GPL-2.0-or-later
"""The E-stop's contact, buttons, and the enabling button, from what was heard of them. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from hal_mpg.events import EV_ABS, EV_KEY
from hal_mpg.learn.names import key_name, name_of
from hal_mpg.learn.observation import Observation, without_modifiers
from hal_mpg.profile import Code, EStop


@dataclass(frozen=True)
class Contact:
    """An E-stop that was recognized. `trouble`: why it is not clear."""

    estop: EStop | None
    trouble: str = ""
    note: str = ""


@dataclass(frozen=True)
class Button:
    """A button that was recognized. `trouble`: why it is not clear."""

    key: Code | None
    trouble: str = ""


def recognize_estop(pressed: Observation, released: Observation, taken: frozenset[Code]) -> Contact:
    """Return the E-stop's contact, from how the keys stand with it pressed, and then released.

    Of two contacts the normally closed one is taken, for it tells of a broken wire.
    """
    closed = _free(released.after.keys - pressed.after.keys, taken)
    opened = _free(pressed.after.keys - released.after.keys, taken)
    if len(closed) == 1:
        more = f" It has a second contact, {_names(opened)}, which is not needed." if opened else ""
        return Contact(EStop(Code(EV_KEY, min(closed)), normally_closed=True), note=more.strip())
    if not closed and len(without_modifiers(opened)) == 1:
        return Contact(EStop(Code(EV_KEY, min(without_modifiers(opened))), normally_closed=False))
    if closed or opened:
        return Contact(None, f"Several keys changed at once: {_names(closed | opened)}.")
    if _free(frozenset(pressed.presses), taken) & _free(frozenset(released.presses), taken):
        return Contact(None, "It came back up by itself. Hold it down while you press Enter.")
    if _free(frozenset(pressed.presses), taken):
        return Contact(None, "It was let go again. Leave it pressed, or hold it, while you press Enter.")
    return Contact(None, _nothing(pressed, released, taken))


def recognize_button(heard: Observation, taken: frozenset[Code]) -> Button:
    """Return the button that was pressed, and perhaps let go again."""
    every = frozenset(heard.presses) | (heard.after.keys - heard.before.keys)
    free = without_modifiers(_free(every, taken))
    if len(free) == 1:
        return Button(Code(EV_KEY, min(free)))
    if free:
        return Button(None, f"Several at once: {_names(free)}. One button, please.")
    let_go = _free(heard.before.keys - heard.after.keys, taken)
    if let_go:
        return Button(
            None,
            f"{_names(let_go)} was let go when you pressed: a normally closed contact, which hal_mpg knows "
            f"of the E-stop only.",
        )
    return Button(None, _nothing(heard, heard, taken))


def let_go_of(held: Observation, let_go: Observation, taken: frozenset[Code]) -> Code | None:
    """Return the one key that was held in the first, and is not in the second."""
    free = without_modifiers(_free(held.after.keys - let_go.after.keys, taken))
    return Code(EV_KEY, min(free)) if len(free) == 1 else None


def _free(keys: frozenset[int], taken: frozenset[Code]) -> frozenset[int]:
    return frozenset(key for key in keys if Code(EV_KEY, key) not in taken)


def _nothing(first: Observation, second: Observation, taken: frozenset[Code]) -> str:
    """Say why there is no key in what was heard."""
    used = (frozenset(first.presses) | frozenset(second.presses)) - _free(
        frozenset(first.presses) | frozenset(second.presses), taken
    )
    if used:
        return f"{_names(used)} is another control's already."
    axes = {code for heard in (first, second) for code in heard.paths if Code(EV_ABS, code) not in taken}
    if axes:
        names = ", ".join(sorted(name_of(Code(EV_ABS, code)) for code in axes))
        return f"Heard {names}, an axis and no key; hal_mpg takes only keys for this."
    if first.has_switches or second.has_switches:
        return "It is heard as a switch of the computer (EV_SW), which hal_mpg cannot use."
    return "Nothing was heard."


def _names(keys: frozenset[int]) -> str:
    return ", ".join(key_name(key) for key in sorted(keys)) or "none"
