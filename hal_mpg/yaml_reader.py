# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads YAML nodes by the type that is expected, and collects every fault with its place.

A method that finds a fault notes it and returns a stand-in, so that reading goes on to the next fault;
whoever uses it has to look at `faults` before the result.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from typing import NamedTuple

from yaml.error import Mark
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from hal_mpg.events import EV_ABS, EV_KEY, EV_LED, EV_MSC, EV_REL
from hal_mpg.profile import Code, is_distance

INTEGER = re.compile(r"[-+]?(0[xX][0-9a-fA-F]{1,16}|[0-9]{1,20})")
DECIMAL = re.compile(r"[-+]?([0-9]{1,20}(\.[0-9]{0,20})?|\.[0-9]{1,20})([eE][-+]?[0-9]{1,2})?")

MAX_FAULTS = 100
"""Of more faults than this only the number is told: such a file is no profile, and nobody reads them all."""

PLAIN_TAG = "tag:yaml.org,2002:"
"""What the tags of plain YAML begin with; those that make Python objects have python/ behind it."""

MAX_WHAT = 300
"""Characters of one fault, of which the last tell what is right."""

MAX_QUOTED = 60
"""Characters of the file that a message quotes."""

CODE_KINDS = {
    EV_KEY: ("KEY_ or BTN_", ("KEY_", "BTN_"), 0x2FF),
    EV_REL: ("REL_", ("REL_",), 0x0F),
    EV_ABS: ("ABS_", ("ABS_",), 0x3F),
    EV_LED: ("LED_", ("LED_",), 0x0F),
    EV_MSC: ("MSC_", ("MSC_",), 0x07),
}
"""For each event type: how its codes are called, the prefixes, the highest number."""

OWN_KINDS = {EV_KEY: "switch", EV_REL: "movement", EV_ABS: "position", EV_LED: "lamp"}
"""What a code of each type is called where the profile itself defines it."""

Fields = dict[str, Node]


class Entry(NamedTuple):
    """One entry of a mapping whose keys are the user's own; `place` is where the key stands."""

    key: str
    place: Node
    value: Node


class Reach(NamedTuple):
    """What a value can be: `low` to `high`, in steps of `step`; `is_fixed`: it is a constant."""

    low: int
    high: int
    step: int = 1
    is_fixed: bool = False

    def __str__(self) -> str:
        """Return it for a message."""
        return f"{self.low} to {self.high}"


