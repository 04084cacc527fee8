# SPDX-License-Identifier: GPL-2.0-or-later
"""The lines of a HAL file, and how comments are set in it."""

from __future__ import annotations

import textwrap

WIDTH = 100


class Page:
    """A HAL file in the making."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def say(self, text: str) -> None:
        """Add a paragraph of comment. A backslash at the end of a line would join the next one to it."""
        text = text.replace("\\", "/")
        self._lines += textwrap.wrap(
            text, WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False
        )

    def draw(self, text: str) -> None:
        """Add comment whose lines stay as they are."""
        self._lines += [f"# {line}".rstrip(" \\") for line in text.splitlines()]

    def title(self, text: str) -> None:
        """Start a part of the file."""
        self._lines += ["", f"# ---- {text} ".ljust(WIDTH, "-")]

    def gap(self) -> None:
        """Add an empty line."""
        self._lines.append("")

    def do(self, *commands: str) -> None:
        """Add commands."""
        self._lines += commands

    def text(self) -> str:
        """Return the file's text."""
        return "\n".join(self._lines).strip() + "\n"
