# SPDX-License-Identifier: GPL-2.0-or-later
"""A person in a terminal, with a pendant at hand."""

from __future__ import annotations

from collections.abc import Callable, Collection

from hal_mpg.errors import HalMpgError
from hal_mpg.events import Frame
from hal_mpg.learn.acts import AGAIN, SKIP, Act
from hal_mpg.learn.console import Console
from hal_mpg.learn.ear import MEANT, Ear
from hal_mpg.learn.names import name_of
from hal_mpg.learn.observation import Observation
from hal_mpg.profile import Code

MEANINGS = {AGAIN: "the step before again", SKIP: "it has none", "n": "it has no clicks that can be felt"}


class Answers:
    """Asks at a console; see `acts.Answerer`."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, text: str = "", indent: str = "", bold: bool = False, hang: str = "") -> None:
        """Tell something."""
        self._console.say(text, indent, bold, hang)

    def ask(self, question: str, default: str = "") -> str:
        """Ask for a text; an empty answer is the default."""
        self._console.say(question, bold=True)
        return self._console.line(f"  [{default}] > " if default else "  > ") or default


class Operator:
    """Asks at a console and listens to a device; see `acts.Person`."""

    def __init__(self, console: Console, ear: Ear) -> None:
        self._console = console
        self._ear = ear

    def say(self, text: str = "", indent: str = "", bold: bool = False, hang: str = "") -> None:
        """Tell something."""
        self._console.say(text, indent, bold, hang)

    def ask(self, question: str, default: str = "") -> str:
        """Ask for a text; an empty answer is the default."""
        self._console.say(question, bold=True)
        answer = self._console.line(f"  [{default}] > " if default else "  > ", *self._quietly())
        return answer or default

    def do(self, act: Act, words: Collection[str] = ()) -> tuple[str, Observation]:
        """Have something done; what the device says meanwhile, and shortly after, is what was heard."""
        self._ear.begin()  # before it is asked for: some are quick
        self._console.say(act.text, bold=True)
        while True:
            answer = self._console.line("  > ", self._ear.descriptors(), self._listen) or ""
            if answer.lower() in ("", *words):
                return answer.lower(), self._ear.finish()
            known = ", ".join(f"{word}: {MEANINGS.get(word, word)}" for word in words)
            self._console.say(f"Enter: done{', ' if known else ''}{known}, q: leave.", indent="  ")

    def _quietly(self) -> tuple[list[int], Callable[[], str]]:
        """Let the device speak meanwhile, without looking at what it says."""

        def listen() -> str:
            self._ear.begin()
            return ""

        return self._ear.descriptors(), listen

    def _listen(self) -> str:
        """Take what the device says; return that in a few words."""
        self._ear.read()
        frames = self._ear.heard_so_far()
        return f"heard: {len(frames)} ({_last(frames[-1])})" if frames else ""

    def lamps(self) -> list[int]:
        """Return the pendant's lamps."""
        return self._ear.lamps()

    def light(self, lamp: int, lit: bool) -> str:
        """Switch a lamp; return why that does not work, or ""."""
        try:
            return self._ear.light(lamp, lit)
        except HalMpgError as error:
            return str(error)


def _last(frame: Frame) -> str:
    kind, code, value = next(change for change in reversed(frame.changes) if change[0] in MEANT)
    return f"{name_of(Code(kind, code))} {value}"
