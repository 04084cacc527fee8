# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the pictures of `monitor` and `learn` in docs/pictures, from what a terminal really shows.

    python3 -m tests.umockdev.pictures [FOLDER]        (`make pictures`)

The programs run in a pseudo-terminal, with an emulated input device (umockdev) and a scripted hand on it; a
terminal emulator (pyte) makes the screen of what they print, and each of its cells is drawn. A test makes
them anew and compares.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

import pyte

from hal_mpg.profile_files import find_profile, read_profile
from tests.beds.learner import Learner
from tests.beds.terminal import Reader, play
from tests.umockdev.bed import Bed, copy_project, wait_until
from tests.umockdev.learn_hands import MockPendant, ToolScreen
from tests.umockdev.pendants import ENABLE, ESTOP_RELEASED, X1, X10, Y, plug_pendant
from tests.umockdev.tools import Tool

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
SIZE = (80, 24)
LEARN_LINES = 2000

QUIET_S = 0.3
"""A person reads what is shown before typing: nothing new has come for so long."""

# The picture: sizes of a cell and of the frame, and the colors that pyte has names for.
CELL, LINE, MARGIN, BAR = 8.4, 18, 12, 28
FONTS = "'DejaVu Sans Mono', Menlo, Consolas, monospace"
PAPER, INK, DIM = "#1e1e1e", "#d4d4d4", "#8a8a8a"
COLORS = {
    "default": INK,
    "black": DIM,  # pyte's name for the bright one, too
    "red": "#d94848",
    "green": "#5fbf5f",
    "brown": "#d9a83c",
    "blue": "#5f8fd9",
    "magenta": "#b87fd9",
    "cyan": "#4fb8b8",
    "white": "#f2f2f2",
    "brightblack": DIM,
}

Cell = tuple[str, str, str, bool]
"""A character, its color, its background ("" for none), and whether it is bold."""


def screen(shown: str, columns: int, lines: int) -> list[list[Cell]]:
    """Return the cells of what a terminal of this size shows after this output; no empty lines at the end."""
    terminal = pyte.Screen(columns, lines)
    # pyte knows no faint characters; what is faint here has a color of its own.
    pyte.Stream(terminal).feed(shown.replace("\x1b[2m", "\x1b[90m"))
    rows = [[_cell(terminal.buffer[line][column]) for column in range(columns)] for line in range(lines)]
    while rows and not "".join(cell[0] for cell in rows[-1]).strip():
        rows.pop()
    return rows


def _cell(char: Any) -> Cell:
    color, paper = COLORS.get(char.fg, INK), COLORS.get(char.bg, "") if char.bg != "default" else ""
    if char.reverse:
        color, paper = paper or PAPER, color
    is_faint = char.fg in ("black", "brightblack")  # which pyte takes for bold
    return char.data, color, paper, char.bold and not is_faint


def text_of(rows: list[list[Cell]]) -> list[str]:
    """Return the lines without what they look like."""
    return ["".join(cell[0] for cell in row).rstrip() for row in rows]


def svg(rows: list[list[Cell]], title: str) -> str:
    """Return the picture of a screen."""
    columns = max(len(row) for row in rows)
    width, height = columns * CELL + 2 * MARGIN, len(rows) * LINE + BAR + 2 * MARGIN
    body = [line for number, row in enumerate(rows) for line in _row(row, BAR + MARGIN + number * LINE)]
    dots = [
        f'<circle cx="{16 + 18 * place}" cy="{BAR / 2 + 2:g}" r="5.5" fill="{color}"/>'
        for place, color in enumerate(("#e0605a", "#dfb13c", "#58b958"))
    ]
    place = f'x="{width / 2:g}" y="{BAR / 2 + 6:g}" text-anchor="middle"'
    head = f'<text {place} fill="{DIM}">{escape(title)}</text>'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
            f'width="{width:g}" height="{height:g}" font-family="{FONTS}" font-size="14" '
            'xml:space="preserve">',
            f"<title>{escape(title)}</title>",
            f'<rect width="100%" height="100%" rx="8" fill="{PAPER}"/>',
            *dots,
            head,
            *body,
            "</svg>",
            "",
        ]
    )


