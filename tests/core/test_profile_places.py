# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever value of a profile is of the wrong kind: it is told where it stands, and which one it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest
import yaml
from yaml.nodes import MappingNode, Node, SequenceNode

from hal_mpg.errors import ProfileError
from hal_mpg.profile_yaml import load_profile

HEAD = """\
name: Test
source: evdev
match: [{vendor: 0x1209, product: 1, name: "*MPG*", uniq: A17}]
on-disconnect: estop
increments:
  x1: {mm: 0.001, inch: 0.0001, degree: 0.01}
  x10: {mm: 0.01}
controls:
"""
FORMS = [
    """\
  wheel: {rel: REL_DIAL, counts-per-detent: 4, invert: true}
  axis: {keys: {x: BTN_TRIGGER, y: BTN_THUMB}}
  scale: {abs: ABS_RY, positions: {0: x1, 1: x10}}
  estop: {key: BTN_BASE4, contact: normally-closed}
  reset: {key: BTN_BASE5}
  enable: {key: BTN_BASE6}
  buttons: {home: BTN_DEAD, probe: BTN_0}
  leds: {ready: LED_MISC}
""",
    """\
  wheel: {abs: ABS_WHEEL, modulo: 256}
  axis: {abs: ABS_RX, positions: {0: "off", 1: x, 2: feed-override}}
  scale: {next: BTN_A, previous: BTN_B, order: [x1, x10]}
""",
    """\
  wheel: {rel-absolute: REL_DIAL, modulo: 256}
  axis: {next: BTN_A, previous: BTN_B, order: [x, y]}
  scale: {keys: {x1: BTN_BASE, x10: BTN_BASE2}}
""",
    """\
  wheel: {keys: {forward: KEY_VOLUMEUP, backward: KEY_VOLUMEDOWN}}
  axis: {next: BTN_A, order: [x, y]}
  scale: {previous: BTN_B, order: [x1, x10]}
""",
    """\
  wheel: {rel: REL_DIAL}
  axis: {previous: BTN_A, order: [x, y]}
  scale: {keys: {x1: BTN_BASE, x10: BTN_BASE2}}
""",
]
VIRTUAL = HEAD.replace("source: evdev", "source: virtual").replace(
    '{vendor: 0x1209, product: 1, name: "*MPG*", uniq: A17}', "{socket: mpg.socket}"
)
PROFILES = [*(HEAD + form for form in FORMS), VIRTUAL + FORMS[0]]


TEXTS = ("name", "uniq", "socket")
"""Values that may be any text."""


class Value(NamedTuple):
    """One value of a profile that stands on one line, and the keys that lead to it."""

    profile: str
    path: tuple[str, ...]
    node: Node

    def replaced(self, text: str) -> str:
        """Return the profile with another text for this value."""
        return self.profile[: self.node.start_mark.index] + text + self.profile[self.node.end_mark.index :]

    def place(self, offset: int = 0) -> str:
        """Return where it stands, as messages tell it, or so many columns further."""
        return f"p.yaml:{self.node.start_mark.line + 1}:{self.node.start_mark.column + 1 + offset}: "

    def wrong(self) -> list[str]:
        """Return what cannot stand in its place."""
        if isinstance(self.node, MappingNode):
            return ["[[]]", "word", "''"]
        if isinstance(self.node, SequenceNode):
            return ["{word: {}}", "word", "''"]
        return ["[[]]", "{word: {}}", "''", *([] if self.path[-1] in TEXTS else ["word"])]


def values(profile: str, node: Node, path: tuple[str, ...] = ()) -> Iterator[Value]:
    """Yield every value that stands on one line."""
    if node.start_mark.line == node.end_mark.line:
        yield Value(profile, path, node)
    if isinstance(node, MappingNode):
        for key, value in node.value:
            yield from values(profile, value, (*path, key.value))
    elif isinstance(node, SequenceNode):
        for item in node.value:
            yield from values(profile, item, path)


VALUES = [value for profile in PROFILES for value in values(profile, yaml.compose(profile))]


def faults(text: str) -> tuple[str, ...]:
    """Return what is wrong with a profile."""
    try:
        load_profile(text, "p.yaml")
    except ProfileError as error:
        return error.faults
    return ()


def named(key: str, fault: str) -> bool:
    """Tell whether a fault names a key, as it is written."""
    return re.search(rf"(?<!\w){re.escape(key)}(?!\w)", fault) is not None


@pytest.mark.parametrize("profile", PROFILES)
def test_as_they_stand_they_are_good(profile: str) -> None:
    assert faults(profile) == ()


@pytest.mark.parametrize("value", VALUES, ids=lambda value: ".".join(value.path))
def test_a_value_of_the_wrong_kind_is_told_with_its_place_and_its_name(value: Value) -> None:
    for text in value.wrong():
        here = [fault for fault in faults(value.replaced(text)) if fault.startswith(value.place())]
        assert here, f"nothing is said of {text}"
        assert any(named(key, here[0]) for key in value.path[-3:]), here[0]
        assert "None" not in here[0]


FREE = [("axis", "keys"), ("scale", "keys"), ("axis", "positions"), ("scale", "positions")]
FREE += [("controls", "buttons"), ("controls", "leds")]
"""Mappings whose keys are the user's own."""

FIXED = [value for value in VALUES if isinstance(value.node, MappingNode) and value.path[-2:] not in FREE]


@pytest.mark.parametrize("value", FIXED, ids=lambda value: ".".join(value.path))
def test_a_key_that_nobody_reads_is_told_with_its_place_and_its_mapping(value: Value) -> None:
    start = value.node.start_mark
    text = f"{{ wrong: 1, {value.profile[start.index + 1 : value.node.end_mark.index]}"
    here = [fault for fault in faults(value.replaced(text)) if fault.startswith(value.place(2))]
    assert here
    assert "'wrong' is no key of" in here[0]
    assert any(named(key, here[0]) for key in value.path[-2:]), here[0]
