# SPDX-License-Identifier: GPL-2.0-or-later
"""Draws the front of a pendant, as its profile describes it: an SVG picture, the same bytes every time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import escape
from math import cos, pi, sin
from textwrap import wrap

from hal_mpg.profile import AbsSelector, Profile, Selector, StepSelector, positions_of
from hal_mpg.profile_parts.front import GAP, OTHER, Front, Part

CELL, EDGE, GAP_Y = 132, 16, 10
"""Pixels: the width of a part, the panel's margin, the distance of the rows."""

SIZE = 12
"""Pixels: the usual size of the font."""

SMALL = 11
"""Pixels: the size of what stands under a part."""

LINE = 14
"""Pixels from one line of text to the next."""

PANEL, INK, FAINT, FACE, RED, GLASS, LIGHT = (
    *("#f6f5f0", "#22252b", "#6b7078", "#ffffff"),
    *("#c62828", "#1d3b2a", "#b9e6c4"),
)
KEY = 112
"""Pixels: the width of a key."""

EM, EM_BOLD = 0.6, 0.7
"""The width of a character, in the font's size: of the widest usual font, DejaVu Sans, on average."""


def drawing(profile: Profile, front: Front) -> str:
    """Return the picture of a pendant's front."""
    heights = [max(map(_height, row)) for row in front.rows]
    width = 2 * EDGE + CELL * max(map(len, front.rows))
    height = 2 * EDGE + sum(heights) + GAP_Y * (len(heights) - 1)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="{SIZE}" text-anchor="middle">',
        f"<title>{escape(profile.name)}</title>",
        f'<rect x="1" y="1" width="{width - 2}" height="{height - 2}" rx="14" '
        f'fill="{PANEL}" stroke="{INK}"/>',
    ]
    y = EDGE
    for row, tall in zip(front.rows, heights, strict=True):
        left = (width - CELL * len(row)) / 2
        for place, part in enumerate(row):
            lines += _part(profile, part, left + CELL * (place + 0.5), y)
        y += tall + GAP_Y
    return "\n".join([*lines, "</svg>"]) + "\n"


def _kind(part: Part) -> str:
    """Return what a part looks like."""
    name = part.controls[0]
    first = name.split(".")[0]
    if name in ("wheel", "axis", "scale", GAP) or first in _SHAPES:
        return first
    return "key"


def _height(part: Part) -> int:
    """Return how much room a part takes, in pixels, with the lines under it."""
    kind = _kind(part)
    heights = {"wheel": 130, "axis": 108, "scale": 108, GAP: 0, "estop": 104, "analog": 106, "led": 42}
    return heights.get(kind, 40) + LINE * len(_lines(part))


def _lines(part: Part) -> list[str]:
    """Return what stands under a part."""
    captions = [caption(name) for name in part.controls]
    if _kind(part) not in ("key", "display"):  # those have room for what is printed there
        both = zip(part.printed, captions, strict=True)
        captions = [f"{printed}: {words}" if printed else words for printed, words in both]
    wide = int((CELL - 4) / (EM * SMALL))
    return [
        line
        for words in captions
        for line in wrap(words, wide, break_long_words=False, break_on_hyphens=False) or [""]
    ]


def _part(profile: Profile, part: Part, x: float, y: float) -> Iterator[str]:
    """Yield what is drawn of one part, from `y` on downwards, around `x`."""
    kind = _kind(part)
    if kind == GAP:
        return
    if kind == "wheel":
        has_ring = any(name.startswith("analog.") for name in part.controls)
        yield from _ring(x, y + 64, 58) if has_ring else ()
        yield from _wheel(x, y + 64, 46) if has_ring else _wheel(x, y + 62, 60)
    elif kind in ("axis", "scale"):
        yield from _knob(profile.axis if kind == "axis" else profile.scale, x, y + 58)
    else:
        yield from _SHAPES.get(kind, _key)(x, y, part)
    lines = _lines(part)
    below = y + _height(part) - LINE * len(lines) + 10
    for number, line in enumerate(lines):
        yield _text(x, below + LINE * number, line, FAINT, size=SMALL)


def caption(name: str) -> str:
    """Return what is written beside a control: what it does, or its pin."""
    first, _, rest = name.partition(".")
    words = {
        "wheel": "wheel",
        "estop": "E-stop",
        "reset": "resets the E-stop",
        "enable": "enabling button",
        OTHER: "",
        "analog": "jogs the selected axis" if rest == "selected" else f"jogs {rest.upper()}",
    }
    if name in ("axis", "scale"):
        return f"{name} selector"
    if first == "wheel" and rest:
        return f"wheel, {rest}"
    if first in ("axis", "scale"):
        position = rest.upper() if len(rest) == 1 else rest
        return f"{rest} {first}" if rest in ("next", "previous") else f"{first}: {position}"
    return words.get(first, name)


