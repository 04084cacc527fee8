# SPDX-License-Identifier: GPL-2.0-or-later
"""The steps in which the selectors of axis and scale are learned."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from hal_mpg.learn.acts import AGAIN, SKIP, Act, Person
from hal_mpg.learn.draft import Draft
from hal_mpg.learn.observation import Observation
from hal_mpg.learn.selector import (
    Choice,
    Stand,
    is_analog,
    parse_axis_positions,
    parse_scale_positions,
    recognize,
    wandered,
)
from hal_mpg.learn.switches import recognize_button
from hal_mpg.profile import OFF, AbsSelector, Code, Selector, StepSelector, positions_of

MOST_TRIES = 3
"""So often positions that are not clear are asked for again; then the whole step begins anew."""


class Kind(NamedTuple):
    """A selector, as it is asked for. `usual` are the positions that most have."""

    what: str
    which: str
    usual: str
    parse: Callable[[str], list[str]]
    can_be_missing: bool


AXIS = Kind("axis", "axis", "x y z a", parse_axis_positions, False)
SCALE = Kind("scale", "scale", "x1 x10 x100", parse_scale_positions, True)

POSITIONS = {
    "axis": "Which positions does it have, in order? Axis letters; also off, feed-override, rapid-override, "
    "spindle-override, max-velocity, mpg-run",
    "scale": "Which positions does it have, in order?",
}


def learn_axis(person: Person, draft: Draft) -> None:
    """Learn what selects the axis. A pendant has to have that."""
    draft.axis = _learn(person, draft, AXIS)


def learn_scale(person: Person, draft: Draft) -> None:
    """Learn what selects the scale, if anything does."""
    draft.scale = _learn(person, draft, SCALE)


def _learn(person: Person, draft: Draft, kind: Kind) -> Selector | None:
    taken = draft.taken(kind.what)
    draft.notes.pop(kind.what, None)
    while True:
        form = _ask_form(person, kind)
        if form == SKIP:
            return None
        positions = _ask_positions(person, kind)
        if form == "2":
            selector: Selector | None = _learn_steps(person, kind, positions, taken)
        else:
            selector = _learn_positions(person, draft, kind, positions, taken)
        if selector is not None and positions_of(selector):
            return selector
        person.say(f"The {kind.which} selector once more, from the beginning.", indent="  ")


def _ask_form(person: Person, kind: Kind) -> str:
    """Ask which sort of selector it is: "1", "2" or SKIP."""
    none = f"\n  {SKIP}: none; there is one {kind.which} only" if kind.can_be_missing else ""
    while True:
        answer = person.ask(
            f"How is the {kind.which} selected?\n"
            f"  1: a switch with a position for each, or a button for each\n"
            f"  2: a button that steps to the next one (and another that steps back, perhaps){none}",
            "1",
        ).lower()
        if answer in ("1", "2") or (answer == SKIP and kind.can_be_missing):
            return answer
        if answer == SKIP:
            person.say(
                "hal_mpg needs something that selects the axis. Any button will do: say 2, and it steps "
                "from axis to axis (the push button of the wheel, perhaps).",
                indent="  ",
            )
        else:
            person.say("1 or 2, please.", indent="  ")


def _ask_positions(person: Person, kind: Kind) -> list[str]:
    while True:
        answer = person.ask(POSITIONS[kind.what], kind.usual)
        try:
            return kind.parse(answer)
        except ValueError as error:
            person.say(f"{error}.", indent="  ")


def _learn_steps(
    person: Person, kind: Kind, positions: list[str], taken: frozenset[Code]
) -> StepSelector | None:
    """Learn the buttons that step to the next and to the previous position."""
    forward = _one_button(
        person,
        Act("step", f"{kind.what} next", f"Press the button for the NEXT {kind.which}, once."),
        taken,
        can_be_missing=False,
    )
    backward = _one_button(
        person,
        Act(
            "step",
            f"{kind.what} previous",
            f"Press the button for the PREVIOUS {kind.which}, once. ({SKIP}: there is none)",
        ),
        taken | ({forward} if forward else frozenset()),
        can_be_missing=True,
    )
    person.say(
        f"hal_mpg cannot see where the pendant itself stands: it starts at {positions[0]}, and counts the "
        f"presses.",
        indent="  ",
    )
    return StepSelector(forward, backward, tuple(positions))


def _one_button(person: Person, act: Act, taken: frozenset[Code], can_be_missing: bool) -> Code | None:
    while True:
        answer, heard = person.do(act, (SKIP,) if can_be_missing else ())
        if answer == SKIP:
            return None
        button = recognize_button(heard, taken)
        if button.key:
            return button.key
        person.say(f"{button.trouble} Once more.", indent="  ")


def _learn_positions(
    person: Person, draft: Draft, kind: Kind, positions: list[str], taken: frozenset[Code]
) -> Selector | None:
    """Learn a selector from what is heard at each position."""
    stands = _visit(person, kind, positions)
    for _ in range(MOST_TRIES):
        choice = recognize(stands, taken)
        if choice.selector:
            return _accept(person, draft, kind, choice, stands)
        person.say(choice.trouble, indent="  ")
        if not choice.again:
            return None
        again = {position: _set(person, kind, position)[1] for position in choice.again}
        stands = [Stand(position, again.get(position, heard)) for position, heard in stands]
    choice = recognize(stands, taken)
    if choice.selector:
        return _accept(person, draft, kind, choice, stands)
    person.say(choice.trouble, indent="  ")
    return None


def _visit(person: Person, kind: Kind, positions: list[str]) -> list[Stand]:
    """Have each position set, in turn; one can go back by one."""
    stands: list[Stand] = []
    while len(stands) < len(positions):
        answer, heard = _set(person, kind, positions[len(stands)], can_go_back=bool(stands))
        if answer == AGAIN:
            stands.pop()
        else:
            stands.append(Stand(positions[len(stands)], heard))
    return stands


def _set(person: Person, kind: Kind, position: str, can_go_back: bool = False) -> tuple[str, Observation]:
    name = position if position == OFF or kind.what == "scale" else position.upper()
    back = f" ({AGAIN}: the one before again)" if can_go_back else ""
    text = f"Set the {kind.which} selector to {name}, or hold its button.{back}"
    return person.do(Act("set", f"{kind.what} {position}", text), (AGAIN,) if can_go_back else ())


def _accept(person: Person, draft: Draft, kind: Kind, choice: Choice, stands: list[Stand]) -> Selector | None:
    """Say what there is to say of a selector; look again where its values may wander."""
    selector = choice.selector
    if choice.note:
        person.say(choice.note, indent="  ")
        draft.notes[kind.what] = choice.note
    if isinstance(selector, AbsSelector) and is_analog(
        stands[0].heard, selector.code.number, len(selector.positions)
    ):
        person.say("To see whether its value is the same each time:", indent="  ")
        _, heard = _set(person, kind, stands[0].position)
        trouble = wandered(selector, Stand(stands[0].position, heard))
        if trouble:
            person.say(trouble, indent="  ")
            return None
    return selector
