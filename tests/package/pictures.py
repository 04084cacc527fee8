# SPDX-License-Identifier: GPL-2.0-or-later
"""Pictures for the guide of what a newcomer sees, as `make test-debian` has left them: docs/pictures/*.png.

.venv/bin/python -m tests.package.pictures
"""

from __future__ import annotations

import importlib
import io
import struct
from pathlib import Path
from typing import Any

from tests.beds.clean_debian import KEPT, ROOT

FOLDER = ROOT / "docs" / "pictures"
SUITE = "bookworm"

MADE_OF = {"picker": (0, 0, 780, 480), "newcomer": None}
"""The pictures; the part of the screen (left, top, right, bottom), or all that is not black."""

SCREENS = {"picker": "picker.xwd", "newcomer": "jogged.xwd"}


def from_xwd(data: bytes) -> Any:
    """Return the picture in a file of xwd's, of 24 bits a pixel, or of 24 in 32 (XWDFile.h)."""
    image: Any = importlib.import_module("PIL.Image")
    fields = struct.unpack(">25I", data[:100])
    header, width, height, line, colors = fields[0], fields[4], fields[5], fields[12], fields[19]
    pixels, kind = data[header + 12 * colors :], {24: "BGR", 32: "BGRX"}[fields[11]]
    return image.frombytes("RGB", (width, height), pixels, "raw", kind, line)


def png(screen: Path, part: tuple[int, int, int, int] | None) -> bytes:
    """Return a part of a photographed screen as a small PNG file."""
    picture = from_xwd(screen.read_bytes())
    picture = picture.crop(part or picture.getbbox())
    file = io.BytesIO()
    picture.quantize(64, dither=0).save(file, "PNG", optimize=True)
    return file.getvalue()


def main() -> None:
    """Make all of them anew."""
    for name, part in MADE_OF.items():
        path = FOLDER / f"{name}.png"
        path.write_bytes(png(KEPT / SUITE / SCREENS[name], part))
        print(path.name, path.stat().st_size)


if __name__ == "__main__":
    main()
