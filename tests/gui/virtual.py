# SPDX-License-Identifier: GPL-2.0-or-later
"""The pendant in a window, on a real LinuxCNC and a screen of its own: one run, and its picture."""

from __future__ import annotations

import base64
import functools
import importlib
import io
import json
from pathlib import Path
from typing import Any

from hal_mpg.profile_files import read_text
from hal_mpg.profile_parts.front import read_front
from tests.beds.linuxcnc import ROOT, require_linuxcnc, run_linuxcnc
from tests.beds.screen import SCREEN_VARIABLE, require_screen, screen

HERE = Path(__file__).parent
PICTURE = ROOT / "docs" / "pictures" / "virtual.png"
PROFILE = ROOT / "config" / "pendants" / "virtual-4axis.yaml"

OWN_PLACE = 'mkdir -m 700 "$HOME/own"; XDG_RUNTIME_DIR=$HOME/own; export XDG_RUNTIME_DIR'
"""For sh: a place for sockets that no other run of the tests has."""

LARGE = (1920, 1080)
"""Pixels: a screen on which the window is at its full size."""

SAID = "panel"
"""The PNG text in which there is what the window has: see pictures.SAID."""


def _on_the_screen(config: Path) -> None:
    """Give the window the screen that LinuxCNC itself is not to have; its shell puts in what $ is."""
    ini = config / "sim-virtual.ini"
    text = ini.read_text()
    if "\nAPP = hal_mpg virtual" not in text:
        raise ValueError("sim-virtual.ini does not open the window")
    line = f"\nAPP = /usr/bin/env DISPLAY=${SCREEN_VARIABLE} hal_mpg"
    ini.write_text(text.replace("\nAPP = hal_mpg", line))


@functools.cache
def played() -> dict[str, Any]:
    """Return what drive_virtual.py noted in one run."""
    require_linuxcnc()
    require_screen()
    driver = HERE / "drive_virtual.py"
    with screen(LARGE) as environment:
        run = run_linuxcnc("sim-virtual.ini", driver, edit=_on_the_screen, before=OWN_PLACE, env=environment)
    notes: dict[str, Any] = run.result
    return notes


def photograph(notes: dict[str, Any]) -> bytes:
    """Return the photograph of a run as a PNG file that says what the window has, and what it is made of."""
    image: Any = importlib.import_module("PIL.Image")
    png: Any = importlib.import_module("PIL.PngImagePlugin")
    picture = image.open(io.BytesIO(base64.b64decode(notes["picture"])))
    words = png.PngInfo()
    rows = read_front(read_text(PROFILE), str(PROFILE)).rows
    words.add_text(SAID, json.dumps([[[*part] for part in row] for row in rows]))
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True, pnginfo=words)
    return file.getvalue()


def main() -> None:
    """Make the picture anew."""
    PICTURE.write_bytes(photograph(played()))
    print(PICTURE.name, PICTURE.stat().st_size)


if __name__ == "__main__":
    main()
