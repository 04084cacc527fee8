# SPDX-License-Identifier: GPL-2.0-or-later
"""From what is to be shown to the reports that show it. Pure.

Nothing wraps around: what is too large is shown as the largest that there is room for, and what is no
number as 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isnan

from hal_mpg.arming import SHORT, WhyNot
from hal_mpg.display_layout import (
    CORE_NUMBERS,
    DISTANCE,
    NAMES,
    POSITIONS,
    SHOW_RELATIVE,
    SPLIT16,
    VALUE_PINS,
    Display,
    ShownBytes,
    ShownChoice,
    ShownNumber,
    ShownText,
    TextPart,
    decimal_text,
    is_bit,
    size_of,
)
from hal_mpg.lean_typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Literal

WORDS = 1 << 16
"""How many whole numbers the first word of a SPLIT16 takes."""

SPLIT_UNIT = 10_000
"""Of the second word of a SPLIT16."""


class Core(NamedTuple):
    """What hal_mpg itself knows. Selectors: the names of their positions, "off" where there is none.

    `distance` of one detent in machine units; `is_marked`: that is what is printed on the knob.
    """

    axis: str = "off"
    scale: str = "off"
    target: str = "off"
    distance: float = 0.0
    is_marked: bool = True
    why_not: int = int(WhyNot.NO_DEVICE)
    armed: bool = False
    connected: bool = False
    estop: bool = False
    inch: bool = False


class Shown:
    """Everything that can be shown at one moment. `pins`: inputs and buttons by their names; others are 0."""

    def __init__(self, core: Core, pins: Mapping[str, float | bool]) -> None:
        self._core = core
        self._pins = pins

    def number(self, value: str) -> float:
        """Return a number. Bits are 0 and 1; what is no number, as HAL has it, is 0."""
        if is_bit(value):
            return float(self.bit(value))
        if value in CORE_NUMBERS:
            found = self._core.distance if value == DISTANCE else self._core.why_not
        else:
            found = self._pins.get(VALUE_PINS.get(value) or self._position_pin(value), 0.0)
        return 0.0 if isnan(found) else float(found)

    def _position_pin(self, value: str) -> str:
        letter, _, what = value.partition(".")
        if what == POSITIONS[2]:
            what = POSITIONS[bool(self._pins.get(SHOW_RELATIVE))]
        return f"axis.{letter}.{what}"

    def bit(self, value: str) -> bool:
        """Return whether something is TRUE."""
        core = self._core
        own = {
            "armed": core.armed,
            "connected": core.connected,
            "estop": core.estop,
            "inch": core.inch,
            "distance-as-marked": core.is_marked,
        }
        return own[value] if value in own else bool(self._pins.get(value))

    def word(self, value: str) -> str:
        """Return what a value is, in a word."""
        if value in NAMES:
            return self._mode() if value == "mode" else str(getattr(self._core, value))
        if is_bit(value):
            return "true" if self.bit(value) else "false"
        return decimal_text(self.number(value))

    def _mode(self) -> str:
        modes = {"mode-is-manual": "manual", "mode-is-auto": "auto", "mode-is-mdi": "mdi"}
        return next((mode for pin, mode in modes.items() if self._pins.get(pin)), "off")

    def text(self, part: TextPart) -> str:
        """Return part of a text: names to the left, numbers to the right; a number too long for it is ###."""
        if not part.value:
            return part.text
        if part.value == CORE_NUMBERS[1]:
            return SHORT[WhyNot(self._core.why_not)].ljust(part.width)
        if part.value in NAMES or is_bit(part.value):
            word = self.word(part.value).upper()
            return ("" if word == "OFF" and part.value in NAMES[2:] else word).ljust(part.width)
        number = self.number(part.value) * float(part.times)
        text = f"{number:.{part.decimals}f}"
        if not float(text):
            text = text.removeprefix("-")
        return text.rjust(part.width) if len(text) <= (part.width or len(text)) else "#" * part.width


def image(display: Display, shown: Shown) -> bytes:
    """Return the picture of what is to be shown: the fields in their order, each over those before it."""
    data = bytearray(display.size)
    for field in display.fields:
        if all(shown.word(value) in words for value, words in field.when):
            _DRAW[type(field)](data, field, shown)
    return bytes(data)


def reports(display: Display, picture: bytes) -> list[bytes]:
    """Return the reports that a picture is sent as, each with its id (0: none) before it, padded with 0."""
    cut = display.cut or display.size
    head = bytes([display.report])
    return [head + picture[at : at + cut].ljust(cut, b"\0") for at in range(0, display.size, cut)]


def _draw_bytes(data: bytearray, field: ShownBytes, _: Shown) -> None:
    data[field.at : field.at + len(field.data)] = bytes(field.data)


def _draw_number(data: bytearray, field: ShownNumber, shown: Shown) -> None:
    number = shown.number(field.value) * float(field.times)
    if field.most:
        number = _within(number, -float(field.most), float(field.most))
    if field.form == SPLIT16:
        data[field.at : field.at + 4] = _split16(number, field.decimals)
    else:
        _put(data, field.at, field.form, field.mask, number)


def _draw_choice(data: bytearray, field: ShownChoice, shown: Shown) -> None:
    bits = dict(field.values).get(shown.word(field.value))
    if bits is not None:
        _put(data, field.at, field.form, field.mask, bits)


def _draw_text(data: bytearray, field: ShownText, shown: Shown) -> None:
    text = "".join(shown.text(part) for part in field.parts)[: field.length].ljust(field.length)
    data[field.at : field.at + field.length] = text.encode("ascii", "replace")


def _put(data: bytearray, at: int, form: str, mask: int, number: float) -> None:
    """Write a whole number into the bits that `mask` picks, or all; the others stay as they are."""
    size = size_of(form)
    order: Literal["big", "little"] = "big" if form.endswith("be") else "little"
    everything = (1 << size * 8) - 1
    if form.startswith("s"):
        low, high = -(everything + 1 >> 1), everything >> 1
    else:
        low, high = 0, mask // (mask & -mask) if mask else everything
    value = round(_within(number, low, high)) & everything
    if mask:
        before = int.from_bytes(data[at : at + size], order)
        value = (before & ~mask) | (value * (mask & -mask) & mask)
    data[at : at + size] = value.to_bytes(size, order)


def _split16(number: float, decimals: int) -> bytes:
    most = WORDS - 10.0**-decimals  # rounding does not get beyond it
    number = round(_within(number, -most, most), decimals)
    whole, part = divmod(round(abs(number) * SPLIT_UNIT), SPLIT_UNIT)
    is_negative = number < 0 and (whole or part)
    return whole.to_bytes(2, "little") + (part | 0x8000 * bool(is_negative)).to_bytes(2, "little")


def _within(number: float, low: float, high: float) -> float:
    return min(max(number, low), high)


_DRAW: dict[type, Callable[..., None]] = {
    ShownBytes: _draw_bytes,
    ShownNumber: _draw_number,
    ShownChoice: _draw_choice,
    ShownText: _draw_text,
}
