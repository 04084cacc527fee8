#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the words of the panels into config/mpg-panel.xml and config/mpg_panel.py, from hal_mpg's own.

    python3 tools/panel_words.py            (`make schema` does; a test compares)

LinuxCNC's GUIs run the panels, in a Python that need not have hal_mpg, so the words stand in those files.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from hal_mpg.arming import SHORT, WORDS, WhyNot  # noqa: E402
from hal_mpg.pins import PANEL_NAMES, PANEL_UNITS  # noqa: E402

XML, PYTHON = ROOT / "config/mpg-panel.xml", ROOT / "config/mpg_panel.py"

WIDTH = 6.8
"""What fits into one line of a panel's largest words, in the font's size: 332 pixels at 48, and some air."""

NARROW = {" ": 0.35, "I": 0.38, "-": 0.42, "L": 0.64, "E": 0.69, "F": 0.69, "T": 0.69, "M": 1.0, "W": 1.11}
"""How wide letters are, in the font's size: of DejaVu Sans Bold, which is a wide one."""

USUAL = 0.86
"""The widest of the other capitals."""

BIG = {
    "": "-",
    **{letter: letter.upper() for letter in "xyzabcuvw"},
    "feed-override": "F%",
    "rapid-override": "R%",
    "spindle-override": "S%",
    "max-velocity": "VEL",
    "mpg-run": "RUN",
}
"""What stands in the place of the axis' letter, in 3 characters."""

LONG = {
    "feed-override": "feed override",
    "rapid-override": "rapid override",
    "spindle-override": "spindle override",
    "max-velocity": "max. velocity",
    "mpg-run": "runs program",
}
"""What stands in the place of a click's distance."""

UNITS = {"": "", "mm": "mm", "inch": "in", "degree": "deg"}


def width(line: str) -> float:
    """Return how wide a line of capitals is, in the font's size."""
    return sum(NARROW.get(letter, USUAL) for letter in line)


def two_lines(words: str) -> str:
    """Return words to be read from afar, in two lines where one is too narrow; ValueError if two are."""
    if width(words) <= WIDTH:
        return words
    pairs = [
        (words[: place + (char == "-")], words[place + 1 :])
        for place, char in enumerate(words)
        if char in " -"
    ]
    best = min(pairs, key=lambda lines: max(map(width, lines)), default=(words, ""))
    if max(map(width, best)) > WIDTH:
        raise ValueError(f"{words}: too wide for two lines; shorten it in hal_mpg/arming.py")
    return "\n".join(best)


def tables() -> dict[str, dict[int, str]]:
    """Return what each number of a pin means, for each table of the panels."""
    missing = set(WhyNot) - set(SHORT)
    if missing:
        raise ValueError(f"no short words for {missing}; add them in hal_mpg/arming.py")
    return {
        "WHY": {int(why): two_lines(SHORT[why] or "READY") for why in sorted(WhyNot)},
        "WHY_LONG": {int(why): WORDS[why] for why in sorted(WhyNot)},
        "SELECTED": {number: BIG[name] for number, name in enumerate(PANEL_NAMES)},
        "SELECTED_LONG": {n: LONG[name] for n, name in enumerate(PANEL_NAMES) if name in LONG},
        "UNITS": {number: UNITS[unit] for number, unit in enumerate(PANEL_UNITS)},
    }


def as_python(table: dict[int, str]) -> str:
    """Return a table as Python's text, one entry on each line."""
    lines = "".join(f"    {number}: {_quoted(words)},\n" for number, words in table.items())
    return f"{{\n{lines}}}"


def _quoted(words: str) -> str:
    return '"' + words.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def with_words(text: str, begin: str, end: str) -> str:
    """Return a panel's file with its tables as they should be.

    `begin`, with a table's name put in, and `end` are around each. ValueError where there is none.
    """
    found = 0
    for name, table in tables().items():
        pattern = rf"({re.escape(begin.format(name))})\{{.*?\n\}}({re.escape(end)})"
        new = as_python(table)
        text, times = re.subn(pattern, lambda m, new=new: m[1] + new + m[2], text, flags=re.DOTALL)
        found += times
    if not found:
        raise ValueError(f"no table between {begin} and {end}")
    return text


def made() -> dict[Path, str]:
    """Return the panels' files as they should be."""
    return {
        XML: with_words(XML.read_text(), '"{}": ', ', "__radd__"'),
        PYTHON: with_words(PYTHON.read_text(), "\n{}: dict[int, str] = ", "\n"),
    }


if __name__ == "__main__":
    for path, text in made().items():
        path.write_text(text)
