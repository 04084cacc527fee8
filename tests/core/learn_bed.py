# SPDX-License-Identifier: GPL-2.0-or-later
"""A person and a pendant in memory, for `hal_mpg.learn`: no terminal, no device, no time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import count
from random import Random

from hal_mpg.events import EV_ABS, Change, Frame, NodeState
from hal_mpg.learn.acts import Act
from hal_mpg.learn.observation import Observation
from hal_mpg.profile import AbsoluteWheel, Profile
from tests.beds.learner import Learner
from tests.beds.pendant_hand import Hand

MOST_QUESTIONS = 300


class SimulatedPerson:
    """Answers the dialogue; see `acts.Person`. `trembles`: a stick of the device is never quite still."""

    def __init__(
        self,
        profile: Profile,
        random: Random,
        per_event: int = 1,
        bounces: bool = False,
        trembles: bool = False,
    ) -> None:
        self.frames: list[Frame] = []
        self.hand = Hand(profile, self.emit, random, per_event, bounces)
        self.learner = Learner(profile, self.hand)
        self.heard: list[str] = []
        self.lit: set[int] = set()
        self.ranges: dict[int, tuple[int, int]] = {}
        wheel = profile.wheel
        if isinstance(wheel, AbsoluteWheel):
            self.ranges[wheel.code.number] = (0, wheel.modulo - 1)
        self._profile = profile
        self._random = random
        used = {code.number for _, code in profile.input_codes()}
        self._stick = next(number for number in range(0x3F) if number not in used) if trembles else None
        self._place = 128
        self._time = count()
        self._questions = 0

    def emit(self, changes: Sequence[Change]) -> None:
        """Take one frame of the pendant."""
        self.frames.append(Frame(float(next(self._time)), 0, tuple(changes)))
        if self._stick is not None and self._random.random() < 0.5:
            self._place = self._random.randint(125, 131)
            self.frames.append(Frame(float(next(self._time)), 0, ((EV_ABS, self._stick, self._place),)))

    def state(self) -> NodeState:
        stick = {} if self._stick is None else {self._stick: self._place}
        return NodeState(frozenset(self.hand.held), self.hand.absolutes | stick)

    def say(self, text: str = "", indent: str = "", bold: bool = False, hang: str = "") -> None:
        self.heard.append(text)

    def ask(self, question: str, default: str = "") -> str:
        self._count()
        if "lit now" in question:
            lamps = {code.number: name for name, code in self._profile.leds}
            return next((lamps[lamp] for lamp in self.lit if lamp in lamps), "s")
        return self.learner.answer(question) or default

    def do(self, act: Act, words: Collection[str] = ()) -> tuple[str, Observation]:
        self._count()
        before, start = self.state(), len(self.frames)
        answer = self.learner.answer(act.text)
        assert answer in ("", *words), f"{answer!r} to {act.text}"
        return answer, Observation(before, self.frames[start:], self.state(), False, self.ranges)

    def lamps(self) -> list[int]:
        return sorted(code.number for _, code in self._profile.leds)

    def light(self, lamp: int, lit: bool) -> str:
        (self.lit.add if lit else self.lit.discard)(lamp)
        return ""

    def _count(self) -> None:
        self._questions += 1
        assert self._questions < MOST_QUESTIONS, "\n".join(self.heard[-20:])
