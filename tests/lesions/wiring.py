# SPDX-License-Identifier: GPL-2.0-or-later
"""The sample configuration as a list of its lines: what can be taken away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ARROWS = ("=>", "<=", "<=>")


@dataclass(frozen=True, slots=True)
class Line:
    """One command of a HAL file. `text` has single spaces; INI variables stand for themselves."""

    text: str
    file: str

    @property
    def kind(self) -> str:
        """The command: net, setp, addf, loadrt, loadusr."""
        return self.text.split()[0]

    @property
    def words(self) -> list[str]:
        """What follows the command, without arrows."""
        return [word for word in self.text.split()[1:] if word not in ARROWS]


def lines(ini: Path) -> list[Line]:
    """Return the lines of all HAL files that an INI file names, and its HALCMD lines, in their order."""
    return list(_lines(ini))


def _lines(ini: Path) -> Iterator[Line]:
    for key, value in re.findall(r"^(HALFILE|HALCMD)\s*=\s*(.+)$", ini.read_text(), re.MULTILINE):
        texts = [value] if key == "HALCMD" else (ini.parent / value.strip()).read_text().splitlines()
        for text in texts:
            words = " ".join(text.split("#")[0].split())
            if words:
                yield Line(words, ini.name if key == "HALCMD" else value.strip())
