# SPDX-License-Identifier: GPL-2.0-or-later
"""What the reports of a raw HID pendant mean, as its profile says. Pure.

A report says how everything stands, and not in which order it came to that. Where the wheel was turned
between two reports, and what it is for was changed, nobody knows what it was turned for: those detents are
dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hal_mpg.device_state import ASLEEP
from hal_mpg.events import EV_ABS, EV_KEY, EV_REL, DeviceEvent, Disconnected, EventsLost, Snapshot
from hal_mpg.hid_device import Held, HidReport, HidRule
from hal_mpg.profile import (
    TARGETS,
    AbsSelector,
    Code,
    KeySelector,
    Profile,
    Selector,
    StepSelector,
    positions_of,
)
from hal_mpg.protocols.fields import sums_of, value_in
from hal_mpg.protocols.foreign_state import NoFit, State, changes_by

PASSED_OVER_S = 1.0
"""For how long after a pendant went to sleep what it says means nothing, where its profile says so."""

Known = Mapping[Code, int]


class HidReports:
    """The decoder of one raw HID pendant.

    `understood` and `garbled` count the reports since the start that fitted the profile, and that did not.
    `complaint`: what did not fit last, for people; "": nothing since `reset`.
    """

    def __init__(self, profile: Profile) -> None:
        assert profile.hid is not None
        self._reports = profile.hid.reports
        self._longest = max(report.length for report in self._reports)
        self._wheel = frozenset(code for control, code in profile.input_codes() if control == "wheel")
        self._choice = _Choice(profile)
        estop = profile.estop
        self._estop = estop.key if estop else None  # nothing is shown before it is known
        self._actuated = int(not estop.normally_closed) if estop else 0  # what its key is then
        self._buttons = frozenset(code for _, code in profile.buttons)
        self._sticks = frozenset(form.code for form in profile.analog)
        self._is_place_old = False  # that of an absolute wheel: reports were passed over since
        self._state = State()
        self._told: dict[Code, int] = {}  # before the pendant is connected
        self._held: dict[Held, dict[int, Code]] = {}  # what each code is that is held
        self._passing_over = 0
        self._passes_until = 0.0
        self.understood = 0
        self.garbled = 0
        self.complaint = ""

    @property
    def is_connected(self) -> bool:
        """Whether it is known how the pendant stands."""
        return self._state.is_connected

    @property
    def read_bytes(self) -> int:
        """How many bytes to read of a report: enough to see that one is too long."""
        return self._longest + 1

    def lost(self) -> None:
        """Take note that reports were lost, or the pendant was: the next good report is Connected."""
        self._state.forget()
        self._told.clear()
        self._held.clear()
        self._is_place_old = False

    def reset(self) -> None:
        """Take note that the device was opened anew."""
        self.lost()
        self._passing_over = 0
        self.complaint = ""

    def feed(self, report: bytes, now: float) -> list[DeviceEvent]:
        """Return what follows from one report, the first byte of which is its id where it has one."""
        if self._passing_over:
            self._passing_over -= 1
            if now < self._passes_until:
                return []
            self._passing_over = 0
        try:
            form, values = self._values_in(report)
            rule = self._rule_for(form, values, report)
        except NoFit as reason:
            self._refuse(str(reason))
            return self._forget_sticks(now)
        if rule.is_asleep:
            return self._fell_asleep(rule, now)
        return self._follow(rule, values, report, now)

    def _values_in(self, report: bytes) -> tuple[HidReport, dict[str, int]]:
        """Return the fields of a report. Raises NoFit."""
        form = next(
            (
                known
                for known in self._reports
                if len(report) == known.length and known.id in (None, report[0])
            ),
            None,
        )
        if form is None:
            known = ", ".join(map(_described, self._reports))
            raise NoFit(f"report {report.hex(' ')} has {len(report)} bytes; the profile knows {known}")
        if form.checksum is not None:
            here, right = sums_of(form.checksum, report)
            if here != right:
                raise NoFit(
                    f"report {report.hex(' ')} has the checksum {here:#x}, and its bytes have {right:#x}"
                )
        # A field lies within the report: see profile_parts.hid.
        return form, {field.name: value_in(field, report) or 0 for field in form.fields}

    def _rule_for(self, form: HidReport, values: Mapping[str, int], report: bytes) -> HidRule:
        """Return the first rule that fits. Raises NoFit."""
        for rule in form.rules:
            if all(values[name] == value for name, value in rule.when):
                return rule
        shown = ", ".join(f"{name} {value:#x}" for name, value in values.items())
        raise NoFit(f"report {report.hex(' ')} fits no rule of the profile ({shown}); add a rule for it")

    def _refuse(self, why: str) -> None:
        self.garbled += 1
        self.complaint = why
        self._is_place_old = True

    def _forget_sticks(self, now: float) -> list[DeviceEvent]:
        """Return that nobody knows how sticks and rings stand: one may have come back in a bad report.

        A device that speaks only of changes may say no more, and what a stick says last is held.
        """
        if not (self._sticks and self.is_connected):
            return []
        for code in self._sticks:
            self._state.now.pop(code, None)
        return [EventsLost(now, 0, ()), Snapshot(now, 0, self._state.node())]

    def _fell_asleep(self, rule: HidRule, now: float) -> list[DeviceEvent]:
        self.understood += 1
        self._passing_over, self._passes_until = rule.passes_over, now + PASSED_OVER_S
        was_connected = self.is_connected
        self.lost()
        return [Disconnected(now, ASLEEP)] if was_connected else []

    def _follow(
        self, rule: HidRule, values: Mapping[str, int], report: bytes, now: float
    ) -> list[DeviceEvent]:
        """Return what follows from a report that a rule fits."""
        changes, faults = _settings_of(rule, values)
        if rule.held is not None:
            keys, unknown = self._keys_of(rule.held, values)
            changes += keys
            faults += unknown
        if faults:
            self._refuse(f"report {report.hex(' ')}: {faults[0]}")
        if rule.held is not None and (self.is_connected or not faults):
            self._hold(rule.held, values)
        if faults:
            return self._without_trust(changes, now)
        self.understood += 1
        if not self.is_connected:
            return self._connect(changes, now)
        pulsed = {setting.code for setting in rule.settings if setting.is_pulse}
        fresh = [change for change in changes if change[0] in pulsed or self._is_new(change)]
        turned = [change for change in fresh if change[0] in self._wheel]
        others = [change for change in fresh if change[0] not in self._wheel]
        was_place_old, self._is_place_old = self._is_place_old, False
        if was_place_old and any(code.type == EV_ABS for code, _ in turned):
            return [*self._void(turned, now), *self._state.changed(others, now)]
        if not any(map(_is_turn, turned)) or not self._choice.is_made_anew(others):
            return self._state.changed([*others, *turned], now)
        around = self._choice.left_open(self._state.now, others)
        if around is None:
            return [*self._void(turned, now), *self._state.changed(others, now)]
        before, after = around
        return self._state.changed([*before, *turned, *others, *after], now)

    def _is_new(self, change: tuple[Code, int]) -> bool:
        code, value = change
        return bool(value) if code.type == EV_REL else self._state.now.get(code) != value

    def _connect(self, changes: Iterable[tuple[Code, int]], now: float) -> list[DeviceEvent]:
        """Return that the pendant is there, as far as enough is known of it.

        How far the wheel was turned comes after that, so that it is counted as dropped.
        """
        turned = [change for change in changes if change[0].type == EV_REL]
        self._told |= {code: value for code, value in changes if code.type != EV_REL}
        if self._estop is not None and self._estop not in self._told:
            return []
        return [self._state.connect(self._told, now), *self._state.changed(turned, now)]

    def _without_trust(self, changes: Iterable[tuple[Code, int]], now: float) -> list[DeviceEvent]:
        """Return what is believed of a report in which something is wrong.

        Keys that are let go, an E-stop that is actuated, buttons. Selectors are nowhere, where they can be,
        and how far the wheel was turned is void.
        """
        if not self.is_connected:
            return []
        turned = [change for change in changes if change[0] in self._wheel and change[0].type == EV_REL]
        nowhere, _ = self._choice.left_open(self._state.now, ()) or ((), ())
        believed = [change for change in changes if self._is_believed(change)]
        lost = self._void(turned, now) if any(value for _, value in turned) else []
        return [*lost, *self._state.changed([*nowhere, *believed], now), *self._forget_sticks(now)]

    def _is_believed(self, change: tuple[Code, int]) -> bool:
        code, value = change
        if code.type != EV_KEY or code not in self._state.now:
            return False
        if code == self._estop:
            return value == self._actuated
        return not value or code in self._buttons

    def _void(self, turned: Iterable[tuple[Code, int]], now: float) -> list[DeviceEvent]:
        """Return that the wheel was turned, and nobody knows for what."""
        for code, value in turned:
            if code.type != EV_REL:
                self._state.now[code] = value
        void = tuple((*code, value) for code, value in turned)
        return [EventsLost(now, 0, void), Snapshot(now, 0, self._state.node())]

    def _keys_of(self, held: Held, values: Mapping[str, int]) -> tuple[list[tuple[Code, int]], list[str]]:
        """Return how each of the keys stands by their codes in a report, and what is wrong with those."""
        now = self._as_held(held, values)
        down = set(now.values())
        known = dict(held.keys)
        faults = [
            f"no key has the code {number:#x}; add it to the profile" for number in now if number not in known
        ]
        keys = dict.fromkeys([*known.values(), *(key for _, keys in held.shifted for _, key in keys)])
        return [(key, int(key in down)) for key in keys], faults

    def _as_held(self, held: Held, values: Mapping[str, int]) -> dict[int, Code | None]:
        """Return what each code in a report is; None: none that is known.

        A code keeps what it was when it was pressed, whatever becomes of the key that shifted it.
        """
        before = self._held.get(held, {})
        plain = dict(held.keys)
        numbers = [number for number in (values[name] for name in held.fields) if number]
        found: dict[int, Code | None] = {
            number: before.get(number) or plain.get(number) for number in numbers
        }
        down = set(found.values())
        for shift, others in held.shifted:
            if shift in down:
                other = dict(others)
                found |= {n: other[n] for n in numbers if n in other and n not in before}
        return found

    def _hold(self, held: Held, values: Mapping[str, int]) -> None:
        self._held[held] = {number: key for number, key in self._as_held(held, values).items() if key}


class _Choice:
    """What the wheel is turned for: both selectors, and the enabling button."""

    def __init__(self, profile: Profile) -> None:
        self._selectors = [selector for selector in (profile.axis, profile.scale) if selector]
        self._steps = {
            key
            for selector in self._selectors
            if isinstance(selector, StepSelector)
            for key in (selector.next, selector.previous)
        }
        self._codes = {code for code in (profile.enable, profile.estop and profile.estop.key) if code}
        for selector in self._selectors:
            self._codes |= _codes_of(selector)
        # A selector that is stepped through cannot be told to stand nowhere; that of the axis, and any other
        # that may choose an override, would have to.
        self._is_open = not any(
            isinstance(selector, StepSelector) and (selector is profile.axis or _has_targets(selector))
            for selector in self._selectors
        )

    def is_made_anew(self, changes: Iterable[tuple[Code, int]]) -> bool:
        """Tell whether the changes are for something else than before; a step is a press, no release."""
        return any(code in self._codes or (code in self._steps and value) for code, value in changes)

    def left_open(
        self, now: Known, changes: Iterable[tuple[Code, int]]
    ) -> tuple[list[tuple[Code, int]], list[tuple[Code, int]]] | None:
        """Return changes after which nothing is selected, and those that bring back what does not change.

        None: there are no such changes.
        """
        if not self._is_open:
            return None
        changed = {code for code, _ in changes}
        away: list[tuple[Code, int]] = []
        for selector in self._selectors:
            if isinstance(selector, AbsSelector):
                away.append((selector.code, _nowhere(selector)))
            elif isinstance(selector, KeySelector):
                away += [(key, 0) for _, key in selector.positions if now.get(key)]
        return away, [(code, now[code]) for code, _ in away if code in now and code not in changed]


def _codes_of(selector: Selector) -> set[Code]:
    """Return the codes that say where a selector stands."""
    if isinstance(selector, KeySelector):
        return {code for _, code in selector.positions}
    return {selector.code} if isinstance(selector, AbsSelector) else set()


def _has_targets(selector: Selector) -> bool:
    return not set(TARGETS).isdisjoint(positions_of(selector))


def _nowhere(selector: AbsSelector) -> int:
    """Return a value at which a selector is at none of its positions."""
    return min(value for value, _ in selector.positions) - 1


def _is_turn(change: tuple[Code, int]) -> bool:
    """Tell whether a change of a wheel's code is a turn: of a key, its release is none."""
    code, value = change
    return code.type != EV_KEY or value != 0


def _settings_of(rule: HidRule, values: Mapping[str, int]) -> tuple[list[tuple[Code, int]], list[str]]:
    """Return what a rule sets, and what is wrong with the values that it would not set."""
    changes: list[tuple[Code, int]] = []
    faults = []
    for setting in rule.settings:
        try:
            changes += changes_by(setting, values.get)
        except NoFit as reason:
            faults.append(f"{reason}; correct the profile")
    return changes, faults


def _described(report: HidReport) -> str:
    """Return one kind of report, for people."""
    name = "" if report.id is None else f"id {report.id:#04x} "
    return f"{name}with {report.length} bytes"