class Reader:
    """Reads the nodes of one file and keeps the first fault that it finds at each place."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._faults: dict[tuple[int, int], str] = {}
        self._more = 0
        self._used: dict[Code, str] = {}
        self.notes: list[str] = []
        self.own_codes: dict[str, Code] | None = None
        """The codes that there are, by their names, where they are not the kernel's."""
        self.own_places: dict[str, Node] = {}
        """Where each of them is named first."""
        self.own_reach: dict[Code, Reach | None] = {}
        """What those that are no keys can be; None, or none: anything, as far as is known."""
        self.knows_codes = True
        """Whether a code can be judged: not where nobody knows whose codes these are."""

    @property
    def faults(self) -> list[str]:
        """The faults as lines to show, in the order of the file."""
        faults = [
            f"{self.file}:{line}:{column}: {what}" for (line, column), what in sorted(self._faults.items())
        ]
        if self._more:
            faults.append(
                f"{self.file}:1:1: {self._more} more faults; start from one of the shipped profiles"
            )
        return faults

    @property
    def is_full(self) -> bool:
        """Whether so many faults were found that no more are told."""
        return len(self._faults) >= MAX_FAULTS

    def reach(self, code: Code) -> Reach | None:
        """Return what a code can be; None: anything, as far as is known, or constants alone."""
        reach = self.own_reach.get(code)
        return None if reach is None or reach.is_fixed else reach

    def is_faulty(self, node: Node | None) -> bool:
        """Tell whether a fault was found within a node; one that is not there is one."""
        if node is None:
            return True
        begin, end = ((mark.line + 1, mark.column + 1) for mark in (node.start_mark, node.end_mark))
        return any(begin <= place < end for place in self._faults)

    def note(self, place: Node, what: str) -> None:
        """Note something that is no fault, but that the user should know."""
        mark = place.start_mark
        self.notes.append(f"{self.file}:{mark.line + 1}:{mark.column + 1}: {what}")

    def fault(self, place: Node | Mark | None, what: str) -> None:
        """Note a fault at a node; `what` says what is wrong and, after a semicolon, what is right."""
        what = what if len(what) <= MAX_WHAT else f"{what[: MAX_WHAT // 2]}...{what[-MAX_WHAT // 2 :]}"
        mark = place.start_mark if isinstance(place, Node) else place
        where = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        if self.is_full and where not in self._faults:
            self._more += 1
        else:
            self._faults.setdefault(where, what)

    def _refuse_tag(self, node: Node) -> None:
        tag = str(node.tag)
        if not tag.startswith(PLAIN_TAG) or "/" in tag:
            self.fault(node, f"the tag {quoted(tag)} is not read; leave it out")

    def mapping(
        self, node: Node | None, keys: Iterable[str] | None, what: str, needed: Iterable[str] = ()
    ) -> Fields:
        """Return the values of a mapping by their keys. `keys`: those that may be there; None: any."""
        if node is None:
            return {}
        self._refuse_tag(node)
        if not isinstance(node, MappingNode):
            self.fault(node, f"{what} is {_kind(node)}; use a mapping, as in `key: value`")
            return {}
        known = None if keys is None else tuple(keys)
        fields: dict[str, Node] = {}
        lines: dict[str, int] = {}
        for key_node, value in node.value:
            key = self.text(key_node, f"a key of {what}")
            if key in fields:
                self.fault(
                    key_node,
                    f"{quoted(key)} stands twice in {what}, first in line {lines[key]}; keep one",
                )
            elif known is not None and key not in known:
                self.fault(key_node, f"{quoted(key)} is no key of {what}; {suggestion(key, known)}")
            elif key:
                fields[key] = value
                lines[key] = key_node.start_mark.line + 1
        missing = [repr(key) for key in needed if key not in lines]
        if missing:
            self.fault(node, f"{what} has no {' and no '.join(missing)}; add what is missing")
        return fields

    def items(self, node: Node | None, what: str) -> list[Node]:
        """Return the entries of a list, of which there has to be at least one."""
        if node is None:
            return []
        self._refuse_tag(node)
        if not isinstance(node, SequenceNode):
            self.fault(node, f"{what} is {_kind(node)}; use a list, as in [a, b]")
            return []
        if not node.value:
            self.fault(node, f"{what} is empty; give at least one")
        return list(node.value)

    def text(self, node: Node | None, what: str) -> str:
        """Return the text of a scalar as it was written."""
        if node is None:
            return ""
        self._refuse_tag(node)
        if not isinstance(node, ScalarNode):
            self.fault(node, f"{what} is {_kind(node)}; use plain text")
            return ""
        text = str(node.value).strip()
        if not text or not text.isprintable():
            self.fault(node, f"{what} is empty or not printable; use plain text")
            return ""
        return text

    def choice(self, node: Node | None, known: Iterable[str], what: str) -> str:
        """Return a text that is one of those known."""
        text = self.text(node, what)
        if text and text not in (options := tuple(known)):
            self.fault(node, f"{quoted(text)} is no {what}; {suggestion(text, options)}")
            return ""
        return text

    def integer(self, node: Node | None, what: str, low: int, high: int, otherwise: int | None = None) -> int:
        """Return a whole number, decimal or 0x...; 010 is ten. `otherwise`: the stand-in, else `low`."""
        otherwise = low if otherwise is None else otherwise
        text = self.text(node, what)
        if not text:
            return otherwise
        value = _integer(text)
        if value is None or not low <= value <= high:
            is_hex = re.fullmatch("[0-9a-fA-F]{4}", text) and high == 0xFFFF
            right = f"write it as 0x{text}" if is_hex else f"use a whole number from {low} to {high}"
            self.fault(node, f"{what} is {quoted(text)}; {right}")
            return otherwise
        return value

    def distance(self, node: Node | None, what: str) -> Decimal | None:
        """Return a positive, finite distance, exactly as it was written."""
        text = self.text(node, what)
        if not text:
            return None
        if not DECIMAL.fullmatch(text) or not is_distance(Decimal(text)):
            self.fault(node, f"{what} is {quoted(text)}; use a positive number such as 0.001")
            return None
        return Decimal(text)

    def boolean(self, node: Node | None, what: str) -> bool:
        """Return true or false; nothing else is one."""
        return self.choice(node, ("true", "false"), what) == "true"

    def code(self, node: Node | None, kind: int, what: str) -> Code:
        """Return an input code by the kernel's name or its number; no code is used twice."""
        text = self.text(node, what)
        if not text or node is None or not self.knows_codes:
            return Code(kind, 0)
        find = self._kernel_code if self.own_codes is None else self._own_code
        code = find(text, node, kind, what)
        if code is None:
            return Code(kind, 0)
        if code in self._used:
            self.fault(node, f"{what}: {text} is used already, {self._used[code]}; give each its own")
        self._used[code] = f"by {what} in line {node.start_mark.line + 1}"
        return code

    def _kernel_code(self, text: str, node: Node, kind: int, what: str) -> Code | None:
        called, prefixes, highest = CODE_KINDS[kind]
        number = _integer(text)
        if number is None:
            number = code_names().get(text, -1) if text.startswith(prefixes) else -1
        if 0 <= number <= highest:
            return Code(kind, number)
        names = [name for name in code_names() if name.startswith(prefixes)]
        right = f"use one of the kernel's {called} names, or 0 to {highest:#x}"
        # Comparing with all of the kernel's names takes its time.
        near = right if self.is_full else suggestion(text, names, right)
        self.fault(node, f"{what}: {quoted(text)} is no {called} code; {near}")
        return None

    def _own_code(self, text: str, node: Node, kind: int, what: str) -> Code | None:
        codes = self.own_codes or {}
        fitting = [name for name, code in codes.items() if code.type == kind]
        if text in fitting:
            return codes[text]
        called = OWN_KINDS[kind]
        wrong = f"is no {called}" if text in codes else "is no code of the protocol"
        right = suggestion(text, fitting) if fitting else f"the protocol has no {called}; add it there"
        self.fault(node, f"{what}: {quoted(text)} {wrong}; {right}")
        return None

    def unused_codes(self) -> list[str]:
        """Return the names of the profile's own codes that nothing has used."""
        return [name for name, code in (self.own_codes or {}).items() if code not in self._used]

    def entries(self, node: Node | None, what: str) -> list[Entry]:
        """Return the entries of a mapping with any keys, of which there has to be at least one."""
        if not isinstance(node, MappingNode):
            self.mapping(node, None, what)  # says what is wrong with it
            return []
        if not node.value:
            self.fault(node, f"{what} is empty; give at least one")
        places = {id(value): key for key, value in node.value}
        return [Entry(key, places[id(value)], value) for key, value in self.mapping(node, None, what).items()]

    def number_of(self, key: str, place: Node, what: str) -> int:
        """Return the whole number that stands as a key."""
        value = _integer(key)
        if value is None or abs(value) > 1 << 31:
            self.fault(place, f"{what} is {quoted(key)}; use a whole number")
            return 0
        return value


