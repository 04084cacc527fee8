# SPDX-License-Identifier: GPL-2.0-or-later
"""The part of a YAML profile that protocols have in common: names for codes, and which rule sets what.

Raw HID pendants and serial ones whose protocol is not ours are read with it.
"""

from __future__ import annotations

import re

from yaml.nodes import Node

from hal_mpg.events import EV_ABS, EV_KEY, EV_LED, EV_REL
from hal_mpg.profile import Code
from hal_mpg.protocols.foreign import Setting
from hal_mpg.yaml_reader import INTEGER, Reader, quoted, suggestion

KINDS = {"abs": EV_ABS, "rel": EV_REL, "key": EV_KEY, "pulse": EV_KEY}
SETTING_KEYS = (*KINDS, "values", "times", "invert")
CODE_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,30}")
MOST_CODES = {EV_KEY: 0x2FF, EV_REL: 0x0F, EV_ABS: 0x3F, EV_LED: 0x0F}
"""For each event type, its highest number (linux/input-event-codes.h)."""


class SettingsReader:
    """Reads what rules set; gives the codes their numbers, in the order in which they are named.

    `no_source` is how a message calls what is no source of a value.
    """

    def __init__(self, reader: Reader, no_source: str = "no field") -> None:
        self._reader = reader
        self.no_source = no_source
        self.codes: dict[str, Code] = {}

    def when(self, node: Node | None, known: list[str]) -> tuple[tuple[str, int], ...]:
        """Return what fields have to be; `known` are their names."""
        when = []
        for name, place, value in self._reader.entries(node, "when") if node is not None else ():
            if name not in known:
                self._reader.fault(place, f"{quoted(name)} is no field; {suggestion(name, known, 'add it')}")
            when.append((name, self._reader.integer(value, f"when {name}", -(1 << 31), (1 << 32) - 1)))
        return tuple(when)

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
        return Setting(
            self.code(name, place, KINDS[kind]),
            source,
            constant,
            self._values(fields.get("values"), kind, name) if source else (),
            times,
            reader.boolean(fields.get("invert"), "value of invert"),
            is_pulse=kind == "pulse",
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

    def _values(self, node: Node | None, kind: str, name: str) -> tuple[tuple[str, int], ...]:
        if node is None:
            return ()
        entries, limits = self._reader.entries(node, f"values of {name}"), range_of(kind)
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
        return self.codes[name]


def range_of(kind: str) -> tuple[int, int]:
    """Return the least and the greatest value that a code of a kind may have."""
    return (0, 1) if kind in ("key", "pulse") else (-(1 << 31), 1 << 31)
