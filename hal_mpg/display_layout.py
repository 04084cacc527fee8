# SPDX-License-Identifier: GPL-2.0-or-later
"""What a profile says of a pendant's display: which bytes show what, in which reports, and how often.

Beside `profile`, and not in it, so that a start with another pendant need not import it. Everything here is
made of plain values and tuples of them: see profile_cache. Decimals are texts, times are milliseconds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from hal_mpg.arming import WhyNot
from hal_mpg.lean_typing import NamedTuple
from hal_mpg.profile import AXIS_LETTERS

EVERY_MS, REFRESH_MS = 100, 2000
"""How often another picture is sent, at the most; and the same one again, where the profile does not say."""

MOST_BYTES = 1024
"""Of one picture."""

MOST_FIELDS = 128
"""Of one picture: each takes some microseconds of the loop's time."""

POSITIONS = ("position", "position-relative", "shown")
"""What can be shown of each axis L, as `L.position`: in machine coordinates, in work coordinates, or in
those that the pin `show-relative` selects."""

VALUE_PINS = {
    "feed-override": "feed-override.value",
    "rapid-override": "rapid-override.value",
    "spindle-override": "spindle-override.value",
    "max-velocity": "max-velocity.value",
    "current-velocity": "current-velocity",
    "spindle-speed": "spindle-speed",
}
"""Numbers that HAL gives, and their input pins: overrides (1.0 is 100 %), machine units/s, units/s, rpm."""

DISTANCE = "distance"
CORE_NUMBERS = (DISTANCE, "why-not")
"""Numbers that hal_mpg knows: what one detent is at the selected scale, on the selected axis, or else on a
linear one, in machine units; and the value of its pin `why-not`."""

SHOW_RELATIVE = "show-relative"
MODE_PINS = ("mode-is-auto", "mode-is-mdi")
GATES = ("machine-is-on", "mode-is-manual")
CORE_BITS = ("armed", "connected", "estop", "inch", "distance-as-marked")
"""What hal_mpg knows as TRUE or FALSE. `inch`: the machine's unit. `distance-as-marked`: one detent is what
the profile's increment of that scale is in mm, which is what is printed on the knob; or none is selected."""

BITS = (*CORE_BITS, *GATES, *MODE_PINS, SHOW_RELATIVE)
NAMES = ("axis", "scale", "target", "mode")
"""What is a word: the positions of the two selectors, what override the wheel turns, manual, auto or mdi."""

MODES = ("manual", "auto", "mdi")

SPLIT16 = "split16"
"""A number as two words, each with its low byte first: the whole part; and four decimals, with the sign in
bit 15. That is how the pendants of XHC take positions (LinuxCNC's xhc-hb04.cc, xhc_encode_float)."""


BUTTON = "button."
"""What the names of the profile's buttons begin with: TRUE while one is held."""

When = tuple[tuple[str, tuple[str, ...]], ...]
"""For each of some values, the words of which it has to be one."""


def is_bit(value: str) -> bool:
    """Tell whether a value is TRUE or FALSE."""
    return value in BITS or value.startswith(BUTTON)


def is_number(value: str) -> bool:
    """Tell whether a value is a number; bits are numbers, too: 0 and 1."""
    letter, _, what = value.partition(".")
    return (
        value in VALUE_PINS
        or value in CORE_NUMBERS
        or is_bit(value)
        or (letter in AXIS_LETTERS and what in POSITIONS)
    )


class ShownBytes(NamedTuple):
    """Bytes that are always the same. All fields are there only while values are as `when` says."""

    at: int
    data: tuple[int, ...]
    when: When = ()


class ShownNumber(NamedTuple):
    """A number: `value` times `times`, no larger than `most` either way ("": what there is room for).

    `form` is u8, s16le and so on, or SPLIT16, which is rounded to `decimals`. `mask` picks the bits that it
    has, 0: all.
    """

    at: int
    value: str
    form: str = "u8"
    mask: int = 0
    times: str = "1"
    most: str = ""
    decimals: int = 4
    when: When = ()


