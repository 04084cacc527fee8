# SPDX-License-Identifier: GPL-2.0-or-later
"""Photographs of LinuxCNC's GUIs with the panel, in docs/pictures: GUI-STAGE.png, where documents show them.

    python3 -m tests.gui.pictures           (`make pictures`)

What the panel said in words is written into each file, too, so that a test can tell whether it is what the
software shows today; what else there is to be seen is compared coarsely, for a clock goes on, and fonts are
not the same everywhere.
"""

from __future__ import annotations

import base64
import importlib
import importlib.util
import io
import json
from itertools import groupby
from pathlib import Path
from typing import Any

from tests.gui import bed

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"

STAGES = {"ready": "still", "estop": "estop"}
"""The photographs, and the notes of what the panel said when each was taken."""

SHOWN = {"axis": "ready", "gmoccapy": "estop", "qtdragon": "ready"}
"""Which of them the documents show."""

LARGEST = 100_000
"""Bytes in a picture."""

SAID = "panel"
"""The PNG text in which the panel's words are."""

STRIP = 240
"""Pixels: less than the panel is wide."""

FIELD = 80
"""Pixels: less than the reason's field is high, and more than a lamp."""

NEAR = 48
"""Of 255, in each of red, green and blue."""

Color = tuple[int, int, int]

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
    """Return how many pixels high the capitals of the reason are, in its own colors, at the right side.

    0 where there is no field of that color, at least FIELD pixels high: a lamp is lower.
    """
    image: Any = importlib.import_module("PIL.Image")
    opened = image.open(io.BytesIO(picture)).convert("RGB")
    words = json.loads(image.open(io.BytesIO(picture)).text[SAID])
    letters, field = tones()[{"READY": "live", "E-STOP": "stop"}[words[0]["why"]]]  # one line of capitals
    best = 0
    for left in range(opened.width * 6 // 10, opened.width - STRIP, STRIP // 6):
        strip = opened.crop((left, 0, left + STRIP, opened.height))
        rows = [(_share(strip, y, field), _share(strip, y, letters)) for y in range(strip.height)]
        for is_field, run in groupby(rows, key=lambda row: row[0] > 0.3):
            found = list(run)
            # Above the letters there is nothing but the field, where the strip is all within it.
            if is_field and len(found) >= FIELD and found[FIELD // 16][0] > 0.99:
                lit = [len(list(part)) for has, part in groupby(found, key=lambda row: row[1] > 0.02) if has]
                best = max(best, *lit, 0)
    return best


def tones() -> dict[str, tuple[Color, Color]]:
    """Return the colors of a panel's reason and of its field, by what the reason amounts to."""
    spec = importlib.util.spec_from_file_location("mpg_panel", bed.ROOT / "config/mpg_panel.py")
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {tone: (_rgb(words), _rgb(field)) for tone, (words, field) in module.TONES.items()}


def _rgb(color: str) -> Color:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _share(strip: Any, y: int, color: Color) -> float:
    """Return how much of a row has a color, or nearly that: the photographs have few colors."""
    row = [strip.getpixel((x, y)) for x in range(0, strip.width, 2)]
    return sum(max(abs(a - b) for a, b in zip(pixel, color, strict=True)) < NEAR for pixel in row) / len(row)


def main() -> None:
    """Make all of them anew."""
    for gui in bed.GUIS:
        stage = SHOWN[gui]
        path = FOLDER / f"{gui}-{stage}.png"
        path.write_bytes(photograph(bed.played(gui), stage))
        print(path.name, path.stat().st_size)


if __name__ == "__main__":
    main()
