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
