# SPDX-License-Identifier: GPL-2.0-or-later
"""The part of a YAML profile that says what a pendant's display shows, and in which bytes.

See docs/displays.md for the form.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from yaml.nodes import Node, SequenceNode

from hal_mpg.display_layout import (
    BITS,
    BUTTON,
    CORE_NUMBERS,
    DISTANCE,
    EVERY_MS,
    MOST_BYTES,
    MOST_FIELDS,
    NAMES,
    POSITIONS,
    REFRESH_MS,
    SPLIT16,
    VALUE_PINS,
    Display,
    ShownBytes,
    ShownChoice,
    ShownNumber,
    ShownText,
    TextPart,
    When,
    decimal_text,
    is_bit,
    is_number,
    size_of,
    words_of,
)
from hal_mpg.profile import AXIS_LETTERS, TARGETS, Code
from hal_mpg.profile_parts.packets import TYPE, TYPES
from hal_mpg.yaml_reader import DECIMAL, Fields, Reader, quoted, suggestion

DISPLAY_KEYS = ("every", "refresh", "image", "fields")
IMAGE_KEYS = ("bytes", "report", "cut")
BYTES_KEYS = ("at", "when", "bytes")
TEXT_KEYS = ("at", "when", "text", "length")
CHOICE_KEYS = ("at", "when", "of", "type", "mask", "bit", "values")
NUMBER_KEYS = ("at", "when", "of", "type", "mask", "bit", "times", "most", "decimals")
FIELD_KEYS = tuple(dict.fromkeys((*BYTES_KEYS, *TEXT_KEYS, *CHOICE_KEYS, *NUMBER_KEYS)))
FIELD_FORMS = (
    "{at: N, of: VALUE}, {at: N, of: VALUE, values: {...}}, {at: N, text: ...} or {at: N, bytes: []}"
)
MOST_TEXT = 200
PLACEHOLDER = re.compile(
    r"\{(?P<value>[a-z0-9.-]+)(\*(?P<times>[0-9]{1,9}(\.[0-9]{1,9})?))?"
    r"(:(?P<width>[0-9]{1,2})?(\.(?P<decimals>[0-9]))?)?\}"
)
LITERAL = re.compile(r"[ -z|~]+")
"""What stands as it is: printable ASCII without braces."""

Field = ShownBytes | ShownChoice | ShownNumber | ShownText


def known_values(buttons: Sequence[str] = ()) -> list[str]:
    """Return the names of everything that can be shown."""
    positions = [f"{letter}.{what}" for letter in AXIS_LETTERS for what in POSITIONS]
    own = [f"{BUTTON}{name}" for name in buttons]
    return [*NAMES, *VALUE_PINS, *CORE_NUMBERS, *BITS, *own, *positions]


def read_display(
    reader: Reader, node: Node | None, scales: Sequence[str], buttons: Sequence[tuple[str, Code]]
) -> Display | None:
    """Return the display, if there is one; faults go to the reader.

    `scales`, `buttons`: the profile's, for what depends on them.
    """
    return _DisplayReader(reader, scales, [name for name, _ in buttons]).read(node) if node else None


class _DisplayReader:
    """Reads one `display:`."""

    def __init__(self, reader: Reader, scales: Sequence[str], buttons: Sequence[str]) -> None:
        self._reader = reader
        self._scales = scales
        self._known = known_values(buttons)
        self._size = MOST_BYTES

    def read(self, node: Node) -> Display | None:
        """Read all of it."""
        reader = self._reader
        keys = reader.mapping(node, DISPLAY_KEYS, "display", needed=("image", "fields"))
        image = reader.mapping(keys.get("image"), IMAGE_KEYS, "image", needed=("bytes", "report"))
        if "bytes" in image:
            self._size = reader.integer(image["bytes"], "bytes of the image", 1, MOST_BYTES)
        report = reader.mapping(image.get("report"), ("feature", "output"), "report")
        if len(report) != 1 and "report" in image:
            reader.fault(
                image["report"], "a report is one of {feature: ID} and {output: ID}; 0: it has no id"
            )
        kind = next(iter(report), "output")
        number = reader.integer(report.get(kind), f"{kind} report", 0, 255)
        cut = reader.integer(image["cut"], "cut", 1, self._size) if "cut" in image else 0
        items = reader.items(keys.get("fields"), "fields")
        if len(items) > MOST_FIELDS:
            reader.fault(
                items[MOST_FIELDS], f"more than {MOST_FIELDS} fields; join bytes that stand together"
            )
        fields = [field for item in items[:MOST_FIELDS] if (field := self._field(item)) is not None]
        every = self._seconds(keys.get("every"), "every", 0.05, 10, EVERY_MS)
        refresh = self._seconds(keys.get("refresh"), "refresh", 0, 3600, REFRESH_MS)
        return Display(self._size, tuple(fields), number, kind == "feature", cut, every, refresh)

    def _seconds(self, node: Node | None, what: str, low: float, high: float, otherwise: int) -> int:
        if node is None:
            return otherwise
        text = self._reader.text(node, what)
        seconds = float(text) if DECIMAL.fullmatch(text) else -1.0
        if text and not low <= seconds <= high:
            self._reader.fault(node, f"{what} is {quoted(text)}; use seconds from {low:g} to {high:g}")
        return round(seconds * 1000)

    def _field(self, node: Node) -> Field | None:
        reader = self._reader
        found = reader.mapping(node, FIELD_KEYS, "a field of the display", needed=("at",))
        forms = [form for form in ("bytes", "text", "of") if form in found]
        if len(forms) != 1:
            if found:
                reader.fault(node, f"{' and '.join(forms) or 'nothing to show'} given; use {FIELD_FORMS}")
            return None
        match forms[0]:
            case "bytes":
                keys = reader.mapping(node, BYTES_KEYS, "a field of bytes")
                data = [
                    reader.integer(item, "byte", 0, 255) for item in reader.items(keys.get("bytes"), "bytes")
                ]
                return ShownBytes(self._at(keys, len(data)), tuple(data), self._when(keys))
            case "text":
                return self._text_field(
                    reader.mapping(node, TEXT_KEYS, "a field of text", needed=("length",))
                )
        if "values" in found:
            return self._choice(reader.mapping(node, CHOICE_KEYS, "a field with values"))
        return self._number(reader.mapping(node, NUMBER_KEYS, "a field with a number"))

    def _at(self, keys: Fields, length: int) -> int:
        """Return where a field begins, so that all of it is in the picture."""
        most = self._size - length
        if most < 0 and "at" in keys:
            self._reader.fault(
                keys["at"], f"the field has {length} bytes, and the image {self._size}; cut it"
            )
        return self._reader.integer(keys.get("at"), "at", 0, max(most, 0))

    def _value(self, node: Node | None, fits: Sequence[str], what: str) -> str:
        """Return the name of a value, one of those that fit here."""
        name = self._reader.text(node, what)
        if name and name not in fits:
            if name in self._known:
                right = f"use one such as {', '.join(fits[:4])}" if fits else "it can be shown in a text"
                self._reader.fault(node, f"{quoted(name)} cannot be shown like this; {right}")
            else:
                near = suggestion(name, self._known, "see the list in docs/displays.md")
                self._reader.fault(node, f"{quoted(name)} is nothing that can be shown; {near}")
            return ""
        return name

    def _form(self, keys: Fields, forms: str = TYPES) -> tuple[str, int]:
        """Return the type and the mask."""
        reader = self._reader
        form = reader.text(keys["type"], "type") if "type" in keys else "u8"
        allows_split = forms != TYPES
        if not TYPE.fullmatch(form) and not (allows_split and form == SPLIT16):
            reader.fault(keys.get("type"), f"{quoted(form)} is no type; use {forms}")
            return "u8", 0
        given = [key for key in ("mask", "bit") if key in keys]
        if len(given) > 1:
            reader.fault(keys["bit"], "bit and mask say the same in two ways; keep one of them")
        if given and not form.startswith("u"):
            reader.fault(keys[given[0]], f"{form} has no bits to pick; use a type that begins with u")
        bits = size_of(form) * 8
        if "bit" in keys:
            return form, 1 << reader.integer(keys["bit"], "bit", 0, bits - 1)
        mask = reader.integer(keys["mask"], "mask", 1, (1 << bits) - 1) if "mask" in keys else 0
        if mask and mask // (mask & -mask) & (mask // (mask & -mask) + 1):
            reader.fault(
                keys["mask"], f"the bits of {mask:#x} do not stand together; make several fields of them"
            )
        return form, mask

    def _number(self, keys: Fields) -> ShownNumber:
        reader = self._reader
        fits = [name for name in self._known if is_number(name)]
        form, mask = self._form(keys, f"{TYPES}, or {SPLIT16}")
        if "decimals" in keys and form != SPLIT16:
            reader.fault(keys["decimals"], f"decimals are for {SPLIT16}; of a whole number, use times")
        return ShownNumber(
            self._at(keys, size_of(form)),
            self._value(keys.get("of"), fits, "of"),
            form,
            mask,
            self._decimal(keys.get("times"), "times", "1"),
            self._decimal(keys.get("most"), "most", ""),
            reader.integer(keys["decimals"], "decimals", 0, 4) if "decimals" in keys else 4,
            self._when(keys),
        )

    def _decimal(self, node: Node | None, what: str, otherwise: str) -> str:
        if node is None:
            return otherwise
        text = self._reader.text(node, what)
        if text and not (DECIMAL.fullmatch(text) and 1e-6 <= float(text) <= 1e9):
            self._reader.fault(node, f"{what} is {quoted(text)}; use a number from 0.000001 to 1000000000")
            return otherwise
        return text

    def _choice(self, keys: Fields) -> ShownChoice:
        reader = self._reader
        form, mask = self._form(keys)
        value = self._value(keys.get("of"), [*self._words(), DISTANCE], "of")
        most = (mask or (1 << size_of(form) * 8) - 1) // (mask & -mask or 1)
        known = self._positions(value)
        values = []
        for name, place, number in reader.entries(keys["values"], "values"):
            if value == DISTANCE and DECIMAL.fullmatch(name):
                name = decimal_text(float(name))  # noqa: PLW2901  # 0.10 is 0.1
            elif value == DISTANCE:
                reader.fault(place, f"{quoted(name)} is no distance; use a number such as 0.01")
            elif value and name not in known:
                reader.fault(place, f"{value} is never {quoted(name)}; {suggestion(name, known)}")
            values.append((name, reader.integer(number, f"value for {name}", 0, most)))
        return ShownChoice(self._at(keys, size_of(form)), value, tuple(values), form, mask, self._when(keys))

    def _words(self) -> list[str]:
        """Return what is always one of a few words."""
        return [*NAMES, CORE_NUMBERS[1], *(name for name in self._known if is_bit(name))]

    def _positions(self, value: str) -> tuple[str, ...]:
        return words_of(value, (*AXIS_LETTERS, *TARGETS), (*self._scales, *TARGETS))

    def _when(self, keys: Fields) -> When:
        """Return when a field is there."""
        reader, when = self._reader, []
        for name, place, node in reader.entries(keys["when"], "when") if "when" in keys else ():
            if name not in self._words():
                near = suggestion(name, self._words(), "use axis, scale, target, mode or a bit")
                reader.fault(place, f"{quoted(name)} is nothing to depend on; {near}")
                continue
            items = reader.items(node, f"words for {name}") if isinstance(node, SequenceNode) else [node]
            words = [reader.choice(item, self._positions(name), f"word for {name}") for item in items]
            when.append((name, tuple(words)))
        return tuple(when)

    def _text_field(self, keys: Fields) -> ShownText:
        reader, node = self._reader, keys["text"]
        length = reader.integer(keys.get("length"), "length", 1, MOST_TEXT)
        reader.text(node, "text")  # says what is wrong with it
        # As it was written: blanks at its ends are meant.
        text = str(node.value) if isinstance(node.value, str) else ""
        parts: list[TextPart] = []
        at = 0
        while at < len(text):
            if found := LITERAL.match(text, at):
                parts.append(TextPart(found[0]))
            elif found := PLACEHOLDER.match(text, at):
                parts.append(self._placeholder(node, found))
            else:
                reader.fault(
                    node,
                    f"{quoted(text[at:])} is no ASCII text, or no value; use {{VALUE}}, {{VALUE:WIDTH}} or "
                    f"{{x.shown:9.3}}",
                )
                break
            at = found.end()
        return ShownText(self._at(keys, length), length, tuple(parts), self._when(keys))

    def _placeholder(self, node: Node, found: re.Match[str]) -> TextPart:
        value = found["value"]
        if value not in self._known:
            near = suggestion(value, self._known, "see the list in docs/displays.md")
            self._reader.fault(node, f"{quoted(value)} is nothing that can be shown; {near}")
        times = found["times"] or "1"
        if not float(times):
            self._reader.fault(node, f"{quoted(found[0])} is always 0; multiply by something else")
        return TextPart("", value, int(found["width"] or 0), int(found["decimals"] or 0), times)