def _ring(x: float, y: float, radius: float) -> Iterator[str]:
    """Yield a stick's or ring's face."""
    yield (f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" fill="none" stroke="{INK}" stroke-width="8"/>')


def _wheel(x: float, y: float, radius: float) -> Iterator[str]:
    scale = radius / 60
    yield f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" fill="{FACE}" stroke="{INK}" stroke-width="2"/>'
    for mark in range(50):
        angle = 2 * pi * mark / 50
        inner, outer = (50 if mark % 5 else 46) * scale, 57 * scale
        yield (
            f'<line x1="{x + inner * sin(angle):.1f}" y1="{y - inner * cos(angle):.1f}" '
            f'x2="{x + outer * sin(angle):.1f}" y2="{y - outer * cos(angle):.1f}" stroke="{INK}"/>'
        )
    yield f'<circle cx="{x:g}" cy="{y:g}" r="{40 * scale:g}" fill="{PANEL}" stroke="{INK}"/>'
    yield f'<circle cx="{x + 20 * scale:g}" cy="{y - 18 * scale:g}" r="{9 * scale:g}" fill="{INK}"/>'
    yield _text(x, y + 26 * scale, "\u2212  +", INK, bold=True)


def _knob(selector: Selector | None, x: float, y: float) -> Iterator[str]:
    """Yield a rotary switch with its positions around it; they stand in the profile's order."""
    yield f'<circle cx="{x:g}" cy="{y:g}" r="24" fill="{INK}"/>'
    yield f'<line x1="{x:g}" y1="{y - 6:g}" x2="{x:g}" y2="{y - 22:g}" stroke="{FACE}" stroke-width="4"/>'
    names = [*_before(selector), *(positions_of(selector) if selector else ())]
    for place, name in enumerate(names):
        angle = pi * (-0.72 + 1.44 * place / max(len(names) - 1, 1)) if len(names) > 1 else 0.0
        across, up = 42 * sin(angle), 42 * cos(angle)
        shown = (
            name.upper()
            if len(name) == 1
            else name.replace("-override", " %").replace("max-velocity", "max v")
        )
        anchor = "middle" if abs(across) < 15 else "start" if across > 0 else "end"
        yield (
            f'<text x="{x + across * (0.8 if anchor != "middle" else 1):.1f}" y="{y - up + 4:.1f}" '
            f'text-anchor="{anchor}" font-size="10" fill="{INK}">{escape(shown)}</text>'
        )


def _before(selector: Selector | None) -> list[str]:
    """Return "off" where a selector has such a position, which stands first on nearly every one."""
    if isinstance(selector, AbsSelector):
        return ["off"] if any(name == "off" for _, name in selector.positions) else []
    return ["off"] if isinstance(selector, StepSelector) and "off" in selector.order else []


def _key(x: float, y: float, part: Part) -> Iterator[str]:
    """Yield a key, with what is printed on it; what it does with another key held stands below, smaller."""
    fill = "#dedcd3" if part.controls[0] == OTHER else FACE
    left = x - KEY / 2
    yield f'<rect x="{left:g}" y="{y:g}" width="{KEY}" height="36" rx="6" fill="{fill}" stroke="{INK}"/>'
    upper, *lower = [text for text in part.printed if text] or [part.controls[0].split(".")[-1]]
    room = KEY - 8
    if lower:
        yield _text(x, y + 16, upper, INK, room, bold=True)
        yield _text(x, y + 30, " / ".join(lower), FAINT, room, size=10)
        return
    lines = wrap(upper, 14) if len(upper) > 14 else [upper]
    for number, line in enumerate(lines):
        yield _text(x, y + 22 - 7 * (len(lines) - 1) + 14 * number, line, INK, room, bold=True)


def _estop(x: float, y: float, part: Part) -> Iterator[str]:
    del part
    yield f'<circle cx="{x:g}" cy="{y + 52:g}" r="46" fill="#f4c430" stroke="{INK}"/>'
    yield f'<circle cx="{x:g}" cy="{y + 52:g}" r="32" fill="{RED}" stroke="{INK}"/>'


def _led(x: float, y: float, part: Part) -> Iterator[str]:
    del part
    yield f'<circle cx="{x:g}" cy="{y + 16:g}" r="9" fill="{LIGHT}" stroke="{INK}"/>'


def _display(x: float, y: float, part: Part) -> Iterator[str]:
    shown = part.printed[0] or "X  12.345"
    wide = round(max(CELL - 8, EM * SIZE * len(shown) + 16))
    yield (
        f'<rect x="{x - wide / 2:g}" y="{y:g}" width="{wide}" height="38" rx="3" '
        f'fill="{GLASS}" stroke="{INK}"/>'
    )
    yield _text(x, y + 23, shown, LIGHT, wide - 8)


def _analog(x: float, y: float, part: Part) -> Iterator[str]:
    del part
    yield from _ring(x, y + 54, 46)
    yield f'<circle cx="{x:g}" cy="{y + 54:g}" r="20" fill="{FACE}" stroke="{INK}"/>'
    yield _text(x, y + 58, "\u2212 0 +", INK)


_SHAPES: dict[str, Callable[[float, float, Part], Iterator[str]]] = {
    "estop": _estop,
    "led": _led,
    "analog": _analog,
    "display": _display,
}


def _text(
    x: float,
    y: float,
    text: str,
    color: str,
    room: float = CELL - 4,
    *,
    bold: bool = False,
    size: float = SIZE,
) -> str:
    """Return a line of text, as small as it has to be to fit into `room` pixels."""
    size = min(size, round(room / ((EM_BOLD if bold else EM) * max(len(text), 1)), 1))
    more = ' font-weight="bold"' if bold else ""
    more += f' font-size="{size:g}"' if size != SIZE else ""
    return f'<text x="{x:g}" y="{y:g}" fill="{color}"{more}>{escape(text)}</text>'
