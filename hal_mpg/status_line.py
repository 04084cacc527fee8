# SPDX-License-Identifier: GPL-2.0-or-later
"""One line on a terminal that says how far something is; where standard error is none, nothing."""

from __future__ import annotations

import os
import sys

CLEAR = "\r\x1b[K"


class StatusLine:
    """Is shown anew every `every_s` at most, and only where it says something else."""

    def __init__(self, every_s: float) -> None:
        self._is_terminal = sys.stderr is not None and sys.stderr.isatty()
        self._every_s = every_s
        self._next = 0.0
        self._shown = ""

    def is_due(self, now: float) -> bool:
        """Tell whether it is time to show something."""
        return self._is_terminal and now >= self._next

    def show(self, text: str, now: float) -> None:
        """Show a text, as far as there is room in one line."""
        self._next = now + self._every_s
        text = text[: _columns() - 1]
        if text != self._shown:
            self._shown = text
            print(f"{CLEAR}{text}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            print(CLEAR, end="", file=sys.stderr, flush=True)


def _columns() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except OSError:
        return 80
