# SPDX-License-Identifier: GPL-2.0-or-later
"""What of a file of ours is the user's: all below a line at its end; and whether the rest is as written."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from hashlib import sha256

LICENSE = "# SPDX-License-Identifier: GPL-2.0-or-later"

MARK = "# Written by `hal_mpg wiring`"
"""How a file of ours begins, after its license line."""

YOURS = "# ---- Yours: what stands below this line is kept when hal_mpg wiring writes the file anew"

SEAL = re.compile(r"# Sum of what is above 'Yours': ([0-9a-f]{16})\s*")
"""The line by which an edit is known."""


def is_ours(text: str) -> bool:
    """Tell whether a text begins as the files that `hal_mpg wiring` writes."""
    return text.replace("\r\n", "\n").startswith(f"{LICENSE}\n{MARK}")


def sealed(body: str) -> str:
    """Return a file of ours with the sum of its body, and with the line that the user's part comes after."""
    lines = body.rstrip("\n").split("\n")
    seal = f"# Sum of what is above 'Yours': {_sum(lines)}"
    return "\n".join([*lines[:2], seal, *lines[2:], "", YOURS, ""])


def is_as_written(text: str) -> bool:
    """Tell whether a file of ours is as it was written, but for what is below 'Yours'."""
    lines, _ = _parted(text)
    sums = [found[1] for found in map(SEAL.fullmatch, lines) if found]
    return sums == [_sum(line for line in lines if not SEAL.fullmatch(line))]


def yours(text: str) -> str:
    """Return what the user has written below the line."""
    return _parted(text)[1]


def command_of(text: str) -> list[str]:
    """Return the words of the command that a file of ours was written by; none where it does not say."""
    lines = (line.removeprefix("#").strip() for line in text.split("\n"))
    command = next((line for line in lines if line.startswith("hal_mpg wiring --ini ")), "")
    try:
        return shlex.split(command)[2:]
    except ValueError:
        return []


def _parted(text: str) -> tuple[list[str], str]:
    lines = text.split("\n")
    place = next((n for n, line in enumerate(lines) if line.rstrip() == YOURS), len(lines))
    return lines[:place], "\n".join(lines[place + 1 :])


def _sum(lines: Iterable[str]) -> str:
    body = "\n".join(line.rstrip() for line in lines).rstrip()
    return sha256(body.encode(errors="surrogateescape")).hexdigest()[:16]
