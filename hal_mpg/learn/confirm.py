# SPDX-License-Identifier: GPL-2.0-or-later
"""Yes or no, as people say it; what is neither is asked again."""

from __future__ import annotations

from hal_mpg.learn.acts import AGAIN, Person

YES = ("", "y", "yes")
NO = ("n", "no", AGAIN, "again", "wrong")


def is_yes(person: Person, question: str) -> bool:
    """Ask until the answer is clear; Enter is yes."""
    while True:
        answer = person.ask(question).lower()
        if answer in YES:
            return True
        if answer in NO:
            return False
        person.say("Enter or y: yes; n: no, please.", indent="  ")
