# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever value of a profile is of the wrong kind: it is told where it stands, and which one it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest
import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

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


class Value(NamedTuple):
    """One value of a profile, and the keys that lead to it."""

    profile: str
    path: tuple[str, ...]
    node: Node

    def replaced(self, text: str) -> str:
        """Return the profile with another text for this value."""
        start, end = self.node.start_mark.index, self.node.end_mark.index
        if isinstance(self.node, MappingNode | SequenceNode) and not self.node.flow_style:
            text = f"{text}\n"  # a block ends where the next line begins
            start -= self.node.start_mark.column - 0 if self.node.start_mark.column else 0
        return self.profile[:start] + text + self.profile[end:]

    def place(self) -> str:
        """Return where it stands, as messages tell it."""
        return f"p.yaml:{self.node.start_mark.line + 1}:{self.node.start_mark.column + 1}: "


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


ALL = [value for profile in PROFILES for value in values(profile, yaml.compose(profile))]


def faults(text: str) -> tuple[str, ...]:
    """Return what is wrong with a profile."""
    try:
        load_profile(text, "p.yaml")
    except ProfileError as error:
        return error.faults
    return ()


def test_the_profiles_are_good() -> None:
    assert [faults(profile) for profile in PROFILES] == [()] * len(PROFILES)
    assert len(ALL) > 100


@pytest.mark.parametrize("value", ALL, ids=lambda value: ".".join(value.path))
@pytest.mark.parametrize("wrong", ["[[]]", "{wrong: {}}", "''"])
def test_a_value_of_the_wrong_kind_is_told_with_its_place_and_its_name(value: Value, wrong: str) -> None:
    if isinstance(value.node, ScalarNode) or not wrong.startswith("[" if value.path[-1] == "order" else "{"):
        here = [fault for fault in faults(value.replaced(wrong)) if fault.startswith(value.place())]
        assert here, f"{wrong} is a {value.path}"
        assert any(key in here[0] for key in value.path[-2:]), here[0]
        assert "None" not in here[0]
