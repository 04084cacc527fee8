# SPDX-License-Identifier: GPL-2.0-or-later
"""The part of a YAML profile that says which devices are the pendant."""

from __future__ import annotations

from yaml.nodes import Node

from hal_mpg.profile import Match
from hal_mpg.yaml_reader import Reader

NUMBER_KEYS = {"vendor": 0xFFFF, "product": 0xFFFF, "interface": 0xFF}
"""Of a match, with the highest number that they may have."""

TEXT_KEYS = ("name", "uniq", "socket", "port")
MATCH_KEYS = {
    "evdev": ("vendor", "product", "name", "uniq", "all-of"),
    "hidraw": ("vendor", "product", "name", "uniq", "interface"),
    "serial": ("vendor", "product", "name", "uniq", "port"),
    "virtual": ("socket",),
}


def read_matches(reader: Reader, node: Node | None, source: str) -> tuple[Match, ...]:
    """Return the alternatives of a profile's `match`; faults go to the reader."""
    keys = MATCH_KEYS.get(source)
    if keys is None:
        return ()  # nothing can be said of it while its source is wrong
    return tuple(
        _match(reader, item, keys, "an alternative of match") for item in reader.items(node, "match")
    )


def _match(reader: Reader, node: Node, keys: tuple[str, ...], what: str) -> Match:
    fields = reader.mapping(node, keys, what)
    if not fields:
        reader.fault(node, f"it would match every device; use some of {', '.join(keys)}")
    if "all-of" in fields:
        for key in fields.keys() - {"all-of"}:
            reader.fault(fields[key], f"all-of stands alone; put {key!r} into the part that it is for")
        parts = reader.items(fields["all-of"], "all-of")
        if len(parts) == 1:
            reader.fault(fields["all-of"], "all-of has one part; give several, or write it without all-of")
        plain = tuple(key for key in keys if key != "all-of")
        return Match(all_of=tuple(_match(reader, part, plain, "a part of all-of") for part in parts))
    numbers = {
        key: reader.integer(fields[key], key, 0, high) for key, high in NUMBER_KEYS.items() if key in fields
    }
    texts = {key: reader.text(fields[key], key) for key in TEXT_KEYS if key in fields}
    return Match(**numbers, **texts)  # type: ignore[arg-type]  # each by its own type


def match_text(match: Match) -> str:
    """Return one alternative of a profile's match, for people."""
    if match.all_of:
        return " together with ".join(map(match_text, match.all_of))
    if match.socket is not None:
        return f"a program at the socket {match.socket}"
    words = []
    if match.vendor is not None or match.product is not None:
        vendor = "any" if match.vendor is None else f"{match.vendor:04x}"
        product = "any" if match.product is None else f"{match.product:04x}"
        words.append(f"USB id {vendor}:{product}")
    words += [f'name "{match.name}"'] if match.name is not None else []
    words += [f'serial number "{match.uniq}"'] if match.uniq is not None else []
    words += [f"the port {match.port}"] if match.port is not None else []
    words += [f"USB interface {match.interface}"] if match.interface is not None else []
    return " and ".join(words)
