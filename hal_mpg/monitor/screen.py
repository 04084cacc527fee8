# SPDX-License-Identifier: GPL-2.0-or-later
"""The live view on a terminal: drawn anew whenever something has changed, until q or Ctrl-C."""

from __future__ import annotations

import io
import os
import sys
import time
from contextlib import redirect_stderr

from rich.console import Console
from rich.live import Live

from hal_mpg.monitor.picture import picture
from hal_mpg.monitor.plain import wait
from hal_mpg.monitor.shown import Reader, Shown
from hal_mpg.stop_signals import StopSignals
from hal_mpg.terminal import keys_at_once

FRAME_S = 0.05
"""From one picture to the next, at least: 20 a second is what an eye follows."""

QUIT = b"qQ\x03\x04\x1b"
"""Keys that end it; the last three are Ctrl-C where it is no signal, Ctrl-D, and Escape alone."""


class _Notes(io.StringIO):
    """Standard error while the picture is on the screen: what is said there becomes part of it."""

    def __init__(self, shown: Shown) -> None:
        super().__init__()
        self._shown = shown

    def write(self, text: str) -> int:
        """Take a message; lines that are empty are none."""
        self._shown.notes.extend(line.removeprefix("hal_mpg: ") for line in text.splitlines() if line.strip())
        return len(text)


def run(reader: Reader, seconds: float | None) -> None:
    """Show it until the user quits, a signal comes, or so many seconds have passed."""
    console = Console(highlight=False)
    end = None if seconds is None else time.monotonic() + seconds
    terminal = sys.stdin.fileno()
    ready: list[int] = []
    drawn: object = None
    draw_at = 0.0
    with (
        StopSignals() as stop,
        keys_at_once(terminal),
        Live(console=console, screen=True, auto_refresh=False, redirect_stderr=False) as live,
        redirect_stderr(_Notes(reader.shown)),
    ):
        while not stop.number:
            now = time.monotonic()
            reader.update(ready, now)
            if end is not None and now >= end:
                return
            state = (reader.shown.key(), console.size)
            if state != drawn and now >= draw_at:
                drawn, draw_at = state, now + FRAME_S
                size = console.size
                is_ascii = console.options.ascii_only
                live.update(picture(reader.shown, size.width, size.height, is_ascii), refresh=True)
            ready = wait(reader, [stop.descriptor, terminal], end, FRAME_S if state != drawn else 0.25)
            if terminal in ready and _asks_to_quit(os.read(terminal, 1024)):
                return


def _asks_to_quit(keys: bytes) -> bool:
    """Tell whether one of the keys ends it; nothing at all means that the terminal has gone."""
    return not keys or keys == b"\x1b" or any(key in QUIT[:-1] for key in keys)
