# SPDX-License-Identifier: GPL-2.0-or-later
"""Messages for people, on standard error."""

from __future__ import annotations

import sys
from contextlib import suppress

MAX_LINE = 1000
"""Characters of one message; of a longer one the middle is left out."""


def tell(message: str, speaker: str = "hal_mpg: ") -> None:
    """Say something; a full disk or a closed pipe behind standard error must not stop a pendant."""
    with suppress(OSError, ValueError):
        if sys.stderr:  # None where descriptor 2 was closed at the start
            print(f"{speaker}{printable(message)}", file=sys.stderr, flush=True)


def printable(text: str) -> str:
    """Return a text as a terminal may have it: what a device is called is for the device to choose."""
    if len(text) > MAX_LINE:
        text = f"{text[: MAX_LINE // 2]} ... {text[-MAX_LINE // 2 :]}"
    return "".join(character if character.isprintable() else "?" for character in text)
