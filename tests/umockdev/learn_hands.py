# SPDX-License-Identifier: GPL-2.0-or-later
"""Pendants of any profile on the machine of bed.py, with a hand on each that answers `hal_mpg learn`."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from hal_mpg.events import EV_ABS, EV_KEY, EV_LED, EV_REL, Change
from hal_mpg.profile import AbsoluteWheel, AbsSelector, Code, KeySelector, Profile
from tests.beds.learner import Learner
from tests.beds.pendant_hand import Hand
from tests.beds.terminal import Reader, play
from tests.umockdev.bed import REPORT, Bed, Node, wait_until
from tests.umockdev.tools import Tool


class MockPendant:
    """A device with the codes of a profile; whatever the hand does, the node says."""

    def __init__(self, bed: Bed, profile: Profile, seed: int = 1, **hardware: Any) -> None:
        self.profile = profile
        self.hand = Hand(profile, self._emit, Random(seed))
        self._node: Node | None = None
        self.routes: dict[int, Node] = {}
        """Keys that another node of the same device carries."""
        codes = [code for _, code in profile.input_codes()]
        usual: dict[str, Any] = {
            "keys": _numbers(codes, EV_KEY),
            "relatives": _numbers(codes, EV_REL),
            "absolutes": dict(self.hand.absolutes),
            "ranges": ranges(profile),
            "leds": [code.number for _, code in profile.leds],
            "down": set(self.hand.held),
        }
        self._node = bed.plug(**usual | hardware)

    @property
    def node(self) -> Node:
        assert self._node
        return self._node

    def _emit(self, changes: Sequence[Change]) -> None:
        for node in {self.routes.get(code, self.node) for _, code, _ in changes}:
            _say(node, [change for change in changes if self.routes.get(change[1], self.node) is node])

    def lit(self, written: Sequence[Sequence[int]]) -> dict[int, int]:
        """Return the lamps that programs have switched."""
        return {code: value for kind, code, value in written if kind == EV_LED}


def _say(node: Node, changes: Sequence[Change]) -> None:
    """Let a node say something, and be in the state that it says."""
    node._bed.ask(
        "set_state",
        node.number,
        [code for kind, code, value in changes if kind == EV_KEY and value],
        [code for kind, code, value in changes if kind == EV_KEY and not value],
        [(code, value) for kind, code, value in changes if kind == EV_ABS],
    )
    node.send(*changes, REPORT)


def _numbers(codes: Sequence[Code], kind: int) -> list[int]:
    return sorted({code.number for code in codes if code.type == kind})


def ranges(profile: Profile) -> dict[int, list[int]]:
    """Return what the device says of its absolute axes."""
    found = {}
    if isinstance(profile.wheel, AbsoluteWheel) and profile.wheel.code.type == EV_ABS:
        found[profile.wheel.code.number] = [0, profile.wheel.modulo - 1, 0, 0, 0]
    for selector in (profile.axis, profile.scale):
        if isinstance(selector, AbsSelector):
            values = [value for value, _ in selector.positions]
            found[selector.code.number] = [min(values), max(values), 0, 0, 0]
        assert selector is None or isinstance(selector, AbsSelector | KeySelector) or selector.order
    return found


class ToolScreen:
    """The terminal of a tool on the machine; see `Screen` in tests/beds/terminal.py."""

    def __init__(self, bed: Bed, *arguments: str, columns: int = 80, **variables: str) -> None:
        self.tool = Tool(bed, *arguments, size=(columns, 40), **variables)

    def read(self) -> str:
        """Return everything that was shown so far."""
        return self.tool.out()

    def type(self, text: str) -> None:
        """Type something."""
        self.tool.type(text)

    def status(self) -> int | None:
        """Return the program's exit status; None while it runs."""
        return self.tool.status()


def learn(
    bed: Bed, pendant: MockPendant, *arguments: str, has_clicks: bool = True
) -> tuple[ToolScreen, list[Any]]:
    """Let a person go through `hal_mpg learn`; return the terminal and what was asked and answered."""
    terminal = ToolScreen(bed, "learn", *arguments)
    learner = Learner(pendant.profile, pendant.hand, has_clicks)

    def choose() -> None:
        wait_until(pendant.node.is_open, "the pendant to be listened to")
        pendant.hand.turn(3)

    said = play(Reader(terminal), learner.answer, choose)
    return terminal, said
