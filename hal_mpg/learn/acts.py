# SPDX-License-Identifier: GPL-2.0-or-later
"""What a person is asked to do, and the person who is asked. The dialogue knows no terminal and no device."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from hal_mpg.errors import HalMpgError
from hal_mpg.learn.observation import Observation

AGAIN, SKIP = "r", "s"
"""What may be said instead of Enter."""


class Left(HalMpgError):
    """The person has left, or there is nobody: nothing is written (exit status 1)."""

    status = 1


@dataclass(frozen=True)
class Act:
    """One thing to do with the pendant; `what` and `detail` say for programs what `text` says for people.

    turn: `detail` clicks (-10), or "around" or "a bit" and "a bit back"; set: "axis x"; step: "axis next";
    press, release and let-go: "estop"; tap: a button's name.
    """

    what: str
    detail: str
    text: str


class Answerer(Protocol):
    """Whoever answers questions."""

    def say(self, text: str = "", indent: str = "", bold: bool = False, hang: str = "") -> None:
        """Tell something, in lines that are indented; all but the first by `hang` more."""

    def ask(self, question: str, default: str = "") -> str:
        """Ask for a text; an empty answer is the default. Raises Left."""


class Person(Answerer, Protocol):
    """Whoever uses the pendant and answers."""

    def do(self, act: Act, words: Collection[str] = ()) -> tuple[str, Observation]:
        """Have something done; return what was said ("" or one of `words`), and what was heard.

        Raises Left, DeviceError.
        """

    def lamps(self) -> list[int]:
        """Return the pendant's lamps."""

    def light(self, lamp: int, lit: bool) -> str:
        """Switch a lamp; return why that does not work, or ""."""
