# SPDX-License-Identifier: GPL-2.0-or-later
"""The terminal of tools that are operated by single keys."""

from __future__ import annotations

import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def keys_at_once(terminal: int) -> Iterator[None]:
    """Get each key when it is pressed, and show none; Ctrl-C stays a signal, Ctrl-Z is nothing."""
    before = termios.tcgetattr(terminal)
    tty.setcbreak(terminal)
    now = termios.tcgetattr(terminal)
    now[6][termios.VSUSP] = b"\0"
    termios.tcsetattr(terminal, termios.TCSANOW, now)
    try:
        yield
    finally:
        with suppress(termios.error):  # the terminal has gone
            termios.tcsetattr(terminal, termios.TCSADRAIN, before)
