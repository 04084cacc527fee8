# SPDX-License-Identifier: GPL-2.0-or-later
"""What the states of the line protocol mean for the state machine: codes for its controls, changes of them.

In the core a serial pendant is what any other is: one node with keys and absolute axes. The codes are the
same for every pendant of the protocol, by what a control is.
"""

from __future__ import annotations

from hal_mpg.events import EV_ABS, EV_KEY, EV_LED, Change, DeviceEvent, Frame, NodeState
from hal_mpg.profile import (
    FAULT,
    AbsoluteWheel,
    AbsSelector,
    Code,
    EStop,
    Profile,
    Selector,
)
from hal_mpg.protocols.line_format import MANY, Controls, State
from hal_mpg.serial_line import Own

TURN = 1 << 16
"""WHEEL wraps at so many counts."""

WHEEL, AXIS, SCALE = Code(EV_ABS, 0x08), Code(EV_ABS, 0x00), Code(EV_ABS, 0x01)
SINGLES = {"estop": Code(EV_KEY, 0x100), "reset": Code(EV_KEY, 0x101), "enable": Code(EV_KEY, 0x102)}
FIRST_BUTTON = 0x110

NOWHERE = 0
"""The value of a selector that is at none of the profile's positions."""


def with_controls(profile: Profile, controls: Controls, own: Own) -> Profile:
    """Return a profile of the line protocol with these controls; `own` is what it is to say of them.

    Scales that the profile has no increment for are no scales of it; without a scale selector the first
    increment is the one.
    """
    assert profile.serial is not None
    known = {increment.scale for increment in profile.increments}
    scales = [(number, name) for number, name in enumerate(controls.scale, 1) if name in known]
    buttons = tuple((name, Code(EV_KEY, FIRST_BUTTON + i)) for i, name in enumerate(controls.buttons))
    leds = tuple((name, Code(EV_LED, i)) for i, name in enumerate(controls.leds))
    names = [("WHEEL", WHEEL), ("AXIS", AXIS)]
    names += [("SCALE", SCALE)] if controls.scale else []
    names += [(name.upper(), code) for name, code in SINGLES.items() if getattr(controls, name)]
    names += [(f"BUTTONS.{name.upper()}", code) for name, code in buttons]
    names += [(f"LEDS.{name.upper()}", code) for name, code in leds]
    estop = EStop(SINGLES["estop"]) if controls.estop else None
    return profile._replace(
        increments=profile.increments if controls.scale else profile.increments[:1],
        wheel=AbsoluteWheel(WHEEL, TURN, controls.detent),
        axis=AbsSelector(AXIS, (*enumerate(controls.axis, 1), (MANY, FAULT))),
        scale=AbsSelector(SCALE, (*scales, (MANY, FAULT))) if controls.scale else None,
        estop=estop,
        reset=SINGLES["reset"] if controls.reset else None,
        enable=SINGLES["enable"] if controls.enable else None,
        buttons=buttons,
        leds=leds,
        stop_on_disconnect=own.stops or estop is not None,
        serial=profile.serial._replace(protocol=own, codes=tuple(names)),
    )


class Translation:
    """From the states of one pendant, as its greeting explains them, to the codes of a profile."""

    def __init__(self, profile: Profile, controls: Controls) -> None:
        self._axis = _values(profile.axis, controls.axis)
        self._scale = _values(profile.scale, controls.scale) if profile.scale else None
        wanted = _keys(profile)
        self._bits = [
            (1 << bit, wanted[name].number) for bit, name in enumerate(controls.switches) if name in wanted
        ]
        self._all_bits = (1 << len(controls.switches)) - 1
        self._positions = len(controls.axis), len(controls.scale)
        self.lacks = [name for name in wanted if name not in controls.switches]
        """The switches of the profile that the pendant has not."""

    def refusal(self, state: State) -> str:
        """Return why a state cannot be one of this pendant; "": it can."""
        for what, position, most in zip(("axis", "scale"), state[5:7], self._positions, strict=True):
            if most < position != MANY or (position == MANY and not most):
                return f"has {what} position {position}, and the greeting has {most}"
        if state.switches & ~self._all_bits:
            return f"has switches {state.switches:X}, and the greeting has none for some of these bits"
        return ""

    def snapshot(self, state: State) -> NodeState:
        """Return how everything stands."""
        keys = frozenset(key for bit, key in self._bits if state.switches & bit)
        absolutes = {WHEEL.number: state.wheel, AXIS.number: self._axis[state.axis]}
        if self._scale:
            absolutes[SCALE.number] = self._scale[state.scale]
        return NodeState(keys, absolutes)

    def changes(self, before: State, after: State) -> list[Change]:
        """Return what has changed from one state to the next good one, in its order.

        Where more than one change lies between them, nobody can tell whose the detents up to the last one
        are: they are turned with nothing selected, so that they are counted as dropped.
        """
        if after.wheel == before.wheel and after.changes == before.changes:
            return []
        changes: list[Change] = []
        axis, scale = before.axis, before.scale
        if after.mark != before.wheel and after.changes != before.changes:
            if (after.changes - before.changes) % 256 > 1:
                axis = scale = -1
                changes += self._deselected()
            changes.append((*WHEEL, after.mark))
        if after.changes != before.changes:
            changes += self._switched(before.switches, after.switches)
            if after.axis != axis:
                changes.append((*AXIS, self._axis[after.axis]))
            if after.scale != scale and self._scale:
                changes.append((*SCALE, self._scale[after.scale]))
            if after.wheel != after.mark:
                changes.append((*WHEEL, after.wheel))
        else:
            changes.append((*WHEEL, after.wheel))
        return changes

    def dropped(self, before: State, after: State, now: float) -> list[DeviceEvent]:
        """Return how far the wheel was turned from one state to another, while nothing was selected."""
        if after.wheel == before.wheel:
            return []
        return [Frame(now, 0, (*self._deselected(), (*WHEEL, after.wheel)))]

    def _deselected(self) -> list[Change]:
        scale = [(*SCALE, NOWHERE)] if self._scale else []
        return [(*AXIS, NOWHERE), *scale]

    def _switched(self, before: int, after: int) -> list[Change]:
        """Return the changes of the switches, those in the order of the greeting."""
        differ = before ^ after
        return [(EV_KEY, key, int(bool(after & bit))) for bit, key in self._bits if differ & bit]


def _values(selector: Selector, positions: tuple[str, ...]) -> list[int]:
    """Return the profile's value for each position of the pendant's selector, by its name."""
    assert isinstance(selector, AbsSelector)
    values = {name: value for value, name in selector.positions}
    mine = [values.get(name, NOWHERE) for name in positions]
    return [NOWHERE, *mine, *[NOWHERE] * (MANY - 1 - len(mine)), MANY]


def _keys(profile: Profile) -> dict[str, Code]:
    """Return the codes of the profile's switches, by the names that a greeting's bits have."""
    estop = profile.estop.key if profile.estop else None
    singles = {"estop": estop, "reset": profile.reset, "enable": profile.enable}
    keys = {name: code for name, code in singles.items() if code is not None}
    return keys | {f"button.{name}": code for name, code in profile.buttons}
