# SPDX-License-Identifier: GPL-2.0-or-later
"""The part of a YAML profile that protocols have in common: names for codes, and which rule sets what.

Raw HID pendants and serial ones whose protocol is not ours are read with it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from yaml.nodes import Node, SequenceNode

from hal_mpg.events import EV_ABS, EV_KEY, EV_LED, EV_REL
from hal_mpg.profile import Code
from hal_mpg.protocols.fields import reach_of
from hal_mpg.protocols.foreign import Field, Setting
from hal_mpg.yaml_reader import INTEGER, Reach, Reader, quoted, suggestion

KINDS = {"abs": EV_ABS, "rel": EV_REL, "key": EV_KEY, "pulse": EV_KEY}
SETTING_KEYS = (*KINDS, "values", "times", "invert")
CODE_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,30}")
PLAIN = re.compile(r"0|-?[1-9][0-9]{0,9}")
"""A number as `values` has to have it, for it is compared as a text."""

MOST_CODES = {EV_KEY: 0x2FF, EV_REL: 0x0F, EV_ABS: 0x3F, EV_LED: 0x0F}
"""For each event type, its highest number (linux/input-event-codes.h)."""

When = tuple[tuple[str, int], ...]


class SettingsReader:
    """Reads what rules set; gives the codes their numbers, in the order in which they are named.

    `no_source` is how a message calls what is no source of a value.
    """

    def __init__(self, reader: Reader, no_source: str = "no field") -> None:
        self._reader = reader
        self.no_source = no_source
        self.codes: dict[str, Code] = {}
        self.fields: dict[str, Field] = {}
        """Those of the report or packet whose rules are read."""

    def when(self, node: Node | None, known: list[str]) -> When:
        """Return what fields have to be; `known` are their names."""
        when = []
        for name, place, value in self._reader.entries(node, "when") if node is not None else ():
            if name not in known:
                self._reader.fault(place, f"{quoted(name)} is no field; {suggestion(name, known, 'add it')}")
            if isinstance(value, SequenceNode):
                self._reader.fault(value, f"when {name} is a list; use one number, and make a rule for each")
                continue
            limits = reach_of(self.fields[name]) if name in self.fields else (-(1 << 31), (1 << 32) - 1)
            when.append((name, self._reader.integer(value, f"when {name}", *limits)))
        return tuple(when)

    def look_for_idle(self, items: Sequence[Node], whens: Sequence[When | None]) -> None:
        """Refuse rules that nothing comes to; `whens`: what fits each, None: that takes more to say."""
        for place, (item, when) in enumerate(zip(items, whens, strict=True)):
            before = [
                other
                for other, fits in zip(items[:place], whens, strict=False)
                if fits is not None and {*fits} <= {*(when or ())}
            ]
            if before and not any(map(self._reader.is_faulty, (item, before[0]))):
                line = before[0].start_mark.line + 1
                self._reader.fault(
                    item,
                    f"nothing comes to this rule, for that of line {line} has all of it; put this one first",
                )

    def settings(self, node: Node | None, known: list[str]) -> tuple[Setting, ...]:
        """Return what is set; `known` are the groups and fields that it may come from."""
        entries = self._reader.entries(node, "set") if node is not None else ()
        return tuple(self._setting(name, place, value, known) for name, place, value in entries)

    def _setting(self, name: str, place: Node, node: Node, known: list[str]) -> Setting:
        reader = self._reader
        fields = reader.mapping(node, SETTING_KEYS, name)
        kinds = [kind for kind in KINDS if kind in fields]
        if len(kinds) != 1:
            reader.fault(node, f"{name} is set in no way, or in several; use one of {', '.join(KINDS)}")
            return Setting(Code(EV_KEY, 0))
        kind = kinds[0]
        for key, kinds_of_it in (("times", ("abs", "rel")), ("invert", ("key",))):
            if key in fields and kind not in kinds_of_it:
                reader.fault(fields[key], f"{key} is not for {kind}; leave it out")
        source, constant = self._source(fields[kind], known, name, kind)
        times = reader.integer(fields["times"], "times", 1, 1_000_000) if "times" in fields else 1
        setting = Setting(
            self.code(name, place, KINDS[kind]),
            source,
            constant,
            self._values(fields.get("values"), kind, name, self.fields.get(source)) if source else (),
            times,
            reader.boolean(fields.get("invert"), "value of invert"),
            is_pulse=kind == "pulse",
        )
        reach = self._reach(setting)
        if KINDS[kind] != EV_KEY:
            self.widen(setting.code, reach)
        elif reach and not 0 <= reach.low <= reach.high <= 1:
            right = "pick one `bit` of it, or say what is what, as in values: {0: 0, 1: 1}"
            reader.fault(fields[kind], f"{source} can be {reach}, and a key 0 or 1; {right}")
        return setting

    def _reach(self, setting: Setting) -> Reach | None:
        """Return what a setting can make of its code; None: anything."""
        if not setting.source:
            return Reach(setting.constant, setting.constant, is_fixed=True)
        if setting.values:
            numbers = [number for _, number in setting.values]
            return Reach(min(numbers), max(numbers))
        if setting.source not in self.fields:
            return None
        low, high = reach_of(self.fields[setting.source])
        return Reach(low * setting.times, high * setting.times, setting.times)

    def widen(self, code: Code, reach: Reach | None) -> None:
        """Take note of what else a code can be."""
        known = self._reader.own_reach
        before = known.get(code, reach)
        if before is None or reach is None:
            known[code] = None
        else:
            known[code] = Reach(
                min(before.low, reach.low),
                max(before.high, reach.high),
                max(before.step, reach.step),
                before.is_fixed and reach.is_fixed,
            )

    def _source(self, node: Node, known: list[str], name: str, kind: str) -> tuple[str, int]:
        """Return where a value comes from: a group or a field, or "" and the number that it always is."""
        text = self._reader.text(node, f"{kind} of {name}")
        if INTEGER.fullmatch(text):
            return "", self._reader.integer(node, f"{kind} of {name}", *range_of(kind))
        if text and text not in known:
            right = suggestion(text, known, "add it, or use a number") if known else "use a number"
            self._reader.fault(node, f"{quoted(text)} is {self.no_source}; {right}")
        return text, 0

    def _values(
        self, node: Node | None, kind: str, name: str, field: Field | None
    ) -> tuple[tuple[str, int], ...]:
        """Return what each text stands for; of a field, each number as it is written in decimal digits."""
        if node is None:
            return ()
        entries, limits = self._reader.entries(node, f"values of {name}"), range_of(kind)
        if field is not None:
            low, high = reach_of(field)
            for key, place, _ in entries:
                if not PLAIN.fullmatch(key) or not low <= int(key) <= high:
                    right = f"use {low} to {high}, in decimal digits"
                    self._reader.fault(place, f"{field.name} is never {quoted(key)}; {right}")
        return tuple((e.key, self._reader.integer(e.value, f"{name} {e.key}", *limits)) for e in entries)

    def code(self, name: str, place: Node, kind: int) -> Code:
        """Return the code of a name; the first time it gets the next number of its type."""
        reader = self._reader
        if name in self.codes:
            if self.codes[name].type != kind:
                reader.fault(place, f"{name} is set as something else elsewhere; give it another name here")
            return self.codes[name]
        if not CODE_NAME.fullmatch(name):
            reader.fault(place, f"{quoted(name)} cannot name a code; use A-Z, 0-9 and _, as in WHEEL")
        number = 1 + max((code.number for code in self.codes.values() if code.type == kind), default=0)
        if number > MOST_CODES[kind]:
            reader.fault(place, f"{name}: more codes of its kind than {MOST_CODES[kind]}; use fewer")
            number = 1
        self.codes[name] = Code(kind, number)
        reader.own_places[name] = place
        return self.codes[name]


def range_of(kind: str) -> tuple[int, int]:
    """Return the least and the greatest value that a code of a kind may have."""
    return (0, 1) if kind in ("key", "pulse") else (-(1 << 31), 1 << 31)
