# SPDX-License-Identifier: GPL-2.0-or-later
"""Messages for people, on standard error."""

from __future__ import annotations

import sys
from contextlib import suppress


def tell(message: str, speaker: str = "hal_mpg: ") -> None:
    """Say something; a full disk or a closed pipe behind standard error must not stop a pendant."""
    with suppress(OSError, ValueError):
        if sys.stderr:  # None where descriptor 2 was closed at the start
            print(f"{speaker}{message}", file=sys.stderr, flush=True)
