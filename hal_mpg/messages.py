# SPDX-License-Identifier: GPL-2.0-or-later
"""Messages for people, on standard error. None of them may stop, or hold up, a pendant."""

from __future__ import annotations

import select
import sys

from hal_mpg.lean_typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

MAX_LINE = 1000
"""Characters of one message; of a longer one the middle is left out."""

_dropped = 0
"""Messages that nobody would have read at once."""


def tell(message: str, speaker: str = "hal_mpg: ") -> None:
    """Say something; what stands behind standard error may be full, closed, or a pipe that nobody reads."""
    try:
        _tell(f"{speaker}{printable(message)}")
    except (OSError, ValueError):
        pass


def _tell(line: str) -> None:
    global _dropped  # noqa: PLW0603  # there is one standard error
    if not sys.stderr:  # None where descriptor 2 was closed at the start
        return
    if not _takes_a_line(sys.stderr):
        _dropped += 1
        return
    if _dropped:
        print(f"hal_mpg: {_dropped} messages were lost, for nobody read them", file=sys.stderr, flush=True)
        _dropped = 0
    print(line, file=sys.stderr, flush=True)


def _takes_a_line(file: Any) -> bool:
    """Tell whether a line can be written without waiting; a pipe that is ready takes 4096 bytes (pipe(7))."""
    try:
        descriptor = file.fileno()
    except (OSError, ValueError):
        return True  # not a file: a test's
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return bool(poll.poll(0))


def printable(text: str) -> str:
    """Return a text as a terminal may have it: what a device is called is for the device to choose."""
    if len(text) > MAX_LINE:
        text = f"{text[: MAX_LINE // 2]} ... {text[-MAX_LINE // 2 :]}"
    return "".join(character if character.isprintable() else "?" for character in text)
