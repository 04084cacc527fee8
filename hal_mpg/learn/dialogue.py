# SPDX-License-Identifier: GPL-2.0-or-later
"""The steps of learning a pendant, each of which can be done again; from a person to a whole draft."""

from __future__ import annotations

from collections.abc import Callable

from hal_mpg.learn.acts import AGAIN, Person
from hal_mpg.learn.confirm import is_yes
from hal_mpg.learn.draft import Draft, rows
from hal_mpg.learn.steps_distances import learn_distances
from hal_mpg.learn.steps_selector import learn_axis, learn_scale
from hal_mpg.learn.steps_switches import (
    learn_buttons,
    learn_enable,
    learn_estop,
    learn_lamps,
    learn_reset,
)
from hal_mpg.learn.steps_wheel import learn_wheel

Step = Callable[[Person, Draft], None]

INTRODUCTION = """\
Do what is asked with the pendant, then press Enter. At any time: q leaves, and nothing is written."""

TITLES = {
    "wheel": "The wheel",
    "axis": "The axis selector",
    "scale": "The scale selector (x1, x10, x100)",
    "estop": "The E-stop button",
    "reset": "The reset button",
    "enable": "The enabling (dead-man) button",
    "buttons": "Further buttons",
    "lamps": "Lamps",
    "distances": "Distances",
    "name": "Name",
}


class Dialogue:
    """Asks for one control after the other. `units`: mm or inch, to ask for distances in these only."""

    def __init__(self, person: Person, draft: Draft, units: str | None = None, ask_name: bool = True) -> None:
        self._person = person
        self._draft = draft
        self._ask_name = ask_name

        def distances(person: Person, draft: Draft) -> None:
            learn_distances(person, draft, units)

        self._steps: dict[str, Step] = {
            "wheel": learn_wheel,
            "axis": learn_axis,
            "scale": learn_scale,
            "estop": learn_estop,
            "reset": learn_reset,
            "enable": learn_enable,
            "buttons": learn_buttons,
            "lamps": learn_lamps,
            "distances": distances,
            "name": learn_name,
        }

    def run(self) -> None:
        """Go through all steps, then let single ones be done again. Raises Left, DeviceError."""
        self._person.say(INTRODUCTION)
        for number, step in enumerate(self._steps, 1):
            if step == "name" and not self._ask_name:
                continue
            self._do(step, f"{number}. {TITLES[step]}")
        self._review()

    def _do(self, step: str, title: str) -> None:
        """Do one step until the person finds it right."""
        while True:
            self._person.say(f"\n{title}")
            self._steps[step](self._person, self._draft)
            if step in ("distances", "name"):
                return
            words = dict(rows(self._draft))[step]
            self._person.say(f"-> {words}.", indent="  ", hang="   ")
            if words.startswith("none"):
                return  # it was said, not heard
            if is_yes(self._person, f"Enter: that is right. {AGAIN}: do it again"):
                return

    def _review(self) -> None:
        """Show everything; do single steps again, until it is right."""
        while True:
            self._person.say("\nThis is what was learned:")
            steps = rows(self._draft)
            for number, (step, words) in enumerate(steps, 1):
                self._person.say(f"{number:2}  {step:10} {words}", hang=" " * 15)
            answer = self._person.ask("Enter: write it down. A number: that step again")
            if not answer:
                return
            names = {str(number): step for number, (step, _) in enumerate(steps, 1)}
            names |= {step: step for step, _ in steps}
            step = names.get(answer.lower(), "")
            if not step:
                self._person.say(f"{answer!r} is none of the numbers 1 to {len(steps)}.", indent="  ")
                continue
            self._do(step, TITLES[step])
            if step in ("axis", "scale") and not self._has_distances():
                self._do("distances", TITLES["distances"])

    def _has_distances(self) -> bool:
        """Tell whether the distances are those of the scales and axes that there are now."""
        increments = self._draft.increments
        names = tuple(increment.scale for increment in increments)
        has_degrees = all(increment.degree is not None for increment in increments)
        return names == self._draft.scales and (has_degrees or not self._draft.has_rotary)


def learn_name(person: Person, draft: Draft) -> None:
    """Ask what the pendant is called."""
    while True:
        name = " ".join(person.ask("What is the pendant called?", draft.name).split())
        if name.isprintable() and 0 < len(name) <= 80:
            draft.name = name
            return
        person.say("Use plain text, 80 characters at most.", indent="  ")
