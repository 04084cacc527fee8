# SPDX-License-Identifier: GPL-2.0-or-later
"""From raw codes to what they mean: wheel detents, selector positions, switches.

Nothing here knows of arming, pins or time. A key is held while any node of the device says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from hal_mpg.decoders import SelectorDecoder, WheelDecoder
from hal_mpg.events import EV_ABS, EV_KEY, EV_REL, Change, NodeState
from hal_mpg.profile import (
    AbsoluteWheel,
    AbsSelector,
    Code,
    KeySelector,
    KeyWheel,
    Profile,
    Selector,
    StepSelector,
    Wheel,
)

NO_CODE = -1


class Controls:
    """All controls of one pendant, as they stand after the last change that was applied.

    `apply` is the hot path: one dictionary look-up for an event, and a call where it means something.
    """

    def __init__(self, profile: Profile) -> None:
        self.wheel = WheelDecoder(profile.wheel)
        self.axis = SelectorDecoder(profile.axis)
        self.scale = SelectorDecoder(profile.scale) if profile.scale else None
        self._estop = profile.estop
        self._absolute_wheel = NO_CODE
        self._wheel_node: int | None = None  # that the wheel's last event came from
        self._old_place: tuple[int, int] | None = None  # of the wheel: its node, and where it may have stood
        self._wheel_keys: dict[Change, int] = {}  # the press of a key that turns by one count
        self._same_turns: Sequence[tuple[Change, int]] | None = None  # `next_turns`, where it never changes
        self._turns: dict[tuple[int, int], Callable[[int], int | None]] = {}
        self._holds: dict[int, Callable[[bool], None]] = {}  # key -> a position held or not
        self._steps: dict[int, Callable[[], None]] = {}  # key -> what a press of it does
        self._values: dict[int, Callable[[int], None]] = {}  # absolute axis -> where it stands
        self._bind_wheel(profile.wheel)
        self._bind_selector(profile.axis, self.axis)
        if profile.scale and self.scale:
            self._bind_selector(profile.scale, self.scale)
        buttons = [code.number for code in (profile.reset, *(code for _, code in profile.buttons)) if code]
        self._buttons = frozenset(buttons)
        self._presses = self._buttons | ({profile.enable.number} if profile.enable else set())
        self._down: dict[int, int] = {}  # key -> the nodes that say it is held, one bit each
        self._not_pressed: set[int] = set()  # held when the state was read: no press
        self._unheard = 0  # nodes whose state may be old, for they have not spoken yet; one bit each

    def _bind_wheel(self, wheel: Wheel) -> None:
        if isinstance(wheel, KeyWheel):
            # A release is no count, and neither is autorepeat, which has the value 2.
            self._turns[wheel.forward] = lambda value: self.wheel.moved(1) if value == 1 else None
            self._turns[wheel.backward] = lambda value: self.wheel.moved(-1) if value == 1 else None
            self._wheel_keys = {(*wheel.forward, 1): 1, (*wheel.backward, 1): -1}
        else:
            self._wheel_code = wheel.code
            if wheel.code.type == EV_ABS:
                self._absolute_wheel = wheel.code.number
            elif isinstance(wheel, AbsoluteWheel):
                from hal_mpg.silent_wheel import SilentWheel

                self.wheel = SilentWheel(wheel, self.axis, self.scale)
            self._turns[wheel.code] = self.wheel.moved
        if wheel.counts_per_detent == 1 and not self.wheel.is_absolute:
            self._same_turns = self.next_turns()

    def _bind_selector(self, selector: Selector, decoder: SelectorDecoder) -> None:
        match selector:
            case KeySelector(positions):
                for name, code in positions:
                    self._holds[code.number] = partial(decoder.hold, name)
            case AbsSelector(code, positions):
                names = dict(positions)
                self._values[code.number] = lambda value: decoder.stand_at(names.get(value))
            case StepSelector(forward, backward):
                for key, by in ((forward, 1), (backward, -1)):
                    if key:
                        self._steps[key.number] = partial(decoder.step, by)

    @property
    def estop(self) -> bool:
        """Whether the E-stop is actuated, or may be; a normally closed one is while its key is not held."""
        if self._estop is None:
            return False
        held = self._down.get(self._estop.key.number, 0)
        if self._estop.normally_closed:
            return not held & ~self._unheard
        return bool(held) or self._unheard != 0

    def is_pressed(self, code: Code | None) -> bool:
        """Tell whether a button is held and was pressed since its state was read."""
        if code is None or not self._down.get(code.number):
            return False
        return code.number not in self._not_pressed

    def seed(self, nodes: Sequence[NodeState], may_be_old: bool = False) -> None:
        """Start anew from the state that was read from the device. What is held is no press."""
        self._unheard = (1 << len(nodes)) - 1 if may_be_old else 0
        self._down.clear()
        self._not_pressed.clear()
        self.axis.seed()
        if self.scale:
            self.scale.seed()
        self.wheel.seed(None)
        self._old_place = None
        for node, state in enumerate(nodes):
            self._read_state(node, state)
            place = state.absolutes.get(self._absolute_wheel)
            if may_be_old and place is not None:
                # How far it was turned while nobody heard it is no turn: its first word is where it stands.
                self._old_place = (node, place)
                self.wheel.seed(None)

    def forget_place(self, node: int) -> None:
        """Forget where a wheel stands that tells its place only when it is turned, if it is on this node."""
        if self.wheel.is_absolute and self._absolute_wheel == NO_CODE and node == self._wheel_node:
            self.wheel.seed(None)

    def heard(self, node: int) -> bool:
        """Note the end of a frame of a node; tell whether it was the first, by which its state is known."""
        if not self._unheard:
            return False
        was_unheard = bool(self._unheard >> node & 1)
        self._unheard &= ~(1 << node)
        if self._old_place is not None and self._old_place[0] == node:
            if not self.wheel.is_placed:  # the device told all that differs, and the place was not among it
                self.wheel.seed(self._old_place[1])
            self._old_place = None
        return was_unheard

    def reseed(self, node: int, state: NodeState) -> None:
        """Take the state of one node that was read again after events were lost.

        What an absolute wheel was turned meanwhile is `unclear`: nobody knows the selectors of that time.
        """
        self.heard(node)
        position = state.absolutes.get(self._absolute_wheel)
        if position is not None:
            turned = abs(self.wheel.moved(position))  # which may add to `unclear` itself
            self.wheel.unclear += turned
        self.wheel.forget_part()
        self._read_state(node, state)

    def _read_state(self, node: int, state: NodeState) -> None:
        estop = {self._estop.key.number} if self._estop else set()
        for key in self._presses | self._holds.keys() | self._steps.keys() | estop:
            was_held = bool(self._down.get(key))
            held = self._note_key(node, key, key in state.keys)
            if held and not was_held and key in self._presses:
                self._not_pressed.add(key)
        for code, stand_at in self._values.items():
            if code in state.absolutes:
                stand_at(state.absolutes[code])
        if self._absolute_wheel in state.absolutes:
            self.wheel.seed(state.absolutes[self._absolute_wheel])

    def apply(self, node: int, change: Change) -> int | None:
        """Take one raw event of a node.

        Return the whole detents in it, signed, where it is the wheel's (0: part of a detent); None where
        it is anything else's, so that switches may have changed.
        """
        kind, code, value = change
        turn = self._turns.get((kind, code))
        if turn is not None:
            self._wheel_node = node
            return turn(value)
        if kind == EV_KEY and value in (0, 1):  # 2 is autorepeat
            was_held = self._down.get(code)
            if self._note_key(node, code, value == 1) and not was_held and code in self._steps:
                self._steps[code]()
            if value and self._unheard >> node & 1 and code in self._presses:
                self._not_pressed.add(code)  # it was perhaps held before the device could say so
        elif kind == EV_ABS and code in self._values:
            self._values[code](value)
        return None

    def distrust_press(self, node: int, change: Change) -> None:
        """Take a change that was just applied for no press, if it is a button's: it came too late to act on.

        The enabling button is no such button, for it does nothing by being pressed: it is held, or not.
        """
        kind, code, value = change
        if kind == EV_KEY and value == 1 and code in self._buttons and self._down.get(code) == 1 << node:
            self._not_pressed.add(code)

    def next_turns(self) -> Sequence[tuple[Change, int]]:
        """Return the changes that the wheel's next turn by one count may be told with, and their detents."""
        if self._same_turns is not None:
            return self._same_turns
        return [(change, self.wheel.foresee(value)) for change, value in self._next_counts()]

    def _next_counts(self) -> list[tuple[Change, int]]:
        if self._wheel_keys:
            return list(self._wheel_keys.items())
        kind, code = self._wheel_code
        return [((kind, code, value), value) for value in self.wheel.next_values()]

    def void_detents(self, changes: Iterable[Change]) -> int:
        """Return how many detents stand in events that are no longer to be trusted.

        What an absolute wheel was turned is told by its position afterwards, so it has none here.
        """
        counts = 0
        for kind, code, value in changes:
            if (kind, code) in self._turns and not self.wheel.is_absolute:
                counts += abs(value) if kind == EV_REL else value == 1
        return counts // self.wheel.counts_per_detent

    def _note_key(self, node: int, key: int, held_here: bool) -> bool:
        """Note what one node says of a key; return whether the key is held on any node."""
        before = self._down.get(key, 0)
        after = before | (1 << node) if held_here else before & ~(1 << node)
        self._down[key] = after
        if bool(after) != bool(before) and key in self._holds:
            self._holds[key](after != 0)
        if not after:
            self._not_pressed.discard(key)
        return after != 0
