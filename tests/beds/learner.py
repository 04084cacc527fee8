# SPDX-License-Identifier: GPL-2.0-or-later
"""A person who is asked by `hal_mpg learn` and knows the pendant: what hands and mouth do then.

It understands the words on the screen, as a person does, and none of the program's insides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hal_mpg.profile import (
    ANGULAR_AXES,
    AbsSelector,
    Code,
    KeySelector,
    Profile,
    Selector,
    StepSelector,
    positions_of,
)
from tests.beds.pendant_hand import Hand


class Learner:
    """Answers questions, and does what is asked, with one pendant."""

    def __init__(self, profile: Profile, hand: Hand, has_clicks: bool = True) -> None:
        """`has_clicks`: whether the wheel's clicks can be felt."""
        self._has_clicks = has_clicks
        self.profile = profile
        self.hand = hand
        self._buttons: Iterator[tuple[str, Code]] = iter(profile.buttons)
        self._button_name = ""
        self.asked: list[str] = []

    def answer(self, question: str) -> str:
        """Do what is asked, if anything; return what is typed before Enter."""
        self.asked.append(question)
        if "selected?" in question:
            return self._form(self._selector(question))
        if "Which positions" in question:
            return " ".join(self._positions(self._selector(self.asked[-2])))
        if "What is it for?" in question or "what is it for?" in question:
            return self._button_name or "s"
        if "How far is one click" in question:
            return self._distances(question)
        if "to be like this?" in question:
            return "y"
        if "called?" in question:
            return self.profile.name
        if "Set the" in question:
            return self._set(question)
        if "clockwise" in question:
            return self._turn(question)
        return self._press(question)

    def _selector(self, question: str) -> Selector | None:
        return self.profile.axis if re.search(r"\baxis\b", question) else self.profile.scale

    def _form(self, selector: Selector | None) -> str:
        if selector is None:
            return "s"
        return "2" if isinstance(selector, StepSelector) else "1"

    def _positions(self, selector: Selector | None) -> list[str]:
        match selector:
            case KeySelector(positions):
                return [name for name, _ in positions]
            case AbsSelector(_, values):
                return list(dict.fromkeys(name for _, name in values))
            case StepSelector(_, _, order):
                return list(order)
        return []

    def _set(self, question: str) -> str:
        found = re.search(r"Set the (axis|scale) selector to (\S+?),", question)
        assert found, question
        selector = self.profile.axis if found[1] == "axis" else self.profile.scale
        names = {name.upper(): name for name in self._positions(selector)}
        self.hand.set(selector, names[found[2].upper()])
        return ""

    def _turn(self, question: str) -> str:
        if "starts anew somewhere" in question:
            back = "counter-clockwise, not" in question
            self.hand.turn_past_the_end(-1 if back else 1)
        elif "ONE click" in question and not self._has_clicks:
            return "n"
        elif "ONE click" in question:
            self.hand.turn(1)
        elif not self._has_clicks:
            self.hand.turn(-40 if "counter-clockwise" in question else 40)
        else:
            clicks = int(re.findall(r"[0-9]+", question)[0])
            self.hand.turn(-clicks if "counter-clockwise" in question else clicks)
        return ""

    def _press(self, question: str) -> str:
        profile, hand = self.profile, self.hand
        if "NEXT" in question or "PREVIOUS" in question:
            selector = self._selector(question)
            assert isinstance(selector, StepSelector)
            key = selector.next if "NEXT" in question else selector.previous
            return self._tapped(key)
        if "so that it is out" in question:
            return "s" if profile.estop is None else ""  # it is out
        if "Press the E-stop" in question:
            return hand.estop(True) or ""
        if "Release the E-stop" in question:
            return hand.estop(False) or ""
        if "reset button" in question:
            return self._tapped(profile.reset)
        if "enabling" in question and "Hold" in question:
            return "s" if profile.enable is None else hand.press(profile.enable) or ""
        if "Let go" in question:
            assert profile.enable
            return hand.release(profile.enable) or ""
        if "further button" in question or "next button" in question:
            self._button_name, key = next(self._buttons, ("", None))
            return self._tapped(key)
        return ""  # "Enter: that is right"

    def _tapped(self, key: Code | None) -> str:
        return "s" if key is None else self.hand.tap(key) or ""

    def _distances(self, question: str) -> str:
        unit = next(unit for unit in ("mm", "inch", "degree") if unit in question)
        values = [getattr(increment, unit) for increment in self.profile.increments]
        return " ".join(f"{value:.9g}" for value in values) if all(values) else ""


def has_rotary(profile: Profile) -> bool:
    """Tell whether a rotary axis can be selected."""
    return any(axis in ANGULAR_AXES for axis in positions_of(profile.axis))