def _row(row: list[Cell], top: float) -> Iterator[str]:
    column = 0
    for look, cells in groupby(row, key=lambda cell: cell[1:]):
        text = "".join(cell[0] for cell in cells)
        color, paper, is_bold = look
        left, width = MARGIN + column * CELL, len(text) * CELL
        column += len(text)
        if paper:
            yield f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{LINE}" fill="{paper}"/>'
        if text.strip():
            bold = ' font-weight="bold"' if is_bold else ""
            yield (
                f'<text x="{left:g}" y="{top + 14:g}" fill="{color}"{bold} textLength="{width:g}">'
                f"{escape(text)}</text>"
            )


def monitor(bed: Bed) -> dict[str, str]:
    """Return the pictures of the live view: ready and turned, and with the E-stop pressed."""
    node = plug_pendant(bed, name="ACME MPG pendant", down={Y, X10, ESTOP_RELEASED}, number=5)
    tool = Tool(bed, "monitor", "--pendant", "generic-4axis", size=SIZE)
    _wait(tool, "hold the enabling button")
    node.press(ENABLE)
    _wait(tool, "READY")
    for _ in range(7):
        node.turn(1)
        time.sleep(0.02)
    _wait(tool, "REL_DIAL 1", "still", " +7 ")
    ready = screen(tool.out(), *SIZE)
    node.release(X10)
    node.press(X1)
    node.release(ESTOP_RELEASED)
    _wait(tool, "E-STOP PRESSED", "BTN_BASE4 0", "jog-stop    FALSE")
    pressed = screen(tool.out(), *SIZE)
    tool.type("q")
    tool.wait_for_end()
    node.unplug()
    return {
        "monitor.svg": svg(ready, "hal_mpg monitor"),
        "monitor-estop.svg": svg(pressed, "hal_mpg monitor"),
    }


def _wait(tool: Tool, *words: str) -> None:
    def is_there() -> bool:
        text = "\n".join(text_of(screen(tool.out(), *SIZE)))
        return all(word in text for word in words)

    wait_until(is_there, f"{words} on the screen")


class _Reading(ToolScreen):
    """A terminal whose person reads what is shown before they type."""

    def type(self, text: str) -> None:
        """Type something, when nothing new has come for a while."""
        before, since = self.read(), time.monotonic()
        while time.monotonic() < since + QUIET_S:
            time.sleep(0.02)
            if self.read() != before:
                before, since = self.read(), time.monotonic()
        super().type(text)


def learn(bed: Bed) -> dict[str, str]:
    """Return the pictures of a pendant that is learned: the beginning, and what is understood in the end."""
    profile = read_profile(find_profile("generic-4axis"))._replace(name="ACME MPG pendant")
    pendant = MockPendant(bed, profile, name="ACME MPG pendant", vendor=0x1209, product=0x4D50, number=6)
    terminal = _Reading(bed, "learn")
    learner = Learner(pendant.profile, pendant.hand, has_clicks=True)

    def choose() -> None:
        wait_until(pendant.node.is_open, "the pendant to be listened to")
        pendant.hand.turn(3)

    play(Reader(terminal), learner.answer, choose)
    terminal.tool.wait_for_end()
    rows = screen(terminal.read(), 80, LEARN_LINES)
    lines = text_of(rows)
    second = next(number for number, line in enumerate(lines) if line.startswith("3. "))
    end = next(number for number, line in enumerate(lines) if line.startswith("This is what was learned"))
    written = next(number for number, line in enumerate(lines) if line.startswith("Written"))
    return {
        "learn.svg": svg(_trimmed(rows[:second]), "hal_mpg learn"),
        "learned.svg": svg(_trimmed(rows[end : written + 1]), "hal_mpg learn"),
    }


def _trimmed(rows: list[list[Cell]]) -> list[list[Cell]]:
    """Return the lines without empty ones before and behind."""
    while rows and not text_of(rows[:1])[0]:
        rows = rows[1:]
    while rows and not text_of(rows[-1:])[0]:
        rows = rows[:-1]
    return rows


def make() -> dict[str, str]:
    """Return all pictures by the names of their files."""
    with (
        tempfile.TemporaryDirectory(prefix="hal_mpg-pictures-") as project,
        tempfile.TemporaryDirectory() as home,
    ):
        copy_project(Path(project))
        pictures: dict[str, str] = {}
        for draw in (monitor, learn):
            with tempfile.TemporaryDirectory(dir=home) as own, Bed(Path(project), Path(own)) as bed:
                Path(home).chmod(0o755)
                pictures |= draw(bed)
    return pictures


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for file, picture in make().items():
        (folder / file).write_text(picture, encoding="utf-8")
        print(folder / file)
