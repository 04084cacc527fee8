# SPDX-License-Identifier: GPL-2.0-or-later
"""A second, simple reading of the raw events: what a profile says that they mean.

Written from the contract, and slow: everything is worked out anew from the keys that are held and the
values that were read. Nothing here knows of pins or of arming.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hal_mpg.events import (
    EV_ABS,
    EV_KEY,
    AxisLimit,
    Change,
    Connected,
    Disconnected,
    Event,
    EventsLost,
    Gates,
    NodeState,
    ProgramInput,
    SelectorStep,
    Snapshot,
)
from hal_mpg.profile import (
    AbsoluteWheel,
    AbsSelector,
    Code,
    KeySelector,
    KeyWheel,
    Profile,
    Selector,
    StepSelector,
)

MOST_DETENTS = 1000
"""More in one event are no hand's."""


class Turn(NamedTuple):
    """What one raw event of the wheel comes to: whole detents, those that cannot be told, and the rest."""

    detents: int
    unclear: int
    part: int


class ShadowWheel:
    """The wheel of a profile; an absolute one has a position, None: not known."""

    def __init__(self, profile: Profile) -> None:
        wheel = profile.wheel
        self.per_detent = wheel.counts_per_detent
        self.sign = -1 if wheel.invert else 1
        self.modulo = wheel.modulo if isinstance(wheel, AbsoluteWheel) else None
        self.position: int | None = None
        self.stood: object = None  # the selectors, when it was heard last
        if isinstance(wheel, KeyWheel):
            self.signs = {wheel.forward: 1, wheel.backward: -1}
            self.code = wheel.forward
        else:
            self.signs = {}
            self.code = wheel.code

    @property
    def is_read_at_once(self) -> bool:
        """Whether its position is part of a node's state (ABS), not told only when it is turned (REL)."""
        return self.modulo is not None and self.code.type == EV_ABS

    def counts(self, change: Change) -> int | None:
        """Return the signed counts of a raw event; None: it is not the wheel's, or means nothing."""
        code = Code(change[0], change[1])
        if self.signs:
            return self.signs[code] * self.sign if code in self.signs and change[2] == 1 else None
        return change[2] * self.sign if code == self.code else None

    def turn(self, change: Change, part: int, other: bool = False) -> Turn | None:
        """Return what a raw event comes to, with so many counts turned before; None: not the wheel's.

        `other`: it may have been turned for something else since it was heard last; a wheel that is not heard
        at its place 0 may have been turned up to there. Does not move the position: `moved` does.
        """
        counts = self.counts(change)
        if counts is None:
            return None
        if self.modulo is None:
            return self._whole(counts, part)
        if self.position is None:
            return Turn(0, 1, part)
        forward = (change[2] - self.position) % self.modulo
        if 2 * forward == self.modulo:
            return Turn(0, forward // self.per_detent, part)
        way = forward if 2 * forward < self.modulo else forward - self.modulo
        if other and self.position and not self.is_read_at_once:
            unheard = self.modulo - self.position if way > 0 else self.position
            if unheard < abs(way):
                rest = way - unheard if way > 0 else way + unheard
                turn = self._whole(rest * self.sign, 0)
                return turn._replace(unclear=turn.unclear + unheard // self.per_detent)
        return self._whole(way * self.sign, part)

    def moved(self, change: Change) -> None:
        """Note where the wheel stands now."""
        if self.modulo is not None:
            self.position = change[2] % self.modulo

    def _whole(self, counts: int, part: int) -> Turn:
        total = part + counts
        detents = abs(total) // self.per_detent * (1 if total > 0 else -1)
        rest = total - detents * self.per_detent
        return Turn(0, abs(detents), rest) if abs(detents) > MOST_DETENTS else Turn(detents, 0, rest)

    def void_detents(self, changes: Iterable[Change]) -> int:
        """Return the detents in events that are void; an absolute wheel tells them by its position."""
        if self.modulo is not None:
            return 0
        return sum(abs(self.counts(change) or 0) for change in changes) // self.per_detent


class ShadowDevice:
    """The switches and selectors of one pendant."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.wheel = ShadowWheel(profile)
        self.wheel_node: int | None = None
        self.connected = False
        self.connections = 0
        self.lost: set[int] = set()
        self.unheard: set[int] = set()  # nodes whose state may be old, for they have not spoken
        self.old_place: tuple[int, int] | None = None  # a node, and where its absolute wheel may have stood
        self.held: dict[int, set[int]] = {}  # node -> keys
        self.pressed: set[int] = set()  # held since a press that was seen
        self.just_pressed: set[int] = set()  # since whoever looks at it has cleared it
        self.unsure: set[int] = set()  # held since a press that was told just when it is too late for one
        buttons = (profile.reset, *(code for _, code in profile.buttons))
        self.buttons = {code.number for code in buttons if code}
        self.values: dict[int, int] = {}
        self.steps: dict[str, int] = {"axis": 0, "scale": 0}

    def is_held(self, key: int) -> bool:
        """Tell whether any node says that a key is held."""
        return any(key in keys for keys in self.held.values())

    def connect(self, nodes: Sequence[NodeState], may_be_old: bool = False) -> None:
        """Start anew from the state that was read."""
        self.unheard = set(range(len(nodes))) if may_be_old else set()
        self.connected, self.connections = True, self.connections + 1
        self.held, self.pressed, self.unsure, self.values = {}, set(), set(), {}
        self.steps = {"axis": 0, "scale": 0}
        self.lost.clear()
        self.wheel.position = None
        self.old_place = None
        for number, state in enumerate(nodes):
            self._read(number, state)
            if may_be_old and self.wheel.is_read_at_once and self.wheel.code.number in state.absolutes:
                assert self.wheel.position is not None
                self.old_place, self.wheel.position = (number, self.wheel.position), None

    def hear(self, node: int) -> None:
        """A node has spoken, and told all that differs: a place that was not among it is as it was."""
        self.unheard.discard(node)
        if self.old_place is not None and self.old_place[0] == node:
            if self.wheel.position is None:
                self.wheel.position = self.old_place[1]
            self.old_place = None

    def disconnect(self) -> None:
        """The device has gone."""
        self.connected = False
        self.lost.clear()

    def lose(self, node: int) -> None:
        """Events of a node were lost."""
        self.lost.add(node)
        wheel = self.wheel
        if wheel.modulo is not None and not wheel.is_read_at_once and node == self.wheel_node:
            wheel.position = None

    def reread(self, node: int, state: NodeState, part: int) -> int:
        """Take a node's state after a loss; return the detents that the wheel was turned meanwhile."""
        self.lost.discard(node)
        self.hear(node)
        turned = 0
        if self.wheel.is_read_at_once and (value := state.absolutes.get(self.wheel.code.number)) is not None:
            turn = self.wheel.turn((EV_ABS, self.wheel.code.number, value), part)
            assert turn is not None
            turned = abs(turn.detents) + turn.unclear
        return turned

    def take_state(self, node: int, state: NodeState) -> None:
        """Take the switches of a node's state after a loss."""
        self.hear(node)
        self._read(node, state)

    def _read(self, node: int, state: NodeState) -> None:
        self.held[node] = set(state.keys)
        self.pressed = {key for key in self.pressed if self.is_held(key)}
        self.unsure = {key for key in self.unsure if self.is_held(key)}
        self.values.update(state.absolutes)
        if self.wheel.is_read_at_once and self.wheel.code.number in state.absolutes:
            assert self.wheel.modulo
            self.wheel.position = state.absolutes[self.wheel.code.number] % self.wheel.modulo

    def turn(self, change: Change, part: int, other: bool = False) -> Turn | None:
        """Return what a raw event comes to; see `ShadowWheel.turn`."""
        return self.wheel.turn(change, part, other or self.wheel.stood != self._stand())

    def turned(self, change: Change) -> None:
        """Note where the wheel stands now, and for what it is turned."""
        self.wheel.moved(change)
        self.wheel.stood = self._stand()

    def _stand(self) -> object:
        return self.stands_at("axis"), self.stands_at("scale")

    def is_wheels(self, change: Change) -> bool:
        """Tell whether a raw event is of the wheel's code."""
        code = Code(change[0], change[1])
        return code in self.wheel.signs if self.wheel.signs else code == self.wheel.code

    def apply(self, node: int, change: Change, is_late: bool | None = False) -> None:
        """Take one raw event that is not the wheel's. `is_late`: too late for a press; None: perhaps."""
        kind, code, value = change
        if kind == EV_ABS:
            self.values[code] = value
        elif kind == EV_KEY and value in (0, 1):
            before = self.is_held(code)
            keys = self.held.setdefault(node, set())
            (keys.add if value else keys.discard)(code)
            if not self.is_held(code):
                self.pressed.discard(code)
                self.unsure.discard(code)
            elif value and is_late is not False and code in self.buttons:
                self._press_late(node, code, is_late)
            elif not before:
                self.pressed.add(code)
                self.just_pressed.add(code)
                self._step(code)
            if value and node in self.unheard:
                self.pressed.discard(code)  # who knows since when it is held

    def _press_late(self, node: int, key: int, is_late: bool | None) -> None:
        """Take a press of a button that came too late, or perhaps did: none, unless it was held already."""
        if any(key in keys for other, keys in self.held.items() if other != node):
            return
        self.pressed.discard(key)
        if is_late is None:
            self.unsure.add(key)
            self.just_pressed.add(key)

    def _step(self, key: int) -> None:
        for what, selector in (("axis", self.profile.axis), ("scale", self.profile.scale)):
            if isinstance(selector, StepSelector):
                if selector.next and key == selector.next.number:
                    self.steps[what] += 1
                elif selector.previous and key == selector.previous.number:
                    self.steps[what] -= 1

    def step_by_hal(self, selector: str, by: int) -> None:
        """Take a step that is no key's; one that nobody is there for is nobody's."""
        if self.connected:
            self.steps[selector] += by

    # What it comes to.

    @property
    def estop(self) -> bool:
        """Whether the E-stop contact says "actuated", or may say so."""
        contact = self.profile.estop
        if contact is None:
            return False
        holders = {node for node, keys in self.held.items() if contact.key.number in keys}
        if contact.normally_closed:
            return not holders - self.unheard
        return bool(holders or self.unheard)

    def is_pressed(self, code: Code | None) -> bool:
        """Tell whether a button is held that was seen being pressed."""
        return code is not None and code.number in self.pressed

    @property
    def enabled(self) -> bool:
        """Whether the enabling button is held, where there is one."""
        return self.connected and (self.profile.enable is None or self.is_pressed(self.profile.enable))

    def stands_at(self, what: str) -> tuple[str | None, bool]:
        """Return the position of a selector ("axis", "scale"), None: none; and whether it has a fault."""
        selector: Selector | None = getattr(self.profile, what)
        match selector:
            case KeySelector(positions):
                held = [name for name, code in positions if self.is_held(code.number)]
                position, fault = (held[0] if len(held) == 1 else None), len(held) > 1
            case AbsSelector(code, positions):
                value = self.values.get(code.number)
                position, fault = (None if value is None else dict(positions).get(value)), False
            case StepSelector(_, _, order):
                position, fault = order[self.steps[what] % len(order)], False
            case None:
                position, fault = self.profile.scales[0], False
        return (None if position == "off" else position), fault


class OrderOfEvents:
    """Whether events can follow one another: the only thing that is known before they are handled."""

    def __init__(self, device: ShadowDevice) -> None:
        self.connected, self.lost = device.connected, set(device.lost)

    def take(self, event: Event) -> bool:
        """Take one event; tell whether it can come here."""
        can = self.connected
        match event:
            case Gates() | AxisLimit() | SelectorStep() | ProgramInput():
                return True
            case Connected():
                can = not self.connected
                self.connected, self.lost = True, set()
            case Disconnected():
                self.connected, self.lost = False, set()
            case EventsLost():
                self.lost.add(event.node)
            case Snapshot():
                can = can and bool(self.lost)
                self.lost.discard(event.node)
        return can