@cache
def code_names() -> Mapping[str, int]:
    """Return the kernel's names of input codes and their numbers (linux/input-event-codes.h)."""
    from hal_mpg.evdev_library import ecodes

    prefixes = tuple(prefix for _, kinds, _ in CODE_KINDS.values() for prefix in kinds)
    return {
        name: number
        for name, number in ecodes.ecodes.items()
        if name.startswith(prefixes) and not name.endswith(("_MAX", "_CNT"))
    }


def suggestion(text: str, known: Iterable[str], otherwise: str | None = None) -> str:
    """Return what to write instead of `text`: the nearest of those known, or all of them."""
    options = list(known)
    near = get_close_matches(text.lower()[:MAX_QUOTED], [o.lower() for o in options], n=1)
    if near:
        return f"did you mean {next(o for o in options if o.lower() == near[0])}?"
    return otherwise or f"use one of {', '.join(options)}"


def quoted(text: str) -> str:
    """Return a text of the file as a message quotes it."""
    return repr(text if len(text) <= MAX_QUOTED else f"{text[:MAX_QUOTED]}...")


def _integer(text: str) -> int | None:
    if not INTEGER.fullmatch(text):
        return None
    return int(text, 16 if "x" in text.lower() else 10)


def _kind(node: Node) -> str:
    if isinstance(node, MappingNode):
        return "a mapping"
    return "a list" if isinstance(node, SequenceNode) else quoted(str(node.value))
