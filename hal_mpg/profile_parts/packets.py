# SPDX-License-Identifier: GPL-2.0-or-later
"""The part of a YAML profile that says how a serial pendant's packets are made: bytes, fields, checksum."""

from __future__ import annotations

import re

from yaml.nodes import Node

from hal_mpg.lean_typing import NamedTuple
from hal_mpg.protocols.checksums import CHECKSUMS
from hal_mpg.protocols.fields import size_of
from hal_mpg.protocols.foreign import Checksum, Field
from hal_mpg.protocols.pattern_check import GROUP_NAME
from hal_mpg.yaml_reader import Fields, Reader, quoted

PACKET_KEYS = ("start", "end", "length", "fields", "checksum")
FIELD_KEYS = ("at", "type", "mask", "bit")
CHECKSUM_KEYS = ("kind", "at", "from", "to", "order", "form")
TYPE = re.compile(r"([us])(?:(8)|(16|24|32)(le|be))")
TYPES = "u8, s8, u16le, s16be and the like"
MOST_FIELDS = 64


class PacketParts(NamedTuple):
    """How packets are made, without what they mean."""

    start: tuple[int, ...]
    end: tuple[int, ...]
    length: int
    fields: tuple[Field, ...]
    checksum: Checksum | None

    @property
    def has_text(self) -> bool:
        """Whether all between start and end, but for a checksum right before the end, can be a text."""
        if self.checksum is None:
            return True
        at = self.checksum.at - self.length if self.checksum.at >= 0 else self.checksum.at
        return at == -len(self.end) - size_of(self.checksum)


def read_packet_parts(reader: Reader, node: Node, longest: int) -> PacketParts:
    """Return how packets are made; faults go to the reader."""
    keys = reader.mapping(node, PACKET_KEYS, "packets", needed=("start",))
    start, end = (_byte_list(reader, keys.get(key), key) for key in ("start", "end"))
    length = (
        reader.integer(keys["length"], "length", len(start) + len(end) + 1, 1000) if "length" in keys else 0
    )
    if not length and not end and start:
        reader.fault(node, "packets end nowhere; give their length, or the bytes of their end")
    if not length and start and end and (_has(start, end) or _has(end, start)):
        reader.fault(keys["end"], "start and end cannot be told apart; give the packets' length as well")
    entries = reader.entries(keys["fields"], "fields") if "fields" in keys else []
    fields = [read_field(reader, entry.key, entry.place, entry.value, length or longest) for entry in entries]
    if len(fields) > MOST_FIELDS:
        reader.fault(entries[MOST_FIELDS].place, f"more than {MOST_FIELDS} fields; leave out those unused")
    checksum = read_checksum(reader, keys["checksum"], length) if "checksum" in keys else None
    return PacketParts(start, end, length, tuple(fields), checksum)


def _has(whole: tuple[int, ...], part: tuple[int, ...]) -> bool:
    return bytes(part) in bytes(whole)


def _byte_list(reader: Reader, node: Node | None, what: str) -> tuple[int, ...]:
    items = reader.items(node, what)
    if len(items) > 8:
        reader.fault(items[8], f"more than 8 bytes of {what}; the first ones will do")
    return tuple(reader.integer(item, what, 0, 255) for item in items)


def read_field(reader: Reader, name: str, place: Node, node: Node, longest: int) -> Field:
    """Return a number that stands within the first `longest` bytes; faults go to the reader."""
    if not GROUP_NAME.fullmatch(name):
        reader.fault(place, f"{quoted(name)} cannot name a field; use a-z, 0-9 and _, as in count")
    keys = reader.mapping(node, FIELD_KEYS, f"field {name}", needed=("at",))
    text = reader.text(keys["type"], "type") if "type" in keys else "u8"
    found = TYPE.fullmatch(text)
    if found is None:
        reader.fault(keys["type"], f"{quoted(text)} is no type; use {TYPES}, with le or be for the order")
        return Field(name, 0)
    size = int(found[2] or found[3]) // 8
    at = reader.integer(keys.get("at"), f"at of {name}", 0, max(0, longest - size))
    return Field(
        name, at, size, found[1] == "s", found[4] == "be", _mask(reader, keys, size, found[1] == "s")
    )


def _mask(reader: Reader, keys: Fields, size: int, is_signed: bool) -> int:
    given = [key for key in ("mask", "bit") if key in keys]
    if not given:
        return 0
    if len(given) > 1:
        reader.fault(keys["bit"], "bit and mask say the same in two ways; keep one of them")
    if is_signed and "bit" in keys:
        reader.fault(keys["bit"], "one bit has no sign; use a type that begins with u")
    if "bit" in keys:
        return 1 << reader.integer(keys["bit"], "bit", 0, size * 8 - 1)
    mask = reader.integer(keys["mask"], "mask", 1, (1 << size * 8) - 1)
    if is_signed and (mask // (mask & -mask) + 1) & mask // (mask & -mask):
        reader.fault(keys["mask"], "the bits of a signed number stand apart; use some that follow each other")
    return mask


def read_checksum(reader: Reader, node: Node, length: int) -> Checksum | None:
    """Return how a packet of `length` bytes (0: that varies) is checked; faults go to the reader."""
    keys = reader.mapping(node, CHECKSUM_KEYS, "checksum", needed=("kind", "at", "from", "to"))
    kind = reader.choice(keys.get("kind"), CHECKSUMS, "kind of checksum")
    order = reader.choice(keys.get("order"), ("big", "little"), "order")
    is_hex = reader.choice(keys.get("form"), ("binary", "hex"), "form") == "hex"
    if not kind or not {"at", "from", "to"} <= keys.keys():
        return None
    size = CHECKSUMS[kind][0] * (2 if is_hex else 1)
    lowest, highest = (-length, length - 1) if length else (-1000, 1000)
    at, first, last = (reader.integer(keys[key], key, lowest, highest) for key in ("at", "from", "to"))
    if not length and (at >= 0 or last >= 0 or first < 0):
        reader.fault(
            node, "packets have no fixed length; count at and to from the end: -2 is the last but one"
        )
    if length and not (first % length <= last % length and at % length + size <= length):
        reader.fault(node, "the checksum goes over no bytes, or stands beyond the end; count from 0")
    elif length and first % length <= at % length <= last % length:
        reader.fault(keys["at"], "the checksum goes over itself; leave its bytes out")
    return Checksum(kind, at, first, last, order == "big" or (is_hex and not order), is_hex)
