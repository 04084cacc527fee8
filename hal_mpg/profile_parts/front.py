# SPDX-License-Identifier: GPL-2.0-or-later
"""What a profile says for people alone: where its facts are from, how it is used, what is missing, its front.

The component uses none of it; docs/pendants.md and its drawings are made of it (tools/pendant_pages.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import yaml
from yaml.nodes import MappingNode, Node

from hal_mpg.profile import KeySelector, KeyWheel, Profile, StepSelector, positions_of
from hal_mpg.yaml_reader import Fields, Reader, quoted, suggestion

TRIED = re.compile(r"no|yes, by \S.*")
GAP, OTHER = "gap", "other"
"""In a row: nothing is there; there is something that hal_mpg has no pin for."""

MAX_ROWS, MAX_IN_A_ROW = 12, 8


class Part(NamedTuple):
    """One thing on the front: what is printed there ("": nothing), and the controls that it is.

    Of several controls of a key the first is what it does alone, the others with a further key held; a stick
    or a wheel is all of its controls at once. `printed` has the same places as `controls`.
    """

    controls: tuple[str, ...]
    printed: tuple[str, ...]


class Front(NamedTuple):
    """What a profile says for people. `rows` is empty where it does not say what is on the front.

    `use` is what one has to know and to do before the pendant moves anything, in sentences.
    """

    facts: tuple[str, ...] = ()
    tried: str = "no"
    missing: tuple[str, ...] = ()
    rows: tuple[tuple[Part, ...], ...] = ()
    use: tuple[str, ...] = ()


def read_front(text: str, file: str) -> Front:
    """Return what a profile says for people; its text was read by `load_profile` without a fault."""
    reader = Reader(file)
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    return front_of(reader, reader.mapping(root, None, "the profile"))


def front_of(reader: Reader, fields: Fields, profile: Profile | None = None) -> Front:
    """Read the keys for people among those of the whole profile; `profile` is what has those controls."""
    known = None if profile is None else tuple(controls_of(profile))
    tried = reader.text(fields.get("tried"), "tried") or "no"
    if not TRIED.fullmatch(tried):
        reader.fault(fields["tried"], f"tried is {quoted(tried)}; use no, or `yes, by WHOM`")
    return Front(
        _texts(reader, fields, "facts"),
        tried,
        _texts(reader, fields, "missing"),
        tuple(_row(reader, row, known) for row in _items(reader, fields.get("front"), "front", MAX_ROWS)),
        _texts(reader, fields, "use"),
    )


def _texts(reader: Reader, fields: Fields, key: str) -> tuple[str, ...]:
    """Read a list of sentences."""
    return tuple(reader.text(item, f"an entry of {key}") for item in reader.items(fields.get(key), key))


def _row(reader: Reader, node: Node, known: tuple[str, ...] | None) -> tuple[Part, ...]:
    return tuple(_part(reader, item, known) for item in _items(reader, node, "a row of front", MAX_IN_A_ROW))


def _part(reader: Reader, node: Node, known: tuple[str, ...] | None) -> Part:
    """Read `NAME`, or `{NAME: what is printed there}`, or several such names of one key."""
    if not isinstance(node, MappingNode):
        name = _known(reader, node, reader.text(node, "a part of the front"), known)
        return Part((name,), ("",))
    entries = reader.entries(node, "a part of the front")
    printed = tuple(reader.text(entry.value, "what is printed there") for entry in entries)
    return Part(tuple(_known(reader, entry.place, entry.key, known) for entry in entries), printed)


def _known(reader: Reader, place: Node, name: str, known: tuple[str, ...] | None) -> str:
    if name and known is not None and name not in (*known, GAP, OTHER):
        reader.fault(place, f"the pendant has no {quoted(name)}; {suggestion(name, (*known, GAP, OTHER))}")
    return name


def _items(reader: Reader, node: Node | None, what: str, most: int) -> list[Node]:
    items = reader.items(node, what)
    if len(items) > most:
        reader.fault(items[most], f"{what} has more than {most} entries, and no pendant has; take some away")
    return items[:most]


def controls_of(profile: Profile) -> Iterator[str]:
    """Yield the names that a pendant's controls have in `front`: whatever a hand or an eye can find."""
    yield "wheel"
    if isinstance(profile.wheel, KeyWheel):
        yield from ("wheel.forward", "wheel.backward")
    for name, selector in (("axis", profile.axis), ("scale", profile.scale)):
        if selector is None:
            continue
        yield name
        match selector:
            case KeySelector():
                yield from (f"{name}.{position}" for position in positions_of(selector))
            case StepSelector(forward, backward):
                yield from [f"{name}.next"] if forward else []
                yield from [f"{name}.previous"] if backward else []
    yield from (name for name in ("estop", "reset", "enable") if getattr(profile, name) is not None)
    yield from (f"button.{name}" for name, _ in profile.buttons)
    yield from (f"led.{name}" for name, *_ in profile.leds)
    yield from ["display"] if profile.display is not None else []
    yield from (f"analog.{analog.axis}" for analog in profile.analog)
