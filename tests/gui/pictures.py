# SPDX-License-Identifier: GPL-2.0-or-later
"""Photographs of LinuxCNC's GUIs with the panel, in docs/pictures: GUI-STAGE.png.

    python3 -m tests.gui.pictures           (`make pictures`)

What the panel said in words is written into each file, too, so that a test can tell whether it is what the
software shows today; what else there is to be seen is compared coarsely, for a clock goes on, and fonts are
not the same everywhere.
"""

from __future__ import annotations

import base64
import importlib
import io
import json
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

from tests.gui import bed

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"

STAGES = {"ready": "still", "estop": "estop"}
"""The pictures, and the notes of what the panel said when each was taken."""

LARGEST = 100_000
"""Bytes in a picture."""

SAID = "panel"
"""The PNG text in which the panel's words are."""

STRIP = 240
"""Pixels: less than the panel is wide."""

COARSE = (32, 24)
MOST_DIFFERENT = 12.0
"""Of 255, on the average of the coarse picture: a panel that is missing makes 30, a clock 0.2."""


def of(gui: str, stage: str) -> bytes:
    """Return the picture that the project has."""
    return (FOLDER / f"{gui}-{stage}.png").read_bytes()


def photograph(notes: dict[str, Any], stage: str) -> bytes:
    """Return the photograph of a run as a PNG file that says what its panel said."""
    from_bytes: Any = importlib.import_module("PIL.Image")
    png: Any = importlib.import_module("PIL.PngImagePlugin")
    image = from_bytes.open(io.BytesIO(base64.b64decode(notes["photos"][stage])))
    words = png.PngInfo()
    note = notes[STAGES[stage]]
    words.add_text(SAID, json.dumps([note["texts"], sorted(note["lit"])], sort_keys=True))
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True, pnginfo=words)
    return file.getvalue()


def said(picture: bytes) -> Any:
    """Return what the panel said when the picture was taken."""
    image: Any = importlib.import_module("PIL.Image")
    return json.loads(image.open(io.BytesIO(picture)).text[SAID])


def difference(one: bytes, other: bytes) -> float:
    """Return how much two pictures differ, of 255, when they are looked at from far away."""
    image: Any = importlib.import_module("PIL.Image")
    coarse = [image.open(io.BytesIO(each)).convert("L").resize(COARSE, image.BOX) for each in (one, other)]
    pairs = list(zip(*(each.getdata() for each in coarse), strict=True))
    return sum(abs(left - right) for left, right in pairs) / len(pairs)


def height_of_reason(picture: bytes) -> int:
    """Return how many pixels high the capitals of the reason are: yellow on black, at the right side."""
    image: Any = importlib.import_module("PIL.Image")
    opened = image.open(io.BytesIO(picture)).convert("RGB")
    words = json.loads(image.open(io.BytesIO(picture)).text[SAID])
    assert words[0]["why"] in ("READY", "E-STOP"), "one line of capitals is measured"
    best = 0
    for left in range(opened.width * 6 // 10, opened.width - STRIP, STRIP // 2):
        strip = opened.crop((left, 0, left + STRIP, opened.height))
        black = [_share(strip, y, _is_black) > 0.3 for y in range(strip.height)]
        yellow = [b and _share(strip, y, _is_yellow) > 0.02 for y, b in enumerate(black)]
        best = max(best, *(len(list(run)) for lit, run in groupby(yellow) if lit), 0)
    return best


def _share(strip: Any, y: int, condition: Callable[..., bool]) -> float:
    row = [strip.getpixel((x, y)) for x in range(0, strip.width, 2)]
    return sum(condition(*pixel) for pixel in row) / len(row)


def _is_black(red: int, green: int, blue: int) -> bool:
    return max(red, green, blue) < 40


def _is_yellow(red: int, green: int, blue: int) -> bool:
    return red > 190 and green > 160 and blue < 140


def main() -> None:
    """Make all of them anew."""
    for gui in bed.GUIS:
        notes = bed.played(gui)
        for stage in STAGES:
            path = FOLDER / f"{gui}-{stage}.png"
            path.write_bytes(photograph(notes, stage))
            print(path.name, path.stat().st_size)


if __name__ == "__main__":
    main()