class ShownChoice(NamedTuple):
    """Bits by what a value is: those of the one of `values` that it is; where it is none, nothing changes.

    Of `distance`, these are numbers as `decimal_text` writes them.
    """

    at: int
    value: str
    values: tuple[tuple[str, int], ...]
    form: str = "u8"
    mask: int = 0
    when: When = ()


class TextPart(NamedTuple):
    """Part of a text: `text` as it stands, or where `value` is given, that, in at least `width` characters.

    A number is multiplied by `times` and has so many `decimals`.
    """

    text: str
    value: str = ""
    width: int = 0
    decimals: int = 0
    times: str = "1"


class ShownText(NamedTuple):
    """ASCII text of `length` bytes, filled up with blanks."""

    at: int
    length: int
    parts: tuple[TextPart, ...]
    when: When = ()


class Display(NamedTuple):
    """A display that is told its whole picture: `size` bytes, as one report, or cut into several.

    `report`: their id; 0: the device's reports have none. `cut`: bytes of each report beside the id; 0: all.
    """

    size: int
    fields: tuple[ShownBytes | ShownNumber | ShownChoice | ShownText, ...]
    report: int = 0
    is_feature: bool = False
    cut: int = 0
    every_ms: int = EVERY_MS
    refresh_ms: int = REFRESH_MS

    def values(self) -> tuple[str, ...]:
        """Return the values that it shows, each once."""
        found: list[str] = []
        for field in self.fields:
            if isinstance(field, ShownText):
                found += [part.value for part in field.parts if part.value]
            elif not isinstance(field, ShownBytes):
                found.append(field.value)
            found += [value for value, _ in field.when]
        return tuple(dict.fromkeys(found))

    def input_pins(self, axes: Collection[str]) -> Iterator[tuple[str, str]]:
        """Yield the input pins that it needs beside those that are there anyway, as (name, kind).

        `axes`: those that the machine has. Of others nothing can be shown.
        """
        values = self.values()
        for letter in AXIS_LETTERS:
            wanted = {value.partition(".")[2] for value in values if value.startswith(f"{letter}.")}
            for what in POSITIONS[:2] if letter in axes else ():
                if wanted & {what, POSITIONS[2]}:
                    yield f"axis.{letter}.{what}", "float"
        for value, pin in VALUE_PINS.items():
            if value in values:
                yield pin, "float"
        for pin in MODE_PINS:
            if pin in values or "mode" in values:
                yield pin, "bit"
        if SHOW_RELATIVE in values or any(value.endswith(f".{POSITIONS[2]}") for value in values):
            yield SHOW_RELATIVE, "bit"


def decimal_text(number: float) -> str:
    """Return a distance as a word: two that are the same but for what floats cannot have are one word."""
    return f"{number:.6g}"


def size_of(form: str) -> int:
    """Return how many bytes a form takes: u8, s16le, u32be, ..., or SPLIT16."""
    return 4 if form == SPLIT16 else int("".join(filter(str.isdigit, form))) // 8


def words_of(value: str, axes: Sequence[str], scales: Sequence[str]) -> tuple[str, ...]:
    """Return the words that a value can be; none for numbers that can be anything.

    `axes`, `scales`: the positions that the selectors can have.
    """
    match value:
        case "axis":
            return (*axes, "off")
        case "scale":
            return (*scales, "off")
        case "target":
            return (*(name for name in (*axes, *scales) if name in VALUE_PINS), "off")
        case "mode":
            return (*MODES, "off")
        case "why-not":
            return tuple(str(int(reason)) for reason in WhyNot)
    return ("false", "true") if is_bit(value) else ()


_WHEN = [(str, [str])]
SHAPES: dict[type, tuple[object, ...]] = {
    ShownBytes: (int, [int], _WHEN),
    ShownNumber: (int, str, str, int, str, str, int, _WHEN),
    ShownChoice: (int, str, [(str, int)], str, int, _WHEN),
    TextPart: (str, str, int, int, str),
    ShownText: (int, int, [TextPart], _WHEN),
    Display: (int, [{ShownBytes, ShownNumber, ShownChoice, ShownText}], int, bool, int, int, int),
}
"""The fields of each record, in profile_cache's form."""
